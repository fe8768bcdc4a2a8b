//! Bodies that arrive whole and hold too much, or something else than JSON of the shape that was asked for. All shapes
//! of JSON are in the table beside `src/answer.rs`; these are the ones that need bytes.

use super::{ACCEPTED, Reply, Row, check, meaning, measured, ok};

/// The accepting object with one more member.
fn with(member: &str) -> String {
    format!("{},{member}}}", ACCEPTED.trim_end_matches('}'))
}

#[tokio::test]
async fn a_status_means_over_the_line_what_it_means_in_the_table() {
    for (status, empty, accepting) in [
        ("200 OK", "in doubt", "queued b1"),
        ("201 Created", "in doubt", "queued b1"),
        ("301 Moved", "fatal", "fatal"),
        ("400 Bad Request", "malformed", "malformed"),
        ("401 Unauthorized", "denied", "denied"),
        ("402 Payment Required", "fatal", "fatal"),
        ("403 Forbidden", "denied", "denied"),
        ("404 Not Found", "fatal", "fatal"),
        ("407 Proxy Authentication Required", "fatal", "fatal"),
        ("408 Request Timeout", "in doubt", "in doubt"),
        ("413 Payload Too Large", "too large", "too large"),
        ("429 Too Many Requests", "throttled", "throttled"),
        ("500 Internal Server Error", "in doubt", "in doubt"),
        ("503 Service Unavailable", "throttled", "throttled"),
        ("524 A Timeout Occurred", "in doubt", "in doubt"),
    ] {
        assert_eq!(meaning(Reply::answer(status, "", "")).await, empty, "{status}");
        assert_eq!(meaning(Reply::answer(status, "", ACCEPTED)).await, accepting, "{status}");
    }
}

fn padded(size: usize) -> String {
    format!("{ACCEPTED}{}", " ".repeat(size - ACCEPTED.len()))
}

#[tokio::test]
async fn a_body_is_read_up_to_one_mebibyte() {
    let rows: Vec<Row> = vec![
        ("1 MiB", measured("", padded(1 << 20)), "queued b1"),
        ("1 MiB, ended by closing", ok("", padded(1 << 20)), "queued b1"),
        ("one byte more", measured("", padded((1 << 20) + 1)), "in doubt"),
        ("one byte more, ended by closing", ok("", padded((1 << 20) + 1)), "in doubt"),
        ("10 MB", measured("", padded(10_000_000)), "in doubt"),
        ("10 MB of HTML", measured("", "<p>One moment</p>".repeat(600_000)), "in doubt"),
    ];
    check(rows).await;
}

#[tokio::test]
async fn a_body_that_is_not_the_text_it_should_be_is_in_doubt() {
    let in_utf16: Vec<u8> = ACCEPTED.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let deep = |levels: usize| with(&format!("\"x\":{}{}", "[".repeat(levels), "]".repeat(levels)));
    let rows: Vec<Row> = vec![
        ("a mark of the byte order", measured("", format!("\u{feff}{ACCEPTED}")), "queued b1"),
        ("two marks", measured("", format!("\u{feff}\u{feff}{ACCEPTED}")), "in doubt"),
        ("UTF-16", measured("Content-Type: application/json; charset=utf-16\r\n", in_utf16), "in doubt"),
        ("a text in Latin-1", measured("", [with("\"name\":\"Bj").as_bytes(), b"\xf6rn\"}"].concat()), "in doubt"),
        ("a zero at the end", measured("", format!("{ACCEPTED}\0")), "in doubt"),
        ("a zero in front", measured("", format!("\0{ACCEPTED}")), "in doubt"),
        ("a raw control character in a text", measured("", with("\"x\":\"\u{1}\"")), "in doubt"),
        ("half a pair of surrogates", measured("", with(r#""x":"\ud83d""#)), "in doubt"),
        ("text behind it", measured("", format!("{ACCEPTED} OK")), "in doubt"),
        ("a warning of PHP in front", measured("", format!("Warning: slow query\n{ACCEPTED}")), "in doubt"),
        ("two objects", measured("", format!("{ACCEPTED}\n{ACCEPTED}")), "in doubt"),
        ("JSONP", measured("", format!("cb({ACCEPTED});")), "in doubt"),
        ("a comma too many", measured("", with("")), "in doubt"),
        ("white space around it", measured("", format!("\r\n\t {ACCEPTED} \n")), "queued b1"),
        ("named HTML, and JSON", measured("Content-Type: text/html\r\n", ACCEPTED), "queued b1"),
        ("nested 100 deep", measured("", deep(100)), "queued b1"),
        ("nested 100,000 deep", measured("", deep(100_000)), "in doubt"),
        ("opened 500,000 times", measured("", "[".repeat(500_000)), "in doubt"),
        ("a number of 5,000 digits", measured("", with(&format!("\"x\":{}", "9".repeat(5_000)))), "in doubt"),
        (
            "100,000 members of one name",
            measured("", with("\"x\":1,".repeat(100_000).trim_end_matches(','))),
            "queued b1",
        ),
    ];
    check(rows).await;
}
