//! As much HTTP as it takes to fill an object store.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};

/// Sends one PUT, and panics unless it succeeds.
pub(super) fn put(port: u16, path: &str, headers: &[(&str, &str)], body: &[u8]) {
    let mut answer = Vec::new();
    let outcome = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).and_then(|mut stream| {
        write!(stream, "PUT {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: close\r\n")?;
        for (name, value) in headers {
            write!(stream, "{name}: {value}\r\n")?;
        }
        write!(stream, "content-length: {}\r\n\r\n", body.len())?;
        stream.write_all(body)?;
        stream.read_to_end(&mut answer)
    });
    let answer = String::from_utf8_lossy(&answer);
    let status = answer.split(' ').nth(1).unwrap_or_default();
    assert!(outcome.is_ok() && status.starts_with('2'), "PUT {path}: {outcome:?}\n{answer}");
}

/// `key` as the path of a URL: each byte but letters, digits and `-._~/` as `%XX`.
pub(super) fn escape(key: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    key.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// The port that a server printed after the words `http://127.0.0.1:`.
pub(super) fn printed_port(printed: &str) -> Option<u16> {
    let (_, after) = printed.rsplit_once("http://127.0.0.1:")?;
    // A line that is still being written could cut the number short.
    let end = after.find(|c: char| !c.is_ascii_digit())?;
    after[..end].parse().ok()
}
