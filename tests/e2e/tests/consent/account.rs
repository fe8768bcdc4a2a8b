//! An account that is not on this machine, as far as `enlist` can tell: its name is one of the internet, it is reached over
//! HTTPS, and a proxy leads to it.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use tempfile::TempDir;

use super::process::{Ended, command, piped};
use super::tls::{Certificate, Stream, TlsServer};
use super::world::KEY;

/// The host, which a certificate of the tests names.
pub const HOST: &str = "other.example.com";

/// A folder with a configuration of the account, and its key.
pub struct Account {
    folder: TempDir,
    proxy: u16,
    server: TlsServer,
}

impl Account {
    pub fn new() -> Self {
        let server = TlsServer::serve(Certificate::OfAnotherHost, &[], answer);
        let folder = tempfile::tempdir().unwrap();
        let account = Self { proxy: tunnel(server.port), server, folder };
        account.write("ca.pem", &account.server.pem());
        account.write("key", KEY);
        account.configure("${file:key}");
        account
    }

    /// Writes the configuration with this reference to the key.
    pub fn configure(&self, key: &str) {
        let config = format!(
            "version: 1\nconnections:\n  marketing: {{ host: {HOST}, api_key: \"{key}\", ca_file: ca.pem, allow_host: on }}\n"
        );
        self.write("enlist.yaml", &config);
    }

    pub fn write(&self, name: &str, content: &str) {
        std::fs::write(self.path().join(name), content).unwrap();
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// `enlist` with `arguments`, started by another program if one is named, with the proxy as its way out.
    pub fn command(&self, by: &[&str], arguments: &[&str]) -> Command {
        let mut command = piped(command(self.path(), by, arguments));
        command.env("HTTPS_PROXY", format!("http://127.0.0.1:{}", self.proxy));
        command
    }

    /// The same, to its end.
    pub fn enlist(&self, arguments: &[&str]) -> Ended {
        let ended = Ended::of(self.command(&[], arguments).output().unwrap());
        assert!(!format!("{ended:?}").contains(KEY), "{ended:?}");
        ended
    }

    /// How often it was asked for anything.
    pub fn asked(&self) -> usize {
        self.server.requests()
    }
}

/// Says who the key belongs to, if it is the right one.
fn answer(stream: &mut Stream, asked: &AtomicUsize) {
    let mut head = String::new();
    let mut byte = [0];
    while !head.ends_with("\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read == 1) {
        head.push(char::from(byte[0]));
    }
    asked.fetch_add(usize::from(!head.is_empty()), Ordering::SeqCst);
    let (status, body) = if head.contains(KEY) { ("200 OK", "{\"user\":{}}") } else { ("403 Forbidden", "{}") };
    let length = body.len();
    let head = "Content-Type: application/json\r\nConnection: close";
    // Who asked may have gone away.
    let _ = write!(stream, "HTTP/1.1 {status}\r\n{head}\r\nContent-Length: {length}\r\n\r\n{body}");
    stream.conn.send_close_notify();
    let _ = stream.flush();
}

/// A proxy that leads to `port`, whatever it is asked for; where it listens.
fn tunnel(port: u16) -> u16 {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let own = socket.local_addr().unwrap().port();
    thread::spawn(move || {
        for client in socket.incoming() {
            let client = Arc::new(client.unwrap());
            let mut head = BufReader::new(&*client);
            let mut line = String::new();
            while head.read_line(&mut line).unwrap_or(0) > 2 {
                line.clear();
            }
            let server = Arc::new(TcpStream::connect(("127.0.0.1", port)).unwrap());
            (&*client).write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
            for (from, to) in [(Arc::clone(&client), Arc::clone(&server)), (server, client)] {
                // Either side may go away.
                thread::spawn(move || io::copy(&mut &*from, &mut &*to).and(to.shutdown(std::net::Shutdown::Write)));
            }
        }
    });
    own
}
