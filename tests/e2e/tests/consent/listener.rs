//! Somebody on this machine who hears every request and always gives the same answer: a proxy, or the other end of a
//! notification.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// Hears until the test ends.
pub struct Listener {
    port: u16,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Listener {
    /// Answers with `status`, and with `headers`, each of which ends its line.
    pub fn answering(status: &str, headers: &str) -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = socket.local_addr().unwrap().port();
        let answer = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: 0\r\nConnection: close\r\n\r\n");
        let heard: Arc<Mutex<Vec<String>>> = Arc::default();
        let hears = Arc::clone(&heard);
        thread::spawn(move || {
            for connection in socket.incoming() {
                let mut connection = connection.unwrap();
                let request = request(&connection);
                hears.lock().unwrap().push(request);
                // Who asked may have gone away.
                let _ = connection.write_all(answer.as_bytes());
            }
        });
        Self { port, heard }
    }

    /// Its address, with a path that has to stay secret.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/s3cret", self.port)
    }

    /// Its address as a proxy.
    pub fn proxy(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What was heard since this was last asked; an empty text is a connection without a request.
    pub fn heard(&self) -> Vec<String> {
        std::mem::take(&mut self.heard.lock().unwrap())
    }
}

/// Head and body, as far as they came.
fn request(connection: &TcpStream) -> String {
    let mut reader = BufReader::new(connection);
    let mut text = String::new();
    while !text.ends_with("\r\n\r\n") {
        if reader.read_line(&mut text).unwrap_or(0) == 0 {
            return text;
        }
    }
    let lower = text.to_lowercase();
    let length = lower.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    reader.read_exact(&mut body).unwrap();
    text + std::str::from_utf8(&body).unwrap()
}
