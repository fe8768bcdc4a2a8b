//! What the server's errors mean to the operator.
//!
//! A message of the server may quote a cell. It is repeated where it speaks of the statement, of the role or of the
//! machine; of data only the SQLSTATE and the names of table and column are.

use std::error::Error as StdError;
use std::io;

use enlist_core::{Error, ErrorKind};
use tokio_postgres::Error as PgError;
use tokio_postgres::error::{DbError, ErrorPosition, SqlState};

use super::target::Target;

/// What went wrong between us and the server.
#[derive(Debug)]
pub(super) struct Fault(PgError);

impl Fault {
    pub(super) fn new(fault: PgError) -> Self {
        Self(fault)
    }

    /// Whether a statement cannot be written like that, whatever it speaks of.
    pub(super) fn is_of_grammar(&self) -> bool {
        [&SqlState::SYNTAX_ERROR, &SqlState::FEATURE_NOT_SUPPORTED].map(Some).contains(&self.0.code())
    }

    /// For people; `place` says what was asked.
    pub(super) fn into_error(self, place: &str) -> Error {
        match self.0.as_db_error() {
            Some(said) => answer(place, said),
            None => lost(place, &cause(&self.0)),
        }
    }

    /// As [`into_error`](Self::into_error), for the answer to a statement that the operator wrote.
    pub(super) fn of_query(self, place: &str, sql: &str) -> Error {
        let Some(said) = self.0.as_db_error() else { return self.into_error(place) };
        if !class(said, "42") && !class(said, "0A") || said.code() == &SqlState::INSUFFICIENT_PRIVILEGE {
            return self.into_error(place);
        }
        let at = match said.position() {
            Some(ErrorPosition::Original(position)) => line_and_column(sql, *position),
            _ => String::new(),
        };
        let error = Error::new(
            ErrorKind::Config,
            "sql::query_invalid",
            format!("{place}: the database refuses the query{at}: {}", said.message()),
        );
        match said.hint() {
            Some(hint) => error.help(hint),
            None => error,
        }
    }
}

/// The error for a connection that broke, or that said what nobody understands.
pub(super) fn lost(place: &str, why: &str) -> Error {
    Error::new(ErrorKind::Source, "postgres::lost", format!("{place}: the connection to the server was lost: {why}"))
        .help("nothing was planned from what had been read; look into the server's log, then run again")
}

/// The error for bytes that are not what the server announced.
pub(super) fn undecodable(place: &str, what: &str) -> Error {
    Error::new(ErrorKind::Source, "postgres::undecodable", format!("{place}: {what}"))
}

fn answer(place: &str, said: &DbError) -> Error {
    let code = said.code();
    let error = |kind, code: &'static str, what: String| Error::new(kind, code, format!("{place}: {what}"));
    let source = |code, what: String| error(ErrorKind::Source, code, what);
    if code == &SqlState::INSUFFICIENT_PRIVILEGE {
        return error(ErrorKind::Access, "sql::permission", said.message().to_owned())
            .help("GRANT SELECT on it (and USAGE on its schema) to the user of the connection");
    }
    if code == &SqlState::QUERY_CANCELED {
        return source("postgres::cancelled", format!("the server stopped the read: {}", said.message()))
            .help("a statement_timeout of the role is lifted by ALTER ROLE … SET statement_timeout");
    }
    if code == &SqlState::T_R_SERIALIZATION_FAILURE {
        return source("postgres::conflict", format!("the server stopped the read: {}", said.message())).help(
            "on a replica, raise max_standby_streaming_delay, set hot_standby_feedback, or read from the primary",
        );
    }
    if code == &SqlState::LOCK_NOT_AVAILABLE {
        return source("postgres::locked", "somebody else holds a lock on it for too long".to_owned())
            .help("look for a migration under way, then run again");
    }
    if code == &SqlState::READ_ONLY_SQL_TRANSACTION {
        return crate::fault::query_refused(place, "it writes");
    }
    if code == &SqlState::TOO_MANY_CONNECTIONS {
        return source("postgres::busy", format!("the server takes no more connections: {}", said.message()))
            .help("run again later, or read in fewer parts");
    }
    if ["57", "08"].into_iter().any(|of| class(said, of)) {
        return lost(place, said.message());
    }
    // The machine's own troubles; they name files and settings, not rows.
    if ["53", "58"].into_iter().any(|of| class(said, of)) {
        return source("postgres::failed", format!("the server failed: {} ({})", said.message(), code.code()));
    }
    let of: String = [said.table().map(|t| format!(", table {t}")), said.column().map(|c| format!(", column {c}"))]
        .into_iter()
        .flatten()
        .collect();
    if class(said, "22") {
        return source("postgres::value", format!("a value cannot be computed (SQLSTATE {}{of})", code.code()))
            .help("the server's log has its own words; guard casts and divisions in the SQL of the view or the query");
    }
    source("postgres::failed", format!("the server failed (SQLSTATE {}{of})", code.code()))
        .help("the server's log has its own words")
}

/// The error for a connection that does not come about.
pub(super) fn connecting(target: &Target, fault: &PgError) -> Error {
    let (name, server, user) = (&target.name, &target.server, target.user());
    let Some(said) = fault.as_db_error() else { return unreachable(target, fault) };
    let code = said.code();
    if code == &SqlState::INVALID_CATALOG_NAME {
        return Error::new(ErrorKind::Config, "sql::database_missing", format!("{name}: {}", said.message()))
            .help("the database is the last part of the URL");
    }
    if class(said, "28") {
        return Error::new(
            ErrorKind::Access,
            "sql::login_refused",
            format!("{name}: {server} refuses user \"{user}\": {}", said.message()),
        )
        .help("check user and password; pg_hba.conf of the server says who may come from where");
    }
    answer(name, said)
}

/// The error for a server that takes a connection and then says nothing.
pub(super) fn silent(target: &Target) -> Error {
    let (name, server) = (&target.name, &target.server);
    Error::new(ErrorKind::Source, "sql::unreachable", format!("{name}: {server} takes the connection and says nothing"))
        .help("check host and port, and what stands between: a balancer, a tunnel, a server that is starting")
}

fn unreachable(target: &Target, fault: &PgError) -> Error {
    let (name, server) = (&target.name, &target.server);
    let why = cause(fault);
    if let Some(tls) = find::<rustls::Error>(fault) {
        let error = Error::new(ErrorKind::Access, "sql::tls", format!("{name}: {server} is not trusted: {tls}"));
        return error.help("name the certificate of its authority with ca_file, or lower tls to verify-ca or require");
    }
    if fault.to_string().contains("TLS") {
        return Error::new(ErrorKind::Access, "sql::tls", format!("{name}: {server} offers no TLS: {why}"))
            .help("switch it on at the server; tls: disable sends everything in plain text");
    }
    if fault.to_string().contains("authentication") || why.contains("password missing") {
        return Error::new(
            ErrorKind::Access,
            "sql::login_refused",
            format!("{name}: {server} wants a password for user \"{}\": {why}", target.user()),
        )
        .help("give the password by a file or an environment variable");
    }
    Error::new(ErrorKind::Source, "sql::unreachable", format!("{name}: {server} cannot be reached: {why}"))
        .help("check host and port, and that the server takes connections from this machine")
}

/// The innermost cause of a fault that the server did not put into words of its own.
fn cause(fault: &PgError) -> String {
    let mut cause: &dyn StdError = fault;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    match find::<io::Error>(fault) {
        Some(io) if io.kind() == io::ErrorKind::TimedOut => "it did not answer in time".to_owned(),
        _ => cause.to_string(),
    }
}

/// The cause of type `T`, also within an I/O error, whose own cause is passed over by `source`.
fn find<'a, T: StdError + 'static>(fault: &'a PgError) -> Option<&'a T> {
    let mut cause: Option<&'a (dyn StdError + 'static)> = Some(fault);
    while let Some(error) = cause {
        if let Some(found) = error.downcast_ref::<T>() {
            return Some(found);
        }
        let within = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if let Some(found) = within.and_then(|within| within.downcast_ref::<T>()) {
            return Some(found);
        }
        cause = error.source();
    }
    None
}

fn class(said: &DbError, class: &str) -> bool {
    said.code().code().starts_with(class)
}

/// ", line L, column C" of the character at `position`, counted from 1.
fn line_and_column(sql: &str, position: u32) -> String {
    let before: Vec<char> = sql.chars().take(position.saturating_sub(1) as usize).collect();
    let line = before.iter().filter(|letter| **letter == '\n').count() + 1;
    let column = before.iter().rev().take_while(|letter| **letter != '\n').count() + 1;
    format!(", line {line}, column {column}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_told_as_line_and_column() {
        assert_eq!(line_and_column("SELECT x", 1), ", line 1, column 1");
        assert_eq!(line_and_column("SELECT\n  é, x", 13), ", line 2, column 6");
    }
}
