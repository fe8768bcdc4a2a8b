//! Which servers are trusted, against TLS servers whose certificates are made by the test.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "support/tls.rs"]
mod tls;

use bytes::Bytes;
use enlist_sink_activecampaign::{HttpSettings, HttpTransport, Transport, TransportError};
use http::Request;

use tls::{Certificate, TlsServer};

async fn call(server: &TlsServer, trusted: bool) -> Result<http::Response<Bytes>, TransportError> {
    let path = std::env::temp_dir().join(format!("enlist-trusted-{}-{}.pem", std::process::id(), server.port));
    if trusted {
        std::fs::write(&path, server.pem()).unwrap();
    }
    // The system's certificates are used as well, as they are for a real host.
    let settings = HttpSettings { ca_file: trusted.then(|| path.clone()), ..HttpSettings::default() };
    let transport = HttpTransport::new(&settings).unwrap();
    let _ = std::fs::remove_file(path);
    let request = Request::get(format!("https://127.0.0.1:{}/api/3/users/me", server.port)).header("Api-Token", "k");
    transport.call(request.body(Bytes::new()).unwrap()).await
}

/// The verdict on a certificate; nothing was said to its server.
async fn verdict(certificate: Certificate, trusted: bool) -> String {
    let server = TlsServer::start(certificate);
    let result = call(&server, trusted).await;
    let Err(TransportError::Untrusted(problem)) = result else { panic!("{certificate:?}: {result:?}") };
    assert_eq!((server.connections(), server.requests()), (1, 0), "{certificate:?}");
    problem
}

#[tokio::test]
async fn a_self_signed_certificate_is_not_trusted() {
    assert!(verdict(Certificate::Good, false).await.contains("invalid peer certificate"));
}

#[tokio::test]
async fn an_expired_certificate_is_not_trusted_even_if_the_ca_file_names_it() {
    let problem = verdict(Certificate::Expired, true).await;
    assert!(problem.contains("expired"), "{problem}");
}

#[tokio::test]
async fn a_certificate_of_another_host_is_not_trusted_even_if_the_ca_file_names_it() {
    let problem = verdict(Certificate::OfAnotherHost, true).await;
    assert!(problem.contains("not valid for name"), "{problem}");
}

#[tokio::test]
async fn a_certificate_of_the_ca_file_is_trusted() {
    let server = TlsServer::start(Certificate::Good);
    assert_eq!(&call(&server, true).await.unwrap().body()[..], b"{}");
    assert_eq!(server.requests(), 1);
}
