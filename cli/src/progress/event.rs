//! `--json=lines`: where a run stands, one JSON object a line on standard output, before its document.

use std::time::Duration;

use serde::Serialize;

use super::{Progress, Title};

/// What happened, and the numbers of the run by then. Keys are always present; what is not known is null.
#[derive(Debug, Serialize)]
pub struct Event<'a> {
    r#type: &'static str,
    schema: &'static str,
    /// RFC 3339 in UTC.
    at: String,
    run_id: &'a str,
    export: &'a str,
    phase: &'static str,
    read: u64,
    rejected: u64,
    contacts: u64,
    requests: u64,
    accepted: u64,
    confirmed: u64,
    refused: u64,
    pending: u64,
    retries: u64,
    throttled: u64,
    requests_per_min: f64,
    seconds: f64,
    seconds_left: Option<u64>,
}

/// Decides which moments of a run are worth a line.
#[derive(Debug)]
pub struct Events {
    every: Duration,
    told: Option<Told>,
}

/// The moment of the latest line.
#[derive(Clone, Copy, Debug)]
struct Told {
    at: Duration,
    phase: &'static str,
    throttled: u64,
}

impl Events {
    /// A line at least with each phase, and every so often.
    pub fn every(every: Duration) -> Self {
        Self { every, told: None }
    }

    /// The line for this moment, where there is one: with the start, a phase, an answer "too many", and time.
    pub fn next<'a>(&mut self, title: &'a Title, now: &Progress) -> Option<Event<'a>> {
        let kind = match self.told {
            None => "run_started",
            Some(told) if told.phase != now.phase => "phase",
            // Throttling comes in bursts; the number tells how many.
            Some(told)
                if now.throttled > told.throttled && now.elapsed.saturating_sub(told.at) >= Duration::from_secs(1) =>
            {
                "throttled"
            }
            Some(told) if now.elapsed.saturating_sub(told.at) >= self.every => "progress",
            Some(_) => return None,
        };
        self.told = Some(Told { at: now.elapsed, phase: now.phase, throttled: now.throttled });
        Some(event(kind, title, now))
    }
}

fn event<'a>(kind: &'static str, title: &'a Title, now: &Progress) -> Event<'a> {
    let tenths = |number: f64| (number * 10.0).round() / 10.0;
    Event {
        r#type: kind,
        schema: "enlist.event/1",
        at: chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        run_id: &title.run,
        export: &title.export,
        phase: now.phase,
        read: now.read,
        rejected: now.rejected,
        contacts: now.contacts_total,
        requests: now.requests_total,
        accepted: now.accepted,
        confirmed: now.confirmed,
        refused: now.refused,
        pending: now.pending,
        retries: now.retries,
        throttled: now.throttled,
        requests_per_min: tenths(now.rate_per_minute),
        seconds: tenths(now.elapsed.as_secs_f64()),
        seconds_left: now.left.map(|left| left.as_secs()),
    }
}
