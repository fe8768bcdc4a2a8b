//! The same over HTTP/2, which is what a host on the internet speaks: frames as they stand, inside TLS.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::sync::atomic::Ordering;

use enlist_core::Sink;
use enlist_sink_activecampaign::HttpSettings;

use super::tls::{Certificate, Stream, TlsServer};
use super::{ACCEPTED, PATIENT, in_words, reached, request};

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;

const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// What a client says before its first frame.
const PREFACE: usize = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".len();

/// `:status: 200` in HPACK.
const OK: &[u8] = &[0x88];

fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags, 0, 0, 0, stream], payload].concat()
}

/// `:status: 200` and a `content-length`.
fn ok_of(length: usize) -> Vec<u8> {
    let digits = length.to_string();
    [OK, &[0x0f, 0x0d, u8::try_from(digits.len()).unwrap()], digits.as_bytes()].concat()
}

/// An acceptance in three frames.
fn accepted(head: &[u8]) -> Vec<u8> {
    let (first, second) = ACCEPTED.as_bytes().split_at(40);
    [frame(HEADERS, END_HEADERS, 1, head), frame(DATA, 0, 1, first), frame(DATA, END_STREAM, 1, second)].concat()
}

/// Reads until the client has ended its request.
fn read_request(stream: &mut Stream) -> std::io::Result<()> {
    stream.read_exact(&mut [0; PREFACE])?;
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head)?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        stream.read_exact(&mut vec![0; usize::try_from(length).unwrap()])?;
        if head[3] <= HEADERS && head[4] & END_STREAM > 0 {
            return Ok(());
        }
    }
}

/// What the sink makes of `bytes` after the settings; then the connection ends in order, or abruptly.
async fn meaning(bytes: Vec<u8>, farewell: bool) -> String {
    let server = TlsServer::serve(Certificate::Good, &[b"h2"], move |stream, asked| {
        let request = stream.write_all(&frame(SETTINGS, 0, 0, &[])).and_then(|()| read_request(stream));
        asked.fetch_add(usize::from(request.is_ok()), Ordering::SeqCst);
        let _ = stream.write_all(&bytes);
        if farewell {
            stream.conn.send_close_notify();
            let _ = stream.flush();
            // Closing with bytes unread would be a reset.
            let _ = stream.sock.set_read_timeout(Some(PATIENT));
            let _ = stream.sock.shutdown(Shutdown::Write);
            let _ = std::io::copy(&mut stream.sock, &mut std::io::sink());
        }
    });
    let path = std::env::temp_dir().join(format!("enlist-http2-{}-{}.pem", std::process::id(), server.port));
    std::fs::write(&path, server.pem()).unwrap();
    let http =
        HttpSettings { loopback: true, timeout: PATIENT, ca_file: Some(path.clone()), ..HttpSettings::default() };
    let sink = reached(format!("https://127.0.0.1:{}", server.port), &http);
    let _ = std::fs::remove_file(path);
    let receipt = sink.send(&request()).await;
    assert_eq!((server.connections(), server.requests()), (1, 1), "a transport does not repeat: {receipt:?}");
    in_words(receipt)
}

#[tokio::test]
async fn an_acceptance_in_frames_cut_after_any_byte_is_in_doubt() {
    for head in [OK.to_vec(), ok_of(ACCEPTED.len())] {
        let answer = accepted(&head);
        for length in 0..answer.len() {
            let found = meaning(answer[..length].to_vec(), length % 2 == 0).await;
            assert_eq!(found, "in doubt", "{length} of {}", answer.len());
        }
        assert_eq!(meaning(answer, true).await, "queued b1");
    }
}

#[tokio::test]
async fn frames_that_do_not_make_an_answer_are_in_doubt_and_nothing_is_repeated() {
    let head = || frame(HEADERS, END_HEADERS, 1, OK);
    let body = |flags| frame(DATA, flags, 1, ACCEPTED.as_bytes());
    let reset = |reason: u8| frame(RST_STREAM, 0, 1, &[0, 0, 0, reason]);
    let goaway = |last: u8| frame(GOAWAY, 0, 0, &[0, 0, 0, last, 0, 0, 0, 0]);
    let rows = [
        ("refused stream, which a client may repeat", reset(7), "in doubt"),
        ("cancelled", reset(8), "in doubt"),
        ("an error after the head", [head(), reset(2)].concat(), "in doubt"),
        ("an error after the body", [head(), body(0), reset(2)].concat(), "in doubt"),
        ("going away, nothing was processed", goaway(0), "in doubt"),
        ("going away after this one", [goaway(1), head(), body(END_STREAM)].concat(), "queued b1"),
        ("no body", frame(HEADERS, END_HEADERS | END_STREAM, 1, OK), "in doubt"),
        ("a length that is too long", accepted(&ok_of(ACCEPTED.len() + 1)), "in doubt"),
        ("a length that is too short", accepted(&ok_of(ACCEPTED.len() - 1)), "in doubt"),
        ("no status", [frame(HEADERS, END_HEADERS, 1, &[]), body(END_STREAM)].concat(), "in doubt"),
        (
            "headers that are no HPACK",
            [frame(HEADERS, END_HEADERS, 1, &[0xff; 30]), body(END_STREAM)].concat(),
            "in doubt",
        ),
        ("the body of another stream", [head(), frame(DATA, END_STREAM, 3, ACCEPTED.as_bytes())].concat(), "in doubt"),
        ("a body without a head", body(END_STREAM), "in doubt"),
        (
            "a frame of 16 MiB",
            [head(), vec![0xff, 0xff, 0xff, DATA, 0, 0, 0, 0, 1], vec![b' '; 1000]].concat(),
            "in doubt",
        ),
        ("HTTP/1.1", format!("HTTP/1.1 200 OK\r\nContent-Length: 84\r\n\r\n{ACCEPTED}").into_bytes(), "in doubt"),
        ("garbage", vec![0xa5; 500], "in doubt"),
    ];
    for (name, bytes, expected) in rows {
        assert_eq!(meaning(bytes, true).await, expected, "{name}");
    }
}
