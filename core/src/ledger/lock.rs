//! One lock an export, in the state folder.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Write};
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use tokio::sync::watch;

use super::folder::{StateFolder, private, unwritable};
use crate::{Clock, Error, ErrorKind};

/// Longest export name, so that it fits a file name with room to spare.
const LONGEST_NAME: usize = 64;

/// Looks at a lock that is held before it counts as held: whoever only asks for the [`Holder`] has it for less than a
/// millisecond.
const LOOKS: u32 = 10;

/// Time between two of them.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// Time between two looks at a lock that is waited for.
const POLL: Duration = Duration::from_millis(200);

/// Holds an export against other processes. The system releases it when the process ends, however it ends.
#[derive(Debug)]
pub struct ExportLock {
    file: File,
}

impl StateFolder {
    /// Takes `export` for `run` until the lock is dropped or the process ends. Blocks for up to 100 ms where another
    /// process has it.
    ///
    /// # Errors
    /// [`ErrorKind::Locked`] with `state::locked` when another run has it; [`ErrorKind::Config`] with
    /// `config::export_name` for a name that is not 1 to 64 of `a-z 0-9 _ -`; [`ErrorKind::State`] when the lock
    /// cannot be written.
    pub fn lock_export(&self, export: &str, run: &str) -> Result<ExportLock, Error> {
        for _ in 1..LOOKS {
            match self.try_lock(export, run) {
                Err(held) if held.kind() == ErrorKind::Locked => std::thread::park_timeout(LOOK_AGAIN),
                done => return done,
            }
        }
        self.try_lock(export, run)
    }

    /// As [`lock_export`](Self::lock_export), but waits for up to `wait` until another run has ended; `true` in `stop`
    /// ends the wait. Blocks no thread.
    ///
    /// # Errors
    /// As [`lock_export`](Self::lock_export), with `state::locked` only after the wait; [`ErrorKind::Interrupted`] with
    /// `run::stopped`.
    pub async fn wait_for_export(
        &self,
        export: &str,
        run: &str,
        wait: Duration,
        mut stop: watch::Receiver<bool>,
    ) -> Result<ExportLock, Error> {
        let clock = Clock::start();
        let wait = wait.max(LOOK_AGAIN * LOOKS);
        loop {
            let left = wait.saturating_sub(clock.elapsed());
            match self.try_lock(export, run) {
                Err(held) if held.kind() == ErrorKind::Locked && !left.is_zero() => {}
                done => return done,
            }
            tokio::select! {
                biased;
                Ok(true) = told(&mut stop) => return Err(stopped_waiting(export)),
                () = clock.sleep(left.min(POLL)) => {}
            }
        }
    }

    fn try_lock(&self, export: &str, run: &str) -> Result<ExportLock, Error> {
        check_name(export)?;
        let path = self.path.join(format!("{export}.lock"));
        let fail = |e: io::Error| unwritable(&path, "lock", &e);
        let mut options = private();
        let mut file = options.write(true).create(true).truncate(false).open(&path).map_err(fail)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(locked(export, &mut file)),
            Err(TryLockError::Error(e)) => return Err(fail(e)),
        }
        let since = DateTime::<Utc>::from(Clock::start().wall()).to_rfc3339_opts(SecondsFormat::Secs, true);
        let holder = format!("pid {} on {} since {since} (run {run})\n", std::process::id(), host());
        file.set_len(0).map_err(fail)?;
        file.write_all(holder.as_bytes()).map_err(fail)?;
        Ok(ExportLock { file })
    }
}

/// Who holds an export, and since when, in the words of the holder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// Nobody, and nothing is left of anybody.
    Nobody,
    /// Nobody any more: what a run left that has ended.
    Gone(String),
    /// A process that is alive.
    Alive(String),
}

impl StateFolder {
    /// Who holds `export`.
    ///
    /// # Errors
    /// As [`lock_export`](Self::lock_export), except that an export that is held is no error.
    pub fn holder(&self, export: &str) -> Result<Holder, Error> {
        check_name(export)?;
        let path = self.path.join(format!("{export}.lock"));
        let mut file = match private().open(&path) {
            Ok(file) => file,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Holder::Nobody),
            Err(e) => return Err(unwritable(&path, "read", &e)),
        };
        match file.try_lock_shared() {
            Ok(()) if file.metadata().is_ok_and(|found| found.len() == 0) => Ok(Holder::Nobody),
            Ok(()) => Ok(Holder::Gone(words(&mut file))),
            Err(TryLockError::WouldBlock) => Ok(Holder::Alive(words(&mut file))),
            Err(TryLockError::Error(e)) => Err(unwritable(&path, "lock", &e)),
        }
    }

    /// Wipes what a run that has ended left in its lock file.
    ///
    /// # Errors
    /// [`ErrorKind::Locked`] when a process holds it, [`ErrorKind::State`] when it cannot be written.
    pub fn unlock(&self, export: &str) -> Result<(), Error> {
        let lock = self.lock_export(export, "unlock")?;
        // The file stays: who has it open already would otherwise hold another one than who comes later.
        lock.file.set_len(0).map_err(|e| unwritable(&self.path, "unlock", &e))
    }
}

fn check_name(export: &str) -> Result<(), Error> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
    if !export.is_empty() && export.len() <= LONGEST_NAME && export.chars().all(allowed) {
        return Ok(());
    }
    let why = format!("{export:?} cannot be the name of an export");
    Err(Error::new(ErrorKind::Config, "config::export_name", why)
        .help(format!("use 1 to {LONGEST_NAME} of: a-z 0-9 _ -")))
}

/// What the holder wrote into its lock file.
fn words(file: &mut File) -> String {
    let mut holder = String::new();
    // The holder writes its name after it has the lock: for a moment there may be none.
    let _ = file.take(256).read_to_string(&mut holder);
    let holder: String = holder.chars().filter(|c| c.is_ascii_graphic() || *c == ' ').collect();
    if holder.is_empty() { "another process".to_owned() } else { holder }
}

fn locked(export: &str, file: &mut File) -> Error {
    let holder = words(file);
    let message = format!("export {export:?} is being run by {holder}");
    Error::new(ErrorKind::Locked, "state::locked", message).help("wait for it to end, or stop that process")
}

/// Returns when the run is told to stop; an error when nobody can tell it any more.
async fn told(stop: &mut watch::Receiver<bool>) -> Result<bool, watch::error::RecvError> {
    stop.wait_for(|told| *told).await.map(|told| *told)
}

fn stopped_waiting(export: &str) -> Error {
    let message = format!("stopped by a signal while it waited for another run of export {export:?}");
    Error::new(ErrorKind::Interrupted, "run::stopped", message).help("run the same command again")
}

/// The machine's name, so that a lock on a shared disk says where its holder is.
fn host() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").or_else(|_| fs::read_to_string("/etc/hostname"));
    let name = name.unwrap_or_default().trim().to_owned();
    if name.is_empty() { "this machine".to_owned() } else { name }
}
