//! The HTTP transport, against servers on the loopback interface that misbehave.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use enlist_sink_activecampaign::{HttpSettings, HttpTransport, Transport, TransportError};
use http::Request;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// First byte of a TLS connection.
const TLS_HANDSHAKE: u8 = 0x16;

/// What a server does once it has read a request.
#[derive(Clone)]
enum Reply {
    /// Writes this and closes.
    Text(String),
    /// Resets the connection.
    Reset,
    /// Keeps the connection open without an answer.
    Silence,
    /// Writes the start of an answer, then a byte now and then.
    Drip,
    /// Writes an answer with a body of this many bytes.
    Long(usize),
}

/// A server and everything it has read.
struct Server {
    port: u16,
    seen: Arc<Mutex<String>>,
}

impl Server {
    async fn start(reply: Reply) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Mutex::new(String::new()));
        let record = seen.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, reply.clone(), record.clone()));
            }
        });
        Self { port, seen }
    }

    fn seen(&self) -> String {
        self.seen.lock().unwrap().clone()
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}/api/3/import/bulk_import", self.port)
    }
}

async fn serve(mut stream: TcpStream, reply: Reply, record: Arc<Mutex<String>>) -> std::io::Result<()> {
    let mut request = Vec::new();
    // The whole request is read, because closing with bytes unread would be a reset.
    while !request.ends_with(b"[]}") && request.first() != Some(&TLS_HANDSHAKE) {
        if stream.read_buf(&mut request).await? == 0 {
            break;
        }
    }
    record.lock().unwrap().push_str(&String::from_utf8_lossy(&request));
    match reply {
        Reply::Text(text) => stream.write_all(text.as_bytes()).await,
        Reply::Reset => stream.set_zero_linger(),
        Reply::Silence => std::future::pending().await,
        Reply::Drip => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n").await?;
            loop {
                stream.write_all(b"x").await?;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        Reply::Long(bytes) => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n").await?;
            let chunk = vec![b'x'; 64 * 1024];
            for _ in 0..bytes / chunk.len() {
                stream.write_all(&chunk).await?;
            }
            Ok(())
        }
    }
}

fn transport() -> HttpTransport {
    let settings = HttpSettings { loopback: true, ..HttpSettings::default() };
    HttpTransport::new(&settings).unwrap()
}

/// A transport that gives up soon; only for servers that never finish, so that a busy machine changes nothing.
fn hasty() -> HttpTransport {
    let settings = HttpSettings { loopback: true, timeout: Duration::from_secs(1), ..HttpSettings::default() };
    HttpTransport::new(&settings).unwrap()
}

fn request(url: &str) -> Request<Bytes> {
    let request = Request::post(url).header("Api-Token", "c4n4ry");
    request.body(Bytes::from_static(b"{\"contacts\":[]}")).unwrap()
}

async fn call(reply: Reply) -> Result<http::Response<Bytes>, TransportError> {
    let server = Server::start(reply).await;
    transport().call(request(&server.url())).await
}

fn text(status: &str, headers: &str, body: &str) -> Reply {
    Reply::Text(format!("HTTP/1.1 {status}\r\n{headers}Connection: close\r\n\r\n{body}"))
}

#[tokio::test]
async fn an_answer_comes_back_whole_whatever_its_status() {
    for status in [200, 400, 429, 503] {
        let reply = text(&format!("{status} X"), "Retry-After: 3\r\nContent-Length: 4\r\n", "body");
        let answer = call(reply).await.unwrap();
        assert_eq!((answer.status().as_u16(), &answer.body()[..]), (status, &b"body"[..]));
        assert_eq!(answer.headers()["retry-after"], "3");
    }
}

#[tokio::test]
async fn the_product_names_itself_and_accepts_gzip() {
    let server = Server::start(text("200 OK", "Content-Length: 2\r\n", "{}")).await;
    transport().call(request(&server.url())).await.unwrap();
    let seen = server.seen().to_ascii_lowercase();
    assert!(seen.contains(concat!("user-agent: enlist/", env!("CARGO_PKG_VERSION"))), "{seen}");
    assert!(seen.contains("accept-encoding: gzip") && seen.contains("api-token: c4n4ry"), "{seen}");
}

#[tokio::test]
async fn a_refused_connection_has_sent_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let result = transport().call(request(&format!("http://127.0.0.1:{port}/"))).await;
    assert!(matches!(result, Err(TransportError::NotSent(_))), "{result:?}");
}

#[tokio::test]
async fn a_failed_tls_handshake_has_sent_nothing() {
    let server = Server::start(Reply::Reset).await;
    let result = transport().call(request(&server.url().replace("http:", "https:"))).await;
    assert!(matches!(result, Err(TransportError::NotSent(_))), "{result:?}");
    assert!(!server.seen().contains("c4n4ry"));
}

#[tokio::test]
async fn a_reset_after_the_request_is_in_doubt() {
    let result = call(Reply::Reset).await;
    assert!(matches!(result, Err(TransportError::InDoubt(_))), "{result:?}");
}

#[tokio::test]
async fn an_answer_cut_anywhere_is_in_doubt_and_never_half_an_answer() {
    let whole = "HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n{\"batchId\":\"b1\"}";
    for length in 0..whole.len() {
        let result = call(Reply::Text(whole[..length].to_owned())).await;
        assert!(matches!(result, Err(TransportError::InDoubt(_))), "{length}: {result:?}");
    }
    assert!(call(Reply::Text(whole.to_owned())).await.is_ok());
}

#[tokio::test]
async fn silence_and_a_dripping_answer_end_at_the_total_time_out() {
    for reply in [Reply::Silence, Reply::Drip] {
        let server = Server::start(reply).await;
        let result = hasty().call(request(&server.url())).await;
        assert!(matches!(result, Err(TransportError::InDoubt(_))), "{result:?}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_the_key_stays() {
    let other = Server::start(text("200 OK", "Content-Length: 2\r\n", "{}")).await;
    let to = format!("Location: http://localhost:{}/\r\nContent-Length: 0\r\n", other.port);
    for status in ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"] {
        let result = call(text(status, &to, "")).await;
        assert_eq!(result.unwrap_err(), TransportError::Redirected { to: "localhost".into() });
    }
    assert_eq!(other.seen(), "");
}

#[tokio::test]
async fn an_answer_is_read_up_to_one_mebibyte() {
    assert_eq!(call(Reply::Long(1024 * 1024)).await.unwrap().body().len(), 1024 * 1024);
    let result = call(Reply::Long(10 * 1024 * 1024)).await;
    assert_eq!(result.unwrap_err(), TransportError::InDoubt("the answer exceeds 1 MiB".into()));
}

#[tokio::test]
async fn plain_http_to_another_machine_is_never_sent() {
    for url in ["http://192.0.2.1/", "http://localhost.example.com/", "http://127.0.0.1.example.com:80/"] {
        let result = transport().call(request(url)).await;
        assert_eq!(
            result.unwrap_err(),
            TransportError::NotSent("plain HTTP is for the loopback interface only".into())
        );
    }
}

#[test]
fn a_ca_file_that_cannot_be_used_is_refused() {
    let path = std::env::temp_dir().join(format!("enlist-ca-{}.pem", std::process::id()));
    for content in
        [None, Some("no certificate"), Some("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")]
    {
        let _ = std::fs::remove_file(&path);
        if let Some(content) = content {
            std::fs::write(&path, content).unwrap();
        }
        let settings = HttpSettings { ca_file: Some(path.clone()), ..HttpSettings::default() };
        let error = HttpTransport::new(&settings).unwrap_err();
        assert!(["ac::ca_file", "ac::client"].contains(&error.code()), "{content:?}: {error}");
    }
    let _ = std::fs::remove_file(&path);
}
