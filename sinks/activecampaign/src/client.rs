//! Calls to the account, over a transport that tests can replace.

mod transport;

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use enlist_core::{Clock, SendError};
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, Method};

use crate::config::{Credentials, Host};
use crate::{error, limits};
pub use transport::{HttpSettings, HttpTransport};

/// An answer as it came off the wire, whatever its status.
pub(crate) type Answer = http::Response<Bytes>;

/// Carries one request and brings back its answer. The only way to the network; a simulator is another transport.
///
/// An implementation neither retries nor follows redirects.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Sends `request` once. Any status is an answer.
    ///
    /// # Errors
    /// Without a whole answer: what is certain about the request.
    async fn call(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError>;
}

/// Most bytes that are read of the answer to a request which carries this as an extension.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room(pub(crate) usize);

/// Why there is no answer. Messages name no address of a contact and no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// No byte of the request reached the destination.
    #[error("{0}")]
    NotSent(String),
    /// The host could not prove its identity; no byte of the request was sent.
    #[error("{0}")]
    Untrusted(String),
    /// The host answered that the call belongs to another host; the request was not repeated there.
    #[error("redirected to {to}")]
    Redirected {
        /// The other host.
        to: String,
    },
    /// The request may have been read: nobody knows.
    #[error("{0}")]
    InDoubt(String),
}

impl From<TransportError> for SendError {
    fn from(cause: TransportError) -> Self {
        match cause {
            TransportError::NotSent(text) => Self::Undelivered(text),
            TransportError::Untrusted(text) => error::certificate(&text),
            TransportError::Redirected { to } => error::redirected(Some(&to)),
            TransportError::InDoubt(text) => Self::InDoubt(text),
        }
    }
}

/// The API of one account.
pub(crate) struct Client {
    host: Host,
    credentials: Credentials,
    transport: Arc<dyn Transport>,
}

impl Client {
    pub(crate) fn new(host: Host, credentials: Credentials, transport: Arc<dyn Transport>) -> Self {
        Self { host, credentials, transport }
    }

    pub(crate) fn host(&self) -> &str {
        &self.host.name
    }

    /// Tells keys apart without naming one.
    pub(crate) fn key_id(&self) -> &str {
        &self.credentials.id
    }

    /// Reads `path` (below `/api/3`).
    pub(crate) async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Answer, SendError> {
        let request = self.request(Method::GET, path, query, Bytes::new())?;
        self.call(path, request).await
    }

    /// Reads contacts at `path`: an answer that may be larger than others.
    pub(crate) async fn get_contacts(&self, path: &str, query: &[(&str, &str)]) -> Result<Answer, SendError> {
        let mut request = self.request(Method::GET, path, query, Bytes::new())?;
        request.extensions_mut().insert(Room(limits::CONTACTS_BYTES));
        self.call(path, request).await
    }

    /// Sends `body` to `path` (below `/api/3`).
    pub(crate) async fn post(&self, path: &str, body: Bytes) -> Result<Answer, SendError> {
        let request = self.request(Method::POST, path, &[], body)?;
        self.call(path, request).await
    }

    async fn call(&self, path: &str, request: http::Request<Bytes>) -> Result<Answer, SendError> {
        let method = request.method().clone();
        let clock = Clock::start();
        let answer = self.transport.call(request).await;
        log(&method, path, &clock, &answer);
        Ok(answer?)
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        body: Bytes,
    ) -> Result<http::Request<Bytes>, SendError> {
        let base = format!("{}://{}/api/3{path}", self.host.scheme, self.host.name);
        let url =
            if query.is_empty() { reqwest::Url::parse(&base) } else { reqwest::Url::parse_with_params(&base, query) };
        let url = url.map_err(|_| SendError::Malformed(format!("no address can be made for {path}")))?;
        let mut request = http::Request::builder()
            .method(method)
            .uri(url.as_str())
            .header("Api-Token", &self.credentials.header)
            .header(ACCEPT, "application/json");
        if !body.is_empty() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        request.body(body).map_err(|_| SendError::Malformed(format!("no request can be made for {path}")))
    }
}

/// One line a call. A body is personal data: its length and hash are enough to recognise it.
fn log(method: &Method, path: &str, clock: &Clock, answer: &Result<Answer, TransportError>) {
    let millis = u64::try_from(clock.elapsed().as_millis()).unwrap_or(u64::MAX);
    match answer {
        Ok(answer) => tracing::debug!(
            %method,
            path,
            status = answer.status().as_u16(),
            millis,
            request_id = text_header(answer.headers(), "x-request-id"),
            ray = text_header(answer.headers(), "cf-ray"),
            body_bytes = answer.body().len(),
            body_hash = %&blake3::hash(answer.body()).to_hex()[..8],
            "answered"
        ),
        Err(error) => tracing::debug!(%method, path, millis, %error, "no answer"),
    }
}

fn text_header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
