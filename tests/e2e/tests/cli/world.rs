//! One test's world: a folder that is also home, a simulator on a port of its own, the binary.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

/// The key the simulator accepts in these tests.
pub const KEY: &str = "canary-key-7f3a91";

/// The simulator's account file.
const ACCOUNT: &str = "account.json";

/// A folder with a simulator. Both are gone when it is dropped.
pub struct World {
    folder: TempDir,
    simulator: Simulator,
}

impl World {
    /// A simulator that answers and imports at once; limits of rate and size are ActiveCampaign's.
    pub fn prompt() -> Self {
        Self::with(json!({}))
    }

    /// A prompt simulator with these settings on top.
    pub fn with(settings: Value) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut all = json!({
            "token": KEY,
            "bulk_latency": { "fixed": 0.0 },
            "latency": { "fixed": 0.0 },
            "status_false": 0,
            "processing": { "delay": 0.0, "contacts_per_second": 0.0 },
        });
        all.as_object_mut()
            .unwrap()
            .extend(settings.as_object().unwrap().clone());
        fs::write(folder.path().join("settings.json"), all.to_string()).unwrap();
        fs::write(folder.path().join("key"), KEY).unwrap();
        let simulator = Simulator::start(folder.path(), 0);
        Self { folder, simulator }
    }

    /// The folder commands run in.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// `127.0.0.1:PORT` of the simulator.
    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.simulator.port)
    }

    /// Writes a file of the folder.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.folder().join(name), content).unwrap();
    }

    /// `enlist` with `arguments`, in the folder and with nothing of the tester's environment but PATH.
    pub fn command(&self, arguments: &[&str]) -> Command {
        self.wrapped(&[], arguments)
    }

    /// `enlist` with `arguments` started by another program.
    pub fn wrapped(&self, by: &[&str], arguments: &[&str]) -> Command {
        command(self.folder(), by, arguments)
    }

    /// Arguments that send `file` to list 7 of the simulator.
    pub fn to_list_7<'a>(&self, verb: &'a str, file: &'a str, more: &[&'a str]) -> Vec<String> {
        let host = self.host();
        let fixed = [verb, file, "--list", "7", "--host", &host, "--key-file", "key"];
        fixed.iter().chain(more).map(|word| (*word).to_owned()).collect()
    }

    /// `enlist run FILE` to list 7 of the simulator, to its end.
    pub fn run(&self, file: &str, more: &[&str]) -> Ended {
        Ended::of(self.start(file, more).wait_with_output().unwrap())
    }

    /// The same with `--json`, which has to end with `code`; its document.
    pub fn run_json(&self, file: &str, more: &[&str], code: i32) -> Value {
        let ended = self.run(file, &[&["--json"], more].concat());
        assert_eq!(ended.code, code, "{ended:?}");
        ended.document()
    }

    /// `enlist run FILE` to list 7 of the simulator, under way.
    pub fn start(&self, file: &str, more: &[&str]) -> Child {
        let arguments = self.to_list_7("run", file, more);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        self.background(&arguments)
    }

    /// `enlist` with `arguments`, under way.
    pub fn background(&self, arguments: &[&str]) -> Child {
        piped(self.command(arguments)).spawn().unwrap()
    }

    /// `enlist` with `arguments`, to its end.
    pub fn enlist(&self, arguments: &[&str]) -> Ended {
        Ended::of(piped(self.command(arguments)).output().unwrap())
    }

    /// The contacts on list 7, by email. The simulator is stopped and started again for it.
    pub fn contacts(&mut self) -> BTreeMap<String, Value> {
        let account = self.edit_account(|_| {});
        let contacts = account["contacts"].as_array().unwrap().iter();
        let active = contacts.filter(|contact| contact["lists"]["7"] == "active");
        active
            .map(|contact| (contact["email"].as_str().unwrap().to_owned(), contact.clone()))
            .collect()
    }

    /// Changes the account behind the back of `enlist`; what it was before.
    pub fn edit_account(&mut self, edit: impl FnOnce(&mut Value)) -> Value {
        self.simulator.stop();
        let path = self.folder().join(ACCOUNT);
        let account: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let mut edited = account.clone();
        edit(&mut edited);
        fs::write(&path, edited.to_string()).unwrap();
        self.simulator = Simulator::start(self.folder.path(), self.simulator.port);
        account
    }

    /// Has Python write files with pyarrow (`pa`) and its Parquet module (`pq`).
    pub fn python(&self, script: &str) {
        let python = env::var("ENLIST_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
        let script = format!("import datetime as dt, decimal\nimport pyarrow as pa, pyarrow.parquet as pq\n{script}");
        let ended = Command::new(&python)
            .args(["-c", &script])
            .current_dir(self.folder())
            .output();
        let ended = ended.unwrap_or_else(|e| panic!("{python}: {e}; install Python, or set ENLIST_TEST_PYTHON"));
        let said = String::from_utf8_lossy(&ended.stderr);
        assert!(
            !said.contains("ModuleNotFoundError"),
            "{python} -m pip install pyarrow, or set ENLIST_TEST_PYTHON"
        );
        assert!(ended.status.success(), "{said}");
    }
}

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
        let last = self
            .stdout
            .lines()
            .last()
            .unwrap_or_else(|| panic!("no output: {}", self.stderr));
        serde_json::from_str(last).unwrap_or_else(|e| panic!("{e}: {last}"))
    }
}

struct Simulator {
    process: Child,
    port: u16,
}

impl Simulator {
    fn start(folder: &Path, port: u16) -> Self {
        let port = port.to_string();
        let arguments = ["sim", "--port", &port, "--data", ACCOUNT, "--settings", "settings.json"];
        let mut process = command(folder, &[], &arguments).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line
            .split_whitespace()
            .find_map(|word| word.strip_prefix("http://127.0.0.1:"));
        let port = address
            .unwrap_or_else(|| panic!("no address in {line:?}"))
            .parse()
            .unwrap();
        Self { process, port }
    }

    /// Ends it in a way that keeps the account.
    fn stop(&mut self) {
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
    let sent = Command::new("kill")
        .args([&format!("-{name}"), &process.id().to_string()])
        .status()
        .unwrap();
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

/// A CSV file with `count` people named `prefix`1, `prefix`2 and so on.
pub fn people(count: usize, prefix: &str) -> String {
    let rows = (1..=count).map(|n| format!("{prefix}{n}@example.com,Name {n}\n"));
    std::iter::once("email,first_name\n".to_owned()).chain(rows).collect()
}

fn piped(mut command: Command) -> Command {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn command(folder: &Path, by: &[&str], arguments: &[&str]) -> Command {
    let binary = binary().display().to_string();
    let mut words = by
        .iter()
        .copied()
        .chain([binary.as_str()])
        .chain(arguments.iter().copied());
    let mut command = Command::new(words.next().unwrap());
    let home = folder.join("home");
    command.args(words).current_dir(folder).env_clear();
    command
        .env("PATH", env::var_os("PATH").unwrap())
        .env("HOME", &home)
        .env("XDG_STATE_HOME", home.join("state"));
    command
}

/// The binary under test: `target/PROFILE/enlist`, two folders above the test executable.
fn binary() -> PathBuf {
    if let Some(named) = env::var_os("ENLIST_TEST_BINARY") {
        return named.into();
    }
    let test = env::current_exe().unwrap();
    let binary = test.parent().and_then(Path::parent).unwrap().join("enlist");
    assert!(
        binary.exists(),
        "{} is missing: cargo build -p enlist",
        binary.display()
    );
    binary
}
