//! How a read takes its course: one state of the data, flat memory, parts, nothing left behind.

use std::collections::BTreeSet;
use std::time::Duration;

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use enlist_core::{SegmentBatch, Source};
use futures::{StreamExt, TryStreamExt};

use super::Shop;

const WIDE: &str = "CREATE TABLE t (id bigint PRIMARY KEY, filler text);
    INSERT INTO t SELECT n, repeat('x', 2000) FROM generate_series(1, 40000) n;";

fn columns() -> Vec<String> {
    ["id", "filler"].map(String::from).to_vec()
}

fn ids(batches: &[SegmentBatch]) -> Vec<Option<i64>> {
    batches.iter().flat_map(|batch| batch.rows.column(0).as_primitive::<Int64Type>().iter()).collect()
}

#[tokio::test]
async fn a_read_sees_the_state_in_which_it_began() {
    let shop = Shop::with(WIDE);
    let mut stream = shop.table("t").await.scan(&columns()).await.unwrap();
    let first = stream.batches.next().await.unwrap().unwrap();
    shop.server.execute("DELETE FROM t WHERE id > 100; INSERT INTO t VALUES (40001, 'late')");
    let mut rest: Vec<_> = stream.batches.try_collect().await.unwrap();
    rest.insert(0, first);
    assert_eq!(ids(&rest), (1..=40_000).map(Some).collect::<Vec<_>>());
}

#[tokio::test]
async fn parts_see_one_state_and_have_each_row_once() {
    let shop = Shop::with(WIDE);
    shop.server.execute(
        "ALTER TABLE t DROP CONSTRAINT t_pkey; ALTER TABLE t ALTER id DROP NOT NULL;
         INSERT INTO t VALUES (NULL, 'no key'), (NULL, 'no key'), (-5, 'far off')",
    );
    let table = shop.parts("t", "id", 4).await;
    let stream = table.scan(&columns()).await.unwrap();
    let names: Vec<String> = (1..=4).map(|part| format!("shop.t part {part} of 4")).collect();
    assert_eq!(&*stream.origins, names);
    shop.server.execute("DELETE FROM t; INSERT INTO t VALUES (7, 'late')");
    let batches: Vec<_> = stream.batches.try_collect().await.unwrap();
    let mut read = ids(&batches);
    read.sort_unstable();
    let mut wanted = vec![None, None, Some(-5)];
    wanted.extend((1..=40_000).map(Some));
    assert_eq!(read, wanted);
    let origins: BTreeSet<u32> = batches.iter().map(|batch| batch.origin).collect();
    assert_eq!(origins.len(), 4, "each part has rows");
}

#[tokio::test]
async fn parts_of_nothing_of_nulls_and_of_few_rows_are_whole() {
    let shop = Shop::with(
        "CREATE TABLE empty (id int); CREATE TABLE nulls (id int2); INSERT INTO nulls VALUES (NULL), (NULL);
         CREATE TABLE few (id bigint); INSERT INTO few VALUES (9223372036854775807), (-9223372036854775808)",
    );
    for (table, rows) in [("empty", 0), ("nulls", 2), ("few", 2)] {
        let stream = shop.parts(table, "id", 3).await.scan(&["id".into()]).await.unwrap();
        let batches: Vec<_> = stream.batches.try_collect().await.unwrap();
        assert_eq!(batches.iter().map(|batch| batch.rows.num_rows()).sum::<usize>(), rows, "{table}");
    }
}

#[tokio::test]
async fn a_slow_consumer_holds_the_server_back() {
    let shop = Shop::with(WIDE);
    let mut stream = shop.table("t").await.scan(&columns()).await.unwrap();
    stream.batches.next().await.unwrap().unwrap();
    let processed = || {
        let sent = shop
            .server
            .execute("SELECT tuples_processed FROM pg_stat_progress_copy WHERE datname = current_database()");
        sent.trim().parse::<u64>().unwrap()
    };
    // Until all buffers are full and nothing moves.
    let mut seen = (0, processed());
    while seen.0 != seen.1 {
        tokio::time::sleep(Duration::from_millis(200)).await;
        seen = (seen.1, processed());
    }
    assert!(seen.1 > 0 && seen.1 < 36_000, "{} of 40000 rows left the server", seen.1);
    let rest: Vec<_> = stream.batches.try_collect().await.unwrap();
    assert!(rest.iter().all(|batch| batch.rows.num_rows() < 5_000), "batches of long rows have few of them");
}

#[tokio::test]
async fn a_stream_that_nobody_wants_stops_a_statement_that_has_nothing_to_send_yet() {
    let shop = Shop::with("");
    let query = shop.reader.query("SELECT pg_sleep(600)::text AS slept").await.unwrap();
    let columns = ["slept".to_owned()];
    let mut scan = query.scan(&columns);
    let under_way = || shop.server.execute("SELECT 1 FROM pg_stat_activity WHERE query LIKE 'COPY%pg_sleep(600)%'");
    for _ in 0..300 {
        let waited = tokio::time::timeout(Duration::from_millis(200), &mut scan).await;
        assert!(waited.is_err(), "it has nothing to send yet");
        if !under_way().is_empty() {
            break;
        }
    }
    assert!(!under_way().is_empty(), "the statement is not under way");
    drop(scan);
    for _ in 0..600 {
        if shop.server.connections() == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the statement goes on without its reader");
}
