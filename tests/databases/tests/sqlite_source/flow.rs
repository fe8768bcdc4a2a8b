//! How a read takes its course: one state of the data, batch by batch, and nothing is written.

use enlist_core::{Rows, Source};
use futures::{StreamExt, TryStreamExt};

use super::Shop;

const MANY: &str = "CREATE TABLE t (id INTEGER PRIMARY KEY, filler TEXT);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000)
    INSERT INTO t SELECT i, 'filler' FROM n;";

#[tokio::test]
async fn a_read_sees_the_state_in_which_it_began_while_another_program_writes() {
    let shop = Shop::with(&format!("PRAGMA journal_mode = WAL; {MANY}"));
    let table = shop.table("t").await;
    let mut stream = table.scan(&["id".to_owned()]).await.unwrap();
    let mut rows = stream.batches.next().await.unwrap().unwrap().rows.num_rows();
    shop.execute("DELETE FROM t WHERE id > 50000; INSERT INTO t VALUES (70000, 'late')");
    while let Some(batch) = stream.batches.next().await {
        rows += batch.unwrap().rows.num_rows();
    }
    assert_eq!(rows, 60_000);
    assert_eq!(shop.read("t").await.num_rows(), 50_001);
}

#[tokio::test]
async fn a_read_waits_for_a_writer_that_holds_the_file() {
    let shop = Shop::with(MANY);
    let table = shop.table("t").await;
    shop.execute("BEGIN EXCLUSIVE; INSERT INTO t VALUES (70000, 'late')");
    let mut stream = table.scan(&["id".to_owned()]).await.unwrap();
    let first = tokio::spawn(async move { stream.batches.next().await.unwrap().map(|_| stream) });
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    assert!(!first.is_finished());
    shop.execute("COMMIT");
    let rest: Vec<_> = first.await.unwrap().unwrap().batches.try_collect().await.unwrap();
    assert!(!rest.is_empty());
}

#[tokio::test]
async fn rows_are_counted_and_long_ones_come_in_small_batches() {
    let shop = Shop::with(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, filler BLOB);
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100)
         INSERT INTO t SELECT i, zeroblob(1000000) FROM n;",
    );
    let table = shop.table("t").await;
    assert_eq!(table.rows().await.unwrap(), Rows::Exactly(100));
    assert_eq!(shop.reader.query("SELECT 1 AS x").await.unwrap().rows().await.unwrap(), Rows::Unknown);
    let batches: Vec<_> = table.scan(&["filler".to_owned()]).await.unwrap().batches.try_collect().await.unwrap();
    assert!(batches.iter().all(|batch| batch.rows.num_rows() <= 5));
    assert_eq!(batches.last().unwrap().first_row + batches.last().unwrap().rows.num_rows() as u64, 101);
}

#[tokio::test]
async fn a_read_writes_nothing_and_leaves_no_file() {
    let shop = Shop::with(MANY);
    let before = std::fs::read(shop.path()).unwrap();
    shop.read("t").await;
    let files: Vec<_> = std::fs::read_dir(shop.folder.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(files, ["shop.db"]);
    assert!(std::fs::read(shop.path()).unwrap() == before);
}

#[tokio::test]
async fn parts_are_refused() {
    let shop = Shop::with("CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1);");
    let partition = enlist_source_sql::Partition { by: "id".into(), parts: 2 };
    let table = shop.reader.table("t", Some(partition)).await.unwrap();
    assert_eq!(table.scan(&["id".to_owned()]).await.err().unwrap().code(), "sql::partition");
}
