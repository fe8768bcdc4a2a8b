//! Documents of runs in the words of other systems, and what a hostile one can do to them: nothing.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod events;
mod metrics;
mod people;

use enlist_history::{Destination, Outcome, Requests, RunDocument, RunError, SourceRead, Tally, Target, Timeline};

/// What no format should take for anything but text.
pub(crate) const HOSTILE: &str = "a\"b\\c\nd\r::error::e|f`*_<!channel>&%0A{},=[x](http://x.example)\u{7}\u{202e}z";

fn timeline(step_seconds: u64, accepted: [u64; 4], confirmed: [u64; 4], pending: [u64; 4]) -> Timeline {
    let mut timeline = Timeline::start();
    timeline.step_seconds = step_seconds;
    timeline.imports = vec![1; 4];
    (timeline.accepted, timeline.confirmed, timeline.pending) = (accepted.into(), confirmed.into(), pending.into());
    timeline
}

/// A run that did all of its work.
pub(crate) fn run() -> RunDocument {
    RunDocument {
        run_id: "r_8a1".to_owned(),
        export: "vip".to_owned(),
        status: "ok".to_owned(),
        started_at: "2026-05-01T03:00:00Z".to_owned(),
        finished_at: "2026-05-01T03:14:05Z".to_owned(),
        seconds: 845.2,
        source: SourceRead { name: "people.parquet".to_owned(), rows: 8_000, ..SourceRead::default() },
        destination: Destination {
            display_name: Some("Acme".to_owned()),
            host: "acme.api-us1.com".to_owned(),
            list: 7,
            list_name: Some("VIP".to_owned()),
        },
        outcome: Some(Outcome { confirmed: 7_932, unchanged: 68, ..Outcome::default() }),
        requests: Requests {
            bulk: 32,
            other: 8,
            throttled: 2,
            throttle_seconds: 1.5,
            ambiguous: 1,
            ..Requests::default()
        },
        target: Some(Target { seconds: 5_400, met: true, used_fraction: 0.157 }),
        timeline: Some(timeline(2, [4_000, 4_000, 0, 0], [0, 0, 3_000, 4_932], [16, 32, 12, 3])),
        version: "0.1.0".to_owned(),
        ..RunDocument::default()
    }
}

/// A run of which some rows were refused.
pub(crate) fn with_rejects() -> RunDocument {
    RunDocument {
        run_id: "r_8a2".to_owned(),
        status: "rejects".to_owned(),
        outcome: Some(Outcome { confirmed: 7_900, rejected: 41, duplicate: 59, ..Outcome::default() }),
        rejected_by_reason: Tally(vec![("email_invalid".to_owned(), 40), ("refused".to_owned(), 1)]),
        warnings: vec!["tag `x|y` is not known".to_owned()],
        ..run()
    }
}

/// A run that failed, with hostile text wherever a document has text.
pub(crate) fn hostile() -> RunDocument {
    let text = || HOSTILE.to_owned();
    RunDocument {
        run_id: text(),
        export: text(),
        status: "failed".to_owned(),
        started_at: text(),
        finished_at: text(),
        source: SourceRead { name: text(), rows: u64::MAX, ..SourceRead::default() },
        destination: Destination { display_name: Some(text()), host: text(), list: u64::MAX, list_name: Some(text()) },
        outcome: Some(Outcome { confirmed: u64::MAX, unchanged: u64::MAX, rejected: 1, ..Outcome::default() }),
        rejected_by_reason: Tally(vec![(text(), u64::MAX)]),
        requests: Requests { bulk: u64::MAX, other: u64::MAX, throttle_seconds: f64::INFINITY, ..Requests::default() },
        seconds: f64::NAN,
        error: Some(RunError { code: text(), message: text(), help: Some(text()), ..RunError::default() }),
        warnings: vec![text(), "x".repeat(10_000)],
        timeline: Some(timeline(u64::MAX, [u64::MAX; 4], [0, 0, 0, u64::MAX], [u64::MAX; 4])),
        version: text(),
        ..run()
    }
}
