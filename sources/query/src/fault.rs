//! What DataFusion's errors mean to the operator.

use std::error::Error as StdError;

use arrow::error::ArrowError;
use datafusion::common::{Column, DataFusionError, SchemaError};
use enlist_core::{Error, ErrorKind};
use enlist_source_files::missing;

use crate::name::TableName;
use crate::select::column_twice;

/// An error while a query was planned. It speaks of names and types alone, so DataFusion's words are kept.
pub(crate) fn planning(fault: &DataFusionError, tables: &[&TableName]) -> Error {
    if let Some(ours) = ours(fault) {
        return ours;
    }
    match fault.find_root() {
        DataFusionError::SchemaError(schema, _) => unknown_column(schema, tables),
        other => Error::new(
            ErrorKind::Config,
            "query::invalid",
            format!("the query cannot be planned: {}", first_line(&other.strip_backtrace())),
        ),
    }
}

/// An error while rows were computed. DataFusion quotes cell values in such errors, so its words are not repeated.
pub(crate) fn running(fault: &DataFusionError) -> Error {
    if let Some(ours) = ours(fault) {
        return ours;
    }
    let source = |what: &str| Error::new(ErrorKind::Source, "query::failed", format!("the query failed: {what}"));
    match fault.find_root() {
        DataFusionError::ResourcesExhausted(_) => Error::new(
            ErrorKind::Config,
            "query::memory",
            "the query needs more memory or temporary disk than it may have",
        )
        .help("raise the limit, select fewer columns, or replace DISTINCT ON and large joins by row_number() = 1"),
        DataFusionError::ArrowError(arrow, _) => match &**arrow {
            ArrowError::DivideByZero => source("division by zero").help("guard the divisor with NULLIF(…, 0)"),
            ArrowError::ArithmeticOverflow(_) => {
                source("a number grew too large for its type").help("cast to a wider type first")
            }
            ArrowError::CastError(_) | ArrowError::ParseError(_) => {
                source("a value cannot be cast to the type asked for").help("TRY_CAST gives null where CAST fails")
            }
            _ => source("a value is not what its type says"),
        },
        DataFusionError::IoError(io) => source(&format!("temporary files: {io}")),
        DataFusionError::Internal(_) => {
            Error::new(ErrorKind::Bug, "bug::query", "the query engine failed on its own account")
        }
        _ => source("a function was given a value that it cannot use")
            .help("look for functions that parse text; TRY_CAST gives null where CAST fails"),
    }
}

/// The error that one of our own sources put into DataFusion's hands.
fn ours(fault: &DataFusionError) -> Option<Error> {
    let mut cause: Option<&(dyn StdError + 'static)> = Some(fault);
    while let Some(error) = cause {
        if let Some(ours) = error.downcast_ref::<Error>() {
            return Some(ours.clone());
        }
        // `source` skips the boxed error itself and goes straight to what caused it.
        if let Some(DataFusionError::External(boxed)) = error.downcast_ref::<DataFusionError>()
            && let Some(ours) = boxed.downcast_ref::<Error>()
        {
            return Some(ours.clone());
        }
        cause = error.source();
    }
    None
}

fn unknown_column(schema: &SchemaError, tables: &[&TableName]) -> Error {
    match schema {
        SchemaError::FieldNotFound { field, valid_fields } => {
            let offered: Vec<&str> = valid_fields.iter().map(Column::name).collect();
            let from = if tables.is_empty() {
                "the query".to_owned()
            } else {
                let names: Vec<String> = tables.iter().map(ToString::to_string).collect();
                format!("the query over {}", names.join(", "))
            };
            missing(field.name(), &offered, &from)
        }
        // A column of a table and another one that was given its name: whoever only names a column does not say whose.
        SchemaError::AmbiguousReference { field } if field.relation.is_some() => column_twice(field.name(), ""),
        SchemaError::AmbiguousReference { field } => Error::new(
            ErrorKind::Config,
            "query::ambiguous",
            format!("column \"{}\" of the query could come from several tables", field.name()),
        )
        .help("write table.column"),
        other => Error::new(ErrorKind::Config, "query::invalid", format!("the query cannot be planned: {other}")),
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}
