//! The processes of a test: the binary under test, and the same binary as the simulator.

use std::env;
use std::io::{BufRead, BufReader, Read};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;

/// The simulator's account file.
pub const ACCOUNT: &str = "account.json";

/// How a command ended and what it said.
#[derive(Debug)]
pub struct Ended {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    /// What became of a process. One that a signal killed has the code a shell gives it.
    pub fn of(output: Output) -> Self {
        use std::os::unix::process::ExitStatusExt;
        let status = output.status;
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self {
            code: status.code().or(status.signal().map(|signal| 128 + signal)).unwrap(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    /// The last line of standard output as JSON.
    pub fn document(&self) -> Value {
        let last = self.stdout.lines().last().unwrap_or_else(|| panic!("no output: {}", self.stderr));
        serde_json::from_str(last).unwrap_or_else(|e| panic!("{e}: {last}"))
    }
}

/// Where ports for simulators begin, and how many there are: below those that systems hand out by themselves (32768 on
/// Linux), so that one that is stopped for a moment finds its own still free.
const FIRST_PORT: u32 = 20_000;
const PORTS: u32 = 12_000;

/// A port that nothing listens on.
pub fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        let next = std::process::id().wrapping_mul(61).wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        let port = u16::try_from(FIRST_PORT + next % PORTS).unwrap();
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}

/// A simulator that is killed when it is dropped.
pub struct Simulator {
    process: Child,
    pub port: u16,
}

impl Simulator {
    /// Serves the account of `folder` at `port`.
    pub fn start(folder: &Path, port: u16) -> Self {
        let port = port.to_string();
        let arguments = ["sim", "--port", &port, "--data", ACCOUNT, "--settings", "settings.json"];
        let mut process = command(folder, &[], &arguments).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.split_whitespace().find_map(|word| word.strip_prefix("http://127.0.0.1:"));
        let port = address.unwrap_or_else(|| panic!("no address in {line:?}")).parse().unwrap();
        Self { process, port }
    }

    /// Ends it in a way that keeps the account.
    pub fn stop(&mut self) {
        signal(&self.process, "INT");
        assert!(self.process.wait().unwrap().success());
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Sends a signal by name.
pub fn signal(process: &Child, name: &str) {
    let sent = Command::new("kill").args([&format!("-{name}"), &process.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

/// Reads standard error of `process` until a line contains `text`.
pub fn wait_for(process: &mut Child, text: &str) {
    let mut said = String::new();
    let mut stderr = process.stderr.take().unwrap();
    let mut byte = [0];
    while !said.contains(text) {
        assert_eq!(stderr.read(&mut byte).unwrap(), 1, "ended without {text:?}: {said}");
        said.push(char::from(byte[0]));
    }
    // The pipe stays open: a process that cannot write its progress is another test.
    process.stderr = Some(stderr);
}

/// The same command with its output for the test to read.
pub fn piped(mut command: Command) -> Command {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// `enlist` with `arguments` in `folder`, which is also its home, started by another program if one is named.
pub fn command(folder: &Path, by: &[&str], arguments: &[&str]) -> Command {
    let binary = binary().display().to_string();
    let mut words = by.iter().copied().chain([binary.as_str()]).chain(arguments.iter().copied());
    let mut command = Command::new(words.next().unwrap());
    let home = folder.join("home");
    command.args(words).current_dir(folder).env_clear();
    command.env("PATH", env::var_os("PATH").unwrap()).env("HOME", &home).env("XDG_STATE_HOME", home.join("state"));
    command
}

/// The binary under test: `target/PROFILE/enlist`, two folders above the test executable.
pub fn binary() -> PathBuf {
    if let Some(named) = env::var_os("ENLIST_TEST_BINARY") {
        return named.into();
    }
    let test = env::current_exe().unwrap();
    let binary = test.parent().and_then(Path::parent).unwrap().join("enlist");
    assert!(binary.exists(), "{} is missing: cargo build -p enlist", binary.display());
    binary
}
