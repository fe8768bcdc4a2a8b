//! How a read takes its course: one state of the data, flat memory, nothing left behind.

use std::time::Duration;

use arrow::array::AsArray;
use arrow::datatypes::Int32Type;
use enlist_core::Source;
use enlist_kit::servers::MariaDb;
use enlist_source_sql::Database;
use futures::{StreamExt, TryStreamExt};

use super::{Shop, settings};

#[tokio::test]
async fn a_read_sees_the_state_in_which_it_began() {
    let shop = Shop::with(
        "CREATE TABLE t (id INT PRIMARY KEY, filler TEXT);
         INSERT INTO t SELECT seq, repeat('x', 2000) FROM seq_1_to_30000;",
    );
    let table = shop.table("t").await;
    let mut stream = table.scan(&["id".to_owned(), "filler".to_owned()]).await.unwrap();
    let first = stream.batches.next().await.unwrap().unwrap();
    shop.server.execute("DELETE FROM t WHERE id > 100; INSERT INTO t VALUES (30001, 'late')");
    let rest: Vec<_> = stream.batches.try_collect().await.unwrap();
    let last = rest.last().unwrap().rows.column(0).as_primitive::<Int32Type>();
    assert_eq!(last.value(last.len() - 1), 30_000);
    assert_eq!(first.rows.num_rows() + rest.iter().map(|batch| batch.rows.num_rows()).sum::<usize>(), 30_000);
}

#[tokio::test]
async fn a_slow_consumer_holds_the_server_back() {
    // A server of its own, since it counts the bytes of all connections together.
    let server = MariaDb::start();
    let database = server.database();
    database.execute(
        "CREATE TABLE t (id INT PRIMARY KEY, filler TEXT);
         INSERT INTO t SELECT seq, repeat('x', 2000) FROM seq_1_to_60000;",
    );
    let shop = Database::open(settings(database.url(), database.password())).unwrap();
    let table = shop.table("t", None).await.unwrap();
    let mut stream = table.scan(&["id".to_owned(), "filler".to_owned()]).await.unwrap();
    stream.batches.next().await.unwrap().unwrap();
    let sent = || {
        let said = server.execute("SHOW GLOBAL STATUS LIKE 'Bytes_sent'");
        said.split('\t').nth(1).unwrap().trim().parse::<u64>().unwrap()
    };
    // Until the buffers are full and nothing moves but these questions.
    let mut seen = (0, sent());
    while seen.1 - seen.0 > 100_000 {
        tokio::time::sleep(Duration::from_millis(200)).await;
        seen = (seen.1, sent());
    }
    assert!((4_000_000..60_000_000).contains(&seen.1), "{} of 120 million bytes left the server", seen.1);
    let rest: Vec<_> = stream.batches.try_collect().await.unwrap();
    // Long rows come in batches of few rows.
    assert!(rest.iter().all(|batch| batch.rows.num_rows() < 4_000));
}

#[tokio::test]
async fn a_stream_dropped_in_the_middle_closes_its_connection_without_reading_on() {
    let shop = Shop::with(
        "CREATE TABLE t (id INT PRIMARY KEY, filler TEXT);
         INSERT INTO t SELECT seq, repeat('x', 2000) FROM seq_1_to_60000;",
    );
    let table = shop.table("t").await;
    let mut stream = table.scan(&["id".to_owned(), "filler".to_owned()]).await.unwrap();
    stream.batches.next().await.unwrap().unwrap();
    drop(stream);
    while shop.server.connections() > 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // The server counts results that were broken off.
    let aborted = shop.server.execute("SHOW GLOBAL STATUS LIKE 'Aborted_clients'");
    assert_ne!(aborted.split('\t').nth(1).unwrap().trim(), "0");
}

#[tokio::test]
async fn a_read_leaves_no_connection_and_counts_by_the_statistics() {
    let shop = Shop::with("CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1), (2); ANALYZE TABLE t;");
    assert_eq!(shop.read("t").await.num_rows(), 2);
    while shop.server.connections() > 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(shop.table("t").await.rows().await.unwrap(), enlist_core::Rows::About(2));
    let query = shop.reader.query("SELECT id FROM t").await.unwrap();
    assert_eq!(query.rows().await.unwrap(), enlist_core::Rows::Unknown);
}

#[tokio::test]
async fn parts_are_refused_since_connections_share_no_snapshot() {
    let shop = Shop::with("CREATE TABLE t (id INT PRIMARY KEY);");
    let partition = enlist_source_sql::Partition { by: "id".into(), parts: 2 };
    let table = shop.reader.table("t", Some(partition)).await.unwrap();
    let error = table.scan(&["id".to_owned()]).await.err().unwrap();
    assert_eq!(error.code(), "sql::partition");
}
