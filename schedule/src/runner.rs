//! Starts what is due, for as long as nobody says stop.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use fastrand::Rng;
use tokio::sync::{Semaphore, SemaphorePermit, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::Timetable;

/// Longest sleep without a look at the clock on the wall: a machine that was suspended, or whose clock was set, is noticed
/// within it.
const SLICE: Duration = Duration::from_secs(30);

/// What starts this long after its time was held up by more than the slices of waiting.
const LATE: TimeDelta = TimeDelta::minutes(1);

/// A clock set back by more was wrong before: due times count from what it shows. Set back by less, it is adjusted as
/// clocks are, and the times that it comes to again are not run twice.
const CORRECTION: TimeDelta = TimeDelta::minutes(1);

/// Something to start again and again.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What [`Start`] and [`Event`] call it; unique among the entries.
    pub name: String,
    /// When it is due.
    pub timetable: Timetable,
    /// When it was last run, as far as known.
    pub last: Option<DateTime<Utc>>,
    /// Each due time is put off by a random time shorter than this, and than half of the time to the next one.
    pub jitter: Duration,
    /// Whether a due time that passed since the last run, while the machine slept or during another run of the same
    /// entry is made up for by one run at once. Without, a run starts at its time or not at all.
    pub catch_up: bool,
}

/// How entries are run.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Most entries that run at a time; at least one does.
    pub parallel: usize,
    /// Where the random numbers of jitter start; the system's when there is none.
    pub seed: Option<u64>,
}

impl Default for Options {
    fn default() -> Self {
        Self { parallel: 2, seed: None }
    }
}

/// A run to start.
#[derive(Clone, Debug)]
pub struct Start {
    /// Name of the entry.
    pub name: String,
    /// The due time it runs for.
    pub due: DateTime<Utc>,
    /// Becomes true when the run shall end gracefully.
    pub stop: watch::Receiver<bool>,
}

/// What the runner does, for people to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The entry sleeps until then; jitter is in it.
    Waiting {
        /// Name of the entry.
        name: String,
        /// When it will start.
        until: DateTime<Utc>,
    },
    /// A due time passed unattended; its run starts late.
    Missed {
        /// Name of the entry.
        name: String,
        /// The due time.
        due: DateTime<Utc>,
    },
    /// A due time, and any between it and the next [`Event::Started`], has no run of its own.
    Skipped {
        /// Name of the entry.
        name: String,
        /// The due time.
        due: DateTime<Utc>,
    },
    /// A run starts.
    Started {
        /// Name of the entry.
        name: String,
        /// The due time it runs for.
        due: DateTime<Utc>,
    },
    /// The run ended, well or not.
    Ended {
        /// Name of the entry.
        name: String,
    },
}

/// What all entries share.
struct Shared<Now, Run, Tell> {
    now: Now,
    run: Run,
    tell: Tell,
    permits: Semaphore,
    stop: watch::Receiver<bool>,
}

/// How a wait ended.
enum Wake {
    Due,
    Stopped,
    SetBack,
}

/// Compares the clock on the wall with one that nobody sets.
struct Watch {
    wall: DateTime<Utc>,
    at: Instant,
}

impl Watch {
    fn start(wall: DateTime<Utc>) -> Self {
        Self { wall, at: Instant::now() }
    }

    /// Whether the clock on the wall, which shows `now`, was set back since the last look.
    fn was_set_back(&mut self, now: DateTime<Utc>) -> bool {
        let before = std::mem::replace(self, Self::start(now));
        let passed = TimeDelta::from_std(self.at - before.at).unwrap_or(TimeDelta::MAX);
        passed - (now - before.wall) > CORRECTION
    }
}

/// Runs `entries` until `stop` becomes true, each by itself and never twice at a time. `now` is the clock on the wall, `run`
/// makes the future of a run, and `tell` hears what happens. Returns when the runs under way, which see the same `stop`,
/// have ended. When the sender of `stop` is dropped without a word, nobody can stop it, and it goes on.
///
/// # Panics
/// When a run panics; the other runs are dropped then.
pub async fn run_all<Now, Run, Running, Tell>(
    entries: Vec<Entry>,
    options: Options,
    stop: watch::Receiver<bool>,
    now: Now,
    run: Run,
    tell: Tell,
) where
    Now: Fn() -> DateTime<Utc> + Send + Sync + 'static,
    Run: Fn(Start) -> Running + Send + Sync + 'static,
    Running: Future<Output = ()> + Send + 'static,
    Tell: Fn(Event) + Send + Sync + 'static,
{
    let shared = Arc::new(Shared { now, run, tell, permits: Semaphore::new(options.parallel.max(1)), stop });
    let mut seeds = options.seed.map_or_else(Rng::new, Rng::with_seed);
    let mut tasks = JoinSet::new();
    for entry in entries {
        tasks.spawn(tend(Arc::clone(&shared), entry, seeds.fork()));
    }
    while let Some(ended) = tasks.join_next().await {
        if let Some(panic) = ended.err().and_then(|e| e.try_into_panic().ok()) {
            // An entry that silently is never run again would be worse.
            std::panic::resume_unwind(panic);
        }
    }
}

/// One entry: wait, run, and again.
async fn tend<Now, Run, Running, Tell>(shared: Arc<Shared<Now, Run, Tell>>, entry: Entry, mut rng: Rng)
where
    Now: Fn() -> DateTime<Utc>,
    Run: Fn(Start) -> Running,
    Running: Future<Output = ()>,
    Tell: Fn(Event),
{
    let Entry { name, timetable, catch_up, .. } = &entry;
    let name = || name.clone();
    let mut watch = Watch::start((shared.now)());
    // Every due time up to here is dealt with.
    let mut settled = dealt_with(&entry, watch.wall);
    loop {
        let now = (shared.now)();
        if watch.was_set_back(now) {
            settled = settled.min(now);
        }
        let Some(next) = timetable.next(settled) else { return };
        let passed = next <= now;
        let at = if passed { now } else { next + jitter(&entry, next, &mut rng) };
        if !passed {
            (shared.tell)(Event::Waiting { name: name(), until: at });
        }
        match shared.wait(at, &mut watch).await {
            Wake::Due => {}
            Wake::Stopped => return,
            Wake::SetBack => {
                settled = settled.min(watch.wall);
                continue;
            }
        }
        let late = passed || (shared.now)() - at > LATE;
        if late && !catch_up {
            settled = timetable.missed(Some(settled), (shared.now)()).unwrap_or(next);
            (shared.tell)(Event::Skipped { name: name(), due: settled });
            continue;
        }
        let Some(permit) = shared.permit().await else { return };
        // Whatever became due on the way is run together.
        settled = timetable.missed(Some(settled), (shared.now)()).unwrap_or(next);
        if settled != next {
            (shared.tell)(Event::Skipped { name: name(), due: next });
        }
        if late {
            (shared.tell)(Event::Missed { name: name(), due: settled });
        }
        (shared.tell)(Event::Started { name: name(), due: settled });
        (shared.run)(Start { name: name(), due: settled, stop: shared.stop.clone() }).await;
        drop(permit);
        (shared.tell)(Event::Ended { name: name() });
    }
}

/// Up to when the due times of `entry` need nobody any more at the start.
fn dealt_with(entry: &Entry, now: DateTime<Utc>) -> DateTime<Utc> {
    match entry.last {
        // The clock was set back since then.
        Some(last) if last > now && last - now > CORRECTION => now,
        Some(last) if last > now || entry.catch_up => last,
        _ => now,
    }
}

/// By how much `due` is put off.
fn jitter(entry: &Entry, due: DateTime<Utc>, rng: &mut Rng) -> TimeDelta {
    let half = entry.timetable.next(due).map_or(TimeDelta::zero(), |next| (next - due) / 2);
    let most = TimeDelta::from_std(entry.jitter).map_or(half, |jitter| jitter.min(half)).num_milliseconds();
    TimeDelta::milliseconds(if most > 0 { rng.i64(0..most) } else { 0 })
}

impl<Now: Fn() -> DateTime<Utc>, Run, Tell> Shared<Now, Run, Tell> {
    /// Waits until the clock on the wall shows `at`, unless it is set back on the way.
    async fn wait(&self, at: DateTime<Utc>, watch: &mut Watch) -> Wake {
        loop {
            let now = (self.now)();
            if *self.stop.borrow() {
                return Wake::Stopped;
            }
            if watch.was_set_back(now) {
                return Wake::SetBack;
            }
            let Some(left) = (at - now).to_std().ok().filter(|left| !left.is_zero()) else { return Wake::Due };
            tokio::select! {
                biased;
                () = self.stopped() => return Wake::Stopped,
                () = tokio::time::sleep(left.min(SLICE)) => {}
            }
        }
    }

    /// Room to run, or nothing when it is time to stop.
    async fn permit(&self) -> Option<SemaphorePermit<'_>> {
        tokio::select! {
            biased;
            () = self.stopped() => None,
            permit = self.permits.acquire() => permit.ok(),
        }
    }

    /// Returns when somebody said stop.
    async fn stopped(&self) {
        let mut stop = self.stop.clone();
        if stop.wait_for(|stop| *stop).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
