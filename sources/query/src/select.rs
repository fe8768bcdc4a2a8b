//! The one statement that is allowed: a SELECT over known tables.

use datafusion::common::DataFusionError;
use datafusion::execution::context::SessionState;
use datafusion::sql::parser::Statement;
use datafusion::sql::resolve::resolve_table_references;
use datafusion::sql::sqlparser::ast::Statement as SqlStatement;
use datafusion::sql::sqlparser::parser::ParserError;
use enlist_core::{Error, ErrorKind};

use crate::columns::advice;

/// Parses `sql`, which must be one SELECT and read none but the `known` tables.
///
/// # Errors
/// `query::syntax` with line and column, `query::refused` for any other statement or more than one, and
/// `source::table_missing` with the tables there are; all of them configuration.
pub(crate) fn parse(session: &SessionState, sql: &str, known: &[&str]) -> Result<Statement, Error> {
    let dialect = session.config().options().sql_parser.dialect;
    let statement = session.sql_to_statement(sql, &dialect).map_err(|fault| refused_or_wrong(&fault))?;
    if !matches!(&statement, Statement::Statement(sql) if matches!(**sql, SqlStatement::Query(_))) {
        return Err(refused());
    }
    let (tables, _) =
        resolve_table_references(&statement, false).map_err(|fault| crate::fault::planning(&fault, known))?;
    for table in tables {
        if table.schema().is_some() || !known.contains(&table.table()) {
            return Err(table_missing(&table.to_string(), known));
        }
    }
    Ok(statement)
}

/// The error for anything but one SELECT.
pub(crate) fn refused() -> Error {
    Error::new(ErrorKind::Config, "query::refused", "the query is not one single SELECT")
        .help("a segment is read, never written: keep one SELECT (WITH … SELECT is fine), and only that")
}

/// The error for a `table` that is not among those `known`.
fn table_missing(table: &str, known: &[&str]) -> Error {
    Error::new(
        ErrorKind::Config,
        "source::table_missing",
        format!("the query reads a table \"{table}\" that is not there"),
    )
    .help(advice(table, known, "tables"))
}

/// What the parser says, with the place it names.
fn refused_or_wrong(fault: &DataFusionError) -> Error {
    let DataFusionError::SQL(parser, _) = fault.find_root() else {
        // DataFusion itself refuses several statements, and none.
        return refused();
    };
    let said = match &**parser {
        ParserError::TokenizerError(said) | ParserError::ParserError(said) => said.as_str(),
        ParserError::RecursionLimitExceeded => "it is nested too deeply",
    };
    let (what, place) = match said.rsplit_once(" at Line: ") {
        Some((what, place)) => (what, format!(", line {}", place.replace("Column: ", "column "))),
        None => (said, String::new()),
    };
    Error::new(ErrorKind::Config, "query::syntax", format!("the query{place} is not valid SQL: {what}"))
}
