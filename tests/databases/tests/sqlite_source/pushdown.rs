//! What SQLite is asked makes no difference.

use enlist_source_query::Tables;

use super::Shop;
use super::filters::check;

#[test]
fn any_condition_keeps_the_same_rows_with_and_without_sqlite() {
    let texts = [
        "plain",
        "PLAIN",
        "plain ",
        "O'Brien",
        "a\\'b",
        "é",
        "e\u{301}",
        "日本 😀",
        "",
        "1",
        "01",
        " 1",
        "1e0",
        "2026-01-02",
    ];
    let quoted: Vec<String> = texts.iter().map(|text| format!("'{}'", text.replace('\'', "''"))).collect();
    for encoding in ["UTF-8", "UTF-16"] {
        let shop = Shop::with(&format!(
            "PRAGMA encoding = '{encoding}';
             CREATE TABLE base (id INTEGER PRIMARY KEY, a TEXT COLLATE NOCASE, b DATE, c, n INTEGER, m BLOB, f REAL, \
                 g NUMERIC, x);
             CREATE VIEW t AS SELECT id, a, b, c, n, m, f, g, x, n AS v FROM base
                 UNION ALL SELECT id + 1000, '' || n, b, '' || n, n, m, f, g, x, m FROM base;"
        ));
        let pick = |row: usize, values: &[&str]| match row % (values.len() + 1) {
            0 => "NULL".to_owned(),
            index => values[index - 1].to_owned(),
        };
        let all: Vec<&str> = quoted.iter().map(String::as_str).collect();
        let mut sql = "BEGIN;".to_owned();
        for row in 0..300 {
            let cells = [
                pick(row, &all),
                // What looks like a number would be stored as one.
                pick(row, &["'2026-01-02'", "'2026-01-1'", "'plain'", "''"]),
                pick(row, &all),
                pick(row, &["-9223372036854775807 - 1", "0", "1", "9223372036854775807"]),
                pick(row, &["0", "1", "7"]),
                pick(row, &["-1.5", "0.1", "0", "1e300", "3", "9007199254740992"]),
                pick(row, &["12.5", "3", "-7"]),
                pick(row, &["1", "'1'", "'x'", "2.5"]),
            ];
            sql += &format!("INSERT INTO base VALUES ({row}, {});\n", cells.join(", "));
        }
        shop.execute(&format!("{sql} COMMIT;"));
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let integers = words(&["0", "1", "7", "-9223372036854775808", "9223372036854775807"]);
        let columns = [
            ("a", quoted.clone()),
            ("b", quoted.clone()),
            ("c", quoted.clone()),
            ("n", integers.clone()),
            ("m", integers.clone()),
            ("v", integers),
            ("f", words(&["0.1", "0.0", "-0.0", "-1.5", "3.0", "1e300", "9007199254740992.0"])),
            ("g", words(&["12.5", "3", "-7.0"])),
            ("x", quoted.clone()),
        ];
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        for table in ["base", "t"] {
            let table = runtime.block_on(shop.table(table));
            let schema = table.provider().schema();
            let there = columns.iter().filter(|(name, _)| schema.index_of(name).is_ok());
            check(&runtime, &table, &there.cloned().collect::<Vec<_>>(), 60);
        }
    }
}

#[tokio::test]
async fn filters_and_a_limit_are_left_to_sqlite() {
    let shop = Shop::with("CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, day DATE, m);");
    shop.execute("INSERT INTO people VALUES (1, 'Ada', '2026-01-02', 1), (2, 'Bob', NULL, 'x')");
    let table = shop.table("people").await;
    for (sql, left) in [
        ("SELECT id FROM t WHERE id > 0 AND name <> 'x' LIMIT 5", false),
        ("SELECT id FROM t WHERE day >= '2026' OR day IS NULL", false),
        ("SELECT id FROM t WHERE m = '1'", true),
    ] {
        let mut tables = Tables::default();
        tables.add_provider("t", table.provider()).unwrap();
        let plan = tables.query(sql).await.unwrap().explain(&["id".to_owned()]).await.unwrap();
        assert_eq!(plan.contains("FilterExec"), left, "{sql}:\n{plan}");
    }
}
