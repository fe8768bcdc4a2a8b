//! The state folder: the ledger, and the key that keeps emails out of it.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use crate::{Error, ErrorKind, Hasher};

/// Bytes of the key file.
const SECRET: usize = 32;

/// Permission bits of people other than the owner.
const OTHERS: u32 = 0o077;

/// A folder that only its owner can read, with everything a project remembers between runs.
#[derive(Debug)]
pub struct StateFolder {
    pub(super) path: PathBuf,
    hasher: Hasher,
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
pub(super) fn private() -> OpenOptions {
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

fn key_missing(path: &Path) -> Error {
    let what = format!("the key {} is missing, and the ledger beside it has no meaning without it", path.display());
    Error::new(ErrorKind::State, "state::key_missing", what)
        .help("restore the key from a backup, or remove the state folder, consents included: then `enlist connect` again, and the next run sends every contact again")
}

fn vanished(path: &Path) -> Error {
    let what = format!("{} disappeared while it was opened", path.display());
    Error::new(ErrorKind::State, "state::unwritable", what)
}

pub(super) fn unwritable(path: &Path, doing: &str, cause: &io::Error) -> Error {
    let what = format!("cannot {doing} {}: {cause}", path.display());
    Error::new(ErrorKind::State, "state::unwritable", what).help("check owner, permissions and free space")
}
