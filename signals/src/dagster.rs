//! Dagster Pipes: messages of a process that Dagster started (it set `DAGSTER_PIPES_CONTEXT`), one JSON text a line.

use enlist_history::RunDocument;
use serde_json::{Value, json};

use crate::level::Level;

/// Version of the protocol.
const VERSION: &str = "0.1";

/// The first message.
pub fn opened() -> String {
    message("opened", &json!({ "extras": {} }))
}

/// That `run` brought the asset `asset_key` (parts divided by `/`) up to date. Dagster takes one for each asset and process.
pub fn materialization(run: &RunDocument, asset_key: &str) -> String {
    let outcome = run.outcome.unwrap_or_default();
    let value = |kind: &str, raw: Value| json!({ "type": kind, "raw_value": raw });
    let mut metadata = json!({
        "run_id": value("text", json!(run.run_id)),
        "status": value("text", json!(run.status)),
        "level": value("text", json!(Level::of(run).word())),
        "host": value("text", json!(run.destination.host)),
        "list": value("int", json!(run.destination.list)),
        "seconds": value("float", json!(run.seconds)),
        "dagster/row_count": value("int", json!(outcome.confirmed.saturating_add(outcome.unchanged))),
        "read": value("int", json!(run.source.rows)),
        "confirmed": value("int", json!(outcome.confirmed)),
        "unchanged": value("int", json!(outcome.unchanged)),
        "rejected": value("int", json!(outcome.rejected)),
        "duplicate": value("int", json!(outcome.duplicate)),
        "deferred": value("int", json!(outcome.deferred)),
        "skipped": value("int", json!(outcome.skipped)),
        "requests": value("int", json!(run.requests.bulk.saturating_add(run.requests.other))),
    });
    if !run.rejected_by_reason.0.is_empty() {
        metadata["rejected_by_reason"] = value("json", json!(run.rejected_by_reason));
    }
    let params = json!({ "asset_key": asset_key, "data_version": run.source.digest, "metadata": metadata });
    message("report_asset_materialization", &params)
}

/// The last message. Dagster shows the error of `run` in its log; whether the step fails, the exit code of the process says.
pub fn closed(run: &RunDocument) -> String {
    let params = match &run.error {
        Some(error) => json!({
            "exception": {
                "message": error.message, "name": error.code, "stack": [], "cause": null, "context": null,
            }
        }),
        None => json!({}),
    };
    message("closed", &params)
}

fn message(method: &str, params: &Value) -> String {
    json!({ "__dagster_pipes_version": VERSION, "method": method, "params": params }).to_string()
}
