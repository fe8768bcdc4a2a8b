//! One test's world: a folder that is also home, a simulator on a port of its own, the binary.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::Path;
use std::process::{Child, Command};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::process::{ACCOUNT, Ended, Simulator, command, free_port, piped};

/// The key the simulator accepts in these tests.
pub const KEY: &str = "canary-key-7f3a91";

/// A folder with a simulator. Both are gone when it is dropped.
pub struct World {
    // Dropped in this order: nobody works in a folder that is gone.
    simulator: Simulator,
    folder: TempDir,
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
        all.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
        fs::write(folder.path().join("settings.json"), all.to_string()).unwrap();
        fs::write(folder.path().join("key"), KEY).unwrap();
        let simulator = Simulator::start(folder.path(), free_port());
        Self { simulator, folder }
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
        active.map(|contact| (contact["email"].as_str().unwrap().to_owned(), contact.clone())).collect()
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
        let ended = Command::new(&python).args(["-c", &script]).current_dir(self.folder()).output();
        let ended = ended.unwrap_or_else(|e| panic!("{python}: {e}; install Python, or set ENLIST_TEST_PYTHON"));
        let said = String::from_utf8_lossy(&ended.stderr);
        assert!(!said.contains("ModuleNotFoundError"), "{python} -m pip install pyarrow, or set ENLIST_TEST_PYTHON");
        assert!(ended.status.success(), "{said}");
    }
}

/// A CSV file with `count` people named `prefix`1, `prefix`2 and so on.
pub fn people(count: usize, prefix: &str) -> String {
    let rows = (1..=count).map(|n| format!("{prefix}{n}@example.com,Name {n}\n"));
    std::iter::once("email,first_name\n".to_owned()).chain(rows).collect()
}
