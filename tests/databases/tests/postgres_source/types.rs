//! What becomes of the types there are.

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Date32Type, TimeUnit, TimestampMicrosecondType};
use arrow::util::display::array_value_to_string;
use enlist_core::Source;

use super::{Shop, failure};

/// Type, value, what it becomes, and what it then looks like.
fn forms() -> Vec<(&'static str, &'static str, DataType, &'static str)> {
    use DataType::{
        Binary, Boolean, Date32, Decimal128, Float32, Float64, Int16, Int32, Int64, Time64, Timestamp, Utf8,
    };
    let micros = |zone: Option<&str>| Timestamp(TimeUnit::Microsecond, zone.map(Into::into));
    let texts = || DataType::new_list(Utf8, true);
    vec![
        ("boolean", "true", Boolean, "true"),
        ("smallint", "'-32768'", Int16, "-32768"),
        ("integer", "'-2147483648'", Int32, "-2147483648"),
        ("bigint", "'-9223372036854775808'", Int64, "-9223372036854775808"),
        ("oid", "'4294967295'", Int64, "4294967295"),
        ("real", "1.5", Float32, "1.5"),
        ("double precision", "-0.1", Float64, "-0.1"),
        ("text", r#"E'it''s "q" \\ é 😀\n'"#, Utf8, "it's \"q\" \\ é 😀\n"),
        ("varchar(20)", "' padded '", Utf8, " padded "),
        // Blanks at the end of char(n) are no part of the value.
        ("char(5)", "'FI'", Utf8, "FI"),
        ("name", "'n'", Utf8, "n"),
        ("\"char\"", "'x'", Utf8, "x"),
        ("uuid", "'0188E0A4-7F3C-7B8E-9D55-2F6C1F0A3B4C'", Utf8, "0188e0a4-7f3c-7b8e-9d55-2f6c1f0a3b4c"),
        ("json", r#"'{"a":  1}'"#, Utf8, r#"{"a":  1}"#),
        ("jsonb", r#"'{"b":1,"a":[1, "é"]}'"#, Utf8, r#"{"a": [1, "é"], "b": 1}"#),
        ("xml", "'<a>1</a>'", Utf8, "<a>1</a>"),
        ("numeric(12, 2)", "-1234.5", Decimal128(12, 2), "-1234.50"),
        ("numeric(10)", "1000000000", Decimal128(10, 0), "1000000000"),
        ("numeric(38, 10)", "1e27", Decimal128(38, 10), "1000000000000000000000000000.0000000000"),
        ("numeric(3, 3)", "0.007", Decimal128(3, 3), "0.007"),
        (
            "numeric",
            "0.00000000000000000000000000000000000000000000012345",
            Utf8,
            "0.00000000000000000000000000000000000000000000012345",
        ),
        (
            "numeric(50, 2)",
            "123456789012345678901234567890123456789012345678.90",
            Utf8,
            "123456789012345678901234567890123456789012345678.90",
        ),
        ("numeric(5, -2)", "12345", Utf8, "12300"),
        ("numeric", "'NaN'", Utf8, "NaN"),
        ("money", "'1234.5'", Utf8, "1234.50"),
        ("date", "'2024-02-29'", Date32, "2024-02-29"),
        ("time", "'23:59:59.999999'", Time64(TimeUnit::Microsecond), "23:59:59.999999"),
        ("timetz", "'04:05:06+02'", Utf8, "04:05:06+02"),
        ("timestamp", "'1969-12-31 23:59:59.999999'", micros(None), "1969-12-31T23:59:59.999999"),
        ("timestamptz", "'2020-01-05 00:00:00-05'", micros(Some("UTC")), "2020-01-05T05:00:00Z"),
        ("interval", "'1 mon 2 days 03:04:05'", Utf8, "1 mon 2 days 03:04:05"),
        ("bytea", r"'\x00ff'", Binary, "00ff"),
        ("text[]", r#"ARRAY['a', NULL, 'b,"c"', '']"#, texts(), r#"[a, , b,"c", ]"#),
        ("integer[]", "'{1,NULL,-3}'", texts(), "[1, , -3]"),
        ("boolean[]", "'{t,f}'", texts(), "[true, false]"),
        ("numeric(5,2)[]", "'{1.5}'", texts(), "[1.50]"),
        ("timestamptz[]", "'{2020-01-05 00:00:00-05}'", texts(), "[2020-01-05 05:00:00+00]"),
        ("text[]", "'{}'", texts(), "[]"),
        ("mood[]", "'{sad,\"very happy\"}'", texts(), "[sad, very happy]"),
        ("pair[]", "ARRAY[ROW(1, 'x')::pair]", texts(), "[(1,x)]"),
        ("mood", "'very happy'", Utf8, "very happy"),
        ("email", "'ann@example.com'", Utf8, "ann@example.com"),
        ("age", "7", Int32, "7"),
        ("pair", "ROW(1, 'x y')", Utf8, "(1,\"x y\")"),
        ("inet", "'192.168.0.1/24'", Utf8, "192.168.0.1/24"),
        ("bit(3)", "B'101'", Utf8, "101"),
        ("int4range", "'[1,5]'", Utf8, "[1,6)"),
        ("tsvector", "'a fat cat'", Utf8, "'a' 'cat' 'fat'"),
        ("point", "'(1,2)'", Utf8, "(1,2)"),
        ("int2vector", "'1 2'", Utf8, "1 2"),
        ("hstore", "'a=>1'", Utf8, "\"a\"=>\"1\""),
        ("citext", "'ANN'", Utf8, "ANN"),
    ]
}

const TYPES: &str = "CREATE TYPE mood AS ENUM ('sad', 'very happy');
    CREATE DOMAIN email AS text CHECK (VALUE LIKE '%@%');
    CREATE DOMAIN age AS integer CHECK (VALUE > 0);
    CREATE TYPE pair AS (a integer, b text);
    CREATE EXTENSION IF NOT EXISTS hstore; CREATE EXTENSION IF NOT EXISTS citext;";

#[tokio::test]
async fn every_type_has_a_form_and_null_is_null_in_each() {
    let forms = forms();
    let columns: Vec<String> = (0..).zip(&forms).map(|(n, (kind, ..))| format!("c{n} {kind}")).collect();
    let values: Vec<&str> = forms.iter().map(|(_, value, ..)| *value).collect();
    let shop = Shop::with(&format!(
        "{TYPES} CREATE TABLE forms ({}); INSERT INTO forms VALUES ({}); INSERT INTO forms DEFAULT VALUES",
        columns.join(", "),
        values.join(", ")
    ));
    // Whatever the role and the database prefer.
    shop.server.execute(&format!(
        "ALTER DATABASE {name} SET timezone = 'America/New_York'; ALTER DATABASE {name} SET datestyle = 'German'; \
         ALTER DATABASE {name} SET intervalstyle = 'iso_8601'; ALTER DATABASE {name} SET bytea_output = 'escape'; \
         ALTER DATABASE {name} SET extra_float_digits = -5; ALTER DATABASE {name} SET client_encoding = 'LATIN1'",
        name = shop.server.name()
    ));
    for rows in [shop.read("forms").await, shop.query("SELECT * FROM forms;  ").await.unwrap()] {
        for ((kind, _, becomes, text), column) in forms.iter().zip(rows.columns()) {
            assert_eq!(column.data_type(), becomes, "{kind}");
            assert_eq!(array_value_to_string(column, 0).unwrap(), *text, "{kind}");
            assert!(!column.is_null(0) && column.is_null(1), "null of {kind}");
        }
    }
}

#[tokio::test]
async fn dates_beyond_all_dates_are_read_as_what_no_contact_takes() {
    let shop = Shop::with(
        "CREATE TABLE t (d date, m timestamp, i timestamptz);
         INSERT INTO t VALUES ('infinity', 'infinity', 'infinity'), ('-infinity', '-infinity', '-infinity'),
            ('5874897-12-31', '294276-12-31', '294276-12-31'), ('4713-01-01 BC', '4713-01-01 BC', '4713-01-01 BC')",
    );
    let rows = shop.read("t").await;
    let days = rows.column(0).as_primitive::<Date32Type>().values().to_vec();
    assert_eq!((days[0], days[1]), (i32::MAX, i32::MIN));
    assert!(days[2] > 2_932_896 && days[3] < -719_162, "outside the years 1 to 9999: {days:?}");
    for column in 1..3 {
        let micros = rows.column(column).as_primitive::<TimestampMicrosecondType>().values().to_vec();
        assert_eq!((micros[0], micros[1]), (i64::MAX, i64::MIN));
        assert!(micros[2] > 253_402_300_800_000_000 && micros[3] < -62_135_596_800_000_000, "{micros:?}");
    }
}

#[tokio::test]
async fn a_number_that_is_none_and_an_array_of_arrays_are_errors_with_their_place() {
    let shop = Shop::with(
        "CREATE TABLE n (id int, amount numeric(5, 2)); INSERT INTO n VALUES (1, 1), (2, 'NaN'), (3, 3);
         CREATE TABLE a (id int, tags int[]); INSERT INTO a VALUES (1, '{1}'), (2, '{{1,2},{3,4}}');",
    );
    let error = failure(&shop.table("n").await).await;
    assert_eq!(error.code(), "postgres::not_finite");
    assert_eq!(error.to_string(), "shop: n: row 2, column \"amount\" (numeric): not a finite number");
    let rows = shop.query("SELECT id, NULLIF(amount, 'NaN') AS amount FROM n").await.unwrap();
    assert!(rows.num_rows() == 3 && rows.column(1).is_null(1), "as the help says");

    let error = failure(&shop.table("a").await).await;
    assert_eq!(error.code(), "postgres::dimensions");
    assert_eq!(error.to_string(), "shop: a: row 2, column \"tags\" (_int4): an array of more than one dimension");
    let ids = shop.table("a").await;
    let stream = ids.scan(&["id".to_owned()]).await.unwrap();
    let batches: Vec<_> = futures::TryStreamExt::try_collect(stream.batches).await.unwrap();
    assert_eq!(batches.iter().map(|batch| batch.rows.num_rows()).sum::<usize>(), 2, "nobody asked for the arrays");
}

#[tokio::test]
async fn a_decimal_of_38_digits_is_read_to_its_last_one() {
    let most = "9".repeat(36);
    let shop = Shop::with(&format!(
        "CREATE TABLE t (a numeric(38, 2), b numeric(38, 38), c numeric(38, 18)); \
         INSERT INTO t VALUES ({most}.99, 0.{most}99, -99999999999999999999.{})",
        "9".repeat(18)
    ));
    let row = shop.read("t").await;
    for (column, value) in [(0, 10_i128.pow(38) - 1), (1, 10_i128.pow(38) - 1), (2, 1 - 10_i128.pow(38))] {
        assert_eq!(row.column(column).as_primitive::<arrow::datatypes::Decimal128Type>().value(0), value);
    }
}
