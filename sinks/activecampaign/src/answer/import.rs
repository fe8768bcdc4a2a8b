//! Answers of the importer: a request accepted, a job's state, the backlog.

use enlist_core::{JobId, JobState, Receipt, SendError};
use http::StatusCode;
use serde_json::Value;

use super::{body, items, json, member, number, reasons, refusal, refused, speaks_of_rate_limit};
use crate::client::Answer;

/// What became of `POST /import/bulk_import`. Accepted is a success status with a `batchId` and no `success: 0`;
/// the value of `success` says nothing else (it has been seen as 1 and as a count).
pub(crate) fn receipt(answer: &Answer) -> Result<Receipt, SendError> {
    let parsed = body::parse(answer.body()).filter(|_| answer.status().is_success());
    let Some(json) = parsed else {
        return Err(refusal(answer));
    };
    match (batch_id(&json), body::says_failure(&json)) {
        (Some(id), false) => Ok(Receipt::Queued(JobId(id))),
        (None, true) if !reasons(&json).is_empty() && !speaks_of_rate_limit(answer.body(), Some(&json)) => {
            Err(refused(StatusCode::BAD_REQUEST, &json))
        }
        _ => Err(refusal(answer)),
    }
}

/// Ours: longest id that is taken for one. A UUID, which is documented, has 36 characters.
const LONGEST_ID: usize = 128;

/// The id under which an import is asked for later, so it has to be exactly the one that was given: a number that JSON
/// does not carry whole is none, and neither is a text that no id looks like.
fn batch_id(json: &Value) -> Option<String> {
    let id = match member(json, "batchId")? {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.as_u64()?.to_string(),
        _ => return None,
    };
    let is_id = (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
    is_id.then_some(id)
}

/// Where a job stands, from `GET /import/info`.
///
/// `status` may be `false` right after the import was accepted; words it does not know count as working, because a
/// job that has ended says so. The ids under `success` are not read: whether they hold updated contacts is not known.
pub(crate) fn job_state(answer: &Answer) -> Result<JobState, SendError> {
    let json = match json(answer) {
        Ok(json) => json,
        Err(error @ SendError::Throttled { .. }) => return Err(error),
        Err(error) => {
            return if is_unknown_job(answer) { Ok(JobState::Unknown) } else { Err(error) };
        }
    };
    let status = match member(&json, "status") {
        Some(Value::String(status)) => status.trim().to_ascii_lowercase(),
        Some(Value::Bool(_) | Value::Null) => return Ok(JobState::Working),
        _ => return Err(refusal(answer)),
    };
    Ok(match status.as_str() {
        "completed" => match member(&json, "failure").map_or_else(|| Some(Vec::new()), refused_emails) {
            Some(refused) => JobState::Finished { refused },
            // Somebody may have been refused, and nobody knows who.
            None => return Err(refusal(answer)),
        },
        "failed" | "interrupted" => JobState::Failed,
        _ => JobState::Working,
    })
}

/// A batch that is not known is answered with 404, or with 400 that does not complain of a missing parameter.
fn is_unknown_job(answer: &Answer) -> bool {
    match answer.status() {
        StatusCode::NOT_FOUND => true,
        StatusCode::BAD_REQUEST => !String::from_utf8_lossy(answer.body()).contains("required"),
        _ => false,
    }
}

/// Emails as strings or in objects. An item that names no email stands as its JSON, so that the refusal is counted
/// although it matches no contact. `None` for what is no list at all, such as a count.
fn refused_emails(failure: &Value) -> Option<Vec<String>> {
    let email = |item: &Value| match item {
        Value::String(email) => email.clone(),
        other => match member(other, "email").and_then(Value::as_str) {
            Some(email) => email.to_owned(),
            None => other.to_string(),
        },
    };
    match failure {
        Value::String(email) if !email.trim().is_empty() => Some(vec![email.clone()]),
        Value::Null | Value::String(_) => Some(Vec::new()),
        list @ (Value::Array(_) | Value::Object(_)) => Some(items(list).into_iter().map(email).collect()),
        Value::Bool(_) | Value::Number(_) => None,
    }
}

/// Batches of all days that are not finished, from `GET /import/bulk_import`.
pub(crate) fn backlog(answer: &Answer) -> Result<u64, SendError> {
    let json = json(answer)?;
    let unclear = || SendError::InDoubt("the list of outstanding imports is not understood".into());
    let outstanding = member(&json, "outstanding").filter(|days| days.is_array() || days.is_object());
    let days = items(outstanding.ok_or_else(unclear)?);
    days.into_iter().try_fold(0_u64, |sum, day| {
        let batches = member(day, "batches").and_then(number).ok_or_else(unclear)?;
        Ok(sum.saturating_add(batches))
    })
}
