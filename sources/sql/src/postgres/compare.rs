//! Which comparisons PostgreSQL makes as the query engine does.

use arrow::datatypes::DataType;
use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveDateTime};
use datafusion::common::ScalarValue;

use super::literal;
use crate::engine::{Column, Comparison, Keeps};

/// See [`Engine::compare`](crate::engine::Engine::compare). The types of `column` and `value` must be the same; floats
/// are left out, since -0.0 and NaN have their own order in each system.
pub(super) fn compare(column: &Column, comparison: Comparison, value: &ScalarValue) -> Option<(String, Keeps)> {
    if column.kind == DataType::Utf8 {
        return text(column, comparison, value);
    }
    if column.kind != value.data_type() {
        return None;
    }
    let literal = match value {
        ScalarValue::Boolean(Some(value)) => value.to_string(),
        ScalarValue::Int16(Some(value)) => format!("'{value}'::int2"),
        ScalarValue::Int32(Some(value)) => format!("'{value}'::int4"),
        ScalarValue::Int64(Some(value)) => format!("'{value}'::int8"),
        ScalarValue::Decimal128(Some(value), _, scale) => format!("'{}'::numeric", decimal(*value, *scale)?),
        ScalarValue::Date32(Some(days)) => format!("'{}'::date", date(*days)?),
        ScalarValue::TimestampMicrosecond(Some(micros), None) => format!("'{}'::timestamp", timestamp(*micros)?),
        // With its zone: the session's own is of no account.
        ScalarValue::TimestampMicrosecond(Some(micros), Some(_)) => {
            format!("'{}+00'::timestamptz", timestamp(*micros)?)
        }
        _ => return None,
    };
    Some((format!("({} {} {literal})", column.select, sign(comparison)), Keeps::Exactly))
}

/// Text is compared for equality alone: its order depends on the collation. A collation may also call equal what
/// differs in bytes, never the reverse, so the database keeps all rows that count, and perhaps more.
fn text(column: &Column, comparison: Comparison, value: &ScalarValue) -> Option<(String, Keeps)> {
    let ScalarValue::Utf8(Some(value)) = value else { return None };
    if comparison != Comparison::Equal || value.contains('\0') {
        return None;
    }
    if column.declared == "uuid" {
        // As a uuid, so that an index serves. What is written in another way equals no uuid as text.
        return is_uuid(value).then(|| (format!("({} = {}::uuid)", column.select, literal(value)), Keeps::Exactly));
    }
    let value = literal(value);
    // json has no equality of its own.
    let cast = if matches!(column.declared.as_str(), "json" | "jsonb") { "::text" } else { "" };
    Some((format!("({}{cast} = {value}::text)", column.select), Keeps::AtLeast))
}

fn sign(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Equal => "=",
        Comparison::NotEqual => "<>",
        Comparison::Less => "<",
        Comparison::LessOrEqual => "<=",
        Comparison::Greater => ">",
        Comparison::GreaterOrEqual => ">=",
    }
}

/// A uuid as it is read: lower case, with its four dashes.
fn is_uuid(text: &str) -> bool {
    let fits = |(at, byte): (usize, u8)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
    };
    text.len() == 36 && text.bytes().enumerate().all(fits)
}

/// `value` with its point moved `scale` digits to the left.
fn decimal(value: i128, scale: i8) -> Option<String> {
    let scale = usize::try_from(scale).ok()?;
    let sign = if value < 0 { "-" } else { "" };
    let digits = format!("{:0>width$}", value.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    Some(if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") })
}

/// Years that are written with four digits on both sides.
fn is_plain(year: i32) -> bool {
    (1..=9999).contains(&year)
}

fn date(days: i32) -> Option<String> {
    let epoch = NaiveDate::default();
    let date = match u64::try_from(days) {
        Ok(after) => epoch.checked_add_days(Days::new(after))?,
        Err(_) => epoch.checked_sub_days(Days::new(u64::from(days.unsigned_abs())))?,
    };
    is_plain(date.year()).then(|| date.format("%Y-%m-%d").to_string())
}

fn timestamp(micros: i64) -> Option<String> {
    let at: NaiveDateTime = DateTime::from_timestamp_micros(micros)?.naive_utc();
    is_plain(at.year()).then(|| at.format("%Y-%m-%d %H:%M:%S%.6f").to_string())
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::TimeUnit;

    use super::*;

    fn column(declared: &str, kind: DataType) -> Column {
        Column { name: "c".into(), kind, select: "\"c\"".into(), declared: declared.into() }
    }

    fn equal(column: &Column, value: &ScalarValue) -> Option<String> {
        compare(column, Comparison::Equal, value).map(|(sql, _)| sql)
    }

    #[test]
    fn quotes_and_backslashes_stay_what_they_are() {
        let text = column("text", DataType::Utf8);
        let sql = equal(&text, &ScalarValue::from(r#"O'Brien "\' é"#)).unwrap();
        assert_eq!(sql, r#"("c" = 'O''Brien "\'' é'::text)"#);
        assert_eq!(equal(&text, &ScalarValue::from("a\0b")), None);
    }

    #[test]
    fn an_instant_is_written_with_its_zone() {
        let zoned = column("timestamptz", DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())));
        let value = ScalarValue::TimestampMicrosecond(Some(1_578_182_400_000_001), Some("UTC".into()));
        assert_eq!(equal(&zoned, &value).unwrap(), "(\"c\" = '2020-01-05 00:00:00.000001+00'::timestamptz)");
        let plain = column("timestamp", DataType::Timestamp(TimeUnit::Microsecond, None));
        assert_eq!(equal(&plain, &value), None, "an instant is no wall clock");
    }

    #[test]
    fn decimals_and_dates_keep_every_digit() {
        for (value, scale, text) in [(-5, 2, "-0.05"), (12_345, 2, "123.45"), (7, 0, "7"), (0, 3, "0.000")] {
            assert_eq!(decimal(value, scale).unwrap(), text);
        }
        assert_eq!(date(-719_162).as_deref(), Some("0001-01-01"));
        assert_eq!(date(-719_163), None);
        assert_eq!(date(2_932_896).as_deref(), Some("9999-12-31"));
        assert_eq!(date(i32::MAX), None);
        assert_eq!(timestamp(i64::MIN), None);
    }

    #[test]
    fn a_text_that_is_no_canonical_uuid_is_left_to_the_query_engine() {
        let uuid = column("uuid", DataType::Utf8);
        let sql = equal(&uuid, &ScalarValue::from("0188e0a4-7f3c-7b8e-9d55-2f6c1f0a3b4c"));
        assert!(sql.unwrap().ends_with("::uuid)"));
        for other in ["0188E0A4-7F3C-7B8E-9D55-2F6C1F0A3B4C", "x'", "", "0188e0a47f3c7b8e9d552f6c1f0a3b4c"] {
            assert_eq!(equal(&uuid, &ScalarValue::from(other)), None);
        }
    }
}
