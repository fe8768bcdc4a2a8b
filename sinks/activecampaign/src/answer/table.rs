//! Every shape of answer that is known or feared, and what it means.

use bytes::Bytes;
use enlist_core::{JobState, Receipt, SendError};
use proptest::prelude::*;

use super::*;
use crate::client::TransportError;

/// Status, headers (`name: value`, separated by `|`), body, meaning.
type Row = (u16, &'static str, &'static str, &'static str);

fn answer(status: u16, headers: &str, body: impl Into<Bytes>) -> Answer {
    let mut answer = http::Response::builder().status(status);
    for (name, value) in headers.split('|').filter_map(|header| header.split_once(": ")) {
        answer = answer.header(name, value);
    }
    answer.body(body.into()).unwrap()
}

/// A result in words.
fn meaning<T>(result: Result<T, SendError>, good: impl FnOnce(T) -> String) -> String {
    match result {
        Ok(value) => good(value),
        Err(SendError::Throttled { retry_after: None }) => "throttled".into(),
        Err(SendError::Throttled { retry_after: Some(wait) }) => format!("throttled {}s", wait.as_secs()),
        Err(SendError::Undelivered(_)) => "undelivered".into(),
        Err(SendError::InDoubt(_)) => "in doubt".into(),
        Err(SendError::Invalid(complaints)) => {
            let index = |c: &Complaint| c.index.map_or("?".into(), |index| index.to_string());
            let all: Vec<_> = complaints.iter().map(|c| format!("{}={}", index(c), c.reason)).collect();
            format!("invalid [{}]", all.join("; "))
        }
        Err(SendError::TooLarge) => "too large".into(),
        Err(SendError::Malformed(text)) => format!("malformed {text}"),
        Err(SendError::Denied(text)) => format!("denied {text}"),
        Err(SendError::Fatal(error)) => format!("fatal {}", error.code()),
    }
}

fn sent(answer: &Answer) -> String {
    meaning(receipt(answer), |receipt| match receipt {
        Receipt::Done => "done".into(),
        Receipt::Queued(job) => format!("queued {}", job.0),
    })
}

fn check(rows: &[Row], read: impl Fn(&Answer) -> String) {
    for (status, headers, body, expected) in rows {
        assert_eq!(&read(&answer(*status, headers, *body)), expected, "{status} {headers} {body}");
    }
}

const IMPORT_LIMIT: &str = r#"{"success":0,"message":"Rate limit exceeded.","failureReasons":["Up to 100 imports may be requested per minute.Please batch contacts into larger requests, or retry this request in a minute."]}"#;
const HTML: &str = "<!DOCTYPE html><html><body>Sign in</body></html>";

const ACCEPTED: &[Row] = &[
    (200, "", r#"{"Success":1,"queued_contacts":1,"batchId":"b1","message":"Contact import queued"}"#, "queued b1"),
    (200, "", r#"{"success":1,"queued_contacts":2,"batchId":"b1"}"#, "queued b1"),
    (200, "", r#"{"success":5,"queued_contacts":2,"batchId":"b1"}"#, "queued b1"),
    (200, "", r#"{"success":true,"BatchID":"b1"}"#, "queued b1"),
    (200, "", r#"{"batch_id":" b1 "}"#, "queued b1"),
    (200, "", r#"{"success":"1","batchId":17}"#, "queued 17"),
    (201, "", r#"{"success":1,"batchId":"b1"}"#, "queued b1"),
    (202, "", r#"{"success":1,"batchId":"b1","message":"no rate limit applies"}"#, "queued b1"),
    (200, "Content-Type: text/html", "\u{feff}{\"batchId\":\"b1\"}", "queued b1"),
];

/// One member of an accepting answer has another type, or stands there twice.
const WRONG_TYPES: &[Row] = &[
    (200, "", r#"{"success":null,"batchId":"b1"}"#, "queued b1"),
    (200, "", r#"{"success":[],"batchId":"b1"}"#, "queued b1"),
    (200, "", r#"{"success":{"1":true},"batchId":"b1"}"#, "queued b1"),
    (200, "", r#"{"success":"yes","batchId":"b1"}"#, "queued b1"),
    (200, "", r#"{"success":-1,"batchId":"b1"}"#, "queued b1"),
    (200, "", r#"{"success":0.0,"batchId":"b1"}"#, "in doubt"),
    (200, "", r#"{"success":-0,"batchId":"b1"}"#, "in doubt"),
    (200, "", r#"{"success":"false","batchId":"b1"}"#, "in doubt"),
    (200, "", r#"{"success":1,"queued_contacts":"two","batchId":"b1"}"#, "queued b1"),
    (200, "", r#"{"success":1,"queued_contacts":[],"batchId":"b1"}"#, "queued b1"),
    (200, "", r#"{"success":1,"batchId":"b1","message":{"text":"queued"}}"#, "queued b1"),
    (200, "", r#"{"success":1,"batchId":"b1","failureReasons":7}"#, "queued b1"),
    (200, "", r#"{"success":1,"batchId":"b1","failureReasons":[]}"#, "queued b1"),
    (200, "", r#"{"success":1,"batchId":18446744073709551615}"#, "queued 18446744073709551615"),
    (200, "", r#"{"success":1,"batchId":18446744073709551616}"#, "in doubt"),
    (200, "", r#"{"success":1,"batchId":1.5}"#, "in doubt"),
    (200, "", r#"{"success":1,"batchId":1e3}"#, "in doubt"),
    (200, "", r#"{"success":1,"batchId":-1}"#, "in doubt"),
    (200, "", r#"{"success":1,"batchId":true}"#, "in doubt"),
    (200, "", r#"{"success":1,"batchId":{"id":"b1"}}"#, "in doubt"),
    (200, "", r#"{"success":1,"batchId":"  "}"#, "in doubt"),
    (200, "", r#"{"success":1,"batchId":"b 1"}"#, "in doubt"),
    (200, "", r#"{"success":1,"batchId":"b\u00001"}"#, "in doubt"),
    (200, "", r#"{"success":1,"batchId":"b\u001b[2J"}"#, "in doubt"),
    (200, "", r#"{"success":1,"batchId":"bé1"}"#, "in doubt"),
    (200, "", r#"{"success":1,"batchId":"b1","batchId":"b1"}"#, "queued b1"),
    // The last of two equal keys counts, as in PHP and JavaScript; the documented way of writing a key goes first.
    (200, "", r#"{"success":1,"batchId":"b1","batchId":"b2"}"#, "queued b2"),
    (200, "", r#"{"success":1,"batch_id":"b2","batchId":"b1"}"#, "queued b1"),
    (200, "", r#"{"success":0,"success":1,"batchId":"b1"}"#, "queued b1"),
    (200, "", r#"{"success":1,"success":0,"batchId":"b1"}"#, "in doubt"),
    (200, "", r#"{"success":0,"Success":1,"batchId":"b1"}"#, "in doubt"),
    (200, "", r#"[{"success":1,"batchId":"b1"}]"#, "in doubt"),
    (200, "", r#"{"data":{"success":1,"batchId":"b1"}}"#, "in doubt"),
    (200, "", r#"{"success":1,"failureReasons":[{"contact":1,"failureReason":"invalid"}]}"#, "in doubt"),
    (200, "", r#"{"success":0,"failureReasons":7}"#, "in doubt"),
    (400, "", r#"{"success":0,"failureReasons":7,"message":3}"#, "malformed 400 without an explanation"),
    (400, "", r#"{"success":0,"failureReasons":[7,null,true]}"#, "malformed 400 without an explanation"),
    (400, "", r#"{"failureReasons":[{"contact":1.5,"failureReason":["invalid"]}]}"#, "invalid [?=]"),
    (400, "", r#"{"failureReasons":[{"contact":null}]}"#, "invalid [?=]"),
    (400, "", r#"{"failureReasons":[{"contact":"2","contact":"3","failureReason":"invalid"}]}"#, "invalid [3=invalid]"),
    (400, "", r#"[{"contact":1,"failureReason":"invalid"}]"#, "malformed 400 without an explanation"),
];

const UNCLEAR: &[Row] = &[
    (200, "", "", "in doubt"),
    (204, "", "", "in doubt"),
    (200, "", HTML, "in doubt"),
    (200, "", "null", "in doubt"),
    (200, "", "\"b1\"", "in doubt"),
    (200, "", "{}", "in doubt"),
    (200, "", "[]", "in doubt"),
    (200, "", r#"{"success":1,"queued_contacts":2"#, "in doubt"),
    (200, "", r#"{"success":1,"batchId":""}"#, "in doubt"),
    (200, "", r#"{"success":1,"batchId":null}"#, "in doubt"),
    (200, "", r#"{"success":1,"batchId":["b1"]}"#, "in doubt"),
    (200, "", r#"{"success":0,"batchId":"b1"}"#, "in doubt"),
    (200, "", r#"{"success":"0","message":"import failed"}"#, "in doubt"),
    (200, "", r#"{"success":0,"failureReasons":[]}"#, "in doubt"),
    (408, "", "", "in doubt"),
    (500, "", "", "in doubt"),
    (500, "", r#"{"message":"Internal error"}"#, "in doubt"),
    (501, "", "", "in doubt"),
    (502, "", HTML, "in doubt"),
    (504, "", HTML, "in doubt"),
    (507, "", "", "in doubt"),
    (511, "", HTML, "in doubt"),
    (520, "", HTML, "in doubt"),
    (522, "", "error code: 522", "in doubt"),
    (524, "", "", "in doubt"),
    (599, "", "", "in doubt"),
    (999, "", "", "in doubt"),
];

const THROTTLED: &[Row] = &[
    (400, "", IMPORT_LIMIT, "throttled"),
    (200, "", IMPORT_LIMIT, "throttled"),
    (400, "Retry-After: 7", IMPORT_LIMIT, "throttled 7s"),
    (400, "", "RATE LIMIT", "throttled"),
    (403, "", r#"{"message":"API rate limit reached"}"#, "throttled"),
    (422, "", r#"{"errors":[{"title":"Rate limit exceeded"}]}"#, "throttled"),
    (500, "", "You are being rate limited", "throttled"),
    (429, "", "", "throttled"),
    (429, "Retry-After: 30|RateLimit-Limit: 5|RateLimit-Remaining: 0", "", "throttled 30s"),
    (429, "Retry-After: 1000000000", "", "throttled 1000000000s"),
    (429, "Retry-After: -3", "", "throttled"),
    (429, "Retry-After: soon", HTML, "throttled"),
    (429, "Retry-After: 5|Retry-After: 90", "", "throttled 5s"),
    (429, "Retry-After: 5, 90", "", "throttled"),
    (429, "Retry-After: 1.5", "", "throttled"),
    (429, "RateLimit-Remaining: 0", r#"{"success":1,"batchId":"b1"}"#, "throttled"),
    (429, "Date: Sun, 22 Nov 2026 10:00:00 GMT|Retry-After: Sun, 22 Nov 2026 10:00:20 GMT", "", "throttled 20s"),
    (503, "", HTML, "throttled"),
    (503, "Retry-After: 5", "", "throttled 5s"),
];

const REFUSED: &[Row] = &[
    (
        400,
        "",
        r#"{"success":0,"message":"JSON payload did not pass validation. Please fix failureReasons and retry. The import was not queued for processing.","failureReasons":[{"contact":230,"failureReason":"Field 'email' incorrect format"}]}"#,
        "invalid [230=Field 'email' incorrect format]",
    ),
    (
        400,
        "",
        r#"{"success":0,"failure Reasons":[{"contact":"1","failureReason":"Field 'email' not found"},{"contact":2,"failureReason":"jane@example.com is not valid"}]}"#,
        "invalid [1=Field 'email' not found; 2=… is not valid]",
    ),
    (
        400,
        "",
        r#"{"failureReasons":{"0":{"contact":3,"failureReason":"invalid"},"2":{"contact":5}}}"#,
        "invalid [3=invalid; 5=]",
    ),
    (400, "", r#"{"failureReasons":{"contact":4,"failureReason":"invalid"}}"#, "invalid [4=invalid]"),
    (400, "", r#"{"failureReasons":[{"contact":-1},"invalid value"]}"#, "invalid [?=; ?=invalid value]"),
    (
        400,
        "",
        r#"{"failureReasons":[{"contact":2,"failureReason":"Field 'phone' Rate Limit Ltd invalid"}]}"#,
        "invalid [2=Field 'phone' … Limit … invalid]",
    ),
    (400, "", r#"{"message":"JSON payload did not pass validation.","failureReasons":[]}"#, "invalid []"),
    (
        200,
        "",
        r#"{"success":0,"failureReasons":[{"contact":9,"failureReason":"Field 'email' not found"}]}"#,
        "invalid [9=Field 'email' not found]",
    ),
    (
        422,
        "",
        r#"{"errors":[{"title":"Contact Email Address is not valid.","code":"email_invalid"}]}"#,
        "invalid [?=Contact Email Address is not valid.]",
    ),
    (422, "", r#"{"failureReasons":[{"contact":1,"failureReason":"invalid"}]}"#, "invalid [1=invalid]"),
    (413, "", HTML, "too large"),
    (400, "", r#"{"success":0,"failureReasons":["Payload too large"]}"#, "too large"),
    (400, "", r#"{"success":0,"failureReasons":["No more than 250 contacts"]}"#, "too large"),
    (400, "", r#"{"success":0,"failureReasons":["Body must be less than 400K bytes"]}"#, "too large"),
    (400, "", r#"{"success":0,"message":"Up to 399,999 bytes are allowed"}"#, "too large"),
    (
        400,
        "",
        r#"{"success":0,"failureReasons":["Invalid or unparsable json"]}"#,
        "malformed 400: Invalid or unparsable json",
    ),
    (400, "", r#"{"failureReasons":"Invalid json of jane@example.com"}"#, "malformed 400: Invalid json of …"),
    (400, "", r#"{"errors":[{"status":400,"detail":"Bad request"}]}"#, "malformed 400: Bad request"),
    (400, "", "", "malformed 400 without an explanation"),
    (400, "", HTML, "malformed 400 without an explanation"),
    (409, "", "{}", "malformed 409 without an explanation"),
    (415, "", r#"{"message":"unexpected type"}"#, "malformed 415: unexpected type"),
    (422, "", r#"{"errors":"value is required"}"#, "malformed 422: value is required"),
    (431, "", "", "malformed 431 without an explanation"),
];

const STOPPED: &[Row] = &[
    (401, "", "", "denied 401 without an explanation"),
    (403, "", r#"{"message":"You are not authorized, c4n4ry"}"#, "denied 403: You are not authorized, …"),
    (403, "", HTML, "denied 403 without an explanation"),
    (402, "", "", "fatal ac::unpaid"),
    (404, "", HTML, "fatal ac::not_found"),
    (405, "", "", "fatal ac::not_found"),
    (407, "", "", "fatal ac::proxy"),
    (301, "Location: https://evil.example/x", "", "fatal ac::redirect"),
    (302, "Location: /login", HTML, "fatal ac::redirect"),
    (304, "", "", "fatal ac::redirect"),
    (307, "", "", "fatal ac::redirect"),
];

#[test]
fn a_request_is_accepted_only_by_a_success_that_names_a_batch() {
    check(ACCEPTED, sent);
}

#[test]
fn a_member_of_another_type_changes_only_what_it_says() {
    check(WRONG_TYPES, sent);
}

#[test]
fn an_id_is_as_long_as_an_id_may_be() {
    let named = |id: &str| sent(&answer(200, "", format!(r#"{{"success":1,"batchId":"{id}"}}"#)));
    let longest = "b".repeat(128);
    assert_eq!(named(&longest), format!("queued {longest}"));
    assert_eq!(named(&"b".repeat(129)), "in doubt");
}

/// What each status means with each of six bodies: nothing, a page of HTML, an acceptance, a complaint about a
/// contact, a reason in words, the importer's rate limit. One meaning stands for the first five.
const MATRIX: &[(&str, &[&str])] = &[
    ("200 201 202 204 206 226", &["in doubt", "in doubt", "queued", "invalid", "malformed", "throttled"]),
    ("400 422", &["malformed", "malformed", "malformed", "invalid", "malformed", "throttled"]),
    ("429 503", &["throttled", "throttled"]),
    ("300 301 302 303 304 307 308", &["fatal ac::redirect", "throttled"]),
    ("401 403", &["denied", "throttled"]),
    ("402", &["fatal ac::unpaid", "throttled"]),
    ("404 405", &["fatal ac::not_found", "throttled"]),
    ("407", &["fatal ac::proxy", "throttled"]),
    ("413", &["too large", "throttled"]),
    ("406 409 410 411 412 414 415 416 417 418 421 423 424 425 426 428 431 451 499", &["malformed", "throttled"]),
    ("100 101 199 408 500 501 502 504 505 507 508 511", &["in doubt", "throttled"]),
    ("520 521 522 523 524 525 526 527 530 599 600 999", &["in doubt", "throttled"]),
];

#[test]
fn each_status_means_one_thing_with_each_kind_of_body() {
    let bodies = [
        "",
        HTML,
        r#"{"success":1,"queued_contacts":2,"batchId":"b1"}"#,
        r#"{"success":0,"failureReasons":[{"contact":1,"failureReason":"Field 'email' not found"}]}"#,
        r#"{"success":0,"failureReasons":["Invalid or unparsable json"]}"#,
        IMPORT_LIMIT,
    ];
    for (statuses, row) in MATRIX {
        let (limit, others) = row.split_last().unwrap();
        let expected = others.iter().cycle().take(bodies.len() - 1).chain([limit]);
        for status in statuses.split(' ').map(|status| status.parse().unwrap()) {
            for (body, expected) in bodies.iter().zip(expected.clone()) {
                let found = sent(&answer(status, "", *body));
                assert!(found.starts_with(expected), "{status} {body}: {found}, not {expected}");
            }
        }
    }
}

#[test]
fn an_answer_that_decides_nothing_leaves_the_request_in_doubt() {
    check(UNCLEAR, sent);
}

#[test]
fn too_many_calls_are_recognised_in_every_form() {
    check(THROTTLED, sent);
}

#[test]
fn a_refused_body_is_told_by_its_reasons() {
    check(REFUSED, sent);
}

#[test]
fn what_a_retry_cannot_cure_is_reported_as_that() {
    check(STOPPED, sent);
}

#[test]
fn a_call_without_an_answer_is_told_by_what_is_certain() {
    let text = || "reset".to_owned();
    for (error, expected) in [
        (TransportError::NotSent(text()), "undelivered"),
        (TransportError::InDoubt(text()), "in doubt"),
        (TransportError::Untrusted(text()), "fatal ac::certificate"),
        (TransportError::Redirected { to: text() }, "fatal ac::redirect"),
    ] {
        assert_eq!(meaning(Err::<(), _>(error.into()), |()| String::new()), expected);
    }
}

#[test]
fn hostile_json_is_in_doubt_not_a_crash() {
    let nested = "[".repeat(1_000_000);
    assert_eq!(sent(&answer(200, "", nested)), "in doubt");
    let long = format!(r#"{{"batchId":"b1","success":{}}}"#, "9".repeat(5_000));
    assert_eq!(sent(&answer(200, "", long)), "in doubt");
    assert_eq!(sent(&answer(200, "", &b"\xff\xfe{"[..])), "in doubt");
}

#[test]
fn a_job_is_finished_only_when_its_answer_says_so() {
    let state = |answer: &Answer| {
        meaning(job_state(answer), |state| match state {
            JobState::Finished { refused } => format!("finished {refused:?}"),
            other => format!("{other:?}").to_lowercase(),
        })
    };
    let rows: &[Row] = &[
        (200, "", r#"{"status":false}"#, "working"),
        (200, "", r#"{"status":null}"#, "working"),
        (200, "", r#"{"status":"waiting"}"#, "working"),
        (200, "", r#"{"status":"claimed","success":[],"failure":[]}"#, "working"),
        (200, "", r#"{"status":"Active"}"#, "working"),
        (200, "", r#"{"status":"pondering"}"#, "working"),
        (200, "", r#"{"status":"completed","success":["1"],"failure":[]}"#, "finished []"),
        (200, "", r#"{"Status":"Completed"}"#, "finished []"),
        (200, "", r#"{"status":"completed","failure":["A@example.com"]}"#, r#"finished ["A@example.com"]"#),
        (200, "", r#"{"status":"completed","failure":{"3":"a@example.com"}}"#, r#"finished ["a@example.com"]"#),
        (
            200,
            "",
            r#"{"status":"completed","failure":[{"email":"a@example.com"},7]}"#,
            r#"finished ["a@example.com", "7"]"#,
        ),
        (200, "", r#"{"status":"completed","failure":null}"#, "finished []"),
        (200, "", r#"{"status":"completed","failure":""}"#, "finished []"),
        (200, "", r#"{"status":"completed","failure":{}}"#, "finished []"),
        (200, "", r#"{"status":"completed","failure":"a@example.com"}"#, r#"finished ["a@example.com"]"#),
        (200, "", r#"{"status":"completed","failure":[null]}"#, r#"finished ["null"]"#),
        (200, "", r#"{"status":"completed","failure":2}"#, "in doubt"),
        (200, "", r#"{"status":"completed","failure":true}"#, "in doubt"),
        (200, "", r#"{"status":["completed"]}"#, "in doubt"),
        (200, "", r#"{"status":3}"#, "in doubt"),
        (200, "", r#"{"status":{"name":"completed"}}"#, "in doubt"),
        (200, "", r#"{"status":"completed","status":"active"}"#, "working"),
        (200, "", r#"{"status":true}"#, "working"),
        (200, "", r#"{"status":""}"#, "working"),
        (200, "", r#"{"status":"failed"}"#, "failed"),
        (200, "", r#"{"status":"interrupted"}"#, "failed"),
        (404, "", "", "unknown"),
        (400, "", r#"{"success":0,"message":"Batch not found"}"#, "unknown"),
        (
            400,
            "",
            r#"{"success":0,"message":"'batchId' is a required field."}"#,
            "malformed 400: 'batchId' is a required field.",
        ),
        (400, "", IMPORT_LIMIT, "throttled"),
        (404, "", "rate limit", "throttled"),
        (429, "Retry-After: 1", "", "throttled 1s"),
        (200, "", HTML, "in doubt"),
        (200, "", "{}", "in doubt"),
        (200, "", r#"{"status":"compl"#, "in doubt"),
        (200, "", r#"{"success":0,"status":"completed"}"#, "in doubt"),
        (500, "", "", "in doubt"),
        (403, "", "", "denied 403 without an explanation"),
        (302, "", "", "fatal ac::redirect"),
    ];
    check(rows, state);
}

#[test]
fn the_backlog_is_the_sum_of_all_days() {
    let sum = |answer: &Answer| meaning(backlog(answer), |count| count.to_string());
    let rows: &[Row] = &[
        (200, "", r#"{"outstanding":[],"recentlyCompleted":[{"batches":"9"}]}"#, "0"),
        (200, "", r#"{"outstanding":[{"batches":"333","contacts":"83250"},{"batches":2}]}"#, "335"),
        (200, "", r#"{"Outstanding":{"1":{"batches":4}}}"#, "4"),
        (200, "", r#"{"outstanding":[{"batches":"many"}]}"#, "in doubt"),
        (200, "", r#"{"outstanding":null}"#, "in doubt"),
        (200, "", r#"{"outstanding":7}"#, "in doubt"),
        (200, "", r#"{"outstanding":[7]}"#, "in doubt"),
        (200, "", r#"{"outstanding":[{"batches":null}]}"#, "in doubt"),
        (200, "", r#"{"outstanding":[{"batches":-1}]}"#, "in doubt"),
        (200, "", r#"{"outstanding":[{"batches":1.5}]}"#, "in doubt"),
        (200, "", r#"{"outstanding":[{"batches":18446744073709551615},{"batches":1}]}"#, "18446744073709551615"),
        (200, "", "{}", "in doubt"),
        (429, "", "", "throttled"),
    ];
    check(rows, sum);
}

#[test]
fn a_list_named_after_the_rate_limit_is_just_a_list() {
    let lists = answer(200, "", r#"{"lists":[{"id":"3","name":"Rate limit"}]}"#);
    assert_eq!(super::lists(&json(&lists).unwrap()), [(3, "Rate limit".to_owned())]);
}

#[test]
fn a_redirect_names_the_other_host_and_nothing_else() {
    let Err(SendError::Fatal(error)) = receipt(&answer(301, "Location: https://u:p@evil.example:1/x?key=1", "")) else {
        panic!("a redirect ends the run");
    };
    assert_eq!(error.to_string(), "unexpected redirect to evil.example");
}

proptest! {
    #[test]
    fn nothing_is_accepted_without_a_success_status(status in 300_u16..1000, body in ".{0,40}") {
        let body = format!(r#"{{"success":1,"batchId":"b1","message":{}}}"#, serde_json::to_string(&body).unwrap());
        prop_assert!(receipt(&answer(status, "", body)).is_err());
    }

    #[test]
    fn no_answer_leaks_what_it_quotes(status in 200_u16..600, key in "message|error|failureReasons|errors", quoted in "[a-z]{12,20}@example\\.com") {
        let body = format!(r#"{{"success":0,"{key}":["Contact {quoted} is not valid"],"message":"{quoted}","errors":[{{"title":"{quoted}"}}]}}"#);
        let shown = format!("{:?}", receipt(&answer(status, "", body)));
        prop_assert!(!shown.contains(&quoted), "{}", shown);
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(status in 100_u16..1000, body in proptest::collection::vec(any::<u8>(), 0..64)) {
        let answer = answer(status, "", body);
        let _ = (receipt(&answer), job_state(&answer), backlog(&answer));
    }
}
