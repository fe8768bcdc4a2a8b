//! The ledger file: its tables, how a connection is set up, and what is checked before it is trusted.
//!
//! A contact's row says by its nulls what is on record: no fingerprint is dirty, a fingerprint without a reason is
//! confirmed, one with a reason is rejected. `held` is the value confirmed before either of the other two. Every row has a checksum, because SQLite notices a damaged page structure
//! but not a damaged value. The run of a contact is outside of it: it informs, and decides nothing.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::fault::{damaged, fault};
use super::wal;
use crate::{Error, ErrorKind};

/// "enls": tells `file` and us that this SQLite file is a ledger.
const APPLICATION: i64 = 0x656e_6c73;

/// Format of the tables below.
const FORMAT: i64 = 3;

/// How long to wait for another process that writes the same file; a write takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(30);

/// Offset of the two header bytes that say "write-ahead log" (both 2), <https://sqlite.org/fileformat2.html> §1.3.
const JOURNAL_BYTES: usize = 18;

const TABLES: &str = "
    CREATE TABLE generation (
        id INTEGER PRIMARY KEY,
        digest BLOB NOT NULL,
        sum INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE scope (
        id INTEGER PRIMARY KEY,
        export TEXT NOT NULL,
        account TEXT NOT NULL,
        list INTEGER NOT NULL,
        generation INTEGER REFERENCES generation (id),
        sum INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE contact (
        scope INTEGER NOT NULL REFERENCES scope (id),
        key BLOB NOT NULL,
        generation INTEGER REFERENCES generation (id),
        fp BLOB,
        reason TEXT,
        held BLOB,
        sum INTEGER NOT NULL,
        run INTEGER REFERENCES run (id),
        PRIMARY KEY (scope, key)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE run (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        started INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE absent (
        scope INTEGER NOT NULL REFERENCES scope (id),
        key BLOB NOT NULL,
        sum INTEGER NOT NULL,
        PRIMARY KEY (scope, key)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE email (
        scope INTEGER NOT NULL REFERENCES scope (id),
        key BLOB NOT NULL,
        email TEXT NOT NULL,
        sum INTEGER NOT NULL,
        PRIMARY KEY (scope, key)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE suppressed (
        key BLOB PRIMARY KEY,
        since INTEGER NOT NULL,
        sum INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE late (
        scope INTEGER NOT NULL REFERENCES scope (id),
        key BLOB NOT NULL,
        fp BLOB NOT NULL,
        intent INTEGER NOT NULL,
        sum INTEGER NOT NULL,
        PRIMARY KEY (scope, key, fp)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE intent (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        scope INTEGER NOT NULL REFERENCES scope (id),
        since INTEGER NOT NULL,
        job TEXT,
        in_doubt INTEGER NOT NULL,
        keys BLOB NOT NULL,
        fps BLOB NOT NULL,
        sum INTEGER NOT NULL
    ) STRICT;
";

/// Opens the ledger at `path` for writing; creates it when there is none.
pub(super) fn open(path: &Path) -> Result<Connection, Error> {
    if !path.exists() {
        create(path)?;
    }
    let conn = connect(path)?;
    check(&conn, path)?;
    Ok(conn)
}

/// Opens the ledger at `path` for reading one moment of it, or `None` when there is none.
///
/// SQLite needs its two side files while it reads; those that are missing exist only as long as the connection does.
pub(super) fn open_snapshot(path: &Path) -> Result<Option<Connection>, Error> {
    if !path.exists() && !beside(path, "-wal").exists() {
        return Ok(None);
    }
    // A log that is there already was left by a crash or belongs to a running export: closing must not fold it in.
    let keep_log = beside(path, "-wal").exists();
    let conn = connect(path)?;
    let fail = |e| fault(path, "opening it to read", &e);
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, keep_log).map_err(fail)?;
    conn.execute_batch("PRAGMA query_only = ON; BEGIN;").map_err(fail)?;
    check(&conn, path)?;
    Ok(Some(conn))
}

/// Builds an empty ledger under another name and moves it to `path`, so that a file of that name is never half made
/// and an empty one is always damage. Another process that is quicker wins.
fn create(path: &Path) -> Result<(), Error> {
    if fs::metadata(beside(path, "-wal")).is_ok_and(|log| log.len() > 0) {
        return Err(damaged(path, "the file is gone but its -wal file is there"));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let write = |e: io::Error| {
        Error::new(ErrorKind::State, "state::unwritable", format!("cannot create the ledger {}: {e}", path.display()))
            .help("check free space and permissions of the folder")
    };
    let file = tempfile::Builder::new().prefix(".ledger-").tempfile_in(folder).map_err(write)?;
    let fail = |e| fault(path, "creating it", &e);
    let conn = Connection::open(file.path()).map_err(fail)?;
    conn.execute_batch(&format!(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         BEGIN; {TABLES} PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {FORMAT}; COMMIT;"
    ))
    .map_err(fail)?;
    conn.close().map_err(|(_, e)| fail(e))?;
    file.as_file().sync_all().map_err(write)?;
    match file.persist_noclobber(path) {
        Err(e) if e.error.kind() != io::ErrorKind::AlreadyExists => return Err(write(e.error)),
        _ => {}
    }
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(write)
}

/// Connects to an existing file and sets the connection up: durable commits, no trust in what the file says of itself.
fn connect(path: &Path) -> Result<Connection, Error> {
    check_header(path)?;
    wal::check(path)?;
    let fail = |e| fault(path, "opening it", &e);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags).map_err(fail)?;
    conn.busy_timeout(PATIENCE).map_err(fail)?;
    conn.set_prepared_statement_cache_capacity(32);
    conn.execute_batch(
        "PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA foreign_keys = ON; PRAGMA cell_size_check = ON;
         PRAGMA trusted_schema = OFF; PRAGMA secure_delete = ON; PRAGMA journal_size_limit = 16777216; PRAGMA temp_store = MEMORY;",
    )
    .map_err(fail)?;
    Ok(conn)
}

/// Refuses what SQLite would take for an empty file or for one without a log.
fn check_header(path: &Path) -> Result<(), Error> {
    let mut header = [0; 100];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut header));
    match read {
        Ok(()) if !header.starts_with(b"SQLite format 3\0") => Err(damaged(path, "it is not a SQLite file")),
        Ok(()) if header[JOURNAL_BYTES..JOURNAL_BYTES + 2] != [2, 2] => {
            Err(damaged(path, "its header does not name the write-ahead log"))
        }
        Ok(()) => Ok(()),
        Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => Err(damaged(path, "it was cut off")),
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            Err(damaged(path, "the file is gone but its -wal file is there"))
        }
        Err(e) => Err(Error::new(
            ErrorKind::State,
            "state::unwritable",
            format!("cannot read the ledger {}: {e}", path.display()),
        )
        .help("check owner and permissions of the file")),
    }
}

/// Refuses a file that is not a ledger, of a later format, or damaged.
fn check(conn: &Connection, path: &Path) -> Result<(), Error> {
    let fail = |e| fault(path, "checking it", &e);
    let number = |pragma: &str| conn.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
    if number("application_id").map_err(fail)? != APPLICATION {
        return Err(damaged(path, "it is not a ledger of enlist"));
    }
    let format = number("user_version").map_err(fail)?;
    if format > FORMAT {
        return Err(Error::new(
            ErrorKind::State,
            "state::newer_format",
            format!(
                "the ledger {} has format {format}, this version of enlist knows formats up to {FORMAT}",
                path.display()
            ),
        )
        .help("use the version of enlist that wrote it, or a later one"));
    }
    if format < FORMAT {
        return Err(damaged(path, &format!("no version that was released wrote its format, {format}")));
    }
    // Not the quick check, which trusts that keys are in order: one that is not hides its contacts from every search.
    let said: String = conn.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0)).map_err(fail)?;
    if said == "ok" { Ok(()) } else { Err(damaged(path, &said.trim().replace('\n', "; "))) }
}

/// The file next to `path` that SQLite names by appending `suffix`.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
