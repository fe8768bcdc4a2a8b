//! The front on loopback: the same calls over HTTP/1.1, with cuts as real broken connections, and the page beside them.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::connect_info::{ConnectInfo, Connected};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::serve::{IncomingStream, Listener};
use bytes::Bytes;
use futures::{StreamExt, stream};
use http::StatusCode;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

use crate::{Cut, Simulator, page};

/// No body the simulator has a use for is larger: forty times the importer's limit.
const MOST_BYTES: usize = 16 * 1024 * 1024;

impl Simulator {
    /// Answers calls on `listener` until the future is dropped, and shows the account to browsers at `/`. There is no
    /// TLS, and the page asks for no key: for loopback only.
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn serve(&self, listener: TcpListener) -> io::Result<()> {
        let router = page::router().fallback(answer).with_state(self.clone());
        axum::serve(Wires(listener), router.into_make_service_with_connect_info::<Scissors>()).await
    }
}

async fn answer(
    State(simulator): State<Simulator>,
    ConnectInfo(scissors): ConnectInfo<Scissors>,
    request: Request,
) -> Result<Response, Infallible> {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MOST_BYTES).await else {
        return Ok(StatusCode::PAYLOAD_TOO_LARGE.into_response());
    };
    Ok(match simulator.call(Request::from_parts(parts, body)).await {
        Ok(response) => response.map(Body::from),
        Err(Cut::Truncated(part)) => truncated(*part),
        Err(Cut::BeforeCommit | Cut::AfterCommit) => {
            scissors.0.store(true, Ordering::Release);
            StatusCode::OK.into_response()
        }
    })
}

/// An answer that breaks off: the error ends the connection before `content-length` is reached.
fn truncated(part: Response<Bytes>) -> Response {
    let (head, part) = part.into_parts();
    let sent = stream::once(async { Ok(part) });
    let broken = stream::once(async {
        // The part leaves only if the connection gets a turn before it breaks.
        tokio::time::sleep(Duration::from_millis(5)).await;
        Err(io::Error::from(io::ErrorKind::ConnectionReset))
    });
    Response::from_parts(head, Body::from_stream(sent.chain(broken)))
}

/// Cuts the connection it belongs to: nothing more is written.
#[derive(Clone, Debug)]
struct Scissors(Arc<AtomicBool>);

impl Connected<IncomingStream<'_, Wires>> for Scissors {
    fn connect_info(stream: IncomingStream<'_, Wires>) -> Self {
        stream.io().scissors.clone()
    }
}

/// A listener whose connections can be cut.
struct Wires(TcpListener);

impl Listener for Wires {
    type Io = Wire;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Wire, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        // Answers are small and waited for.
        let _ = stream.set_nodelay(true);
        let scissors = Scissors(Arc::default());
        (Wire { stream, scissors }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

struct Wire {
    stream: TcpStream,
    scissors: Scissors,
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if self.scissors.0.load(Ordering::Acquire) {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
