//! The state folder: the ledger, the key that keeps emails out of it, and one lock an export.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use chrono::{DateTime, SecondsFormat, Utc};
use rustix::fs::OFlags;

use crate::{Clock, Error, ErrorKind, Hasher};

/// Bytes of the key file.
const SECRET: usize = 32;

/// Permission bits of people other than the owner.
const OTHERS: u32 = 0o077;

/// Longest export name, so that it fits a file name with room to spare.
const LONGEST_NAME: usize = 64;

/// A folder that only its owner can read, with everything a project remembers between runs.
#[derive(Debug)]
pub struct StateFolder {
    path: PathBuf,
    hasher: Hasher,
}

/// Holds an export against other processes. The system releases it when the process ends, however it ends.
#[derive(Debug)]
pub struct ExportLock {
    file: File,
}

impl StateFolder {
    /// Opens the folder at `path`; creates it (mode 0700, parents too) and its key when they do not exist.
    ///
    /// # Errors
    /// [`ErrorKind::State`]: `state::permissions` when it, its key or its ledger is a link, belongs to somebody else or
    /// others may read it;
    /// `state::key_missing` when there is a ledger without its key; `state::key_damaged`; `state::unwritable`.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let found = inspect(path)?;
        if found.is_none() {
            let mut builder = DirBuilder::new();
            let made = builder.recursive(true).mode(0o700).create(path);
            made.map_err(|e| unwritable(path, "create", &e))?;
        }
        check_owner(path, &inspect(path)?.ok_or_else(|| vanished(path))?)?;
        let secret = match read_secret(path)? {
            Some(secret) => secret,
            None => create_secret(path)?,
        };
        check_ledger(path)?;
        Ok(Self::with(path, secret))
    }

    /// Opens the folder at `path` and writes nothing. `None` when it does not exist or holds no state.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_existing_read_only(path: &Path) -> Result<Option<Self>, Error> {
        let Some(found) = inspect(path)? else {
            return Ok(None);
        };
        check_owner(path, &found)?;
        let secret = read_secret(path)?;
        check_ledger(path)?;
        Ok(secret.map(|secret| Self::with(path, secret)))
    }

    fn with(path: &Path, secret: [u8; SECRET]) -> Self {
        let (path, hasher) = (path.to_owned(), Hasher::new(secret));
        Self { path, hasher }
    }

    /// Makes keys and fingerprints with the folder's secret.
    pub fn hasher(&self) -> Hasher {
        self.hasher.clone()
    }

    /// The ledger of all exports.
    pub fn ledger_path(&self) -> PathBuf {
        ledger_path(&self.path)
    }

    /// Where private temporary files are made: here, because they hold contacts.
    pub fn spool_dir(&self) -> &Path {
        &self.path
    }

    /// Takes `export` for `run` until the lock is dropped or the process ends.
    ///
    /// # Errors
    /// [`ErrorKind::Locked`] with `state::locked` when another run has it; [`ErrorKind::Config`] with
    /// `config::export_name` for a name that is not 1 to 64 of `a-z 0-9 _ -`; [`ErrorKind::State`] when the lock
    /// cannot be written.
    pub fn lock_export(&self, export: &str, run: &str) -> Result<ExportLock, Error> {
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

impl Hasher {
    /// A hasher whose keys match no ledger, for a plan without state.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn ephemeral() -> Result<Self, Error> {
        random().map(Self::new)
    }
}

fn ledger_path(folder: &Path) -> PathBuf {
    folder.join("ledger.db")
}

fn key_path(folder: &Path) -> PathBuf {
    folder.join("key")
}

/// Opens a file for reading, mode 0600 when it is created, never through a link.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    // The flag's bits are small and positive on every system.
    options.read(true).mode(0o600).custom_flags(OFlags::NOFOLLOW.bits().cast_signed());
    options
}

fn inspect(path: &Path) -> Result<Option<Metadata>, Error> {
    match fs::symlink_metadata(path) {
        Ok(found) => Ok(Some(found)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(unwritable(path, "inspect", &e)),
    }
}

fn check_owner(path: &Path, found: &Metadata) -> Result<(), Error> {
    let place = path.display();
    let refuse = |why: String, help: String| Error::new(ErrorKind::State, "state::permissions", why).help(help);
    if found.is_symlink() {
        let why = format!("the state folder {place} is a symbolic link");
        return Err(refuse(why, "name the folder it points to".to_owned()));
    }
    if !found.is_dir() {
        let why = format!("the state folder {place} is not a folder");
        return Err(refuse(why, "name another path".to_owned()));
    }
    if found.uid() != rustix::process::geteuid().as_raw() {
        let why = format!("the state folder {place} belongs to another user (uid {})", found.uid());
        return Err(refuse(why, "run as its owner, or name another folder".to_owned()));
    }
    if found.mode() & OTHERS != 0 {
        let why = format!("the state folder {place} is open to other users (mode {:04o})", found.mode() & 0o7777);
        return Err(refuse(why, format!("chmod 700 {place}")));
    }
    Ok(())
}

/// Refuses a ledger, or a file SQLite keeps beside it, that is a link or open to others: copied back from a backup, it
/// may be either.
fn check_ledger(folder: &Path) -> Result<(), Error> {
    for name in ["ledger.db", "ledger.db-wal", "ledger.db-shm"] {
        let path = folder.join(name);
        let Some(found) = inspect(&path)? else { continue };
        let refuse = |why: String, help: String| {
            let why = format!("the ledger's file {} {why}", path.display());
            Err(Error::new(ErrorKind::State, "state::permissions", why).help(help))
        };
        if found.is_symlink() {
            return refuse("is a symbolic link".to_owned(), "put the file itself there".to_owned());
        }
        if found.uid() != rustix::process::geteuid().as_raw() {
            return refuse(format!("belongs to another user (uid {})", found.uid()), "run as its owner".to_owned());
        }
        if found.mode() & OTHERS != 0 {
            let why = format!("is open to other users (mode {:04o})", found.mode() & 0o7777);
            return refuse(why, format!("chmod 600 {}", path.display()));
        }
    }
    Ok(())
}

fn read_secret(folder: &Path) -> Result<Option<[u8; SECRET]>, Error> {
    let path = key_path(folder);
    let file = match private().open(&path) {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            return if ledger_path(folder).exists() { Err(key_missing(&path)) } else { Ok(None) };
        }
        Err(e) => return Err(unwritable(&path, "read", &e)),
    };
    let fail = |e: io::Error| unwritable(&path, "read", &e);
    let found = file.metadata().map_err(fail)?;
    if found.mode() & OTHERS != 0 || found.uid() != rustix::process::geteuid().as_raw() {
        let why = format!("the key {} is open to other users (mode {:04o})", path.display(), found.mode() & 0o7777);
        let help = format!("chmod 600 {}", path.display());
        return Err(Error::new(ErrorKind::State, "state::permissions", why).help(help));
    }
    let mut secret = Vec::with_capacity(SECRET + 1);
    file.take(SECRET as u64 + 1).read_to_end(&mut secret).map_err(fail)?;
    let secret = <[u8; SECRET]>::try_from(secret).map_err(|_| {
        let what = format!("the key {} does not have {SECRET} bytes", path.display());
        Error::new(ErrorKind::State, "state::key_damaged", what)
            .help("restore the key from a backup; without it the ledger beside it has no meaning")
    })?;
    Ok(Some(secret))
}

/// Writes a fresh key under another name first, so that a crash leaves a whole key or none. When another process was
/// quicker, its key is the key.
fn create_secret(folder: &Path) -> Result<[u8; SECRET], Error> {
    let path = key_path(folder);
    let fail = |e: io::Error| unwritable(&path, "create", &e);
    let secret = random()?;
    let mut file = tempfile::Builder::new().prefix(".key-").tempfile_in(folder).map_err(fail)?;
    file.write_all(&secret).map_err(fail)?;
    file.as_file().sync_all().map_err(fail)?;
    match file.persist_noclobber(&path) {
        Ok(_) => {}
        Err(e) if e.error.kind() == io::ErrorKind::AlreadyExists => {
            return read_secret(folder)?.ok_or_else(|| vanished(&path));
        }
        Err(e) => return Err(fail(e.error)),
    }
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(fail)?;
    Ok(secret)
}

fn random() -> Result<[u8; SECRET], Error> {
    let mut secret = [0; SECRET];
    getrandom::fill(&mut secret).map_err(|e| {
        let message = format!("the system gives no random bytes for the key: {e}");
        Error::new(ErrorKind::State, "state::no_random", message).help("check that the system is set up")
    })?;
    Ok(secret)
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

/// The machine's name, so that a lock on a shared disk says where its holder is.
fn host() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").or_else(|_| fs::read_to_string("/etc/hostname"));
    let name = name.unwrap_or_default().trim().to_owned();
    if name.is_empty() { "this machine".to_owned() } else { name }
}

fn key_missing(path: &Path) -> Error {
    let what = format!("the key {} is missing, and the ledger beside it has no meaning without it", path.display());
    Error::new(ErrorKind::State, "state::key_missing", what)
        .help("restore the key from a backup, or remove the state folder, consents included: then `enlist connect` again, and the next run sends every contact again")
}

fn vanished(path: &Path) -> Error {
    let what = format!("{} disappeared while it was opened", path.display());
    Error::new(ErrorKind::State, "state::unwritable", what)
}

fn unwritable(path: &Path, doing: &str, cause: &io::Error) -> Error {
    let what = format!("cannot {doing} {}: {cause}", path.display());
    Error::new(ErrorKind::State, "state::unwritable", what).help("check owner, permissions and free space")
}
