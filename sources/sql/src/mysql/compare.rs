//! Which comparisons the server is trusted with.
//!
//! Whole numbers, decimals and floats compare as the query engine compares them. Text compares by its collation, which
//! may ignore case, accents and spaces at the end: it keeps all that is equal letter by letter, and perhaps more. Dates
//! compare alike but for those that no calendar has: they read as a day before all others.

use arrow::datatypes::{DataType, Decimal128Type, DecimalType};
use datafusion::common::ScalarValue;

use super::cells::{date_text, moment_text};
use super::identifier;
use crate::engine::{Column, Comparison, Keeps};

/// See [`Engine::compare`](crate::engine::Engine::compare).
pub(super) fn compare(column: &Column, comparison: Comparison, value: &ScalarValue) -> Option<(String, Keeps)> {
    let name = identifier(&column.name);
    let condition = |literal: &str| format!("{name} {} {literal}", operator(comparison));
    match (&column.kind, value) {
        // Numbers below 100 would be taken for years of two digits.
        _ if column.declared == "year" => None,
        (DataType::Utf8, _) => text(column, &name, comparison, value.try_as_str()??),
        (DataType::Date32, ScalarValue::Date32(Some(day))) => {
            dated(column, comparison)?;
            Some((condition(&format!("DATE'{}'", date_text(*day)?)), Keeps::AtLeast))
        }
        (DataType::Timestamp(..), ScalarValue::TimestampMicrosecond(Some(micros), _)) => {
            dated(column, comparison)?;
            Some((condition(&format!("TIMESTAMP'{}'", moment_text(*micros)?)), Keeps::AtLeast))
        }
        (DataType::Decimal128(..), ScalarValue::Decimal128(Some(number), precision, scale)) => {
            Some((condition(&Decimal128Type::format_decimal(*number, *precision, *scale)), Keeps::Exactly))
        }
        // Zero is left out: the query engine tells it from minus zero.
        (DataType::Float64, ScalarValue::Float64(Some(number))) if number.is_finite() && *number != 0.0 => {
            Some((condition(&format!("{number:e}")), Keeps::Exactly))
        }
        (kind, value) if kind.is_integer() && value.data_type().is_integer() => {
            Some((condition(&value.to_string()), Keeps::Exactly))
        }
        _ => None,
    }
}

fn operator(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Equal => "=",
        Comparison::NotEqual => "<>",
        Comparison::Less => "<",
        Comparison::LessOrEqual => "<=",
        Comparison::Greater => ">",
        Comparison::GreaterOrEqual => ">=",
    }
}

/// Where the server keeps at least what the query engine keeps. A `TIMESTAMP` holds no date that no calendar has.
fn dated(column: &Column, comparison: Comparison) -> Option<()> {
    let before = matches!(comparison, Comparison::Less | Comparison::LessOrEqual);
    (!before || column.declared == "timestamp").then_some(())
}

fn text(column: &Column, name: &str, comparison: Comparison, value: &str) -> Option<(String, Keeps)> {
    let is_text = matches!(column.declared.as_str(), "text" | "enum" | "set");
    // Some modes of MariaDB take empty text for null.
    if comparison != Comparison::Equal || !is_text || value.is_empty() {
        return None;
    }
    // A column of another character set is refused together with letters that it does not have.
    let name = if value.is_ascii() { name.to_owned() } else { format!("CONVERT({name} USING utf8mb4)") };
    Some((format!("{name} = {}", literal(value)), Keeps::AtLeast))
}

/// `text` as a literal that means the same in every SQL mode: whether a backslash escapes depends on it.
fn literal(text: &str) -> String {
    if text.contains(|letter: char| letter == '\\' || letter.is_control()) {
        let digits: String = text.bytes().map(|byte| format!("{byte:02X}")).collect();
        return format!("_utf8mb4 X'{digits}'");
    }
    format!("'{}'", text.replace('\'', "''"))
}
