//! Answers cut after each of their bytes.

use std::fmt::Debug;
use std::time::Duration;

use enlist_core::{JobId, JobState, Receipt, SendError, Sink};

use super::{ACCEPTED, PATIENT, Reply, Server, Then, closed, in_words, meaning, request, sent, sink, told};

/// As ActiveCampaign answers, headers included.
const HEAD: &str = "HTTP/1.1 200 OK\r\nDate: Sun, 22 Nov 2026 10:00:00 GMT\r\nContent-Type: application/json\r\n\
                    Server: cloudflare\r\nX-Request-Id: 5f0c7d1e\r\nCf-Ray: 8e1f2a-HEL\r\n";

/// A body whose end is known before it comes.
fn measured(body: &str) -> String {
    format!("{HEAD}Content-Length: {}\r\n\r\n{body}", body.len())
}

/// The same body in two chunks.
fn chunked(body: &str) -> String {
    let (first, second) = body.split_at(body.len() / 2);
    let chunk = |part: &str| format!("{:x}\r\n{part}\r\n", part.len());
    format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n{}{}0\r\n\r\n", chunk(first), chunk(second))
}

/// The same body, ended by the connection.
fn unmeasured(body: &str) -> String {
    format!("{HEAD}Connection: close\r\n\r\n{body}")
}

fn assert_in_doubt<T: Debug>(result: Result<T, SendError>, length: usize, then: Then) {
    assert!(matches!(result, Err(SendError::InDoubt(_))), "{length} bytes, {then:?}: {result:?}");
}

#[tokio::test]
async fn an_acceptance_cut_after_any_byte_is_in_doubt_and_names_no_batch() {
    for answer in [measured(ACCEPTED), chunked(ACCEPTED), unmeasured(ACCEPTED)] {
        for length in 0..answer.len() {
            for then in [Then::Close, Then::Reset] {
                assert_in_doubt(sent(Reply::new(&answer[..length], then)).await, length, then);
            }
        }
        assert_eq!(sent(closed(answer)).await, Ok(Receipt::Queued(JobId("b1".into()))));
    }
}

#[tokio::test]
async fn a_list_of_refused_contacts_cut_after_any_byte_is_never_a_shorter_list() {
    let body = r#"{"status":"completed","success":["1"],"failure":["ada@example.com","bob@example.com"]}"#;
    for answer in [measured(body), chunked(body), unmeasured(body)] {
        for length in 0..answer.len() {
            for then in [Then::Close, Then::Reset] {
                assert_in_doubt(told(Reply::new(&answer[..length], then)).await, length, then);
            }
        }
        let refused = vec!["ada@example.com".to_owned(), "bob@example.com".to_owned()];
        assert_eq!(told(closed(answer)).await, Ok(JobState::Finished { refused }));
    }
}

#[tokio::test]
async fn a_refusal_that_breaks_off_is_in_doubt_whatever_its_status_promised() {
    for status in [400, 403, 404, 413, 422, 429, 500, 503] {
        let reply = format!("HTTP/1.1 {status} No\r\nContent-Length: 80\r\n\r\n{{\"success\":0,");
        assert_eq!(meaning(closed(reply)).await, "in doubt", "{status}");
    }
}

#[tokio::test]
async fn an_answer_that_drips_ends_at_the_total_time_out() {
    // A byte every 20 ms never lets the line fall silent, and the body alone takes more than six times the time-out.
    for answer in [measured(ACCEPTED), chunked(ACCEPTED)] {
        for from in [0, 1, HEAD.len(), answer.find("\r\n\r\n").unwrap() + 4] {
            let drip = Then::Drip(from, Duration::from_millis(20));
            assert_in_doubt(sent(Reply::new(&*answer, drip)).await, from, drip);
        }
    }
}

#[tokio::test]
async fn an_answer_that_stops_and_keeps_the_line_open_ends_at_the_time_out() {
    let answer = measured(ACCEPTED);
    for length in [0, 1, HEAD.len(), answer.len() - ACCEPTED.len(), answer.len() - 1] {
        assert_in_doubt(sent(Reply::new(&answer[..length], Then::Hold)).await, length, Then::Hold);
    }
    let server = Server::always(Reply::new(answer, Then::Hold)).await;
    let whole = sink(&server, PATIENT).send(&request()).await;
    assert_eq!(in_words(whole), "queued b1", "a whole answer needs no end of the line");
}
