//! Follows a run of the core for the progress display.

use std::time::Duration;

use enlist_core::{Clock, Export, Lane, Phase};
use enlist_history::{Sample, Timeline};
use tokio::sync::watch;

use crate::history::Beacon;
use crate::output::Screen;
use crate::progress::{self, Display, Events, Progress, Title};

/// How often the display is told, at most.
const EVERY: Duration = Duration::from_millis(100);

/// How often others are told where the run stands, at most.
const TELL: Duration = Duration::from_secs(1);

/// Shows the progress of a run of `export` until its sender is dropped: on `screen`, as lines of JSON too where
/// `events` says so, and through `beacon`. Returns how the run went over time.
pub async fn show(
    display: Display,
    mut events: Option<Events>,
    screen: &Screen,
    title: Title,
    export: &Export,
    mut beacon: Beacon,
    mut seen: watch::Receiver<enlist_core::Progress>,
) -> Timeline {
    let (told, shown) = watch::channel(Progress::default());
    let bulk = export.sink.quotas().into_iter().find(|quota| quota.lane == Lane::Bulk);
    let limit = bulk.map_or(0, |quota| quota.count);
    let deadline = export.deadline;
    let name = title.clone();
    let follow = async move {
        let mut timeline = Timeline::start();
        let mut next_word = Duration::ZERO;
        let clock = Clock::start();
        let mut sending: Option<Clock> = None;
        loop {
            let now = seen.borrow_and_update().clone();
            if now.phase == Phase::Deliver && sending.is_none() {
                sending = Some(Clock::start());
            }
            let delivering = sending.map(|clock| clock.elapsed()).unwrap_or_default();
            if sending.is_some() {
                timeline.push(delivering.as_secs(), sample(&now));
            }
            let shown = view(&now, clock.elapsed(), delivering, limit, deadline);
            if clock.elapsed() >= next_word {
                beacon.show(progress::line(&name, &shown));
                next_word = clock.elapsed() + TELL;
            }
            if let Some(event) = events.as_mut().and_then(|events| events.next(&name, &shown)) {
                screen.document(&event);
            }
            told.send_replace(shown);
            // A run that waits is not one that has ended.
            tokio::select! {
                changed = seen.changed() => if changed.is_err() { break },
                () = clock.sleep(TELL) => {}
            }
            clock.sleep(EVERY).await;
        }
        timeline
    };
    tokio::join!(follow, progress::show(display, screen.err, title, shown)).0
}

fn sample(now: &enlist_core::Progress) -> Sample {
    Sample {
        accepted: now.accepted_contacts,
        confirmed: now.confirmed,
        imports: now.calls.imports,
        throttled: now.calls.throttled,
        retries: now.calls.retries,
        pending: now.pending,
        latency_ms: u64::try_from(now.latency.as_millis()).unwrap_or(u64::MAX),
    }
}

fn view(
    now: &enlist_core::Progress,
    elapsed: Duration,
    delivering: Duration,
    limit_per_minute: u32,
    deadline: Duration,
) -> Progress {
    let minutes = delivering.as_secs_f64() / 60.0;
    let rate = if minutes > 0.0 { now.calls.imports as f64 / minutes } else { 0.0 };
    // The first requests leave at once, so a rate over the limit only means that too little time has passed.
    let rate = rate.min(f64::from(limit_per_minute));
    let left = now.requests.saturating_sub(now.accepted);
    Progress {
        phase: now.phase.name(),
        read: now.read,
        // What is refused as a whole goes again in parts, so there may be more requests than planned.
        requests_total: now.requests.max(now.accepted),
        accepted: now.accepted,
        confirmed: now.confirmed,
        contacts_total: now.contacts,
        refused: now.refused,
        rejected: now.rejected,
        pending: now.pending,
        retries: now.calls.retries,
        throttled: now.calls.throttled,
        rate_per_minute: rate,
        limit_per_minute,
        elapsed,
        left: (rate > 0.0).then(|| Duration::from_secs_f64(left as f64 / rate * 60.0)),
        deadline: Some(deadline),
    }
}
