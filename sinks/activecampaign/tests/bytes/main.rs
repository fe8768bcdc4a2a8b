//! What the sink makes of every byte that can come back over a real connection: nothing is taken for an answer unless
//! it is one, whole. The servers of these tests write the bytes of the tables as they stand.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod compressed;
mod contents;
mod cuts;
mod framing;
mod http2;
#[path = "../support/server.rs"]
mod server;
#[allow(dead_code, reason = "shared with the tests of certificates")]
#[path = "../support/tls.rs"]
mod tls;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use enlist_core::{JobId, JobState, Lane, Receipt, Request, SendError, Sink};
use enlist_sink_activecampaign::{ActiveCampaign, HttpSettings, HttpTransport, Settings};

use server::{Reply, Server, Then};

/// The body of an answer that accepts an import as `b1`.
const ACCEPTED: &str = r#"{"success":1,"queued_contacts":2,"batchId":"b1","message":"Contact import queued"}"#;

/// Long enough for any answer that ends, on a machine that is busy.
const PATIENT: Duration = Duration::from_secs(20);

/// For servers that never finish.
const HASTY: Duration = Duration::from_secs(1);

/// The sink of a list behind `server`; each has connections of its own.
fn sink(server: &Server, timeout: Duration) -> ActiveCampaign {
    let http = HttpSettings { loopback: true, timeout, ..HttpSettings::default() };
    reached(format!("127.0.0.1:{}", server.port), &http)
}

/// The sink of a list behind `host`.
fn reached(host: String, http: &HttpSettings) -> ActiveCampaign {
    let settings = Settings {
        host,
        allow_host: false,
        key: "c4n4ry".to_owned().into(),
        list: 1,
        tags: Vec::new(),
        automations: false,
        ca_file: None,
    };
    ActiveCampaign::new(settings, Arc::new(HttpTransport::new(http).unwrap())).unwrap()
}

fn patience(reply: &Reply) -> Duration {
    if matches!(reply.then, Then::Close | Then::Reset) { PATIENT } else { HASTY }
}

/// An import; its contacts do not matter here.
fn request() -> Request {
    Request { lane: Lane::Bulk, body: Bytes::from_static(br#"{"contacts":[]}"#), contacts: 2 }
}

/// What the sink makes of `reply` to an import.
async fn sent(reply: Reply) -> Result<Receipt, SendError> {
    let timeout = patience(&reply);
    let server = Server::always(reply).await;
    let receipt = sink(&server, timeout).send(&request()).await;
    assert_eq!(server.requests().len(), 1, "a transport does not repeat");
    receipt
}

/// What the sink makes of `reply` to the question about an import.
async fn told(reply: Reply) -> Result<JobState, SendError> {
    let timeout = patience(&reply);
    let server = Server::always(reply).await;
    sink(&server, timeout).outcome(&JobId("b1".into())).await
}

/// A receipt in the words of the tables.
async fn meaning(reply: Reply) -> String {
    in_words(sent(reply).await)
}

fn in_words(result: Result<Receipt, SendError>) -> String {
    match result {
        Ok(Receipt::Queued(job)) => format!("queued {}", job.0),
        Ok(Receipt::Done) => "done".into(),
        Err(error) => kind(&error).into(),
    }
}

fn kind(error: &SendError) -> &'static str {
    match error {
        SendError::Throttled { .. } => "throttled",
        SendError::Undelivered(_) => "undelivered",
        SendError::InDoubt(_) => "in doubt",
        SendError::Invalid(_) => "invalid",
        SendError::TooLarge => "too large",
        SendError::Malformed(_) => "malformed",
        SendError::Denied(_) => "denied",
        SendError::Fatal(_) => "fatal",
    }
}

/// A name, the reply, and what it means.
type Row = (&'static str, Reply, &'static str);

/// Checks every row and tells all that differ.
async fn check(rows: Vec<Row>) {
    let mut wrong = Vec::new();
    for (name, reply, expected) in rows {
        let found = meaning(reply).await;
        if found != expected {
            wrong.push(format!("{name}: {found}, not {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// `bytes`, then an orderly end.
fn closed(bytes: impl Into<Vec<u8>>) -> Reply {
    Reply::new(bytes, Then::Close)
}

/// A success with these header lines (each ended by CRLF) and this body, then an orderly end.
fn ok(headers: &str, body: impl AsRef<[u8]>) -> Reply {
    closed([format!("HTTP/1.1 200 OK\r\n{headers}\r\n").as_bytes(), body.as_ref()].concat())
}

/// The same with the true length of the body.
fn measured(headers: &str, body: impl AsRef<[u8]>) -> Reply {
    let length = body.as_ref().len();
    ok(&format!("{headers}Content-Length: {length}\r\n"), body)
}
