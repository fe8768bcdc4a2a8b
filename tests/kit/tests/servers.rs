//! The servers answer, keep tests apart, and do not outlive them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods, missing_docs)]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use std::{env, fs, thread};

use enlist_kit::servers::{Azure, Database, MariaDb, Postgres, S3};

/// Two databases of one server hold different tables, and keep text as it is.
fn apart(one: &Database, other: &Database) {
    one.execute("create table people (name text); insert into people values ('O''Brien \u{1f600}\tå'), ('x')");
    assert_eq!(one.execute("select name from people order by name desc"), "x\nO'Brien \u{1f600}\tå\n");
    other.execute("create table people (other text)");
    assert_eq!(other.execute("select count(*) from people").trim(), "0");
    within_a_minute(|| (one.connections() == 0).then_some(()));
}

fn answers(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}

#[test]
fn postgres_keeps_tests_apart_logs_their_statements_and_can_be_killed() {
    let server = Postgres::start();
    apart(&server.database(), &server.database());
    assert!(server.log().contains("create table people (other text)"));
    server.kill();
    assert!(!answers(server.port()));
}

#[test]
fn mariadb_keeps_tests_apart_logs_their_statements_and_can_be_killed() {
    let server = MariaDb::start();
    apart(&server.database(), &server.database());
    assert!(server.log().contains("create table people (other text)"));
    server.kill();
    assert!(!answers(server.port()));
}

/// One that starts deletes the temporary tables of every other that has the same place for them.
#[test]
fn mariadb_keeps_its_temporary_tables_to_itself() {
    let place = |server: &MariaDb| server.execute("select @@tmpdir");
    assert_ne!(place(&MariaDb::start()), place(MariaDb::shared()));
}

#[test]
fn tls_is_offered_with_a_certificate_of_the_throw_away_authority() {
    let (postgres, mariadb) = (Postgres::start_with_tls(), MariaDb::start_with_tls());
    for (port, ca, protocol) in
        [(postgres.port(), postgres.ca_file(), "postgres"), (mariadb.port(), mariadb.ca_file(), "mysql")]
    {
        let output = Command::new("openssl")
            .args(["s_client", "-verify_return_error", "-verify_ip", "127.0.0.1", "-starttls", protocol, "-CAfile"])
            .arg(ca)
            .args(["-connect", &format!("127.0.0.1:{port}")])
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(said.contains("Verify return code: 0 (ok)"), "{protocol}: {said}");
    }
}

/// What a GET answers.
fn get(endpoint: &str, path: &str, header: &str) -> String {
    let host = endpoint.trim_start_matches("http://").split('/').next().unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{header}\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn s3_holds_what_was_put_into_each_bucket() {
    let server = S3::start();
    let (one, other) = (server.bucket(), server.bucket());
    one.put("day=1/people å.csv", b"email\nada@example.com\n");
    let signed = "authorization: AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/s3/aws4_request, Signature=0\r\n";
    let object = get(&one.endpoint(), &format!("/{}/day=1/people%20%C3%A5.csv", one.name()), signed);
    assert!(object.ends_with("ada@example.com\n"), "{object}");
    assert!(!get(&other.endpoint(), &format!("/{}", other.name()), signed).contains("people"));
    assert!(server.log().contains("people"));
}

#[test]
fn azure_takes_blobs_and_refuses_strangers() {
    let server = Azure::start();
    let container = server.container();
    container.put("day=1/people.csv", b"email\nada@example.com\n");
    let path = format!("/enlisttest/{}/day=1/people.csv", container.name());
    assert!(get(&container.endpoint(), &path, "").starts_with("HTTP/1.1 40"));
    assert!(server.log().contains("people.csv"));
}

/// Where the test below tells its child to write the port and the folder of its server.
const CHILD: &str = "ENLIST_KIT_CHILD";

#[test]
fn a_server_ends_with_a_test_process_that_is_killed() {
    if let Ok(file) = env::var(CHILD) {
        let server = Postgres::shared();
        fs::write(file, format!("{} {}", server.port(), server.ca_file().parent().unwrap().display())).unwrap();
        thread::sleep(Duration::from_secs(600));
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("server");
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "a_server_ends_with_a_test_process_that_is_killed"])
        .env(CHILD, &file)
        .spawn()
        .unwrap();
    let told = within_a_minute(|| fs::read_to_string(&file).ok().filter(|told| told.contains('/')));
    let (port, data) = told.split_once(' ').unwrap();
    assert!(answers(port.parse().unwrap()) && Path::new(data).exists());
    child.kill().unwrap();
    child.wait().unwrap();
    within_a_minute(|| (!Path::new(data).exists()).then_some(()));
    assert!(!answers(port.parse().unwrap()));
}

fn within_a_minute<T>(mut ask: impl FnMut() -> Option<T>) -> T {
    for _ in 0..600 {
        if let Some(answer) = ask() {
            return answer;
        }
        thread::sleep(Duration::from_millis(100));
    }
    panic!("not within a minute");
}
