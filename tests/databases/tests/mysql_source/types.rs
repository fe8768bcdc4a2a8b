//! Every type of MariaDB arrives whole.

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, Date32Array, Decimal128Array, Float32Array, Float64Array, RecordBatch,
    StringArray, TimestampMicrosecondArray, UInt64Array, create_array,
};
use arrow::datatypes::{DataType, Date32Type, TimeUnit, TimestampMicrosecondType};
use enlist_core::ErrorKind;

use super::Shop;

/// Compares one column of `rows`.
fn holds(rows: &RecordBatch, name: &str, expected: ArrayRef) {
    let column = rows.column_by_name(name).unwrap_or_else(|| panic!("column {name}"));
    assert_eq!((column.data_type(), column), (expected.data_type(), &expected), "column {name}");
}

fn texts(values: &[Option<&str>]) -> ArrayRef {
    std::sync::Arc::new(StringArray::from(values.to_vec()))
}

#[tokio::test]
async fn whole_numbers_keep_their_width_and_sign() {
    let shop = Shop::with(
        "CREATE TABLE t (id INT PRIMARY KEY, b BOOL, t TINYINT, tu TINYINT UNSIGNED, s SMALLINT, su SMALLINT UNSIGNED, \
             m MEDIUMINT, mu MEDIUMINT UNSIGNED, i INT, iu INT UNSIGNED, l BIGINT, lu BIGINT UNSIGNED, \
             z INT(5) ZEROFILL, y YEAR, b1 BIT(1), b9 BIT(9), b64 BIT(64));
         INSERT INTO t VALUES (1, 7, -128, 255, -32768, 65535, -8388608, 16777215, -2147483648, 4294967295, \
             -9223372036854775808, 18446744073709551615, 42, 2026, b'1', b'100000001', 18446744073709551615);
         INSERT INTO t (id) VALUES (2);",
    );
    let rows = shop.read("t").await;
    // Where other readers say "true", nothing is lost.
    holds(&rows, "b", create_array!(Int8, [Some(7), None]));
    holds(&rows, "t", create_array!(Int8, [Some(-128), None]));
    holds(&rows, "tu", create_array!(UInt8, [Some(255), None]));
    holds(&rows, "s", create_array!(Int16, [Some(i16::MIN), None]));
    holds(&rows, "su", create_array!(UInt16, [Some(u16::MAX), None]));
    holds(&rows, "m", create_array!(Int32, [Some(-8_388_608), None]));
    holds(&rows, "mu", create_array!(UInt32, [Some(16_777_215), None]));
    holds(&rows, "i", create_array!(Int32, [Some(i32::MIN), None]));
    holds(&rows, "iu", create_array!(UInt32, [Some(u32::MAX), None]));
    holds(&rows, "l", create_array!(Int64, [Some(i64::MIN), None]));
    holds(&rows, "lu", create_array!(UInt64, [Some(u64::MAX), None]));
    holds(&rows, "z", create_array!(UInt32, [Some(42), None]));
    holds(&rows, "y", create_array!(UInt16, [Some(2026), None]));
    holds(&rows, "b1", create_array!(UInt64, [Some(1), None]));
    holds(&rows, "b9", create_array!(UInt64, [Some(257), None]));
    holds(&rows, "b64", std::sync::Arc::new(UInt64Array::from(vec![Some(u64::MAX), None])));
}

#[tokio::test]
async fn numbers_with_decimals_keep_every_digit() {
    let shop = Shop::with(
        "CREATE TABLE t (id INT PRIMARY KEY, a DECIMAL(12,2), b DECIMAL(38,0), c DECIMAL(38,38) UNSIGNED, \
             d DECIMAL(65,30), f FLOAT, g DOUBLE, z DECIMAL(6,2) ZEROFILL);
         INSERT INTO t VALUES (1, -0.05, -99999999999999999999999999999999999999, \
             0.12345678901234567890123456789012345678, \
             -12345678901234567890123456789012345.123456789012345678901234567890, 16777217.1, 0.1, 1.5);
         INSERT INTO t (id) VALUES (2);",
    );
    let rows = shop.read("t").await;
    let decimals = |value: i128, precision, scale| -> ArrayRef {
        let array = Decimal128Array::from(vec![Some(value), None]).with_precision_and_scale(precision, scale);
        std::sync::Arc::new(array.unwrap())
    };
    holds(&rows, "a", decimals(-5, 12, 2));
    holds(&rows, "b", decimals(1 - 10_i128.pow(38), 38, 0));
    holds(&rows, "c", decimals(12_345_678_901_234_567_890_123_456_789_012_345_678, 38, 38));
    let digits = "-12345678901234567890123456789012345.123456789012345678901234567890";
    holds(&rows, "d", texts(&[Some(digits), None]));
    holds(&rows, "f", std::sync::Arc::new(Float32Array::from(vec![Some(16_777_217.1_f32), None])));
    holds(&rows, "g", std::sync::Arc::new(Float64Array::from(vec![Some(0.1), None])));
    holds(&rows, "z", decimals(150, 6, 2));
}

#[tokio::test]
async fn text_of_any_character_set_is_utf_8() {
    let shop = Shop::with(
        "CREATE TABLE t (id INT PRIMARY KEY, a CHAR(9) CHARACTER SET latin1, b VARCHAR(9) CHARACTER SET ucs2, \
             c TEXT CHARACTER SET utf8mb3, d LONGTEXT, e ENUM('lead', 'it''s'), f SET('a', 'b'), g JSON, h UUID, \
             i INET6, j CHAR(4) CHARACTER SET sjis);
         INSERT INTO t VALUES (1, 'Zoë €', 'Ωmega', 'naïve', '日本語 😀', 'it''s', 'a,b', '{\"a\": [1, \"é\"]}', \
             '123e4567-e89b-12d3-a456-426655440000', '2001:db8::1', '日本');
         INSERT INTO t (id) VALUES (2);",
    );
    let rows = shop.read("t").await;
    for (name, text) in [
        ("a", "Zoë €"),
        ("b", "Ωmega"),
        ("c", "naïve"),
        ("d", "日本語 😀"),
        ("e", "it's"),
        ("f", "a,b"),
        ("g", "{\"a\": [1, \"é\"]}"),
        ("h", "123e4567-e89b-12d3-a456-426655440000"),
        ("i", "2001:db8::1"),
        ("j", "日本"),
    ] {
        holds(&rows, name, texts(&[Some(text), None]));
    }
}

#[tokio::test]
async fn bytes_are_bytes() {
    let shop = Shop::with(
        "CREATE TABLE t (id INT PRIMARY KEY, a BINARY(3), b VARBINARY(9), c BLOB, d POINT);
         INSERT INTO t VALUES (1, x'00ff', x'80', x'C3', ST_GeomFromText('POINT(1 2)'));",
    );
    let rows = shop.read("t").await;
    let bytes = |bytes: &[u8]| -> ArrayRef { std::sync::Arc::new(BinaryArray::from(vec![bytes])) };
    holds(&rows, "a", bytes(&[0, 255, 0]));
    holds(&rows, "b", bytes(&[128]));
    holds(&rows, "c", bytes(&[0xC3]));
    // The reference system, and then the point as WKB has it.
    assert_eq!(rows.column_by_name("d").unwrap().as_binary::<i32>().value(0).len(), 4 + 21);
}

#[tokio::test]
async fn dates_and_times_are_read_in_utc_to_the_microsecond() {
    let shop = Shop::with(
        "CREATE TABLE t (id INT PRIMARY KEY, a DATE, b DATETIME, c DATETIME(6), d TIMESTAMP NULL, e TIMESTAMP(3) NULL, \
             f TIME, g TIME(3));
         SET time_zone = '+02:00';
         INSERT INTO t VALUES (1, '2026-11-22', '1969-12-31 23:59:59', '9999-12-31 23:59:59.999999', \
             '2026-11-22 01:00:00', '2026-11-22 02:00:00.125', '-838:59:59', '00:00:01.500');
         INSERT INTO t (id) VALUES (2);",
    );
    let rows = shop.read("t").await;
    let moments = |micros: i64| TimestampMicrosecondArray::from(vec![Some(micros), None]);
    let plain = |micros| -> ArrayRef { std::sync::Arc::new(moments(micros)) };
    let zoned = |micros| -> ArrayRef { std::sync::Arc::new(moments(micros).with_timezone("UTC")) };
    let midnight = 20_779 * 86_400_000_000;
    holds(&rows, "a", std::sync::Arc::new(Date32Array::from(vec![Some(20_779), None])));
    holds(&rows, "b", plain(-1_000_000));
    holds(&rows, "c", plain(253_402_300_799_999_999));
    holds(&rows, "d", zoned(midnight - 3_600_000_000));
    holds(&rows, "e", zoned(midnight + 125_000));
    holds(&rows, "f", texts(&[Some("-838:59:59"), None]));
    holds(&rows, "g", texts(&[Some("00:00:01.500"), None]));
}

#[tokio::test]
async fn zero_dates_are_null_and_dates_of_no_calendar_look_like_none() {
    let shop = Shop::with(
        "SET sql_mode = 'ALLOW_INVALID_DATES';
         CREATE TABLE t (id INT PRIMARY KEY, a DATE, b DATETIME, c TIMESTAMP NOT NULL DEFAULT 0);
         INSERT INTO t VALUES (1, '0000-00-00', '0000-00-00', 0), (2, '2026-00-15', '2026-00-15 10:00:00', 0), \
             (3, '2026-02-31', '2026-02-31', 0);",
    );
    let rows = shop.read("t").await;
    let (a, b, c) = (rows.column(1), rows.column(2), rows.column(3));
    assert!(a.is_null(0) && b.is_null(0) && c.null_count() == 3);
    for row in [1, 2] {
        let (day, moment) = (a.as_primitive::<Date32Type>(), b.as_primitive::<TimestampMicrosecondType>());
        // No year that has four digits.
        assert!(day.value_as_date(row).is_none_or(|date| date < chrono_year_one()), "row {row}");
        assert!(moment.value_as_date(row).is_none_or(|date| date < chrono_year_one()), "row {row}");
    }
}

fn chrono_year_one() -> chrono::NaiveDate {
    chrono::NaiveDate::from_ymd_opt(1, 1, 1).unwrap()
}

#[tokio::test]
async fn expressions_of_a_query_have_the_types_that_the_server_says() {
    let shop = Shop::with("CREATE TABLE t (id INT PRIMARY KEY, a DECIMAL(5,2)); INSERT INTO t VALUES (1, 1.25);");
    let sql = "SELECT count(*) AS n, sum(a) AS s, NULL AS nothing, 'x' AS x, curtime() AS t, 1/3 AS third, \
               DATE'2026-11-22' AS d, TRUE AS yes FROM t";
    let rows = shop.query(sql).await.unwrap();
    let kinds: Vec<DataType> = rows.schema().fields().iter().map(|field| field.data_type().clone()).collect();
    let expected = [
        DataType::Int64,
        DataType::Decimal128(27, 2),
        DataType::Utf8,
        DataType::Utf8,
        DataType::Utf8,
        DataType::Decimal128(5, 4),
        DataType::Date32,
        DataType::Int32,
    ];
    assert_eq!(kinds, expected);
    assert_eq!(rows.column_by_name("s").unwrap().as_primitive::<arrow::datatypes::Decimal128Type>().value(0), 125);
    let moments = shop.query("SELECT now(3) AS a, from_unixtime(0) AS b").await.unwrap();
    assert_eq!(moments.schema().field(0).data_type(), &DataType::Timestamp(TimeUnit::Microsecond, None));
    assert_eq!(moments.column(1).as_primitive::<TimestampMicrosecondType>().value(0), 0);
}

#[tokio::test]
async fn two_columns_of_one_name_and_what_is_no_select_are_refused() {
    let shop = Shop::with("CREATE TABLE t (id INT PRIMARY KEY);");
    for (sql, kind, code) in [
        ("SELECT 1 AS a, 2 AS a", ErrorKind::Config, "query::column_twice"),
        ("SELECT id FROM t WHERE id = ?", ErrorKind::Config, "sql::query_refused"),
        ("DELETE FROM t", ErrorKind::Config, "sql::query_refused"),
        ("SELECT id FORM t", ErrorKind::Config, "sql::query_invalid"),
        ("SELECT idd FROM t", ErrorKind::Config, "sql::query_invalid"),
        ("SELECT 1; SELECT 2", ErrorKind::Config, "sql::query_invalid"),
        // A filter could not be put around it.
        ("SHOW TABLES", ErrorKind::Config, "sql::query_invalid"),
    ] {
        let error = shop.query(sql).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (kind, code), "{sql}: {error}");
    }
}
