//! The rows of the suite as statements of a database.

use arrow::array::{Array, RecordBatch};
use arrow::datatypes::DataType;
use arrow::util::display::{ArrayFormatter, FormatOptions};

/// Rows of one INSERT: below the limits of every database, and few enough statements to be quick.
const ROWS: usize = 1_000;

/// INSERT statements of standard SQL that put `rows` into `table`.
///
/// Times are written as `2026-01-02 03:04:05.678901` without a zone, instants as UTC: the session's zone has to be UTC.
/// Backslashes stand for themselves: MySQL needs `sql_mode` `NO_BACKSLASH_ESCAPES`.
pub fn insert(table: &str, rows: &RecordBatch) -> String {
    let options = FormatOptions::new()
        .with_timestamp_format(Some("%Y-%m-%d %H:%M:%S%.6f"))
        .with_timestamp_tz_format(Some("%Y-%m-%d %H:%M:%S%.6f"));
    let columns: Vec<(&dyn Array, ArrayFormatter<'_>)> = rows
        .columns()
        .iter()
        .map(|column| (column.as_ref(), ArrayFormatter::try_new(column.as_ref(), &options).unwrap()))
        .collect();
    let row = |row: usize| {
        let values: Vec<String> = columns.iter().map(|(column, format)| literal(*column, format, row)).collect();
        format!("({})", values.join(", "))
    };
    let all: Vec<usize> = (0..rows.num_rows()).collect();
    let statements = all.chunks(ROWS).map(|chunk| {
        let values: Vec<String> = chunk.iter().map(|n| row(*n)).collect();
        format!("INSERT INTO {table} VALUES\n{};\n", values.join(",\n"))
    });
    statements.collect()
}

fn literal(column: &dyn Array, format: &ArrayFormatter<'_>, row: usize) -> String {
    if column.is_null(row) {
        return "NULL".to_owned();
    }
    let value = format.value(row).to_string();
    match column.data_type() {
        DataType::Boolean | DataType::Int64 | DataType::Int32 | DataType::Float64 | DataType::Decimal128(..) => value,
        _ => format!("'{}'", value.replace('\'', "''")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::rows::{MOMENT, rows};
    use super::*;

    #[test]
    fn values_are_literals_of_their_type() {
        assert_eq!(MOMENT % 1_000_000, 678_901);
        let sql = insert("t", &rows(0, 2));
        let lines: Vec<&str> = sql.lines().collect();
        assert_eq!(lines[0], "INSERT INTO t VALUES");
        let first = "(0, 'p0@example.com', 'plain', true, 0, 0.1, 12.50, '2000-02-29', \
            '2026-01-02 03:04:05.678901', '2026-01-02 03:04:05.678902'),";
        assert_eq!(lines[1], first);
        assert!(
            lines[2].starts_with("(1, 'p1@example.com', 'O''Brien', false, 1, -1.5, -0.01, '1969-12-31',"),
            "{sql}"
        );
    }
}
