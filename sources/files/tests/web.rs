//! What reading from web servers promises: parts where the server has them, whole files where it has not, never wrong
//! bytes, and no signature in any message.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::io::{self, Read};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::Response;
use enlist_core::{Error, ErrorKind};
use enlist_source_files::{Found, blocking, carried, find, offers};
use tokio::net::TcpListener;

/// A web server with one file under many names, each of which has a weakness.
struct Site {
    content: Vec<u8>,
    /// Method, path and range of each request.
    asked: Mutex<Vec<String>>,
}

impl Site {
    async fn open(length: usize) -> (Arc<Self>, SocketAddr) {
        let content = (0..length).map(|at| (at ^ (at >> 8)) as u8).collect();
        let site = Arc::new(Self { content, asked: Mutex::default() });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(answer).with_state(Arc::clone(&site));
        tokio::spawn(async move { axum::serve(listener, router).await });
        (site, address)
    }

    fn asked(&self, path: &str) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        asked.iter().filter(|line| line.contains(path)).cloned().collect()
    }
}

async fn answer(State(site): State<Arc<Site>>, method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    let range = text(header::RANGE);
    let path = uri.path().to_owned();
    let times = {
        let mut asked = site.asked.lock().unwrap();
        asked.push(format!("{method} {path} {}", range.as_deref().unwrap_or("whole")));
        asked.iter().filter(|line| line.contains(&path)).count()
    };
    let respond = |status: StatusCode| Response::builder().status(status);
    let plain = |status: StatusCode| respond(status).body(Body::empty()).unwrap();
    if uri.query() != Some("sig=hush") || method != Method::GET {
        return plain(StatusCode::FORBIDDEN);
    }
    let tag = if path == "/replaced.csv" { format!("\"{times}\"") } else { "\"one\"".to_owned() };
    if text(header::IF_MATCH).is_some_and(|wanted| wanted != tag) {
        return plain(StatusCode::PRECONDITION_FAILED);
    }
    match path.as_str() {
        "/busy.csv" if times <= 2 => return plain(StatusCode::SERVICE_UNAVAILABLE),
        "/gone.csv" => return plain(StatusCode::NOT_FOUND),
        "/moved.csv" => {
            return respond(StatusCode::FOUND).header(header::LOCATION, "/a.csv?sig=hush").body(Body::empty()).unwrap();
        }
        "/endless.csv" => {
            let chunks = futures::stream::iter([Ok::<_, io::Error>(Bytes::from_static(b"a,b\n"))]);
            return respond(StatusCode::OK).body(Body::from_stream(chunks)).unwrap();
        }
        _ => {}
    }
    let size = site.content.len();
    let (status, part) = match range.filter(|_| !path.contains("whole")) {
        None => (StatusCode::OK, 0..size),
        Some(range) => {
            let (start, end) = range.strip_prefix("bytes=").unwrap().split_once('-').unwrap();
            let start: usize = start.parse().unwrap();
            if start >= size {
                return plain(StatusCode::RANGE_NOT_SATISFIABLE);
            }
            (StatusCode::PARTIAL_CONTENT, start..(end.parse::<usize>().unwrap() + 1).min(size))
        }
    };
    let response = respond(status)
        .header(header::ETAG, tag)
        .header(header::CONTENT_LENGTH, part.len())
        .header(header::CONTENT_RANGE, format!("bytes {}-{}/{size}", part.start, part.end.saturating_sub(1)));
    let body = site.content[part.clone()].to_vec();
    let cut = (path.contains("broken") && part.len() > 1000 && times <= 3) || path == "/whole-broken.csv";
    if cut {
        let chunks = [Ok(Bytes::from(body[..1000].to_vec())), Err(io::Error::other("cut"))];
        return response.body(Body::from_stream(futures::stream::iter(chunks))).unwrap();
    }
    response.body(body.into()).unwrap()
}

fn csv(name: &str) -> bool {
    name.ends_with(".csv")
}

async fn look_up(url: String) -> Result<Found, Error> {
    let found = blocking(move || find(&url.as_str().into(), csv)).await;
    found
        .map(|mut found| found.remove(0))
        .inspect_err(|error| assert!(!format!("{error:?}").contains("hush"), "{error:?}"))
}

async fn read(url: String) -> Result<Vec<u8>, Error> {
    let found = look_up(url).await?;
    assert!(!format!("{found:?}").contains("hush"));
    blocking(move || {
        let mut all = Vec::new();
        let outcome = found.read().and_then(|mut file| file.read_to_end(&mut all));
        outcome.map(|_| all).map_err(|cause| carried(&cause).unwrap().clone())
    })
    .await
}

#[tokio::test]
async fn a_signed_address_is_read_in_parts_with_its_signature_and_named_without() {
    let (site, server) = Site::open(1 << 20).await;
    let url = format!("http://{server}/a.csv?sig=hush");
    assert!(offers(&url, csv));
    let found = look_up(url.clone()).await.unwrap();
    assert_eq!((found.name.as_str(), found.size().unwrap()), (format!("http://{server}/a.csv").as_str(), 1 << 20));
    assert!(read(url).await.unwrap() == site.content);
    let asked = site.asked("/a.csv");
    assert_eq!(asked[..2], ["GET /a.csv bytes=0-0", "GET /a.csv bytes=0-0"]);
    assert_eq!(asked[2..], ["GET /a.csv bytes=0-262143", "GET /a.csv bytes=262144-1048575"]);
}

#[tokio::test]
async fn parts_are_read_in_any_order_without_the_rest() {
    let (site, server) = Site::open(8 << 20).await;
    let found = look_up(format!("http://{server}/a.csv?sig=hush")).await.unwrap();
    let part = blocking(move || Ok(found.ranges().unwrap().at(5_000_000, 1_000).unwrap())).await.unwrap();
    assert!(part == site.content[5_000_000..5_001_000]);
    assert_eq!(site.asked("/a.csv")[1..], ["GET /a.csv bytes=4980736-5242879"]);
}

#[tokio::test]
async fn a_server_without_parts_is_read_whole_and_refused_where_parts_are_needed() {
    let (site, server) = Site::open(1 << 20).await;
    let url = format!("http://{server}/whole.csv?sig=hush");
    assert!(read(url.clone()).await.unwrap() == site.content);
    let found = look_up(url).await.unwrap();
    let cause = found.ranges().unwrap_err();
    assert_eq!(carried(&cause).unwrap().code(), "store::no_ranges");
    let cut = read(format!("http://{server}/whole-broken.csv?sig=hush")).await.unwrap_err();
    assert_eq!(cut.code(), "store::failed");
}

#[tokio::test]
async fn answers_that_break_off_and_busy_servers_are_asked_again() {
    let (site, server) = Site::open(1 << 20).await;
    for path in ["broken.csv", "busy.csv", "moved.csv"] {
        assert!(read(format!("http://{server}/{path}?sig=hush")).await.unwrap() == site.content, "{path}");
    }
}

#[tokio::test]
async fn an_empty_file_is_read_as_one() {
    let (_site, server) = Site::open(0).await;
    for path in ["a.csv", "whole.csv"] {
        assert_eq!(read(format!("http://{server}/{path}?sig=hush")).await.unwrap(), [0; 0], "{path}");
    }
}

#[tokio::test]
async fn what_a_server_refuses_is_said_plainly() {
    let (_site, server) = Site::open(1 << 20).await;
    for (path, code) in [
        ("a.csv?sig=hush2", "store::denied"),
        ("gone.csv?sig=hush", "source::file_missing"),
        ("replaced.csv?sig=hush", "source::changed"),
        ("endless.csv?sig=hush", "store::failed"),
    ] {
        let error = read(format!("http://{server}/{path}")).await.unwrap_err();
        let kind = if code == "store::denied" { ErrorKind::Access } else { ErrorKind::Source };
        assert_eq!((error.kind(), error.code()), (kind, code), "{error}");
        assert!(error.to_string().contains(path.split_once('?').unwrap().0), "{error}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_or_does_not_encrypt_is_unreachable() {
    let (_site, server) = Site::open(10).await;
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    for url in [format!("http://{free}/a.csv?sig=hush"), format!("https://{server}/a.csv?sig=hush")] {
        let error = look_up(url).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Source, "store::unreachable"), "{error}");
    }
}

#[test]
fn connections_outlive_the_runtime_that_first_asked() {
    let servers = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (site, server) = servers.block_on(Site::open(100));
    for _ in 0..3 {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        assert!(runtime.block_on(read(format!("http://{server}/a.csv?sig=hush"))).unwrap() == site.content);
    }
}
