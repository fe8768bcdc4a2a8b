//! What stores say when they refuse, and the parts of clouds that no emulator here has: canned answers on this machine.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::fs;
use std::net::SocketAddr;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::Response;
use enlist_core::{Error, ErrorKind};
use enlist_source_files::{Found, Location, StoreOptions, blocking, find};
use tokio::net::TcpListener;

const LISTING: &str = r#"<?xml version="1.0"?><ListBucketResult><Contents><Key>a/b.dat</Key>
    <LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>"1"</ETag><Size>5</Size></Contents></ListBucketResult>"#;

/// The bucket says what is wrong with it.
async fn answer(uri: Uri, headers: HeaderMap) -> Response {
    // Google's client writes every sign of a key as `%XX`.
    let path = uri.path().replace("%2F", "/").replace("%2E", ".");
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    let respond = |status: u16, body: &str| {
        let response = Response::builder().status(StatusCode::from_u16(status).unwrap());
        response.body(Body::from(body.to_owned())).unwrap()
    };
    let fault = |status, code: &str| {
        let region = "<Message>hush</Message><Region>eu-west-1</Region>";
        respond(status, &format!("<Error><Code>{code}</Code>{region}</Error>"))
    };
    match path.split('/').nth(1).unwrap() {
        "elsewhere" => fault(400, "AuthorizationHeaderMalformed"),
        "moved" => respond(301, ""),
        "expired" => fault(400, "ExpiredToken"),
        "closed" => fault(403, "AccessDenied"),
        "odd" => fault(418, "Teapot"),
        "pod" if text("authorization").as_deref() == Some("pod-token") => {
            let credentials =
                r#"{"AccessKeyId":"AKIA","SecretAccessKey":"s","Token":"t","Expiration":"2099-01-01T00:00:00Z"}"#;
            respond(200, credentials)
        }
        "pods-only" if text("x-amz-security-token").as_deref() != Some("t") => fault(403, "AccessDenied"),
        _ if uri.query().is_some_and(|query| query.contains("list-type")) => respond(200, LISTING),
        _ if path.ends_with("/a/b.dat") => {
            let (start, end) = match text("range").as_deref() {
                Some("bytes=0-0") => (0, 0),
                _ => (0, 4),
            };
            Response::builder()
                .status(StatusCode::PARTIAL_CONTENT)
                .header(header::ETAG, "\"1\"")
                .header(header::LAST_MODIFIED, "Thu, 01 Jan 2026 00:00:00 GMT")
                .header(header::CONTENT_RANGE, format!("bytes {start}-{end}/5"))
                .body(Body::from("hello"[start..=end].to_owned()))
                .unwrap()
        }
        _ => fault(404, "NoSuchKey"),
    }
}

async fn cloud() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await });
    address
}

async fn look_up(pattern: &str, options: &[(&str, &str)]) -> Result<Vec<Found>, Error> {
    let options = options.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let location = Location { pattern: pattern.to_owned(), options: StoreOptions(options) };
    blocking(move || find(&location, |name| name.ends_with(".dat"))).await
}

async fn read(file: Found) -> String {
    blocking(move || Ok(std::io::read_to_string(file.read().unwrap()).unwrap())).await.unwrap()
}

#[tokio::test]
async fn what_s3_refuses_is_said_plainly_and_in_no_words_of_its_own() {
    let endpoint = format!("http://{}", cloud().await);
    let options = [("aws_endpoint", endpoint.as_str()), ("aws_access_key_id", "a"), ("aws_secret_access_key", "hush")];
    for (bucket, code, said) in [
        ("elsewhere", "store::region", "AWS_REGION=eu-west-1"),
        ("moved", "store::region", "AWS_REGION"),
        ("expired", "store::denied", "(ExpiredToken)"),
        ("closed", "store::denied", "(AccessDenied)"),
        ("odd", "store::failed", "status 418 (Teapot)"),
    ] {
        for key in ["a/b.dat", "a/*.dat"] {
            let error = look_up(&format!("s3://{bucket}/{key}"), &options).await.unwrap_err();
            let all = format!("{error} {}", error.help_text().unwrap_or_default());
            let kind = if code == "store::denied" { ErrorKind::Access } else { ErrorKind::Source };
            assert_eq!((error.kind(), error.code()), (kind, code), "{all}");
            assert!(all.contains(said) && !all.contains("hush"), "{all}");
        }
    }
}

#[tokio::test]
async fn credentials_that_cannot_be_obtained_are_no_fault_of_the_store() {
    let endpoint = format!("http://{}", cloud().await);
    let options = [
        ("aws_endpoint", endpoint.as_str()),
        ("aws_role_arn", "arn:aws:iam::1:role/reader"),
        ("aws_web_identity_token_file", "/no/such/token"),
    ];
    let error = look_up("s3://cdp/a/b.dat", &options).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Access, "store::credentials"), "{error}");
    assert!(error.help_text().unwrap().contains("AWS_PROFILE"));
}

#[tokio::test]
async fn a_pod_reads_with_the_credentials_of_its_role() {
    let cloud = cloud().await;
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    fs::write(&token, "pod-token").unwrap();
    let (endpoint, pod) = (format!("http://{cloud}"), format!("http://{cloud}/pod"));
    let options = [
        ("aws_endpoint", endpoint.as_str()),
        ("aws_container_credentials_full_uri", &pod),
        ("aws_container_authorization_token_file", token.to_str().unwrap()),
    ];
    let files = look_up("s3://pods-only/a/*.dat", &options).await.unwrap();
    assert_eq!(read(files[0].clone()).await, "hello");
}

#[tokio::test]
async fn google_is_listed_and_read() {
    let endpoint = format!("http://{}", cloud().await);
    let options = [("google_base_url", endpoint.as_str()), ("google_skip_signature", "true")];
    for pattern in ["gs://cdp/a/b.dat", "gs://cdp/a", "gs://cdp/**/*.dat"] {
        let files = look_up(pattern, &options).await.unwrap();
        assert_eq!(files[0].name, "gs://cdp/a/b.dat");
        assert_eq!(read(files[0].clone()).await, "hello");
    }
}
