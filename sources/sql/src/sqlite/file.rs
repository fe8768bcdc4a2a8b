//! The database file.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use enlist_core::{Error, ErrorKind};
use enlist_source_files::unreadable;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::fault;
use crate::settings::Settings;

/// How long to wait for a writer that holds the file.
const PATIENCE: Duration = Duration::from_secs(15);

/// Which file, and what messages call it.
#[derive(Clone, Debug)]
pub(super) struct File {
    pub(super) name: String,
    path: PathBuf,
}

impl File {
    /// # Errors
    /// `sql::url` (configuration).
    pub(super) fn new(settings: &Settings) -> Result<Self, Error> {
        let name = settings.name.clone();
        let path = settings.url.strip_prefix("sqlite:").unwrap_or_default();
        let path = path.strip_prefix("//").unwrap_or(path);
        if path.is_empty() || path.contains('\0') {
            return Err(Error::new(ErrorKind::Config, "sql::url", format!("{name}: the URL names no file")).help(
                "sqlite:///folder/file.db, or sqlite://file.db from the working directory; the path stands as it is",
            ));
        }
        Ok(Self { name, path: Path::new(path).to_owned() })
    }

    /// A connection within a transaction that sees one state of the data.
    ///
    /// # Errors
    /// `source::file_missing`, `source::unreadable`, and those of [`fault::error`].
    pub(super) fn open(&self) -> Result<Connection, Error> {
        // SQLite says of most of what keeps a file closed only that it cannot be opened.
        let shown = self.path.display().to_string();
        let file = fs::File::open(&self.path).and_then(|file| file.metadata());
        if file.map_err(|cause| unreadable(&shown, &cause))?.is_dir() {
            return Err(Error::new(ErrorKind::Source, "source::unreadable", format!("{shown} is a folder")));
        }
        self.connect().map_err(|fault| fault::error(&self.name, fault))
    }

    fn connect(&self) -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        connection.busy_timeout(PATIENCE)?;
        // What the file's own schema says is not trusted with more than reading.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
        // A misspelt column in double quotes is an error, not a text of that name.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
        connection.execute_batch("PRAGMA query_only = ON; PRAGMA cell_size_check = ON; BEGIN")?;
        Ok(connection)
    }
}
