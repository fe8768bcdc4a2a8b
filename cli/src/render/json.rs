//! Results for programs. Keys are always present; what is not known is null; words may be added, never changed.

use enlist_history::{
    Destination, Latency, Outcome, Plan, Rate, Requests, RunDocument, RunError, SCHEMA, SourceRead, Target,
};
use serde::Serialize;
use serde::ser::SerializeMap;

use super::model::{PlanView, RunView, Tally};
use crate::exit::Exit;
use crate::failure::Failure;

/// The document of `plan`.
pub fn plan(plan: &PlanView) -> impl Serialize {
    serde_json::json!({
        "schema": "enlist.plan/1",
        "export": plan.target.export,
        "source": {
            "name": plan.read.source, "rows": plan.read.rows, "columns": plan.read.columns,
            "files": plan.read.files, "bytes": plan.read.bytes, "digest": plan.read.digest,
            "seconds": seconds(plan.read.time),
        },
        "destination": {
            "host": plan.target.host, "list": plan.target.list, "list_name": plan.target.list_name,
        },
        "plan": counts(&plan.counts),
        "rejected_by_reason": Named(&plan.rejected_by_reason),
        "requests": {
            "count": plan.work.requests, "contacts_per_request": plan.work.contacts_per_request,
            "largest_bytes": plan.work.largest, "seconds": seconds(plan.work.time),
            "limit_per_min": plan.work.limit_per_minute,
        },
        "target": target_of(plan.deadline, plan.work.time),
        "contacts": plan.headroom.map(|(limit, used)| serde_json::json!({
            "limit": limit, "used": used, "after": used + plan.counts.add,
        })),
        "leavers": plan.leavers.as_ref().map(|(policy, counts)| serde_json::json!({
            "policy": policy, "tell": counts.tell, "told": counts.told, "unknown": counts.unknown,
        })),
        "automations": plan.automations,
        "first_load": plan.first_load,
        "guards": plan.objections.iter().map(|objection| serde_json::json!({
            "guard": objection.guard, "message": objection.message, "help": objection.help,
        })).collect::<Vec<_>>(),
        "warnings": plan.warnings,
    })
}

/// The document of `run`.
pub fn run(run: &RunView) -> RunDocument {
    let target = &run.target;
    RunDocument {
        schema: SCHEMA.to_owned(),
        run_id: run.run.clone(),
        export: target.export.clone(),
        status: status(run.exit).to_owned(),
        exit_code: run.exit.code(),
        retryable: run.exit.retryable(),
        started_at: run.started_at.clone(),
        finished_at: run.finished_at.clone(),
        seconds: seconds(run.time),
        source: SourceRead {
            name: run.read.source.clone(),
            rows: run.read.rows,
            digest: run.read.digest.clone(),
            columns: run.read.columns,
        },
        destination: Destination {
            display_name: target.display_name.clone(),
            host: target.host.clone(),
            list: target.list,
            list_name: target.list_name.clone(),
        },
        plan: Some(Plan {
            add: run.counts.add,
            update: run.counts.update,
            unchanged: run.counts.unchanged,
            leave: run.counts.leave,
            rejected: run.counts.rejected,
            duplicate: run.counts.duplicate,
            skipped: run.counts.skipped,
        }),
        outcome: Some(Outcome {
            confirmed: run.outcome.confirmed,
            unchanged: run.outcome.unchanged,
            rejected: run.outcome.rejected,
            duplicate: run.outcome.duplicate,
            deferred: run.outcome.deferred,
            skipped: run.outcome.skipped,
        }),
        leavers: run.leavers,
        rejected_by_reason: enlist_history::Tally(run.rejected_by_reason.clone()),
        requests: Requests {
            bulk: run.requests.bulk,
            other: run.requests.other,
            retries: run.requests.retries,
            throttled: run.requests.throttled,
            throttle_seconds: seconds(run.requests.throttle_time),
            ambiguous: run.requests.ambiguous,
        },
        rate: Rate {
            requests_per_min: tenths(run.requests_per_minute),
            contacts_per_min: run.contacts_per_minute.round() as u64,
            limit_per_min: run.limit_per_minute,
            contacts_limit_per_min: u64::from(run.limit_per_minute) * run.contacts_per_request,
        },
        target: target_of(run.deadline, run.time),
        latency_ms: run.latency.map(|[p50, p95, p99]| Latency { p50, p95, p99 }),
        resumed_from: run.recovery.as_ref().and_then(|recovery| recovery.run.clone()),
        rejects_file: run.rejects_file.clone(),
        reject_examples: run.reject_examples.clone(),
        error: run.error.as_ref().map(|error| of_error(error, run.exit)),
        warnings: run.warnings.clone(),
        timeline: run.timeline.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

/// The document of a run that ended before there was a plan, as the history keeps it.
pub fn failed_run(run: &FailedRun<'_>, failure: &Failure) -> RunDocument {
    let exit = failure.exit();
    RunDocument {
        schema: SCHEMA.to_owned(),
        run_id: run.name.to_owned(),
        export: run.export.to_owned(),
        status: status(exit).to_owned(),
        exit_code: exit.code(),
        retryable: exit.retryable(),
        started_at: run.started_at.clone(),
        finished_at: run.finished_at.clone(),
        seconds: seconds(run.time),
        source: SourceRead { name: run.source.to_owned(), ..SourceRead::default() },
        destination: Destination {
            display_name: run.display_name.map(str::to_owned),
            host: run.host.to_owned(),
            list: run.list,
            list_name: None,
        },
        error: Some(of_error(&failure.error, exit)),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..RunDocument::default()
    }
}

/// What is known of a run without a report.
#[derive(Clone, Debug)]
pub struct FailedRun<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its export.
    pub export: &'a str,
    /// Name of the source.
    pub source: &'a str,
    /// What people call the account.
    pub display_name: Option<&'a str>,
    /// Host of the account.
    pub host: &'a str,
    /// Id of the list.
    pub list: u64,
    /// When it started, RFC 3339 in UTC.
    pub started_at: String,
    /// When it ended, likewise.
    pub finished_at: String,
    /// How long it took.
    pub time: std::time::Duration,
}

/// The document of a command that ended before there was a run to report: the keys a reader looks for first.
pub fn failure(failure: &Failure) -> impl Serialize {
    let exit = failure.exit();
    serde_json::json!({
        "schema": "enlist.error/1",
        "export": failure.run.as_ref().map(|run| &run.export),
        "status": status(exit),
        "exit_code": exit.code(),
        "retryable": exit.retryable(),
        "error": of_error(&failure.error, exit),
        "place": failure.snippet.as_ref().map(|snippet| serde_json::json!({
            "file": snippet.file, "line": snippet.line, "column": snippet.column,
        })),
    })
}

fn of_error(error: &enlist_core::Error, exit: Exit) -> RunError {
    RunError {
        code: error.code().to_owned(),
        message: error.to_string(),
        help: Some(super::advice(error).to_owned()),
        stage: stage(error.code()).to_owned(),
        retryable: exit.retryable(),
    }
}

fn counts(counts: &super::model::Counts) -> serde_json::Value {
    serde_json::json!({
        "add": counts.add, "update": counts.update, "unchanged": counts.unchanged, "leave": counts.leave,
        "rejected": counts.rejected, "duplicate": counts.duplicate, "skipped": counts.skipped,
    })
}

fn target_of(deadline: Option<std::time::Duration>, time: std::time::Duration) -> Option<Target> {
    let deadline = deadline.filter(|deadline| !deadline.is_zero())?;
    let share = time.as_secs_f64() / deadline.as_secs_f64();
    Some(Target {
        seconds: deadline.as_secs(),
        met: time <= deadline,
        used_fraction: (share * 1_000.0).round() / 1_000.0,
    })
}

/// How a command ended, in a word.
fn status(exit: Exit) -> &'static str {
    match exit {
        Exit::Done => "ok",
        Exit::Rejects => "rejects",
        Exit::Unfinished | Exit::Interrupted | Exit::Terminated => "stopped",
        Exit::Guard => "guarded",
        Exit::Locked => "locked",
        _ => "failed",
    }
}

/// The part of the work that an error code belongs to.
fn stage(code: &str) -> &'static str {
    // It is wanting before anything is called, as a configuration is.
    if matches!(code, "access::consent" | "access::user") {
        return "config";
    }
    match code.split("::").next().unwrap_or_default() {
        "config" | "usage" | "connect" | "mapping" | "init" | "generate" | "sim" | "audit" | "status" => "config",
        "source" | "query" | "csv" | "parquet" | "file" => "source",
        "plan" | "guard" => "plan",
        "state" | "ledger" => "state",
        "settle" | "confirm" => "confirm",
        _ => "send",
    }
}

fn seconds(time: std::time::Duration) -> f64 {
    tenths(time.as_secs_f64())
}

fn tenths(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

/// A tally as an object, in its order.
struct Named<'a>(&'a Tally);

impl Serialize for Named<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, number) in self.0 {
            map.serialize_entry(name, number)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::super::run::tests::{run as a_run, stopped};
    use super::*;

    #[test]
    fn the_document_of_a_run() {
        insta::assert_json_snapshot!(run(&a_run()));
    }

    #[test]
    fn the_document_of_a_stopped_run_has_the_same_keys() {
        let keys = |view: &RunView| {
            let value = serde_json::to_value(run(view)).unwrap();
            value.as_object().unwrap().keys().cloned().collect::<Vec<_>>()
        };
        assert_eq!(keys(&a_run()), keys(&stopped()));
        insta::assert_json_snapshot!(serde_json::to_value(run(&stopped())).unwrap()["error"]);
    }

    #[test]
    fn the_document_of_an_empty_plan_has_every_key() {
        insta::assert_json_snapshot!(plan(&PlanView::default()));
    }

    #[test]
    fn the_stage_is_the_part_of_the_work_that_failed() {
        for (code, expected) in [
            ("usage::list", "config"),
            ("access::consent", "config"),
            ("access::user", "config"),
            ("connect::layout", "config"),
            ("init::exists", "config"),
            ("access::key", "send"),
            ("csv::quote", "source"),
            ("parquet::damaged", "source"),
            ("file::missing", "source"),
            ("query::sql", "source"),
            ("guard::max_change", "plan"),
            ("state::consents", "state"),
            ("network::unreachable", "send"),
        ] {
            assert_eq!(stage(code), expected, "{code}");
        }
    }

    #[test]
    fn the_document_of_a_failure() {
        let missing = Failure::config("config::missing", "no enlist.yaml here").help("enlist init writes one");
        insta::assert_json_snapshot!(failure(&missing));
    }
}
