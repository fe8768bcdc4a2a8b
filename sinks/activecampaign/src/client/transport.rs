//! The transport of real life: HTTPS.

use std::error::Error as StdError;
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use enlist_core::Error;
use reqwest::{Certificate, ClientBuilder, redirect, retry};

use super::{Room, Transport, TransportError};
use crate::{answer, config, error, limits};

/// How to connect.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    /// Certificates to trust beside the system's, in PEM form.
    pub ca_file: Option<PathBuf>,
    /// Only hosts of this machine will be called: no proxy and no certificates of the system are used.
    pub loopback: bool,
    /// Whole time of a call, to the last byte of its answer.
    pub timeout: Duration,
    /// Time to connect, including the TLS handshake.
    pub connect_timeout: Duration,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self { ca_file: None, loopback: false, timeout: limits::CALL_TIMEOUT, connect_timeout: limits::CONNECT_TIMEOUT }
    }
}

/// HTTPS with connections kept open; plain HTTP to the loopback interface only. Proxies are taken from the
/// environment (`HTTPS_PROXY`, `NO_PROXY`). Redirects are not followed, answers beyond 1 MiB (8 MiB for a page
/// of contacts) are cut off.
#[derive(Debug)]
pub struct HttpTransport {
    client: reqwest::Client,
}

impl HttpTransport {
    /// A transport that has not connected yet.
    ///
    /// # Errors
    /// When `ca_file` cannot be used, or the system has no certificates.
    pub fn new(settings: &HttpSettings) -> Result<Self, Error> {
        // Fails when a provider is installed already, which serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = ClientBuilder::new()
            .user_agent(concat!("enlist/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .referer(false)
            .timeout(settings.timeout)
            .connect_timeout(settings.connect_timeout);
        let own = settings.ca_file.as_deref().map(read_certificates).transpose()?;
        if settings.loopback {
            builder = builder.no_proxy().tls_certs_only(own.unwrap_or_default());
        } else if let Some(own) = own {
            builder = builder.tls_certs_merge(own);
        }
        let client = builder.build().map_err(|e| error::client(chain(&e)))?;
        Ok(Self { client })
    }
}

fn read_certificates(path: &Path) -> Result<Vec<Certificate>, Error> {
    let pem = std::fs::read(path).map_err(|e| error::ca_file(format!("{}: {e}", path.display())))?;
    let certificates =
        Certificate::from_pem_bundle(&pem).map_err(|e| error::ca_file(format!("{}: {}", path.display(), chain(&e))))?;
    if certificates.is_empty() {
        return Err(error::ca_file(format!("{} holds no certificate", path.display())));
    }
    Ok(certificates)
}

#[async_trait]
impl Transport for HttpTransport {
    async fn call(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        let plain = request.uri().scheme_str() != Some("https");
        let local = request.uri().authority().is_some_and(|a| config::loopback_port(a.as_str()).is_some());
        if plain && !local {
            return Err(TransportError::NotSent("plain HTTP is for the loopback interface only".into()));
        }
        let room = request.extensions().get::<Room>().map_or(limits::ANSWER_BYTES, |room| room.0);
        let request = reqwest::Request::try_from(request).map_err(|e| TransportError::NotSent(chain(&e)))?;
        match self.client.execute(request).await {
            Ok(response) => read(response, room).await,
            Err(error) => unanswered(error),
        }
    }
}

/// Reads the whole answer, of `room` bytes at most.
async fn read(mut response: reqwest::Response, room: usize) -> Result<http::Response<Bytes>, TransportError> {
    if response.status().is_redirection()
        && let Some(to) = answer::redirect_host(response.headers())
    {
        return Err(TransportError::Redirected { to });
    }
    let mut body = BytesMut::new();
    loop {
        match response.chunk().await {
            Ok(None) => break,
            Ok(Some(chunk)) if body.len() + chunk.len() > room => {
                return Err(TransportError::InDoubt(format!("the answer exceeds {} MiB", room >> 20)));
            }
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Err(e) => return Err(TransportError::InDoubt(format!("the answer broke off: {}", chain(&e)))),
        }
    }
    let mut answer = http::Response::new(body.freeze());
    *answer.status_mut() = response.status();
    *answer.headers_mut() = std::mem::take(response.headers_mut());
    Ok(answer)
}

/// What is certain when no answer arrived.
fn unanswered(error: reqwest::Error) -> Result<http::Response<Bytes>, TransportError> {
    let error = error.without_url();
    if let Some(problem) = certificate_problem(&error) {
        return Err(TransportError::Untrusted(problem));
    }
    let text = chain(&error);
    // A proxy that refuses to open the tunnel has answered, though the client reports an error.
    if error.is_connect() && text.contains("proxy authorization required") {
        let mut answer = http::Response::new(Bytes::new());
        *answer.status_mut() = http::StatusCode::PROXY_AUTHENTICATION_REQUIRED;
        return Ok(answer);
    }
    Err(if error.is_dns() {
        TransportError::NotSent(format!("the host name cannot be resolved: {text}"))
    } else if error.is_connect() || error.is_builder() {
        TransportError::NotSent(text)
    } else {
        TransportError::InDoubt(text)
    })
}

/// The verdict on the server's certificate, where that is what failed.
fn certificate_problem(error: &(dyn StdError + 'static)) -> Option<String> {
    causes(error).find_map(|cause| match cause.downcast_ref::<rustls::Error>()? {
        problem @ (rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented) => {
            Some(problem.to_string())
        }
        _ => None,
    })
}

/// An error and everything below it. An I/O error hides what it wraps from `source`, so it is opened here.
fn causes<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| {
        match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
            Some(inner) => Some(inner as &(dyn StdError + 'static)),
            None => error.source(),
        }
    })
}

/// An error with its causes on one line, each said once, also where one repeats those below it.
fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut parts: Vec<String> = Vec::new();
    for part in causes(error).map(ToString::to_string) {
        if parts.iter().any(|said| said.contains(&part)) {
            continue;
        }
        parts.retain(|said| !part.contains(said.as_str()));
        parts.push(part);
    }
    parts.join(": ")
}

#[cfg(test)]
mod tests {
    use std::fmt;

    use super::*;

    #[derive(Debug)]
    struct Layer(&'static str, Option<Box<Layer>>);

    impl fmt::Display for Layer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl StdError for Layer {
        fn source(&self) -> Option<&(dyn StdError + 'static)> {
            self.1.as_deref().map(|below| below as _)
        }
    }

    #[test]
    fn a_chain_of_causes_says_each_once() {
        let refused = Layer("connection refused (os error 111)", None);
        let repeated = Layer("tcp connect error: connection refused (os error 111)", Some(Box::new(refused)));
        let named = Layer("tcp connect error", Some(Box::new(repeated)));
        let top = Layer("client error (Connect)", Some(Box::new(named)));
        assert_eq!(chain(&top), "client error (Connect): tcp connect error: connection refused (os error 111)");
    }
}
