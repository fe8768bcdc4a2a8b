//! The rows of the suite: every type that sources share, every text that has ever been misread, and nulls.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int32Array, Int64Array, RecordBatch,
    StringArray, TimestampMicrosecondArray,
};
use arrow::datatypes::SchemaRef;

/// Texts that readers, writers, quoting, collations and filters get wrong. `None` is null.
pub const TEXTS: [Option<&str>; 28] = [
    Some("plain"),
    Some("O'Brien"),
    Some("say \"hi\""),
    Some("\"quoted\""),
    Some("'; drop table segment; --"),
    None,
    Some("back\\slash\\n\\"),
    Some("line\nbreak"),
    Some("line\r\nbreak"),
    Some("tab\tulator"),
    Some("comma, semicolon; pipe|"),
    Some("100%_"),
    Some("$1 ? :x @y {z} ${w}"),
    Some(""),
    Some("padded"),
    Some("padded "),
    Some(" padded"),
    Some("PADDED"),
    Some("Åsa"),
    Some("åsa"),
    Some("asa"),
    // The same letter, composed and decomposed.
    Some("\u{e9}"),
    Some("e\u{301}"),
    Some("日本語 😀"),
    Some("null"),
    Some("NULL"),
    Some("\\N"),
    Some("0123"),
];

/// A day of 2026-01-02 since 1970, in days.
const DAY: i64 = 20_455;

/// `2026-01-02 03:04:05.678901`, in microseconds since 1970.
pub const MOMENT: i64 = (DAY * 86_400 + 3 * 3_600 + 4 * 60 + 5) * 1_000_000 + 678_901;

/// So many rows from row `from` on. Column `id` counts from `from` and has no nulls; every other column has some, and
/// now and then all of them at once. The same numbers give the same rows.
///
/// Columns: `id` Int64, `email`, `note` (one of [`TEXTS`]) Utf8, `flag` Boolean, `level` Int32, `ratio` Float64, `amount`
/// Decimal128(12, 2), `day` Date32, `moment` Timestamp(µs), `instant` Timestamp(µs, UTC).
pub fn rows(from: i64, count: i64) -> RecordBatch {
    // A null in every `period`th row, and in the rows that have nothing.
    let some = |n: i64, period: i64| n % 97 != 50 && n % period != period - 1;
    let all = || from..from + count;
    let amounts = all().map(|n| some(n, 7).then_some([1_250, -1, 0, 999_999_999_999, -5_005, 1_249][n as usize % 6]));
    let ratios = all().map(|n| some(n, 8).then_some([0.1, -1.5, 0.0, 1e300, 1e-300, 123_456.789][n as usize % 6]));
    // The leap day of 2000, the day before 1970, and days around MOMENT.
    let days = all().map(|n| some(n, 9).then_some([11_016, -1, 0, DAY as i32, DAY as i32 + 1][n as usize % 5]));
    let step = |n: i64| [0, 1, -1, 3_600_000_000, -86_400_000_000, 1_099][n as usize % 6];
    let moments = all().map(|n| some(n, 10).then_some(MOMENT + step(n)));
    let instants = all().map(|n| some(n, 11).then_some(MOMENT + step(n + 1)));
    let columns: [(&str, ArrayRef); 10] = [
        ("id", Arc::new(Int64Array::from_iter_values(all()))),
        ("email", Arc::new(StringArray::from_iter(all().map(|n| some(n, 5).then(|| format!("p{n}@example.com")))))),
        ("note", Arc::new(StringArray::from_iter(all().map(|n| text(n).filter(|_| some(n, 60)))))),
        ("flag", Arc::new(BooleanArray::from_iter(all().map(|n| some(n, 6).then_some(n % 2 == 0))))),
        ("level", Arc::new(Int32Array::from_iter(all().map(|n| some(n, 4).then_some(level(n)))))),
        ("ratio", Arc::new(Float64Array::from_iter(ratios))),
        ("amount", Arc::new(Decimal128Array::from_iter(amounts).with_precision_and_scale(12, 2).unwrap())),
        ("day", Arc::new(Date32Array::from_iter(days))),
        ("moment", Arc::new(TimestampMicrosecondArray::from_iter(moments))),
        ("instant", Arc::new(TimestampMicrosecondArray::from_iter(instants).with_timezone("UTC"))),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.map(|(name, column)| (name, column, name != "id"))).unwrap()
}

/// Columns of [`rows`].
pub fn schema() -> SchemaRef {
    rows(0, 0).schema()
}

fn text(n: i64) -> Option<&'static str> {
    TEXTS[n as usize % TEXTS.len()]
}

fn level(n: i64) -> i32 {
    [0, 1, 2, -3, i32::MAX, i32::MIN][n as usize % 6]
}
