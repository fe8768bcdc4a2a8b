//! Errors that all databases have in common.

use enlist_core::{Error, ErrorKind};
use enlist_source_files::advice;

use crate::engine::Relation;

/// The error for a relation that is not there; `offered` are the names of those that are.
pub(crate) fn table_missing(database: &str, relation: &Relation, offered: &[String]) -> Error {
    let wanted = relation.to_string();
    let offered: Vec<&str> = offered.iter().map(String::as_str).collect();
    Error::new(ErrorKind::Source, "sql::table_missing", format!("{database}: there is no table \"{wanted}\""))
        .help(advice(&wanted, &offered, "tables"))
}

/// The error for a password that stands in the URL, where logs and process lists would show it.
pub(crate) fn password_in_url(database: &str) -> Error {
    Error::new(ErrorKind::Config, "sql::password_in_url", format!("{database}: the URL holds a password"))
        .help("take it out of the URL; it belongs in an environment variable or a file")
}

/// The error for a direct query that is not one single SELECT; `why` says what it is.
pub(crate) fn query_refused(database: &str, why: &str) -> Error {
    Error::new(ErrorKind::Config, "sql::query_refused", format!("{database}: the query is refused: {why}"))
        .help("a segment is read, never written: keep one SELECT without parameters")
}

/// The error for two columns of one name, since columns are mapped by name.
pub(crate) fn column_twice(place: &str, column: &str) -> Error {
    Error::new(ErrorKind::Config, "query::column_twice", format!("two columns of {place} are called \"{column}\""))
        .help("select one of them, or rename it with AS")
}

/// The error for a partition by something else than a column of whole numbers.
pub(crate) fn partition(place: &str, why: &str) -> Error {
    Error::new(ErrorKind::Config, "sql::partition", format!("{place} cannot be read in parts: {why}"))
        .help("name a column of whole numbers, best the primary key, and at least one part")
}
