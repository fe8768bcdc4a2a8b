//! What the server is asked, and that it makes no difference.

use arrow::array::AsArray;
use arrow::datatypes::Int32Type;
use enlist_kit::servers::MariaDb;

use super::Shop;
use super::filters::{check, select};

/// Statements that read a table called `people` of the shop, as the server wrote them down.
fn statements(shop: &Shop) -> Vec<String> {
    let log = MariaDb::shared().log();
    let mark = format!("/* {} */", shop.server.name());
    let reads = log.lines().filter(|line| line.contains("Execute") && line.contains(&mark));
    reads.map(|line| line.split_once("Execute").unwrap().1.trim().to_owned()).collect()
}

#[tokio::test]
async fn columns_filters_and_a_limit_reach_the_server() {
    let shop = Shop::with("");
    // The name of the table tells its statements from those of other tests.
    let name = format!("/* {} */", shop.server.name());
    shop.server.execute(&format!(
        "CREATE TABLE `{name}` (id INT PRIMARY KEY, name VARCHAR(20), day DATE, seen TIMESTAMP NULL, ratio DOUBLE, \
             amount DECIMAL(9,2), born YEAR);
         INSERT INTO `{name}` VALUES (1, 'Ada', '2026-01-02', '2026-01-02 03:04:05', 1.5, 2.50, 1999);"
    ));
    let table = shop.table(&format!("`{name}`")).await;
    for (sql, statement) in [
        ("SELECT id FROM t WHERE id > 0 LIMIT 5", "SELECT `id` FROM {t} WHERE `id` > 0 LIMIT 5"),
        ("SELECT name FROM t WHERE name = 'O''Brien'", "SELECT `name` FROM {t} WHERE `name` = 'O''Brien'"),
        ("SELECT id FROM t WHERE name = 'a\\b'", "SELECT `id`, `name` FROM {t} WHERE `name` = _utf8mb4 X'615C62'"),
        ("SELECT name FROM t WHERE name = 'Zoë'", "SELECT `name` FROM {t} WHERE CONVERT(`name` USING utf8mb4) = 'Zoë'"),
        ("SELECT day FROM t WHERE day > DATE '2026-01-01'", "SELECT `day` FROM {t} WHERE `day` > DATE'2026-01-01'"),
        // Dates that no calendar has would be before, and the server would not keep them.
        ("SELECT day FROM t WHERE day < DATE '2026-01-01'", "SELECT `day` FROM {t}"),
        (
            "SELECT seen FROM t WHERE seen < TIMESTAMP '2026-02-01T00:00:00Z'",
            "SELECT `seen` FROM {t} WHERE `seen` < TIMESTAMP'2026-02-01 00:00:00.000000'",
        ),
        ("SELECT id FROM t WHERE ratio = 1.5", "SELECT `id` FROM {t} WHERE `ratio` = 1.5e0"),
        ("SELECT id FROM t WHERE amount >= 2.5", "SELECT `id` FROM {t} WHERE `amount` >= 2.50"),
        ("SELECT born FROM t WHERE born > 70", "SELECT `born` FROM {t}"),
        ("SELECT name FROM t WHERE name <> 'x'", "SELECT `name` FROM {t}"),
        ("SELECT count(*) AS n FROM t", "SELECT 1 FROM {t}"),
        ("SELECT id FROM t WHERE day IS NULL", "SELECT `id` FROM {t} WHERE (IF(`day` + 0 = 0, NULL, `day`) IS NULL)"),
    ] {
        select(&table, sql).await;
        let last = statements(&shop).pop().unwrap();
        assert_eq!(last, statement.replace("{t}", &format!("`{name}`")), "{sql}");
    }
}

#[tokio::test]
async fn a_direct_query_is_sent_as_it_is_and_keeps_its_order() {
    let shop = Shop::with("CREATE TABLE people (id INT PRIMARY KEY); INSERT INTO people SELECT seq FROM seq_1_to_100;");
    let sql = format!("SELECT id, 'it\\'s' AS t FROM people ORDER BY id % 7, id DESC -- /* {} */", shop.server.name());
    let rows = shop.query(&sql).await.unwrap();
    let ids = rows.column(0).as_primitive::<Int32Type>();
    assert_eq!((ids.value(0), ids.value(1), ids.value(99)), (98, 91, 6));
    assert_eq!(rows.column(1).as_string::<i32>().value(0), "it's");
    assert_eq!(statements(&shop), std::slice::from_ref(&sql));
    // As a table of a query it is read within another, where filters go.
    let table = shop.reader.query(&sql).await.unwrap();
    assert_eq!(select(&table, "SELECT id FROM t WHERE id = 7").await.num_rows(), 1);
    let limited = select(&table, "SELECT id FROM t LIMIT 3").await;
    assert_eq!(limited.column(0).as_primitive::<Int32Type>().values(), &[98, 91, 84]);
}

#[test]
fn any_condition_keeps_the_same_rows_with_and_without_the_server() {
    let texts = ["plain", "PLAIN", "plain ", "O'Brien", "a\\'b", "é", "e\u{301}", "日本 😀", "", "1", "01"];
    let quoted: Vec<String> = texts.iter().map(|text| format!("'{}'", text.replace('\'', "''"))).collect();
    let shop = Shop::with(
        "CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(20) CHARACTER SET latin1, b TEXT COLLATE utf8mb4_bin, \
             c CHAR(9) CHARACTER SET utf8mb3, e ENUM('plain', 'O''Brien', '1'), n BIGINT UNSIGNED, m TINYINT, \
             d DECIMAL(6,2), f DOUBLE, day DATE, at DATETIME(6), seen TIMESTAMP NULL DEFAULT NULL, bits BIT(4));",
    );
    let mut sql = "SET sql_mode = 'NO_BACKSLASH_ESCAPES,ALLOW_INVALID_DATES'; SET time_zone = '+00:00';".to_owned();
    let pick = |row: usize, values: &[&str]| match row % (values.len() + 1) {
        0 => "NULL".to_owned(),
        index => values[index - 1].to_owned(),
    };
    let latin: Vec<&str> = quoted.iter().filter(|text| text.is_ascii()).map(String::as_str).collect();
    let short: Vec<&str> = quoted.iter().filter(|text| !text.contains('😀')).map(String::as_str).collect();
    let all: Vec<&str> = quoted.iter().map(String::as_str).collect();
    for row in 0..300 {
        let cells = [
            pick(row, &latin),
            pick(row, &all),
            pick(row, &short),
            pick(row, &["'plain'", "'O''Brien'", "'1'"]),
            pick(row, &["0", "1", "18446744073709551615"]),
            pick(row, &["-128", "0", "1", "127"]),
            pick(row, &["-0.01", "0", "12.50", "9999.99"]),
            pick(row, &["-1.5", "0.1", "0", "1e300"]),
            pick(row, &["'0000-00-00'", "'2026-00-15'", "'2026-02-31'", "'1969-12-31'", "'2026-01-02'"]),
            pick(row, &["'0000-00-00'", "'2026-01-00 10:00:00'", "'2026-01-02 03:04:05.000001'", "'1700-01-01'"]),
            pick(row, &["0", "'2026-01-02 03:04:05'", "'1970-01-01 00:00:01'"]),
            pick(row, &["b'0'", "b'1010'"]),
        ];
        sql += &format!("INSERT INTO t VALUES ({row}, {});\n", cells.join(", "));
    }
    shop.server.execute(&sql);
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let days = words(&["DATE '2026-01-02'", "DATE '1969-12-31'", "DATE '2026-03-03'", "DATE '0001-01-01'"]);
    let moments = words(&["TIMESTAMP '2026-01-02 03:04:05.000001'", "TIMESTAMP '1700-01-01 00:00:00'"]);
    let instants = words(&["TIMESTAMP '2026-01-02T03:04:05Z'", "TIMESTAMP '1970-01-01T00:00:01Z'"]);
    let columns = [
        ("a", quoted.clone()),
        ("b", quoted.clone()),
        ("c", quoted.clone()),
        ("e", quoted.clone()),
        ("n", words(&["0", "1", "18446744073709551615", "-1"])),
        ("m", words(&["-128", "0", "1", "300"])),
        ("d", words(&["12.5", "-0.01", "0", "12.499"])),
        ("f", words(&["0.1", "0.0", "-0.0", "-1.5", "1e300"])),
        ("day", days),
        ("at", moments),
        ("seen", instants),
        ("bits", words(&["10", "0"])),
    ];
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let table = runtime.block_on(shop.table("t"));
    check(&runtime, &table, &columns, 120);
}
