//! chromedriver, which cannot outlive its test, and neither can its browser.

use std::env;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::http::request;

/// Starts the driver in a group of its own, where its browser joins it, and waits for the end of its standard input:
/// that comes when the test drops it or its process ends, in whatever way. Then the group ends.
const SUPERVISOR: &str = r#"
folder=$1; shift
setsid "$@" </dev/null 2>"$folder/errors" &
read -r _
kill -s KILL -- "-$!" 2>/dev/null
wait
rm -rf "$folder" || { sleep 0.3; rm -rf "$folder"; }
"#;

/// A driver with one browser.
#[derive(Debug)]
pub(crate) struct Driver {
    supervisor: Child,
    port: u16,
    session: String,
    /// The browser's profile is below.
    folder: TempDir,
}

impl Driver {
    pub(crate) fn start() -> Self {
        let (driver, browser) = (program("chromedriver", "chromium-driver"), program("chromium", "chromium"));
        let folder = tempfile::Builder::new().prefix("enlist-browser-").tempdir().expect("a temporary folder");
        let mut supervisor = Command::new("sh")
            .args(["-c", SUPERVISOR, "browser"])
            .arg(folder.path())
            .arg(driver)
            .arg("--port=0")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("sh starts");
        let printed = BufReader::new(supervisor.stdout.take().expect("a pipe")).lines().map_while(Result::ok);
        let port = printed.map(|line| port_of(&line)).find(Option::is_some).flatten();
        let port = port.expect("chromedriver ended before it said which port it took");
        let mut driver = Self { supervisor, port, session: String::new(), folder };
        let session = driver.call("POST /session", &capabilities(&browser, &driver.profile()));
        driver.session = session.expect("a browser starts")["sessionId"].as_str().expect("a session").to_owned();
        driver
    }

    fn profile(&self) -> String {
        self.folder.path().join("profile").display().to_string()
    }

    /// Does something in the browser: `what` is a path of WebDriver below the session.
    ///
    /// # Errors
    /// What the driver says.
    pub(crate) fn tell(&self, what: &str, body: &Value) -> Result<Value, String> {
        self.call(&format!("POST /session/{}/{what}", self.session), body)
    }

    fn call(&self, line: &str, body: &Value) -> Result<Value, String> {
        let answer = request(self.port, line, &[], &body.to_string()).map_err(|e| format!("chromedriver: {e}"))?;
        let mut json: Value = serde_json::from_str(&answer.body).map_err(|e| format!("chromedriver: {e}"))?;
        let value = json["value"].take();
        if answer.status == 200 { Ok(value) } else { Err(format!("{}: {}", value["error"], value["message"])) }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // The browser ends by itself where it still can.
        let _ = request(self.port, &format!("DELETE /session/{}", self.session), &[], "");
        drop(self.supervisor.stdin.take());
        let _ = self.supervisor.wait();
    }
}

fn port_of(line: &str) -> Option<u16> {
    line.split_once("started successfully on port ")?.1.trim_end_matches('.').parse().ok()
}

/// A program of the path.
fn program(name: &str, package: &str) -> PathBuf {
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file());
    found.unwrap_or_else(|| panic!("{name} is not installed, and pages are tested in it: apt-get install {package}"))
}

fn capabilities(browser: &std::path::Path, profile: &str) -> Value {
    let profile = format!("--user-data-dir={profile}");
    let args = [
        "--headless",
        // Tests run as root in containers, where there is no sandbox and little shared memory.
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--disable-gpu",
        "--disable-quic",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        &profile,
    ];
    json!({ "capabilities": { "alwaysMatch": {
        "browserName": "chrome",
        "goog:chromeOptions": { "binary": browser, "args": args },
        "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
        // How long a condition of a page is waited for.
        "timeouts": { "script": 60_000, "pageLoad": 60_000 },
    } } })
}
