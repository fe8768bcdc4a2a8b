//! A fresh database of a server.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;

/// A database that a test has for itself, with a user who may do everything.
#[derive(Clone)]
pub struct Database {
    pub(super) name: String,
    pub(super) url: String,
    pub(super) password: String,
    pub(super) client: PathBuf,
    pub(super) arguments: Vec<String>,
    /// The variable from which the client takes the password.
    pub(super) variable: &'static str,
    /// A query for the number of connections to it, but for the one that asks.
    pub(super) connections: String,
}

impl Database {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its URL with the user and without the password.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The password of the user.
    pub fn password(&self) -> &str {
        &self.password
    }

    /// Runs statements by the database's own client, and returns the rows: fields parted by a tab.
    ///
    /// # Panics
    /// When one of them fails.
    pub fn execute(&self, sql: &str) -> String {
        self.attempt(sql).unwrap_or_else(|said| panic!("{said}"))
    }

    /// How many connections are open to it.
    ///
    /// # Panics
    /// When the server is gone.
    pub fn connections(&self) -> usize {
        self.execute(&self.connections).trim().parse().expect("a number")
    }

    /// As [`execute`](Self::execute), but a failure is what the client said.
    pub(super) fn attempt(&self, sql: &str) -> Result<String, String> {
        let mut client = Command::new(&self.client)
            .args(&self.arguments)
            .env(self.variable, &self.password)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|cause| format!("{}: {cause}", self.client.display()))?;
        let (mut input, sql) = (client.stdin.take().expect("a pipe"), sql.to_owned());
        // Beside reading the answers, so that neither side waits for the other. Rejected input is the client's to tell.
        let writer = thread::spawn(move || input.write_all(sql.as_bytes()));
        let output = client.wait_with_output().map_err(|cause| cause.to_string())?;
        let _ = writer.join();
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}
