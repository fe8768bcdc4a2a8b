//! Made-up runs of a made-up export, for pages to look at and to test.

use enlist_history::{
    Destination, Latency, Leavers, Outcome, Plan, Rate, RejectExample, Requests, RunDocument, RunError, SCHEMA, Sample,
    SourceRead, Tally, Target, Timeline,
};

/// A first load of a million rows in 41 minutes, with a throttle on its way.
pub(crate) fn first_load() -> RunDocument {
    let (timeline, sent) = delivery(997_126, 145, u64::MAX);
    RunDocument {
        plan: Some(Plan { add: 997_126, rejected: 2_348, duplicate: 526, ..Plan::default() }),
        outcome: Some(Outcome { confirmed: sent.confirmed, rejected: 2_493, duplicate: 526, ..Outcome::default() }),
        rejected_by_reason: tally(&[
            ("bad_email", 1_958),
            ("suppressed", 190),
            ("no_email", 176),
            ("refused", 145),
            ("too_large", 24),
        ]),
        warnings: vec![format!(
            "throttled {} times: another integration shares the 100 requests a minute of this account",
            sent.throttled
        )],
        ..sending("r_20261122_100000_417", "ok", timeline, &sent)
    }
}

/// The same, which lost its network half way.
pub(crate) fn stopped() -> RunDocument {
    let (timeline, sent) = delivery(997_126, 0, 2_040);
    let deferred = 997_126 - sent.confirmed;
    RunDocument {
        exit_code: 5,
        retryable: true,
        plan: Some(Plan { add: 997_126, rejected: 2_348, duplicate: 526, ..Plan::default() }),
        outcome: Some(Outcome {
            confirmed: sent.confirmed,
            rejected: 2_348,
            duplicate: 526,
            deferred,
            ..Outcome::default()
        }),
        rejected_by_reason: tally(&[("bad_email", 1_958), ("suppressed", 190), ("no_email", 176), ("too_large", 24)]),
        error: Some(RunError {
            code: "send::deadline".into(),
            message: "no answer from acme.api-us1.com for 10 m".into(),
            help: Some(
                "run the same command again when the network is back; what is confirmed is not sent twice".into(),
            ),
            stage: "send".into(),
            retryable: true,
        }),
        ..sending("r_20261122_100000_418", "stopped", timeline, &sent)
    }
}

/// A morning's changes to a list that is there already.
pub(crate) fn changes() -> RunDocument {
    // Those who left are sent like those who changed.
    let (timeline, sent) = delivery(43_687 + 1_208, 12 + 4, u64::MAX);
    RunDocument {
        plan: Some(Plan {
            add: 12_480,
            update: 31_207,
            unchanged: 952_913,
            leave: 1_930,
            rejected: 2_874,
            duplicate: 526,
            skipped: 0,
        }),
        outcome: Some(Outcome {
            confirmed: sent.confirmed - 1_204,
            unchanged: 952_913,
            rejected: 2_886,
            duplicate: 526,
            ..Outcome::default()
        }),
        leavers: Some(Leavers { confirmed: 1_204, unchanged: 690, rejected: 4, unknown: 32, ..Leavers::default() }),
        resumed_from: Some("r_20261121_060000_101".into()),
        ..sending("r_20261122_060000_419", "ok", timeline, &sent)
    }
}

/// Five thousand people in a quarter of a minute.
pub(crate) fn demo() -> RunDocument {
    let (timeline, sent) = delivery(4_937, 3, u64::MAX);
    RunDocument {
        export: "people".into(),
        source: SourceRead { name: "data/people.parquet".into(), rows: 5_000, digest: None, columns: Some(7) },
        destination: Destination {
            host: "simulator".into(),
            list: 1,
            list_name: Some("Demo list".into()),
            display_name: None,
        },
        plan: Some(Plan { add: 4_937, rejected: 41, duplicate: 22, ..Plan::default() }),
        outcome: Some(Outcome { confirmed: sent.confirmed, rejected: 44, duplicate: 22, ..Outcome::default() }),
        rejected_by_reason: tally(&[("bad_email", 29), ("no_email", 12), ("refused", 3)]),
        target: None,
        ..sending("r_20261122_073303_797", "ok", timeline, &sent)
    }
}

/// A run that found nothing to do.
pub(crate) fn idle() -> RunDocument {
    RunDocument {
        plan: Some(Plan { unchanged: 999_474, duplicate: 526, ..Plan::default() }),
        outcome: Some(Outcome { unchanged: 999_474, duplicate: 526, ..Outcome::default() }),
        rejects_file: None,
        ..base("r_20261122_160000_420", "ok", 2.31)
    }
}

/// A run that ended before it had a plan.
pub(crate) fn failed() -> RunDocument {
    RunDocument {
        exit_code: 7,
        source: SourceRead { name: "lake".into(), ..SourceRead::default() },
        rejects_file: None,
        error: Some(RunError {
            code: "source::column_missing".into(),
            message: "column \"given_name\" not found in lake".into(),
            help: Some("map.first_name: given".into()),
            stage: "source".into(),
            retryable: false,
        }),
        ..base("r_20261122_170000_421", "failed", 0.8)
    }
}

/// What every text of [`hostile`] is.
pub(crate) const HOSTILE: &str = "\"><script>alert(1)</script><!--&'\u{202e}\u{2028}\u{0}";

/// A run all of whose texts try to be something else.
pub(crate) fn hostile() -> RunDocument {
    let text = || HOSTILE.to_owned();
    let error = RunError { code: text(), message: text(), help: Some(text()), stage: text(), retryable: false };
    let mut run = first_load();
    run.schema = text();
    run.run_id = text();
    run.export = text();
    run.status = text();
    run.started_at = text();
    run.finished_at = text();
    run.source = SourceRead { name: text(), digest: Some(text()), ..run.source };
    run.destination = Destination { display_name: Some(text()), host: text(), list: 7, list_name: Some(text()) };
    run.rejected_by_reason = Tally(vec![(text(), 2_493)]);
    run.resumed_from = Some(text());
    run.rejects_file = Some(text());
    run.reject_examples = vec![RejectExample { reason: text(), file: text(), row: 1, message: text() }];
    run.error = Some(error);
    run.warnings = vec![text()];
    run.version = text();
    run
}

/// Thirty-four mornings, most of which went well.
pub(crate) fn earlier() -> Vec<RunDocument> {
    (0..34).map(morning).collect()
}

fn morning(n: u64) -> RunDocument {
    let rows = 941_000 + n * 1_700 + n * n % 7 * 900;
    let (add, update) = (4_000 + n * 37 % 11 * 900, 21_000 + n * 53 % 13 * 1_300);
    let (rejected, duplicate) = (2_100 + n * 29 % 17 * 60, 526);
    let plan = Plan {
        add,
        update,
        rejected,
        duplicate,
        unchanged: rows - add - update - rejected - duplicate,
        ..Plan::default()
    };
    let status = match n {
        11 => "stopped",
        12 => "rejects",
        19 => "guarded",
        20 => "locked",
        27 => "failed",
        _ => "ok",
    };
    let sent = if matches!(status, "guarded" | "locked" | "failed") {
        0
    } else {
        (add + update) / if n == 11 { 3 } else { 1 }
    };
    let outcome = Outcome {
        confirmed: sent,
        unchanged: plan.unchanged,
        rejected,
        duplicate,
        deferred: add + update - sent,
        skipped: 0,
    };
    let planned = !matches!(status, "locked" | "failed");
    let started = if n < 13 {
        format!("2026-10-{:02}T06:00:00Z", n + 19)
    } else {
        format!("2026-11-{:02}T06:00:00Z", (n - 12).min(21))
    };
    RunDocument {
        started_at: started,
        source: SourceRead { name: "lake".into(), rows: if planned { rows } else { 0 }, ..SourceRead::default() },
        plan: planned.then_some(plan),
        outcome: planned.then_some(outcome),
        requests: Requests { bulk: sent / 250, ..Requests::default() },
        retryable: status == "stopped",
        rejected_by_reason: if planned {
            tally(&[("bad_email", rejected - 400), ("suppressed", 190), ("no_email", 210)])
        } else {
            tally(&[])
        },
        reject_examples: Vec::new(),
        rejects_file: None,
        ..base(&format!("r_{:03}", n + 100), status, length(sent) / 400.0 + 2.4)
    }
}

/// What a delivery did.
struct Sent {
    /// Every attempt counted.
    imports: u64,
    confirmed: u64,
    seconds: u64,
    throttled: u64,
    retries: u64,
    latency: Latency,
}

/// Sends `contacts` in imports of 250 at 98 to 100 a minute, each of which ends some seconds later, until all is confirmed or for
/// `seconds`. After 14 minutes the account asks to slow down for a while.
fn delivery(contacts: u64, refused: u64, seconds: u64) -> (Timeline, Sent) {
    let mut timeline = Timeline::start();
    let imports = contacts.div_ceil(250);
    let (mut now, mut second, mut credit, mut accepted, mut ended) = (Sample::default(), 0, 0.0, 0, 0);
    let mut finished = std::collections::VecDeque::new();
    let mut latencies = Vec::new();
    while ended < imports && second < seconds {
        let slow = (840..905).contains(&second);
        credit += if slow { 0.35 } else { 1.66 };
        // The network is lost for the last ten minutes of a run that is stopped.
        let lost = seconds != u64::MAX && second + 600 > seconds;
        let throttled = !lost && slow && second % 13 == 0;
        if throttled || !lost && second % 601 == 200 {
            // What was refused for its pace, or met a fault, is sent again.
            now.throttled += u64::from(throttled);
            now.retries += 1;
            credit -= 1.0;
        }
        let latency = 128 + second * 31 % 47 + if second % 173 == 9 { 290 } else { 0 } + if slow { 420 } else { 0 };
        now.latency_ms = 0;
        while credit >= 1.0 {
            credit -= 1.0;
            if accepted < imports && !lost {
                accepted += 1;
                now.latency_ms = latency;
                latencies.push(latency);
                finished.push_back(second + 4 + second * 7 % 5 + if slow { 20 } else { 0 });
            }
        }
        now.imports = accepted + now.retries;
        now.accepted = (accepted * 250).min(contacts);
        while !lost && finished.front().is_some_and(|end| *end <= second) {
            finished.pop_front();
            ended += 1;
            now.confirmed = (ended * 250).min(contacts).saturating_sub(refused * ended / imports);
        }
        now.pending = finished.len() as u64;
        timeline.push(second, now);
        second += 1;
    }
    latencies.sort_unstable();
    let at = |percent: usize| latencies.get(latencies.len() * percent / 100).copied().unwrap_or_default();
    let sent = Sent {
        imports: now.imports,
        confirmed: now.confirmed,
        seconds: second,
        throttled: now.throttled,
        retries: now.retries,
        latency: Latency { p50: at(50), p95: at(95), p99: at(99) },
    };
    (timeline, sent)
}

fn sending(run: &str, status: &str, timeline: Timeline, sent: &Sent) -> RunDocument {
    let seconds = length(sent.seconds);
    let example = |reason: &str, row: u64, message: &str| RejectExample {
        reason: reason.into(),
        file: format!("segments/part-{:02}.parquet", row % 7),
        row,
        message: message.into(),
    };
    let a_minute = |number: u64| (length(number) / seconds * 600.0).round() / 10.0;
    RunDocument {
        requests: Requests {
            bulk: sent.imports,
            other: sent.imports * 2 + 143,
            retries: sent.retries,
            throttled: sent.throttled,
            throttle_seconds: length(sent.throttled) * 9.5,
            ambiguous: 1,
        },
        rate: Rate {
            requests_per_min: a_minute(sent.imports),
            contacts_per_min: sent.confirmed * 60 / sent.seconds,
            limit_per_min: 100,
            contacts_limit_per_min: 25_000,
        },
        latency_ms: Some(sent.latency),
        rejected_by_reason: tally(&[("bad_email", 2_310), ("no_email", 374), ("suppressed", 190), ("refused", 12)]),
        reject_examples: vec![
            example("bad_email", 18_230, "no dot after @"),
            example("bad_email", 40_127, "two @"),
            example("bad_email", 91_004, "a blank within"),
            example("no_email", 7, "the email is empty"),
            example("refused", 530_212, "listed as failed, without a reason"),
            example("too_large", 77_411, "482,113 bytes; 399,999 fit"),
        ],
        timeline: Some(timeline),
        ..base(run, status, seconds + 3.2)
    }
}

/// A run that began at ten and took less than an hour.
fn base(run: &str, status: &str, seconds: f64) -> RunDocument {
    let whole = seconds as u64;
    RunDocument {
        schema: SCHEMA.into(),
        run_id: run.into(),
        export: "vip_customers".into(),
        status: status.into(),
        started_at: "2026-11-22T10:00:00Z".into(),
        finished_at: format!("2026-11-22T10:{:02}:{:02}Z", whole / 60, whole % 60),
        seconds,
        source: SourceRead {
            name: "lake".into(),
            rows: 1_000_000,
            digest: Some("b3:9c51d07e".into()),
            columns: Some(7),
        },
        destination: Destination {
            display_name: Some("ActiveCampaign EU marketing".into()),
            host: "acme.api-us1.com".into(),
            list: 7,
            list_name: Some("VIP customers".into()),
        },
        target: Some(Target { seconds: 5_400, met: true, used_fraction: (seconds / 5.4).round() / 1_000.0 }),
        rejects_file: Some(format!("rejects/{run}.jsonl")),
        version: "0.1.0".into(),
        ..RunDocument::default()
    }
}

fn tally(numbers: &[(&str, u64)]) -> Tally {
    Tally(numbers.iter().map(|(name, number)| ((*name).to_owned(), *number)).collect())
}

fn length(number: u64) -> f64 {
    number as f64
}
