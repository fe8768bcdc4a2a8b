//! Answers of the API: whatever comes back is read without a panic, believed only when it says so, and not repeated.

use std::fmt::Debug;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use async_trait::async_trait;
use bytes::Bytes;
use enlist_core::{Error, JobId, JobState, Lane, Receipt, Request, SendError, Sink, Turn, normalise_email};
use enlist_sink_activecampaign::{ActiveCampaign, Settings, Transport, TransportError};
use http::{HeaderName, HeaderValue, Response};

/// Takes the answer for that of every call in turn. It is written as on the wire, without "HTTP/1.1": the status,
/// lines of headers, an empty line, the body.
pub(crate) fn body(data: &[u8]) {
    let Some(answer) = read(data) else { return };
    let sink = account(answer.clone());
    let request = Request { lane: Lane::Bulk, body: Bytes::from_static(b"{}"), contacts: 2 };
    let job = JobId("b1".to_owned());

    let receipt = now(sink.send(&request));
    assert_eq!(receipt, now(sink.send(&request)), "the same answer means the same");
    let (state, backlog, probe) = (now(sink.outcome(&job)), now(sink.backlog()), now(sink.probe()));
    let check = now(sink.check(&Always));
    if let Ok(Receipt::Queued(id)) = &receipt {
        assert!(!id.0.is_empty() && id.0.trim() == id.0, "an import has a name");
    }
    if !answer.status().is_success() {
        assert!(receipt.is_err() && backlog.is_err() && probe.is_err() && check.is_err(), "only a success is one");
        assert!(matches!(state, Ok(JobState::Unknown) | Err(_)), "{state:?}");
    }
    let emails = emails(answer.body());
    for shown in [words(&receipt), words(&backlog), words(&probe), words(&state), format!("{state:?}")] {
        for email in &emails {
            assert!(!shown.contains(email), "{shown} names {email}");
        }
    }
}

/// What is shown of a call that failed.
fn words<T>(result: &Result<T, SendError>) -> String {
    result.as_ref().err().map(|error: &SendError| debug(error)).unwrap_or_default()
}

fn debug(value: &dyn Debug) -> String {
    format!("{value:?}")
}

/// Everything in a body that is an email.
fn emails(body: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(body);
    let tokens = text.split(|c: char| c.is_whitespace() || "\"'<>(),:;[]{}\\|".contains(c));
    tokens.filter(|token| normalise_email(token).is_ok()).map(str::to_owned).collect()
}

fn read(data: &[u8]) -> Option<Response<Bytes>> {
    let split = data.windows(2).position(|pair| pair == b"\n\n")?;
    let mut lines = std::str::from_utf8(&data[..split]).ok()?.lines();
    let mut answer = Response::builder().status(lines.next()?.trim().parse::<u16>().ok()?);
    for line in lines {
        let (name, value) = line.split_once(':')?;
        answer = answer.header(HeaderName::try_from(name).ok()?, HeaderValue::from_str(value.trim()).ok()?);
    }
    answer.body(Bytes::copy_from_slice(&data[split + 2..])).ok()
}

/// Answers every call in the same way.
struct Canned(Response<Bytes>);

#[async_trait]
impl Transport for Canned {
    async fn call(&self, _: http::Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        Ok(self.0.clone())
    }
}

/// Lets every call go at once.
struct Always;

#[async_trait]
impl Turn for Always {
    async fn turn(&self, _: Lane) -> Result<(), Error> {
        Ok(())
    }
}

fn account(answer: Response<Bytes>) -> ActiveCampaign {
    let settings = Settings {
        host: "acme.api-us1.com".to_owned(),
        allow_host: false,
        key: "key-of-the-account".into(),
        list: 7,
        tags: vec!["vip".to_owned()],
        automations: false,
        ca_file: None,
    };
    ActiveCampaign::new(settings, Arc::new(Canned(answer))).unwrap()
}

/// The result of a call that waits for nothing.
fn now<T>(call: impl Future<Output = T>) -> T {
    match pin!(call).as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => panic!("a canned answer is there at once"),
    }
}
