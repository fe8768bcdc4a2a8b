//! What SQLite says, as errors.

use enlist_core::{Error, ErrorKind};
use rusqlite::ErrorCode;
use rusqlite::types::ValueRef;

use crate::engine::Column;

/// The error for a `fault` while the database called `name` is read.
pub(super) fn error(name: &str, fault: rusqlite::Error) -> Error {
    let Some(code) = fault.sqlite_error().copied() else {
        return source("sqlite::failed", format!("{name}: the database cannot be read: {fault}"));
    };
    match code.code {
        ErrorCode::NotADatabase => {
            source("sqlite::not_a_database", format!("{name} is not an SQLite database, or an encrypted one"))
                .help("name the file of a database; one that is encrypted cannot be read")
        }
        ErrorCode::DatabaseCorrupt => source("sqlite::damaged", format!("{name}: the database is damaged"))
            .help("what `PRAGMA integrity_check` says shows where; restore it from a backup, or try `.recover`"),
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => {
            source("sqlite::locked", format!("{name}: another program writes to the database for too long"))
                .help("run again when it is done; in WAL mode (PRAGMA journal_mode = WAL) nobody waits for the other")
        }
        ErrorCode::ReadOnly | ErrorCode::CannotOpen => {
            source("sqlite::unreadable", format!("{name}: the database cannot be opened only to be read")).help(
                "its folder must be writable for a database in WAL mode; after a crash its own program opens it first",
            )
        }
        // The message may quote a value, the number does not.
        _ => source("sqlite::failed", format!("{name}: the read failed (SQLite error {})", code.extended_code))
            .help("sqlite.org/rescode.html says what the number means"),
    }
}

/// The error for a `fault` when a query of the operator is prepared: its message speaks of the statement.
pub(super) fn of_query(name: &str, fault: rusqlite::Error) -> Error {
    let of_statement = matches!(&fault, rusqlite::Error::SqlInputError { .. } | rusqlite::Error::MultipleStatement);
    let unknown = fault.sqlite_error_code() == Some(ErrorCode::Unknown);
    if !of_statement && !unknown {
        return error(name, fault);
    }
    let message = match fault {
        rusqlite::Error::SqlInputError { msg, .. } => msg,
        fault => fault.to_string(),
    };
    let message = format!("{name}: the database refuses the query: {message}");
    Error::new(ErrorKind::Config, "sql::query_invalid", message)
}

/// The error for a value of another type than its column has.
pub(super) fn misfit(place: &str, row: u64, column: &Column, value: ValueRef<'_>) -> Error {
    let (found, column, kind) = (class(value), &column.name, &column.kind);
    source("source::column_changed", format!("{place}, row {row}: column \"{column}\" is {kind}, this value {found}"))
        .help("cast the column in a view or a query, or run again when nobody writes")
}

/// The error for text that is not UTF-8.
pub(super) fn encoding(place: &str, row: u64, column: &Column) -> Error {
    let column = &column.name;
    source("sqlite::encoding", format!("{place}, row {row}: column \"{column}\" holds text that is not UTF-8"))
        .help("write it as UTF-8, or as a blob if it is no text")
}

/// The error for columns that vanished after they were described.
pub(super) fn changed(place: &str) -> Error {
    source("source::column_changed", format!("{place}: its columns changed after they were described"))
        .help("run again")
}

fn class(value: ValueRef<'_>) -> &'static str {
    match value {
        ValueRef::Null => "null",
        ValueRef::Integer(_) => "an integer",
        ValueRef::Real(_) => "a real",
        ValueRef::Text(_) => "text",
        ValueRef::Blob(_) => "a blob",
    }
}

fn source(code: &'static str, message: String) -> Error {
    Error::new(ErrorKind::Source, code, message)
}
