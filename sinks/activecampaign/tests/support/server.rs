//! A server on loopback that writes exactly the bytes a test wants, for tests of several packages.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// First byte of a TLS connection.
const TLS_HANDSHAKE: u8 = 0x16;

/// What happens on a connection once its request has been read.
#[derive(Clone)]
pub(crate) struct Reply {
    pub(crate) bytes: Vec<u8>,
    pub(crate) then: Then,
}

/// How it goes on after the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    /// The connection is closed in order.
    Close,
    /// The connection is reset.
    Reset,
    /// Nothing more is said and the connection stays open.
    Hold,
    /// The bytes from this one on were said one at a time with a pause before each, then as `Hold`.
    Drip(usize, Duration),
}

impl Reply {
    /// These bytes, then `then`.
    pub(crate) fn new(bytes: impl Into<Vec<u8>>, then: Then) -> Self {
        Self { bytes: bytes.into(), then }
    }

    /// An answer with a body of known length.
    pub(crate) fn answer(status: &str, headers: &str, body: &str) -> Self {
        let length = body.len();
        Self::new(
            format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"),
            Then::Close,
        )
    }
}

/// A server and all requests it has read, head and body.
pub(crate) struct Server {
    pub(crate) port: u16,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Serves until the runtime ends; `reply` is told each request.
    pub(crate) async fn start(reply: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests: Arc<Mutex<Vec<String>>> = Arc::default();
        let (record, reply) = (Arc::clone(&requests), Arc::new(reply));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (record, reply) = (Arc::clone(&record), Arc::clone(&reply));
                tokio::spawn(async move {
                    // A client that went away has seen enough.
                    let _ = serve(stream, &record, &*reply).await;
                });
            }
        });
        Self { port, requests }
    }

    /// Always the same reply.
    pub(crate) async fn always(reply: Reply) -> Self {
        Self::start(move |_| reply.clone()).await
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

async fn serve(
    mut stream: TcpStream,
    record: &Mutex<Vec<String>>,
    reply: &(impl Fn(&str) -> Reply + Send + Sync),
) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut request = Vec::new();
    // The whole request is read, because closing with bytes unread would be a reset.
    while !is_whole(&request) {
        if stream.read_buf(&mut request).await? == 0 {
            break;
        }
    }
    let request = String::from_utf8_lossy(&request).into_owned();
    record.lock().unwrap().push(request.clone());
    let Reply { bytes, then } = reply(&request);
    if let Then::Drip(from, pause) = then {
        stream.write_all(&bytes[..from]).await?;
        for byte in &bytes[from..] {
            tokio::time::sleep(pause).await;
            stream.write_all(&[*byte]).await?;
        }
        return std::future::pending().await;
    }
    stream.write_all(&bytes).await?;
    match then {
        Then::Close => stream.shutdown().await,
        Then::Reset => {
            // What was written has to arrive before the reset overtakes it.
            tokio::time::sleep(Duration::from_millis(2)).await;
            stream.set_zero_linger()
        }
        Then::Hold | Then::Drip(..) => std::future::pending().await,
    }
}

/// Whether head and body have been read, or something that is no HTTP request.
fn is_whole(request: &[u8]) -> bool {
    if request.first() == Some(&TLS_HANDSHAKE) {
        return true;
    }
    let Some(end) = request.windows(4).position(|four| four == b"\r\n\r\n") else { return false };
    let head = String::from_utf8_lossy(&request[..end]).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    request.len() >= end + 4 + length.unwrap_or(0_usize)
}
