//! The bulk importer's endpoints.

use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};

use crate::account::fold;
use crate::calendar::date;
use crate::import::{Payload, Stage, Tally, check};
use crate::reply::{Call, Reply};
use crate::state::State;
use crate::switches::{Oversize, SuccessKey, SuccessValue, UnknownBatch};

const INVALID: &str = "JSON payload did not pass validation. Please fix failureReasons and retry. The import was not queued for processing.";

/// `POST /import/bulk_import`, below the rate limits.
pub(crate) fn accept(state: &mut State, body: &Bytes, payload: Option<&Payload<'_>>, now: Duration) -> Reply {
    match refuse(state, body.len(), payload) {
        Some(reply) => {
            state.report.refused_requests += 1;
            reply
        }
        None => queue(state, body, payload, now),
    }
}

fn refuse(state: &State, bytes: usize, payload: Option<&Payload<'_>>) -> Option<Reply> {
    let limits = &state.settings.limits;
    let oversize = match state.settings.oversize {
        Oversize::BadRequest => StatusCode::BAD_REQUEST,
        Oversize::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
    };
    if bytes > limits.bytes {
        return Some(failure(oversize, INVALID, &json!(["The request must be less than 400K bytes"])));
    }
    let Some(payload) = payload else {
        return Some(failure(StatusCode::BAD_REQUEST, INVALID, &json!(["Invalid or unparsable json"])));
    };
    if payload.contacts.len() > limits.contacts {
        let reason = format!("Up to {} contacts may be imported per request", limits.contacts);
        return Some(failure(oversize, INVALID, &json!([reason])));
    }
    if payload.contacts.is_empty() {
        return Some(failure(StatusCode::BAD_REQUEST, INVALID, &json!(["Field 'contacts' not found"])));
    }
    let complaints = check(payload, &state.settings);
    let reasons = complaints.iter().map(|c| json!({ "contact": c.contact, "failureReason": c.reason }));
    (!complaints.is_empty()).then(|| failure(StatusCode::BAD_REQUEST, INVALID, &reasons.collect()))
}

fn queue(state: &mut State, body: &Bytes, payload: Option<&Payload<'_>>, now: Duration) -> Reply {
    let entries = payload.map_or(&[][..], |payload| &payload.contacts);
    let sent = entries.len();
    let (success, queued) = match state.settings.success_value {
        SuccessValue::One => (1, sent),
        // The vendor's example of this form queues fewer contacts than were sent, because of exclusions.
        SuccessValue::Count => {
            let excluded = entries.iter().filter(|entry| {
                let email = entry.email.as_ref().map_or("", |email| email.as_str());
                let to = |list| entry.subscribe.iter().any(|wanted| wanted.listid.0 == list);
                state.account.is_excluded(&fold(email), to)
            });
            (sent, sent - excluded.count())
        }
    };
    let chance = (&state.settings, &mut state.rng, &mut state.report);
    let id = state.importer.accept(body.clone(), sent, now, state.wall, chance);
    // Without delay an import is done before its answer leaves.
    state.advance(now);
    let key = match state.settings.success_key {
        SuccessKey::Lower => "success",
        SuccessKey::Capital => "Success",
    };
    Reply::ok(&json!({
        key: success,
        "queued_contacts": queued,
        "batchId": hyphenated(id),
        "message": "Contact import queued",
    }))
}

/// The documented answer to too many imports, missing blank included.
pub(crate) fn throttled(limit: &str) -> Reply {
    let reason = format!("{limit}Please batch contacts into larger requests, or retry this request in a minute.");
    failure(StatusCode::BAD_REQUEST, "Rate limit exceeded.", &json!([reason]))
}

fn failure(status: StatusCode, message: &str, reasons: &Value) -> Reply {
    Reply::json(status, &json!({ "success": 0, "message": message, "failureReasons": reasons }))
}

/// `GET /import/info`.
pub(crate) fn info(state: &State, call: &Call, now: Duration) -> Reply {
    let Some(name) = call.query.get("batchId").filter(|name| !name.is_empty()) else {
        let body = json!({ "success": 0, "message": "'batchId' is a required field." });
        return Reply::json(StatusCode::BAD_REQUEST, &body);
    };
    let id = u128::from_str_radix(&name.replace('-', ""), 16).ok();
    let stage = id.and_then(|id| state.importer.stage(id, now, &state.settings));
    let word = stage.as_ref().map(Stage::word);
    match (stage, state.settings.unknown_batch) {
        (Some(Stage::TooEarly), _) | (None, UnknownBatch::False) => Reply::ok(&json!({ "status": false })),
        (Some(Stage::Waiting | Stage::Claimed | Stage::Active), _) => {
            Reply::ok(&json!({ "status": word, "success": [], "failure": [] }))
        }
        (Some(Stage::Ended(_, applied)), _) => {
            let success: Vec<String> = applied.success.iter().map(u32::to_string).collect();
            Reply::ok(&json!({ "status": word, "success": success, "failure": applied.failure }))
        }
        (None, UnknownBatch::NotFound) => Reply::missing("Import", name),
        (None, UnknownBatch::BadRequest) => {
            Reply::json(StatusCode::BAD_REQUEST, &json!({ "success": 0, "message": "'batchId' is not known." }))
        }
    }
}

/// `GET /import/bulk_import`: totals by day, numbers as strings.
pub(crate) fn totals(state: &State, now: Duration) -> Reply {
    let row = |(day, tally): (&u64, &Tally)| {
        json!({
            "forDate": date(*day),
            "batches": tally.batches.to_string(),
            "contacts": tally.contacts.to_string(),
        })
    };
    let outstanding: Vec<Value> = state.importer.outstanding().iter().map(row).collect();
    let completed: Vec<Value> = state.importer.recently_completed(state.wall.day(now)).map(row).collect();
    Reply::ok(&json!({ "outstanding": outstanding, "recentlyCompleted": completed }))
}

/// The usual way to write a UUID.
pub(crate) fn hyphenated(id: u128) -> String {
    let hex = format!("{id:032x}");
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}
