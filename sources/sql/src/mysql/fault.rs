//! What the server and the driver say, as errors.
//!
//! A message of the server is repeated only where it is about the statement: others may quote values.

use std::io;

use enlist_core::{Error, ErrorKind};
use enlist_source_files::advice;
use mysql_async::{DriverError, IoError, ServerError};
use rustls::CertificateError;

use super::cells::Unfit;
use super::connect::Target;
use crate::fault::query_refused;

/// What was being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Connect,
    Describe,
    Read,
}

/// The error for a `fault` of the server or the connection.
pub(super) fn error(target: &Target, phase: Phase, fault: mysql_async::Error) -> Error {
    match fault {
        mysql_async::Error::Server(said) => server(target, phase, &said),
        mysql_async::Error::Driver(DriverError::NoClientSslFlagFromServer) => {
            let message = format!("{}: {} offers no TLS", target.name, target.address());
            Error::new(ErrorKind::Access, "sql::tls", message)
                .help("switch it on at the server; tls: disable sends everything in plain text")
        }
        mysql_async::Error::Io(IoError::Tls(fault)) => tls(target, fault.to_string()),
        mysql_async::Error::Io(IoError::Io(fault)) if rustls_fault(&fault).is_some() => tls(target, fault.to_string()),
        fault if phase == Phase::Connect => {
            let why = match &fault {
                mysql_async::Error::Io(IoError::Io(fault)) => fault.to_string(),
                mysql_async::Error::Driver(fault) => driver(fault).to_owned(),
                _ => "the connection failed".to_owned(),
            };
            source("sql::unreachable", format!("{}: {} cannot be reached: {why}", target.name, target.address()))
                .help("check host and port, and that the server takes connections from this machine")
        }
        mysql_async::Error::Driver(fault) if !matches!(fault, DriverError::ConnectionClosed) => {
            source("mysql::failed", format!("{}: {}", target.name, driver(&fault)))
        }
        _ => lost(target),
    }
}

/// The connection broke off.
fn lost(target: &Target) -> Error {
    source("mysql::lost", format!("{}: the connection to the server was lost", target.name))
        .help("nothing was planned from what had been read; look into the server's log, then run again")
}

/// What the driver says, without what it may quote.
fn driver(fault: &DriverError) -> &'static str {
    match fault {
        DriverError::UnknownAuthPlugin { .. } => "the server asks for a way to log in that is not known here",
        DriverError::MysqlOldPasswordDisabled => "the server asks for the password in the old, insecure way",
        DriverError::CleartextPluginDisabled => "the server asks for the password in clear text",
        DriverError::PacketTooLarge => "a row is larger than the server's max_allowed_packet",
        DriverError::MixedParams | DriverError::StmtParamsMismatch { .. } => "the query has parameters",
        DriverError::LocalInfile(_) => "the server asked for a local file",
        _ => "the server does not keep to the protocol",
    }
}

/// An error that the server reports. Numbers are those of the manual's "Server Error Message Reference".
fn server(target: &Target, phase: Phase, said: &ServerError) -> Error {
    let name = &target.name;
    let access = |code: &'static str, message: String| Error::new(ErrorKind::Access, code, message);
    match said.code {
        // ACCESS_DENIED and its variant without a password
        1045 | 1698 => {
            let (server, user) = (target.address(), target.user());
            access("sql::login_refused", format!("{name}: {server} refuses user \"{user}\" or the password"))
                .help("check both, and that the user may come from this machine")
        }
        // HOST_IS_BLOCKED, HOST_NOT_PRIVILEGED
        1129 | 1130 => access("sql::login_refused", format!("{name}: {} refuses this machine", target.address()))
            .help("let the user come from here: CREATE USER 'reader'@'host'; unblock it: FLUSH HOSTS"),
        // DBACCESS_DENIED, TABLEACCESS_DENIED, COLUMNACCESS_DENIED, SPECIFIC_ACCESS_DENIED, PROCACCESS_DENIED
        1044 | 1142 | 1143 | 1227 | 1370 => access(
            "sql::permission",
            format!("{name}: user \"{}\" may not read it ({})", target.user(), numbered(said)),
        )
        .help("GRANT SELECT on it to the user of the connection"),
        // CON_COUNT, TOO_MANY_USER_CONNECTIONS, USER_LIMIT_REACHED
        1040 | 1203 | 1226 => {
            source("mysql::busy", format!("{name}: the server takes no more connections")).help("run again later")
        }
        // PARSE_ERROR, BAD_FIELD, NO_SUCH_TABLE, SP_DOES_NOT_EXIST, NON_UNIQ, DUP_FIELDNAME, NO_DB, WRONG_FIELD_WITH_GROUP
        1046 | 1052 | 1054 | 1055 | 1060 | 1064 | 1146 | 1305 if phase == Phase::Describe => Error::new(
            ErrorKind::Config,
            "sql::query_invalid",
            format!("{name}: the database refuses the query: {}", said.message),
        ),
        // CANT_EXECUTE_IN_READ_ONLY_TRANSACTION
        1792 => query_refused(name, "it writes"),
        // QUERY_INTERRUPTED, QUERY_TIMEOUT, STATEMENT_TIMEOUT
        1317 | 1969 | 3024 => {
            source("mysql::cancelled", format!("{name}: the server stopped the read ({})", numbered(said)))
                .help("somebody killed it, or a time limit in the query ended it; run again")
        }
        // SERVER_SHUTDOWN, CONNECTION_KILLED
        1053 | 1927 => lost(target),
        // NET_PACKET_TOO_LARGE
        1153 => source("mysql::failed", format!("{name}: a row or statement is larger than max_allowed_packet"))
            .help("raise max_allowed_packet of the server"),
        // TABLE_DEF_CHANGED, NO_SUCH_TABLE
        1412 | 1146 => source("source::column_changed", format!("{name}: a table was altered while it was read"))
            .help("run again when nobody alters the table"),
        // Of class "data exception"
        _ if said.state.starts_with("22") => {
            source("mysql::value", format!("{name}: a value cannot be computed ({})", numbered(said)))
                .help("guard casts and divisions in the SQL of the view or the query")
        }
        _ => source("mysql::failed", format!("{name}: the server failed ({})", numbered(said)))
            .help("the manual of the server says what the number means"),
    }
}

fn numbered(said: &ServerError) -> String {
    format!("error {}, SQLSTATE {}", said.code, said.state)
}

/// Whether `fault` is BAD_DB, or is about a database of which the user may not know.
pub(super) fn is_unknown_database(fault: &mysql_async::Error) -> bool {
    matches!(fault, mysql_async::Error::Server(said) if said.code == 1049)
}

/// Whether `fault` is NO_SUCH_TABLE.
pub(super) fn is_unknown_table(fault: &mysql_async::Error) -> bool {
    matches!(fault, mysql_async::Error::Server(said) if said.code == 1146)
}

/// Whether `fault` is DUP_FIELDNAME.
pub(super) fn is_duplicate_column(fault: &mysql_async::Error) -> bool {
    matches!(fault, mysql_async::Error::Server(said) if said.code == 1060)
}

/// The error for a database that is not there.
pub(super) fn no_database(target: &Target, wanted: &str, offered: &[String]) -> Error {
    let offered: Vec<&str> = offered.iter().map(String::as_str).collect();
    let message = format!("{}: {} has no database \"{wanted}\"", target.name, target.address());
    Error::new(ErrorKind::Config, "sql::database_missing", message).help(advice(wanted, &offered, "databases"))
}

/// The error for a table when the URL names no database.
pub(super) fn database_unnamed(target: &Target) -> Error {
    Error::new(ErrorKind::Config, "sql::database_missing", format!("{}: no database is named", target.name))
        .help("end the URL with it, mysql://user@host/database, or write database.table")
}

/// The error for a cell that does not fit its column.
pub(super) fn cell(place: &str, row: u64, column: &str, unfit: Unfit) -> Error {
    let (code, what) = match unfit {
        Unfit::Changed => ("source::column_changed", "a value of another type than the column had when the read began"),
        Unfit::Encoding => ("mysql::value", "text that is not UTF-8"),
    };
    source(code, format!("{place}, row {row}: column \"{column}\": {what}"))
}

/// The error for a result with other columns than were described.
pub(super) fn changed(place: &str) -> Error {
    source("source::column_changed", format!("{place}: its columns changed after they were described"))
        .help("run again")
}

fn tls(target: &Target, why: String) -> Error {
    let message = format!("{}: {} is not trusted: {why}", target.name, target.address());
    Error::new(ErrorKind::Access, "sql::tls", message)
        .help("name the certificate of its authority with ca_file, or lower tls to verify-ca or require")
}

fn source(code: &'static str, message: String) -> Error {
    Error::new(ErrorKind::Source, code, message)
}

fn rustls_fault(fault: &io::Error) -> Option<&rustls::Error> {
    fault.get_ref()?.downcast_ref()
}

/// A host that the server's certificate names, when its chain is trusted and it does not name the one wanted.
pub(super) fn presented_name(fault: &mysql_async::Error) -> Option<String> {
    let mysql_async::Error::Io(IoError::Io(fault)) = fault else { return None };
    match rustls_fault(fault)? {
        rustls::Error::InvalidCertificate(CertificateError::NotValidForNameContext { presented, .. }) => {
            // As the verifier writes them: DnsName("db.example.com"), IpAddress(192.0.2.1)
            let inside = presented.iter().filter_map(|name| name.split_once('(')?.1.strip_suffix(')'));
            inside.map(|name| name.trim_matches('"').to_owned()).find(|name| !name.starts_with('*'))
        }
        _ => None,
    }
}
