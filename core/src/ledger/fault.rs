//! What SQLite says, in words for the operator.

use std::path::Path;

use rusqlite::ErrorCode;

use crate::{Error, ErrorKind};

/// A failure of the ledger at `path` while `doing` something.
pub(super) fn fault(path: &Path, doing: &str, cause: &rusqlite::Error) -> Error {
    let place = path.display();
    match cause {
        rusqlite::Error::SqliteFailure(failure, message) => {
            let said = message.clone().unwrap_or_else(|| failure.to_string());
            match failure.code {
                // The file ends before its last page.
                _ if failure.extended_code == rusqlite::ffi::SQLITE_IOERR_SHORT_READ => damaged(path, "it was cut off"),
                ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => damaged(path, &said),
                ErrorCode::DiskFull
                | ErrorCode::ReadOnly
                | ErrorCode::SystemIoFailure
                | ErrorCode::CannotOpen
                | ErrorCode::PermissionDenied => Error::new(
                    ErrorKind::State,
                    "state::unwritable",
                    format!("cannot use the ledger {place} ({doing}): {said}"),
                )
                .help("check free space, permissions and health of the disk, then run again"),
                ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Error::new(
                    ErrorKind::State,
                    "state::busy",
                    format!("the ledger {place} stayed locked by another process ({doing})"),
                )
                .help("find the process that holds the file open, for example with `fuser`"),
                _ => Error::new(
                    ErrorKind::State,
                    "state::ledger",
                    format!("the ledger {place} failed ({doing}): {said}"),
                ),
            }
        }
        rusqlite::Error::InvalidColumnType(..)
        | rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::IntegralValueOutOfRange(..) => {
            damaged(path, "a row does not have the form it was written in")
        }
        other => Error::new(ErrorKind::State, "state::ledger", format!("the ledger {place} failed ({doing}): {other}")),
    }
}

/// The ledger at `path` cannot be trusted (R7).
pub(super) fn damaged(path: &Path, what: &str) -> Error {
    Error::new(ErrorKind::State, "state::damaged", format!("the ledger {} is damaged: {what}", path.display())).help(
        "nothing was sent; restore the state folder from a backup, or move the ledger and its -wal file away: \
         the next run then sends every contact again",
    )
}
