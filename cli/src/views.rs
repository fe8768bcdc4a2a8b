//! What the core reports becomes what screens show.

use std::collections::BTreeMap;
use std::time::Duration;

use enlist_core::{Destination, Error, ErrorKind, Lane, Leavers, Plan, Reason, Report, Sink, Summary};
use enlist_history::Told;

use crate::exit::Exit;
use crate::exports::{Ready, tolerates};
use crate::render::model::{
    Counts, LeaverCounts, Objection, Outcome, PlanView, Read, Recovery, Requests, RunView, Tally, Target, Work,
};
use crate::spec::Export;

/// The view of a plan.
pub fn plan(export: &Export, ready: &Ready, plan: Plan) -> PlanView {
    let sink = &*ready.export.sink;
    let limit_per_minute = imports_per_minute(sink);
    let mut warnings = unknown_tags(&plan.destination);
    if plan.changed_generation {
        warnings.push("mapping, key or settings changed since the last run: every contact is sent again".into());
    }
    PlanView {
        target: target(export, &plan.destination),
        read: read(export, ready, plan.summary.read, plan.reading),
        mapping: if ready.automatic { plan.mapping } else { Vec::new() },
        unused: if ready.automatic { ready.unused.clone() } else { Vec::new() },
        counts: counts(&plan.summary),
        last_run: None,
        rejected_by_reason: tally(&plan.summary.rejected),
        work: Work {
            requests: plan.summary.requests,
            contacts_per_request: sink.limits().contacts as u64,
            largest: plan.summary.largest_request,
            time: Duration::from_secs_f64(plan.summary.requests as f64 * 60.0 / f64::from(limit_per_minute)),
            limit_per_minute,
        },
        deadline: Some(ready.export.deadline),
        leavers: told(export).map(|policy| {
            let it = &plan.summary.leavers;
            (policy, LeaverCounts { tell: it.tell, told: it.told, unknown: it.unknown })
        }),
        headroom: plan.destination.headroom.map(|room| (room.limit, room.used)),
        automations: export.automations,
        first_load: plan.summary.known == 0,
        objections: plan.broken.iter().map(objection).collect(),
        warnings,
    }
}

/// What the report does not know of a run.
pub struct RunFacts {
    /// Its name.
    pub run: String,
    /// When it started.
    pub started: chrono::DateTime<chrono::Utc>,
    /// How a signal ended it, if one did.
    pub signal: Option<Exit>,
    /// The file of rejected rows.
    pub rejects_file: Option<String>,
    /// Some of the rejected rows.
    pub reject_examples: Vec<enlist_history::RejectExample>,
    /// The run before it, where one left requests.
    pub resumed: Option<String>,
    /// Whether it went to the simulator in place of the account.
    pub rehearsal: bool,
    /// How it went over time.
    pub timeline: enlist_history::Timeline,
}

/// The view of a run.
pub fn run(export: &Export, ready: &Ready, report: Report, facts: RunFacts) -> RunView {
    let minutes = (report.delivering.as_secs_f64() / 60.0).max(f64::MIN_POSITIVE);
    let refused = report.outcome.rejected - report.plan.rejected_total();
    let some = report.calls.imports > 0;
    // The first requests leave at once: within a minute a rate over the limit only means that too little time has
    // passed. After it the limit would be broken, and whoever looks has to see that.
    let short = report.delivering < Duration::from_secs(60);
    let limit = if short { f64::from(imports_per_minute(&*ready.export.sink)) } else { f64::INFINITY };
    let most = ready.export.sink.limits().contacts;
    let recovered = &report.recovered;
    let time = chrono::TimeDelta::from_std(report.elapsed).unwrap_or_default();
    let mut warnings = unknown_tags(&report.destination);
    warnings.extend(report.warnings.iter().cloned());
    RunView {
        exit: exit(&report, ready, facts.signal),
        run: facts.run,
        named: false,
        target: target(export, &report.destination),
        started_at: stamp(facts.started),
        finished_at: stamp(facts.started + time),
        time: report.elapsed,
        read: read(export, ready, report.outcome.read, report.elapsed.saturating_sub(report.delivering)),
        counts: counts(&report.plan),
        outcome: Outcome {
            confirmed: report.outcome.confirmed,
            unchanged: report.outcome.unchanged,
            rejected: report.outcome.rejected,
            duplicate: report.outcome.duplicate,
            deferred: report.outcome.deferred,
            skipped: report.outcome.skipped,
        },
        rejected_by_reason: tally(&report.rejected),
        refused,
        leavers: report.leavers.map(|it| leavers(it, export)),
        reject_examples: facts.reject_examples,
        timeline: Some(facts.timeline).filter(|timeline| !timeline.is_empty()),
        requests: Requests {
            bulk: report.calls.imports,
            other: report.calls.other,
            retries: report.calls.retries,
            throttled: report.calls.throttled,
            throttle_time: report.calls.throttle_time,
            ambiguous: report.calls.in_doubt,
        },
        requests_per_minute: (report.calls.imports as f64 / minutes).min(limit),
        contacts_per_minute: (report.outcome.confirmed as f64 / minutes).min(limit * most as f64),
        limit_per_minute: imports_per_minute(&*ready.export.sink),
        contacts_per_request: ready.export.sink.limits().contacts as u64,
        deadline: Some(ready.export.deadline),
        latency: some.then(|| [report.latency.p50, report.latency.p95, report.latency.p99].map(millis)),
        recovery: (recovered.resolved + recovered.unclear > 0).then_some(Recovery {
            run: facts.resumed,
            confirmed: recovered.resolved,
            unclear: recovered.unclear,
            unclear_contacts: recovered.unclear_contacts,
        }),
        rejects_file: facts.rejects_file,
        full: ready.export.full,
        rehearsal: facts.rehearsal,
        error: report.error.map(|error| if ready.export.full { from_the_start(error) } else { error }),
        warnings,
    }
}

/// What was to be sent again is not on record: a run that sends everything cannot be continued.
fn from_the_start(error: Error) -> Error {
    match error.kind() {
        ErrorKind::Unfinished | ErrorKind::Interrupted => {
            error.help("run it again: with --full it sends everything from the start, without it what changed")
        }
        _ => error,
    }
}

fn leavers(it: enlist_core::LeaverOutcome, export: &Export) -> enlist_history::Leavers {
    let told = match export.leavers {
        Leavers::Unsubscribe => Told::Unsubscribed,
        Leavers::Keep | Leavers::Mark { .. } => Told::Marked,
    };
    enlist_history::Leavers {
        told,
        confirmed: it.confirmed,
        unchanged: it.unchanged,
        rejected: it.rejected,
        deferred: it.deferred,
        unknown: it.unknown,
    }
}

/// What contacts that left are told, in a word.
fn told(export: &Export) -> Option<String> {
    match &export.leavers {
        Leavers::Keep => None,
        Leavers::Mark { field, value } => Some(format!("{field} = {value}")),
        Leavers::Unsubscribe => Some("unsubscribe".to_owned()),
    }
}

fn exit(report: &Report, ready: &Ready, signal: Option<Exit>) -> Exit {
    match &report.error {
        Some(error) => match (Exit::from(error.kind()), signal) {
            (Exit::Interrupted, Some(signal)) => signal,
            (exit, _) => exit,
        },
        None if tolerates(&ready.export.guards, faulty(report), report.outcome.read) => Exit::Done,
        None => Exit::Rejects,
    }
}

/// Rows rejected against somebody's intention.
fn faulty(report: &Report) -> u64 {
    report.outcome.rejected - report.rejected.get(&Reason::Suppressed).copied().unwrap_or(0)
}

fn target(export: &Export, destination: &Destination) -> Target {
    Target {
        export: export.name.clone(),
        display_name: export.connection.display_name.clone(),
        host: if export.connection.is_simulator() { export.connection.host.clone() } else { destination.host.clone() },
        list: destination.list,
        list_name: Some(destination.list_name.clone()),
    }
}

fn read(export: &Export, ready: &Ready, rows: u64, time: Duration) -> Read {
    Read {
        source: export.source_name(),
        rows,
        columns: Some(ready.columns),
        files: None,
        bytes: None,
        digest: None,
        time,
    }
}

fn counts(summary: &Summary) -> Counts {
    Counts {
        add: summary.add,
        update: summary.update,
        unchanged: summary.unchanged,
        leave: summary.leave,
        rejected: summary.rejected_total(),
        duplicate: summary.duplicate,
        skipped: summary.skipped,
    }
}

/// The most frequent first.
fn tally(rejected: &BTreeMap<Reason, u64>) -> Tally {
    let mut tally: Tally = rejected.iter().map(|(reason, rows)| (reason.code().to_owned(), *rows)).collect();
    tally.sort_by_key(|(_, rows)| std::cmp::Reverse(*rows));
    tally
}

fn objection(broken: &Error) -> Objection {
    Objection {
        guard: broken.code().trim_start_matches("guard::").to_owned(),
        message: broken.to_string(),
        help: broken.help_text().unwrap_or_default().to_owned(),
    }
}

fn unknown_tags(destination: &Destination) -> Vec<String> {
    let warn = |tag: &String| format!("the account has no tag \"{tag}\"; sending creates it");
    destination.unknown_tags.iter().map(warn).collect()
}

fn imports_per_minute(sink: &dyn Sink) -> u32 {
    let bulk = sink.quotas().into_iter().find(|quota| quota.lane == Lane::Bulk);
    let per_minute = bulk.map(|quota| f64::from(quota.count) * 60.0 / quota.window.as_secs_f64());
    per_minute.map_or(1, |rate| rate.round().max(1.0) as u32)
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// A time as documents have it: RFC 3339 in UTC.
pub fn stamp(time: chrono::DateTime<chrono::Utc>) -> String {
    time.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}
