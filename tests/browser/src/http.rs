//! One HTTP/1.1 request to this machine, enough for the driver and for the pages under test.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

/// Nothing that is asked for here takes longer, unless it hangs.
const PATIENCE: Duration = Duration::from_secs(180);

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The body.
    pub body: String,
}

/// Sends one request to `port` of 127.0.0.1. A body is sent as JSON.
///
/// # Errors
/// When the connection fails or the answer is no HTTP with a length.
pub fn request(port: u16, line: &str, headers: &[(&str, &str)], body: &str) -> io::Result<Answer> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let more: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    let head = format!(
        "{line} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n{more}\r\n"
    );
    stream.write_all(format!("{head}{body}").as_bytes())?;
    read(BufReader::new(stream))
}

fn read(mut stream: impl BufRead) -> io::Result<Answer> {
    let wrong = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
    let mut line = String::new();
    stream.read_line(&mut line)?;
    let status = line.get(9..12).and_then(|code| code.parse().ok()).ok_or_else(|| wrong("no status line"))?;
    let mut length = None;
    loop {
        line.clear();
        if stream.read_line(&mut line)? <= "\r\n".len() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().ok();
        }
    }
    let mut body = vec![0; length.ok_or_else(|| wrong("no length"))?];
    stream.read_exact(&mut body)?;
    String::from_utf8(body).map(|body| Answer { status, body }).map_err(|_| wrong("no text"))
}
