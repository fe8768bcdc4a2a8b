//! The one statement that is allowed: a SELECT over known tables.

use datafusion::common::DataFusionError;
use datafusion::execution::context::SessionState;
use datafusion::prelude::SessionContext;
use datafusion::sql::parser::Statement;
use datafusion::sql::resolve::resolve_table_references;
use datafusion::sql::sqlparser::ast::{Expr, SelectItem, SetExpr, Spanned, Statement as SqlStatement};
use datafusion::sql::sqlparser::parser::ParserError;
use enlist_core::{Error, ErrorKind};
use enlist_source_files::advice;

use crate::name::TableName;
use crate::tables::config;

/// The tables that `sql`, one SELECT, reads, each once: not those that it defines itself with WITH.
///
/// # Errors
/// `query::syntax` with line and column, and `query::refused` for any other statement or more than one; both are
/// configuration.
pub fn tables_of(sql: &str) -> Result<Vec<TableName>, Error> {
    let session = SessionContext::new_with_config(config()).state();
    tables_in(&one_select(&session, sql)?)
}

/// Parses `sql`, which must be one SELECT and read none but the `known` tables.
///
/// # Errors
/// As [`tables_of`], `source::table_missing` (configuration) with the tables there are, and `query::column_twice` with
/// both columns.
pub(crate) fn parse(session: &SessionState, sql: &str, known: &[&TableName]) -> Result<Statement, Error> {
    let statement = one_select(session, sql)?;
    for table in tables_in(&statement)? {
        if !known.contains(&&table) {
            let known: Vec<String> = known.iter().map(ToString::to_string).collect();
            return Err(table_missing(&table, &known));
        }
    }
    named_once(&statement)?;
    Ok(statement)
}

/// Refuses a SELECT that writes two columns of one name. What `*` stands for is not known here.
fn named_once(statement: &Statement) -> Result<(), Error> {
    let Statement::Statement(sql) = statement else { return Ok(()) };
    let SqlStatement::Query(query) = &**sql else { return Ok(()) };
    let SetExpr::Select(select) = &*query.body else { return Ok(()) };
    let mut seen: Vec<(&str, &SelectItem)> = Vec::new();
    for item in &select.projection {
        let Some(name) = name_of(item) else { continue };
        if let Some((_, first)) = seen.iter().find(|(known, _)| *known == name) {
            let place = item.span().start;
            let second = format!("{item} (line {}, column {})", place.line, place.column);
            return Err(column_twice(name, &format!(": {first} and {second}")));
        }
        seen.push((name, item));
    }
    Ok(())
}

/// What the column of the result is called, where the statement tells.
fn name_of(item: &SelectItem) -> Option<&str> {
    match item {
        SelectItem::ExprWithAlias { alias, .. } => Some(&alias.value),
        SelectItem::UnnamedExpr(Expr::Identifier(column)) => Some(&column.value),
        SelectItem::UnnamedExpr(Expr::CompoundIdentifier(parts)) => parts.last().map(|column| column.value.as_str()),
        _ => None,
    }
}

/// The error for two columns of the result called `name`; `which` says more about them, if anything is known.
pub(crate) fn column_twice(name: &str, which: &str) -> Error {
    let message = format!("two columns of the query are called \"{name}\"{which}");
    Error::new(ErrorKind::Config, "query::column_twice", message).help("select one of them, or rename it with AS")
}

fn one_select(session: &SessionState, sql: &str) -> Result<Statement, Error> {
    let dialect = session.config().options().sql_parser.dialect;
    let statement = session.sql_to_statement(sql, &dialect).map_err(|fault| refused_or_wrong(&fault))?;
    let select = matches!(&statement, Statement::Statement(sql) if matches!(**sql, SqlStatement::Query(_)));
    if select { Ok(statement) } else { Err(refused()) }
}

fn tables_in(statement: &Statement) -> Result<Vec<TableName>, Error> {
    let (tables, _) =
        resolve_table_references(statement, false).map_err(|fault| crate::fault::planning(&fault, &[]))?;
    Ok(tables.into_iter().map(TableName::from).collect())
}

/// The error for anything but one SELECT.
pub(crate) fn refused() -> Error {
    Error::new(ErrorKind::Config, "query::refused", "the query is not one single SELECT")
        .help("a segment is read, never written: keep one SELECT (WITH … SELECT is fine), and only that")
}

/// The error (configuration) for a `table` that is not there, with those that are `offered`.
pub fn table_missing(table: &TableName, offered: &[String]) -> Error {
    let offered: Vec<&str> = offered.iter().map(String::as_str).collect();
    Error::new(
        ErrorKind::Config,
        "source::table_missing",
        format!("the query reads a table \"{table}\" that is not there"),
    )
    .help(advice(&table.to_string(), &offered, "tables"))
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
