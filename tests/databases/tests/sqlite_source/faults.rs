//! What goes wrong with a file, and what is said of it.

use std::fs;
use std::path::Path;

use enlist_core::{ErrorKind, Source};
use enlist_source_sql::{Database, Settings};
use futures::StreamExt;

use super::{Shop, failure, settings};

/// Bytes of a page of SQLite, by default.
const PAGE: usize = 4096;

/// Overwrites a page in the second half of the file that is part of a table.
pub(crate) fn damage(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let last = bytes.len() / PAGE;
    // 13 marks a leaf of a table ("Database File Format", 1.6).
    let page = (last / 2..last).find(|page| bytes[page * PAGE] == 13).unwrap();
    bytes[page * PAGE..(page + 1) * PAGE].fill(0xAA);
    fs::write(path, bytes).unwrap();
}

const MANY: &str = "CREATE TABLE t (id INTEGER PRIMARY KEY, filler TEXT);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40000)
    INSERT INTO t SELECT i, 'filler of row ' || i FROM n;";

#[tokio::test]
async fn a_damaged_page_is_an_error_and_no_end() {
    let shop = Shop::with(MANY);
    let table = shop.table("t").await;
    damage(&shop.path());
    let mut stream = table.scan(&["id".to_owned(), "filler".to_owned()]).await.unwrap();
    let (mut rows, mut error) = (0, None);
    while let Some(batch) = stream.batches.next().await {
        match batch {
            Ok(batch) => rows += batch.rows.num_rows(),
            Err(fault) => error = Some(fault),
        }
    }
    let error = error.expect("a damaged page is no end of the table");
    assert_eq!((error.kind(), error.code()), (ErrorKind::Source, "sqlite::damaged"));
    assert!(rows > 0 && rows < 40_000, "{rows}");
    // A description that looks through the data fails as well, rather than to overlook the rest.
    let error = shop.reader.table("t", None).await.err().unwrap();
    assert_eq!(error.code(), "sqlite::damaged");
}

#[tokio::test]
async fn a_file_that_was_cut_off_is_an_error_and_no_end() {
    let shop = Shop::with(MANY);
    let table = shop.table("t").await;
    let size = fs::metadata(shop.path()).unwrap().len();
    fs::File::options().write(true).open(shop.path()).unwrap().set_len(size / PAGE as u64 / 2 * PAGE as u64).unwrap();
    let error = failure(&table).await;
    assert_eq!((error.kind(), error.code()), (ErrorKind::Source, "sqlite::damaged"), "{error}");
}

#[tokio::test]
async fn a_blob_among_texts_is_an_error_with_its_place() {
    let shop = Shop::with(
        "CREATE TABLE t (name TEXT, mixed);
         INSERT INTO t VALUES ('Ada', 1), ('Bob', 'x'), (x'00ff', x'31');",
    );
    let table = shop.table("t").await;
    for (columns, name) in [(["name"], "name"), (["mixed"], "mixed")] {
        let columns = columns.map(String::from);
        let error = table.scan(&columns).await.unwrap().batches.next().await.unwrap().unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Source, "source::column_changed"));
        let said = format!("shop.t, row 3: column \"{name}\" is Utf8, this value a blob");
        assert_eq!(error.to_string(), said);
    }
}

#[tokio::test]
async fn text_that_is_not_utf_8_is_an_error_with_its_place() {
    let shop = Shop::with("CREATE TABLE t (name TEXT); INSERT INTO t VALUES ('Ada'), (CAST(x'5ac3' AS TEXT));");
    let error = failure(&shop.table("t").await).await;
    assert_eq!((error.kind(), error.code()), (ErrorKind::Source, "sqlite::encoding"));
    assert!(error.to_string().starts_with("shop.t, row 2: column \"name\""), "{error}");
}

#[tokio::test]
async fn a_value_of_a_type_that_was_not_there_before_is_an_error_and_never_a_null() {
    let shop = Shop::with("CREATE TABLE t (n, r REAL); INSERT INTO t VALUES (1, 1.5), (2, 2);");
    for late in ["('three', 3)", "(3.5, 3)", "(3, 'three')"] {
        let table = shop.table("t").await;
        shop.execute(&format!("INSERT INTO t VALUES {late}"));
        let error = failure(&table).await;
        assert_eq!(error.code(), "source::column_changed", "{late}");
        assert!(error.to_string().contains("row 3"), "{error}");
        shop.execute("DELETE FROM t WHERE rowid = 3");
    }
    let table = shop.table("t").await;
    shop.execute("ALTER TABLE t DROP COLUMN r");
    assert_eq!(failure(&table).await.code(), "source::column_changed");
}

#[tokio::test]
async fn what_is_no_database_is_not_read_and_never_made() {
    let shop = Shop::with("CREATE TABLE people (id INTEGER); CREATE VIEW adults AS SELECT * FROM people;");
    let open = |name: &str| Database::open(settings(&shop.folder.path().join(name))).unwrap();
    let missing = open("shoop.db").table("people", None).await.err().unwrap();
    assert_eq!((missing.kind(), missing.code()), (ErrorKind::Source, "source::file_missing"));
    assert!(!shop.folder.path().join("shoop.db").exists());
    assert_eq!(open("").table("people", None).await.err().unwrap().code(), "source::unreadable");

    fs::write(shop.folder.path().join("people.csv"), "email\nada@example.com\n".repeat(99)).unwrap();
    let other = open("people.csv").table("people", None).await.err().unwrap();
    assert_eq!((other.kind(), other.code()), (ErrorKind::Source, "sqlite::not_a_database"));

    let table = shop.reader.table("poeple", None).await.err().unwrap();
    assert_eq!((table.kind(), table.code()), (ErrorKind::Source, "sql::table_missing"));
    assert_eq!(table.help_text(), Some("did you mean \"people\"? tables: adults, people"));
    assert_eq!(shop.reader.table("other.people", None).await.err().unwrap().code(), "sql::table_missing");
    for url in ["sqlite:", "sqlite://"] {
        let error = Database::open(Settings { url: url.into(), ..settings(&shop.path()) }).err().unwrap();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Config, "sql::url"));
    }
}

#[tokio::test]
async fn a_query_that_is_not_one_select_is_refused() {
    let shop = Shop::with("CREATE TABLE t (id INTEGER, name TEXT);");
    for (sql, code) in [
        ("DELETE FROM t RETURNING id", "sql::query_refused"),
        ("ATTACH 'other.db' AS other", "sql::query_refused"),
        ("SELECT id FROM t WHERE id = ?1", "sql::query_refused"),
        ("SELECT 1 AS a, 2 AS a", "query::column_twice"),
        ("SELECT 1; SELECT 2", "sql::query_invalid"),
        ("SELECT id FORM t", "sql::query_invalid"),
        // A misspelt column, which SQLite by default takes for a text.
        ("SELECT \"nmae\" FROM t", "sql::query_invalid"),
    ] {
        let error = shop.query(sql).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Config, code), "{sql}: {error}");
    }
    shop.execute("CREATE VIEW v AS SELECT name FROM t; ALTER TABLE t RENAME TO u; DROP VIEW v; DROP TABLE u;");
    assert_eq!(shop.reader.table("v", None).await.err().unwrap().code(), "sql::table_missing");
}

#[tokio::test]
async fn a_computation_that_fails_in_the_middle_is_an_error_without_its_values() {
    let shop =
        Shop::with("CREATE TABLE t (id INTEGER, j TEXT); INSERT INTO t VALUES (1, '{\"a\":1}'), (2, 's3cret{');");
    let error = shop.reader.query("SELECT id, j ->> 'a' AS a FROM t").await.err().unwrap();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Source, "sqlite::failed"));
    assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
}
