//! OpenTelemetry: bodies of OTLP/HTTP in JSON, for `POST /v1/metrics` and `POST /v1/traces`.
//!
//! The JSON of OTLP has names in camelCase, enums as numbers, numbers of 64 bits as text and ids in hex.

use chrono::{DateTime, Utc};
use enlist_history::RunDocument;
use serde_json::{Value, json};

use crate::families::{Family, Number, Point, families};
use crate::level::Level;
use crate::text::moment;

/// `AGGREGATION_TEMPORALITY_CUMULATIVE`.
const CUMULATIVE: u8 = 2;
/// `SPAN_KIND_INTERNAL`.
const INTERNAL: u8 = 1;
/// `STATUS_CODE_OK` and `STATUS_CODE_ERROR`.
const OK: u8 = 1;
const ERROR: u8 = 2;

/// The body of an export of metrics: those of Prometheus by the same names, for `runs` (oldest first).
pub fn metrics(runs: &[RunDocument]) -> Value {
    let metrics: Vec<_> = families(runs).iter().map(metric).collect();
    json!({ "resourceMetrics": [{ "resource": resource(), "scopeMetrics": [{ "scope": scope(), "metrics": metrics }] }] })
}

/// The body of an export of traces: one span for `run`. Neither id may be all zeros.
pub fn trace(run: &RunDocument, trace_id: [u8; 16], span_id: [u8; 8]) -> Value {
    let outcome = run.outcome.unwrap_or_default();
    let words = [
        ("enlist.export", &run.export),
        ("enlist.run_id", &run.run_id),
        ("enlist.status", &run.status),
        ("enlist.source", &run.source.name),
        ("server.address", &run.destination.host),
    ];
    let numbers = [
        ("enlist.list", run.destination.list),
        ("enlist.rows.read", run.source.rows),
        ("enlist.rows.confirmed", outcome.confirmed),
        ("enlist.rows.unchanged", outcome.unchanged),
        ("enlist.rows.rejected", outcome.rejected),
        ("enlist.rows.duplicate", outcome.duplicate),
        ("enlist.rows.deferred", outcome.deferred),
        ("enlist.rows.skipped", outcome.skipped),
        ("enlist.requests", run.requests.bulk.saturating_add(run.requests.other)),
        ("enlist.requests.throttled", run.requests.throttled),
    ];
    let mut attributes: Vec<_> = words.iter().map(|(key, text)| word(key, text)).collect();
    attributes.extend(numbers.map(|(key, number)| json!({ "key": key, "value": { "intValue": number.to_string() } })));
    attributes.extend(run.error.as_ref().map(|error| word("error.type", &error.code)));
    let status = match (&run.error, Level::of(run)) {
        (Some(error), Level::Failed) => json!({ "code": ERROR, "message": error.message }),
        (None, Level::Failed) => json!({ "code": ERROR }),
        _ => json!({ "code": OK }),
    };
    let span = json!({
        "traceId": hex(&trace_id),
        "spanId": hex(&span_id),
        "name": "enlist run",
        "kind": INTERNAL,
        "startTimeUnixNano": nanos(moment(&run.started_at).unwrap_or_default()),
        "endTimeUnixNano": nanos(moment(&run.finished_at).unwrap_or_default()),
        "attributes": attributes,
        "status": status,
    });
    json!({ "resourceSpans": [{ "resource": resource(), "scopeSpans": [{ "scope": scope(), "spans": [span] }] }] })
}

fn metric(family: &Family) -> Value {
    let points: Vec<_> = family.points.iter().map(|point| data_point(point, family.counter)).collect();
    let data = if family.counter {
        ("sum", json!({ "aggregationTemporality": CUMULATIVE, "isMonotonic": true, "dataPoints": points }))
    } else {
        ("gauge", json!({ "dataPoints": points }))
    };
    json!({ "name": family.name, "description": family.help, "unit": family.unit, data.0: data.1 })
}

fn data_point(point: &Point, counter: bool) -> Value {
    let attributes: Vec<_> = point.labels.iter().map(|(key, text)| word(key, text)).collect();
    let mut data = json!({ "attributes": attributes, "timeUnixNano": nanos(point.at) });
    if counter {
        data["startTimeUnixNano"] = json!(nanos(point.since));
    }
    match point.number {
        Number::Whole(number) => data["asInt"] = json!(i64::try_from(number).unwrap_or(i64::MAX).to_string()),
        Number::Real(number) => data["asDouble"] = json!(number),
    }
    data
}

fn resource() -> Value {
    json!({ "attributes": [word("service.name", "enlist"), word("service.version", env!("CARGO_PKG_VERSION"))] })
}

fn scope() -> Value {
    json!({ "name": "enlist", "version": env!("CARGO_PKG_VERSION") })
}

fn word(key: &str, text: &str) -> Value {
    json!({ "key": key, "value": { "stringValue": text } })
}

/// Nanoseconds since 1970 as text; times before, and after 2262, are 0.
fn nanos(at: DateTime<Utc>) -> String {
    at.timestamp_nanos_opt().unwrap_or(0).max(0).to_string()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
