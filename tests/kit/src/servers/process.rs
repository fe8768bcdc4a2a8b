//! A server that cannot outlive its test.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

/// Who servers run as where the tests run as root, which PostgreSQL refuses: "nobody" of every Linux.
const NOBODY: u32 = 65_534;

/// How long a server may take until it answers, in steps.
const STEPS: u32 = 1_200;
const STEP: Duration = Duration::from_millis(50);

/// Ports tried before a start is given up: another process may take a port between its choice and its use.
const PORTS: usize = 5;

/// Starts the server and waits for the end of its standard input, which comes when the test process drops it or dies.
/// Then the server ends, and its folder with it.
const SUPERVISOR: &str = r#"
folder=$1 signal=$2; shift 2
"$@" </dev/null >"$folder/log" 2>&1 &
echo $!
read -r _
kill -"$signal" $! 2>/dev/null
wait
rm -rf "$folder"
"#;

/// A server and its folder.
#[derive(Debug)]
pub(super) struct Server {
    folder: PathBuf,
    supervisor: Child,
    pid: u32,
}

impl Server {
    /// Starts `command` with its files in `folder`; `signal` makes it end at once.
    pub(super) fn start(folder: PathBuf, signal: &str, command: &[String], environment: &[(&str, &str)]) -> Self {
        let mut supervisor = Command::new("sh")
            .args(["-c", SUPERVISOR, "server"])
            .arg(&folder)
            .arg(signal)
            .args(command)
            .envs(environment.iter().copied())
            .current_dir(&folder)
            // A group of its own: Ctrl-C reaches the tests, and their end ends the server.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("sh starts");
        let mut pid = String::new();
        BufReader::new(supervisor.stdout.take().expect("a pipe")).read_line(&mut pid).expect("the shell answers");
        Self { folder, supervisor, pid: pid.trim().parse().expect("the number of a process") }
    }

    /// Its folder.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// What it printed.
    pub(super) fn printed(&self) -> String {
        let printed = fs::read(self.folder.join("log")).unwrap_or_default();
        String::from_utf8_lossy(&printed).into_owned()
    }

    /// Kills it and its children at once, as a crash of the machine would. They are gone when this returns.
    pub(super) fn kill(&self) {
        let children = fs::read_to_string(format!("/proc/{0}/task/{0}/children", self.pid)).unwrap_or_default();
        let mut processes = vec![self.pid.to_string()];
        processes.extend(children.split_whitespace().map(str::to_owned));
        // What is gone by then cannot be killed, and need not be.
        let _ = Command::new("kill").arg("-KILL").args(&processes).stderr(Stdio::null()).status();
        for _ in 0..STEPS {
            if !processes.iter().any(|process| is_alive(process)) {
                return;
            }
            thread::sleep(STEP);
        }
        panic!("a test server survives a kill");
    }

    /// Waits until `answer` gives something.
    ///
    /// # Errors
    /// What it printed, when it ends before that.
    pub(super) fn wait_for<T>(&self, mut answer: impl FnMut() -> Option<T>) -> Result<T, String> {
        for _ in 0..STEPS {
            let alive = is_alive(&self.pid.to_string());
            match answer() {
                Some(answer) if alive => return Ok(answer),
                _ if !alive => return Err(self.printed()),
                _ => thread::sleep(STEP),
            }
        }
        panic!("a test server does not answer within a minute. It printed:\n{}", self.printed());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.supervisor.stdin.take());
        let _ = self.supervisor.wait();
    }
}

/// Whether a process, or a thread of it, runs; an ended one stays as a zombie until its parent asks for it.
fn is_alive(process: &str) -> bool {
    let threads = fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().count();
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    threads > 1 || stat.rsplit_once(") ").is_some_and(|(_, state)| !state.starts_with('Z'))
}

/// A folder that servers may write to.
pub(super) fn folder() -> PathBuf {
    let folder = tempfile::Builder::new().prefix("enlist-kit-").tempdir().expect("a temporary folder").keep();
    if is_root() {
        chown(&folder, Some(NOBODY), Some(NOBODY)).expect("root gives its folders away");
    }
    folder
}

/// Tries ports until `start` succeeds on one.
pub(super) fn on_a_free_port<T>(name: &str, mut start: impl FnMut(u16) -> Result<T, String>) -> T {
    let mut printed = String::new();
    for _ in 0..PORTS {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
        match start(free.expect("a free port").port()) {
            Ok(server) => return server,
            Err(words) => printed = words,
        }
    }
    panic!("{name} does not start. It printed:\n{printed}");
}

/// The words that run `program` without the rights of root.
pub(super) fn unprivileged(program: &Path) -> Vec<String> {
    let program = program.display().to_string();
    if !is_root() {
        return vec![program];
    }
    let setpriv = find("setpriv", &[], "util-linux").display().to_string();
    vec![setpriv, format!("--reuid={NOBODY}"), format!("--regid={NOBODY}"), "--clear-groups".into(), program]
}

/// Runs `command` in `folder` to its end.
pub(super) fn run(folder: &Path, command: &[String]) {
    let output = Command::new(&command[0]).args(&command[1..]).current_dir(folder).output();
    let output = output.unwrap_or_else(|cause| panic!("{}: {cause}", command[0]));
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}:\n{}{}", command.join(" "), said(&output.stdout), said(&output.stderr));
}

/// Looks for `program` on the path and in `folders`. `package` is what to install when it is missing.
pub(super) fn find(program: &str, folders: &[PathBuf], package: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let system = ["/usr/sbin", "/usr/local/sbin", "/usr/local/bin"].map(PathBuf::from);
    let candidates = folders.iter().cloned().chain(std::env::split_paths(&path)).chain(system);
    candidates.map(|folder| folder.join(program)).find(|path| path.is_file()).unwrap_or_else(|| {
        panic!("this test needs {program}: install {package} (Debian: apt-get install {package}), or run tests/run, which does");
    })
}

/// The words of `list`.
pub(super) fn words<const N: usize>(list: [&str; N]) -> Vec<String> {
    list.map(str::to_owned).to_vec()
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}
