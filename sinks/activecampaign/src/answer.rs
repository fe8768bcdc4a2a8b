//! What an answer means. Pure: status, headers and body decide, nothing else.
//!
//! ActiveCampaign answers in many shapes, some documented nowhere. The rule for all of them: nothing counts as
//! accepted or finished unless the answer says so, and nothing counts as refused unless sending it again is safe.

mod account;
mod body;
mod contacts;
mod import;
mod retry_after;
#[cfg(test)]
mod table;
mod words;

use bytes::Bytes;
use enlist_core::{Complaint, SendError};
use http::header::LOCATION;
use http::{HeaderMap, StatusCode, Uri};
use serde_json::Value;

use crate::client::Answer;
use crate::error;
pub(crate) use account::{fields, headroom, list_name, lists, tags};
pub(crate) use body::{items, member, number};
pub(crate) use contacts::{field_value, newest, page};
pub(crate) use import::{backlog, job_state, receipt};
use words::words;

/// The JSON of a successful answer.
///
/// # Errors
/// The meaning of any other answer, a success without JSON or with `success: 0` included.
pub(crate) fn json(answer: &Answer) -> Result<Value, SendError> {
    match body::parse(answer.body()) {
        Some(json) if answer.status().is_success() && !body::says_failure(&json) => Ok(json),
        _ => Err(refusal(answer)),
    }
}

/// What an answer means that is not the success that was hoped for.
pub(crate) fn refusal(answer: &Answer) -> SendError {
    let status = answer.status();
    let json = body::parse(answer.body());
    let throttled = matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
    if throttled || speaks_of_rate_limit(answer.body(), json.as_ref()) {
        return SendError::Throttled { retry_after: retry_after::retry_after(answer.headers()) };
    }
    let json = json.unwrap_or(Value::Null);
    match status.as_u16() {
        code @ 200..=299 => SendError::InDoubt(format!("the answer ({code}) is not understood")),
        300..=399 => error::redirected(redirect_host(answer.headers()).as_deref()),
        400 | 422 => refused(status, &json),
        code @ (401 | 403) => SendError::Denied(explained(code, &json)),
        402 => error::unpaid(),
        code @ (404 | 405) => error::not_found(code),
        407 => error::proxy(),
        413 => SendError::TooLarge,
        code @ (409..=499 | 406) => SendError::Malformed(explained(code, &json)),
        code => SendError::InDoubt(explained(code, &json)),
    }
}

/// The host a redirect points to; `None` without one, or when it is relative.
pub(crate) fn redirect_host(headers: &HeaderMap) -> Option<String> {
    let target: Uri = headers.get(LOCATION)?.to_str().ok()?.parse().ok()?;
    target.host().map(str::to_owned)
}

/// The importer reports its rate limit as 400, and others have been seen: the words count, not the status.
/// Complaints about single contacts are left out, because they may quote values.
fn speaks_of_rate_limit(body: &Bytes, json: Option<&Value>) -> bool {
    let speaks = |text: &str| text.to_ascii_lowercase().contains("rate limit");
    match json {
        Some(json) if reasons(json).iter().any(|reason| reason.is_object()) => {
            member(json, "message").and_then(Value::as_str).is_some_and(speaks)
        }
        _ => speaks(&String::from_utf8_lossy(body)),
    }
}

/// A refusal of the body itself: whose fault is it?
fn refused(status: StatusCode, json: &Value) -> SendError {
    let reasons = reasons(json);
    if reasons.iter().any(|reason| reason.is_object()) {
        return SendError::Invalid(reasons.into_iter().map(complaint).collect());
    }
    let mut texts: Vec<&str> = reasons.into_iter().filter_map(Value::as_str).collect();
    let message = member(json, "message").and_then(Value::as_str);
    if texts.is_empty() && message.is_some_and(|text| text.contains("did not pass validation")) {
        return SendError::Invalid(Vec::new());
    }
    if texts.is_empty() {
        texts.extend(message);
    }
    if texts.iter().any(|text| speaks_of_size(text)) {
        return SendError::TooLarge;
    }
    // Outside the importer, 422 carries `errors` about the values of what was sent.
    let errors = listed(json, "errors");
    if status == StatusCode::UNPROCESSABLE_ENTITY && errors.iter().any(|error| error.is_object()) {
        return SendError::Invalid(errors.into_iter().map(complaint).collect());
    }
    if texts.is_empty() {
        return SendError::Malformed(explained(status.as_u16(), json));
    }
    SendError::Malformed(format!("{}: {}", status.as_u16(), words(&texts.join(" "))))
}

/// The importer's list of reasons; its key is printed with and without a space.
fn reasons(json: &Value) -> Vec<&Value> {
    match member(json, "failureReasons") {
        Some(one) if member(one, "failureReason").is_some() => vec![one],
        _ => listed(json, "failureReasons"),
    }
}

/// The items under `key`, or the one text that stands there in place of a list.
fn listed<'a>(json: &'a Value, key: &str) -> Vec<&'a Value> {
    match member(json, key) {
        Some(text @ Value::String(_)) => vec![text],
        Some(list) => items(list),
        None => Vec::new(),
    }
}

fn complaint(reason: &Value) -> Complaint {
    let text = ["failureReason", "reason", "message", "title", "detail"]
        .iter()
        .find_map(|key| member(reason, key).and_then(Value::as_str))
        .or(reason.as_str())
        .unwrap_or_default();
    Complaint { index: member(reason, "contact").and_then(number), reason: words(text) }
}

/// What is known of the limits: 250 contacts, 399,999 bytes. How a breach is worded is documented nowhere.
fn speaks_of_size(text: &str) -> bool {
    const SIGNS: [&str; 10] =
        ["too large", "too many", "too big", "250", "400k", "400 k", "400000", "400,000", "399999", "399,999"];
    let text = text.to_ascii_lowercase();
    SIGNS.iter().any(|sign| text.contains(sign))
}

/// The status, and what of the destination's explanation is safe to show.
fn explained(status: u16, json: &Value) -> String {
    let message = ["message", "error"].iter().filter_map(|key| member(json, key).and_then(Value::as_str));
    let errors = listed(json, "errors");
    let details = errors.iter().flat_map(|error| {
        let parts = ["title", "detail"].iter();
        parts.filter_map(|key| member(error, key).and_then(Value::as_str)).chain(error.as_str())
    });
    let text = message.chain(details).collect::<Vec<_>>().join(" ");
    if text.trim().is_empty() {
        format!("{status} without an explanation")
    } else {
        format!("{status}: {}", words(&text))
    }
}
