//! Loose types become exact ones, and nothing is lost on the way.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BinaryArray, Float64Array, Int64Array, StringArray};
use arrow::datatypes::DataType;

use super::{Shop, failure};

fn texts(values: &[Option<&str>]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

fn integers(values: &[Option<i64>]) -> ArrayRef {
    Arc::new(Int64Array::from(values.to_vec()))
}

fn reals(values: &[Option<f64>]) -> ArrayRef {
    Arc::new(Float64Array::from(values.to_vec()))
}

/// Reads column `c`, declared as said, that holds the values.
async fn column(declared: &str, values: &[&str]) -> ArrayRef {
    let rows: Vec<String> = values.iter().map(|value| format!("({value})")).collect();
    let shop = Shop::with(&format!("CREATE TABLE t (c {declared}); INSERT INTO t VALUES {};", rows.join(", ")));
    Arc::clone(shop.read("t").await.column(0))
}

#[tokio::test]
async fn a_column_is_what_it_holds_whatever_it_is_declared_as() {
    let max = i64::MAX.to_string();
    for (declared, values, expected) in [
        ("INTEGER", &["1", "NULL", &max][..], integers(&[Some(1), None, Some(i64::MAX)])),
        ("INTEGER", &["1", "'two'"], texts(&[Some("1"), Some("two")])),
        ("INTEGER", &["NULL", "'0123x'"], texts(&[None, Some("0123x")])),
        ("BOOLEAN", &["TRUE", "0"], integers(&[Some(1), Some(0)])),
        ("DATE", &["'2026-11-22'", "NULL"], texts(&[Some("2026-11-22"), None])),
        ("DATETIME", &["1795305600", "NULL"], integers(&[Some(1_795_305_600), None])),
        ("DECIMAL(10,2)", &["10", "0.5"], reals(&[Some(10.0), Some(0.5)])),
        ("REAL", &["10", "NULL"], reals(&[Some(10.0), None])),
        ("TEXT", &["'0123'", "4567"], texts(&[Some("0123"), Some("4567")])),
        ("VARCHAR(3)", &["'longer than 3'", "''"], texts(&[Some("longer than 3"), Some("")])),
        ("", &["1", "'a'", "NULL", "2.5"], texts(&[Some("1"), Some("a"), None, Some("2.5")])),
        // Not every integer is a real: 2^53 + 1 is none.
        ("", &["9007199254740992", "0.5"], reals(&[Some(9_007_199_254_740_992.0), Some(0.5)])),
        ("", &["9007199254740993", "0.5"], texts(&[Some("9007199254740993"), Some("0.5")])),
        ("", &["-9223372036854775807 - 1", "0.5"], texts(&[Some("-9223372036854775808"), Some("0.5")])),
        ("", &["x'00ff'", "NULL"], Arc::new(BinaryArray::from(vec![Some(&[0, 255][..]), None]))),
    ] {
        let found = column(declared, values).await;
        assert_eq!((found.data_type(), &found), (expected.data_type(), &expected), "{declared} {values:?}");
    }
}

#[tokio::test]
async fn a_blob_in_a_column_of_text_is_an_error_with_its_row_and_never_a_null() {
    let shop = Shop::with("CREATE TABLE t (c TEXT); INSERT INTO t VALUES ('a'), (x'00ff');");
    let error = failure(&shop.table("t").await).await;
    assert_eq!(error.code(), "source::column_changed");
    assert!(error.to_string().contains("row 2"), "{error}");
}

#[tokio::test]
async fn the_first_row_does_not_decide() {
    let shop = Shop::with(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, phone);
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
         INSERT INTO t SELECT i, CASE WHEN i < 10000 THEN NULL WHEN i < 19999 THEN i ELSE '+43' || i END FROM n;",
    );
    let rows = shop.read("t").await;
    assert_eq!(rows.column(1).data_type(), &DataType::Utf8);
    assert_eq!(rows.column(1).null_count(), 9_999);
    let phones = rows.column(1).as_any().downcast_ref::<StringArray>().unwrap();
    assert_eq!((phones.value(15_000), phones.value(19_999)), ("15001", "+4320000"));
}

#[tokio::test]
async fn a_strict_table_is_what_it_declares_even_without_rows() {
    let shop =
        Shop::with("CREATE TABLE t (i INT, r REAL, t TEXT, b BLOB, a ANY) STRICT; CREATE TABLE e (i INT, d DATE);");
    let kinds = |rows: arrow::array::RecordBatch| {
        rows.schema().fields().iter().map(|field| field.data_type().clone()).collect::<Vec<_>>()
    };
    let strict = [DataType::Int64, DataType::Float64, DataType::Utf8, DataType::Binary, DataType::Utf8];
    assert_eq!(kinds(shop.read("t").await), strict);
    assert_eq!(kinds(shop.read("e").await), [DataType::Int64, DataType::Utf8]);
    shop.execute("INSERT INTO t VALUES (1, 2, 'x', x'00', 1), (1, 2, 'x', x'00', 'one')");
    assert_eq!(shop.read("t").await.column(4), &texts(&[Some("1"), Some("one")]));
}

#[tokio::test]
async fn views_and_queries_are_what_they_yield() {
    let shop = Shop::with(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, twice AS (id * 2));
         INSERT INTO t (id, name) VALUES (1, 'Ada'), (2, NULL);
         CREATE VIEW v AS SELECT id + 0.5 AS half, name || '!' AS loud, twice FROM t;",
    );
    let view = shop.read("v").await;
    assert_eq!(view.column(0), &reals(&[Some(1.5), Some(2.5)]));
    assert_eq!(view.column(1), &texts(&[Some("Ada!"), None]));
    assert_eq!(view.column(2), &integers(&[Some(2), Some(4)]));
    let query = shop.query("SELECT max(id) AS \"m\"\"x\", group_concat(name) AS names FROM t; -- all of them").await;
    let query = query.unwrap();
    assert_eq!(query.schema().field(0).name(), "m\"x");
    assert_eq!((query.column(0), query.column(1)), (&integers(&[Some(2)]), &texts(&[Some("Ada")])));
}

#[tokio::test]
async fn a_query_keeps_its_order_and_a_database_in_utf_16_its_letters() {
    let shop = Shop::with(
        "PRAGMA encoding = 'UTF-16'; CREATE TABLE \"we\"\"ird\" (id INTEGER PRIMARY KEY, \"n m\" TEXT);
         INSERT INTO \"we\"\"ird\" VALUES (1, '日本 😀'), (2, 'Åsa'), (3, 'O''Brien');",
    );
    let rows = shop.read("we\"ird").await;
    assert_eq!(rows.column(1), &texts(&[Some("日本 😀"), Some("Åsa"), Some("O'Brien")]));
    let ordered = shop.query("SELECT id FROM \"we\"\"ird\" ORDER BY \"n m\" COLLATE NOCASE DESC").await.unwrap();
    assert_eq!(ordered.column(0), &integers(&[Some(1), Some(2), Some(3)]));
    let other = shop.query("SELECT id FROM \"we\"\"ird\" ORDER BY id % 2, id DESC").await.unwrap();
    assert_eq!(other.column(0), &integers(&[Some(2), Some(3), Some(1)]));
}
