//! Where an answer ends, and what is no HTTP at all.

use enlist_core::Sink;

use super::{ACCEPTED, PATIENT, Reply, Row, Server, Then, check, closed, in_words, measured, ok, request, sink};

/// Length of the accepting body, with a deviation.
fn length(deviation: isize) -> String {
    format!("Content-Length: {}\r\n", ACCEPTED.len().checked_add_signed(deviation).unwrap())
}

/// A success in these chunks, as they stand.
fn chunks(body: &str) -> Reply {
    ok("Transfer-Encoding: chunked\r\n", body)
}

/// The accepting body as one chunk.
fn chunk() -> String {
    format!("{:x}\r\n{ACCEPTED}\r\n", ACCEPTED.len())
}

#[tokio::test]
async fn the_length_of_an_answer_has_to_be_true() {
    let held = |headers: &str| Reply { then: Then::Hold, ..ok(headers, ACCEPTED) };
    let twice = format!("{}{}", length(0), length(0));
    let rows: Vec<Row> = vec![
        ("true", ok(&length(0), ACCEPTED), "queued b1"),
        ("missing, ended by closing", ok("", ACCEPTED), "queued b1"),
        ("missing, ended by a reset", Reply { then: Then::Reset, ..ok("", ACCEPTED) }, "in doubt"),
        ("missing, never ended", held(""), "in doubt"),
        ("too long, then closed", ok(&length(1), ACCEPTED), "in doubt"),
        ("too long, then silence", held(&length(1)), "in doubt"),
        ("too short", ok(&length(-1), ACCEPTED), "in doubt"),
        ("zero", ok("Content-Length: 0\r\n", ACCEPTED), "in doubt"),
        ("twice the same", ok(&twice, ACCEPTED), "queued b1"),
        ("twice, the second longer", ok(&format!("{}{}", length(0), length(1)), ACCEPTED), "in doubt"),
        ("twice, the second shorter", ok(&format!("{}{}", length(0), length(-1)), ACCEPTED), "in doubt"),
        ("negative", ok("Content-Length: -1\r\n", ACCEPTED), "in doubt"),
        ("no number", ok("Content-Length: many\r\n", ACCEPTED), "in doubt"),
        ("beyond 64 bits", ok("Content-Length: 99999999999999999999\r\n", ACCEPTED), "in doubt"),
        ("4 GiB", ok("Content-Length: 4294967296\r\n", ACCEPTED), "in doubt"),
        ("more bytes after the end", ok(&length(0), format!("{ACCEPTED}HTTP/1.1 500 No\r\n\r\n")), "queued b1"),
    ];
    check(rows).await;
}

#[tokio::test]
async fn chunks_have_to_come_whole_and_to_end() {
    let whole = chunk();
    let size = |text: &str| chunks(&format!("{text}\r\n{ACCEPTED}\r\n0\r\n\r\n"));
    let rows: Vec<Row> = vec![
        ("whole", chunks(&format!("{whole}0\r\n\r\n")), "queued b1"),
        ("with trailers", chunks(&format!("{whole}0\r\nX-Checksum: 1\r\n\r\n")), "queued b1"),
        ("with extensions", size(&format!("{:x};name=value", ACCEPTED.len())), "queued b1"),
        (
            "a length beside it",
            ok(&format!("Transfer-Encoding: chunked\r\n{}", length(-9)), format!("{whole}0\r\n\r\n")),
            "queued b1",
        ),
        ("no last chunk", chunks(&whole), "in doubt"),
        ("broken off in the last chunk", chunks(&format!("{whole}0\r\n")), "in doubt"),
        ("broken off in a chunk", chunks(&whole[..20]), "in doubt"),
        ("no end of a chunk", chunks(&format!("{}0\r\n\r\n", whole.trim_end())), "in doubt"),
        ("size is no number", size("zz"), "in doubt"),
        ("size is empty", size(""), "in doubt"),
        ("size is negative", size("-1"), "in doubt"),
        ("size beyond 64 bits", size("fffffffffffffffff"), "in doubt"),
        ("size too small", size("5"), "in doubt"),
        ("size too large", size("ffff"), "in doubt"),
        ("not chunked at all", chunks(ACCEPTED), "in doubt"),
        ("another coding, which was not applied", ok("Transfer-Encoding: gzip\r\n", ACCEPTED), "queued b1"),
        ("another coding", ok("Transfer-Encoding: gzip\r\n", [0x1f, 0x8b, 8, 0]), "in doubt"),
    ];
    check(rows).await;
}

#[tokio::test]
async fn answers_before_the_answer_are_passed_over() {
    let whole = format!("HTTP/1.1 200 OK\r\n{}\r\n{ACCEPTED}", length(0));
    let after = |first: &str| closed(format!("{first}{whole}"));
    let rows: Vec<Row> = vec![
        ("100", after("HTTP/1.1 100 Continue\r\n\r\n"), "queued b1"),
        ("102", after("HTTP/1.1 102 Processing\r\n\r\n"), "queued b1"),
        ("103 with headers", after("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"), "queued b1"),
        ("ten of them", after(&"HTTP/1.1 100 Continue\r\n\r\n".repeat(10)), "queued b1"),
        ("only 100", closed("HTTP/1.1 100 Continue\r\n\r\n"), "in doubt"),
        ("101", after("HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n"), "in doubt"),
    ];
    check(rows).await;
}

#[tokio::test]
async fn an_answer_that_nobody_asked_for_is_never_taken_for_the_next_one() {
    let of = |id: &str| format!("HTTP/1.1 200 OK\r\n{}\r\n{}", length(0), ACCEPTED.replace("b1", id));
    let server = Server::always(Reply::new(of("b1") + &of("b2"), Then::Hold)).await;
    let sink = sink(&server, PATIENT);
    for _ in 0..20 {
        assert_eq!(in_words(sink.send(&request()).await), "queued b1");
    }
    assert_eq!(server.requests().len(), 20, "each request had a connection of its own");
}

#[tokio::test]
async fn versions_and_status_lines_are_read_as_far_as_they_are_http() {
    let line = |line: &str| closed(format!("{line}\r\n{}\r\n{ACCEPTED}", length(0)));
    let rows: Vec<Row> = vec![
        ("1.0 with a length", line("HTTP/1.0 200 OK"), "queued b1"),
        ("1.0 ended by closing", closed(format!("HTTP/1.0 200 OK\r\n\r\n{ACCEPTED}")), "queued b1"),
        ("1.0, half a body", closed(format!("HTTP/1.0 200 OK\r\n\r\n{}", &ACCEPTED[..40])), "in doubt"),
        ("no reason", line("HTTP/1.1 200"), "queued b1"),
        ("line feeds alone", closed(format!("HTTP/1.1 200 OK\n{}\n{ACCEPTED}", length(0))), "queued b1"),
        ("0.9", closed(ACCEPTED), "in doubt"),
        ("2.0", line("HTTP/2.0 200 OK"), "in doubt"),
        ("9.9", line("HTTP/9.9 200 OK"), "in doubt"),
        ("ICY", line("ICY 200 OK"), "in doubt"),
        ("lower case", line("http/1.1 200 OK"), "in doubt"),
        ("two digits", line("HTTP/1.1 20 OK"), "in doubt"),
        ("four digits", line("HTTP/1.1 2000 OK"), "in doubt"),
        ("status 0", line("HTTP/1.1 000 OK"), "in doubt"),
        ("status 999", line("HTTP/1.1 999 OK"), "in doubt"),
        ("no status", line("HTTP/1.1 OK"), "in doubt"),
        ("204 without a body", closed("HTTP/1.1 204 No Content\r\n\r\n"), "in doubt"),
        ("304 without a body", closed("HTTP/1.1 304 Not Modified\r\n\r\n"), "fatal"),
    ];
    check(rows).await;
}

#[tokio::test]
async fn what_is_no_http_is_in_doubt() {
    let rows: Vec<Row> = vec![
        ("nothing", closed(""), "in doubt"),
        ("line ends", closed("\r\n\r\n\r\n"), "in doubt"),
        ("zeros", closed(vec![0; 4096]), "in doubt"),
        ("every byte", closed((0..=255).collect::<Vec<u8>>()), "in doubt"),
        ("a banner of SSH", closed("SSH-2.0-OpenSSH_9.6\r\n"), "in doubt"),
        ("a banner of mail", closed("220 mail.example.com ESMTP\r\n"), "in doubt"),
        ("a TLS alert", closed(b"\x15\x03\x01\x00\x02\x02\x28".to_vec()), "in doubt"),
        ("HTTP/2 settings", closed(b"\x00\x00\x00\x04\x00\x00\x00\x00\x00".to_vec()), "in doubt"),
        ("a line without end", closed("H".repeat(1 << 20)), "in doubt"),
        ("a line without end, held", Reply::new("HTTP/1.1 200 ".repeat(64), Then::Hold), "in doubt"),
    ];
    check(rows).await;
}

#[tokio::test]
async fn headers_beyond_all_measure_are_in_doubt() {
    let many = |count: usize| (0..count).map(|n| format!("X-{n}: 1\r\n")).collect::<String>();
    let rows: Vec<Row> = vec![
        ("ninety", measured(&many(90), ACCEPTED), "queued b1"),
        ("ten thousand", measured(&many(10_000), ACCEPTED), "in doubt"),
        ("one of 64 KiB", measured(&format!("X-A: {}\r\n", "a".repeat(1 << 16)), ACCEPTED), "queued b1"),
        ("one of 1 MiB", measured(&format!("X-A: {}\r\n", "a".repeat(1 << 20)), ACCEPTED), "in doubt"),
        ("one without a colon", measured("Nonsense\r\n", ACCEPTED), "in doubt"),
        ("one without a name", measured(": 1\r\n", ACCEPTED), "in doubt"),
        ("a zero in a value", measured("X-A: a\0b\r\n", ACCEPTED), "in doubt"),
        ("a continued line", measured("X-A: a\r\n b\r\n", ACCEPTED), "in doubt"),
        ("a value that is not ASCII", measured("X-A: \u{e5}\r\n", ACCEPTED), "queued b1"),
    ];
    check(rows).await;
}
