//! What holds for every source.

use std::sync::Arc;
use std::time::Duration;

use arrow::array::{RecordBatch, new_null_array};
use enlist_core::{ErrorKind, Rows, Source};
use futures::StreamExt;

use super::read::{assert_same, column, gather, names, returned, scan, to_the_end};
use super::rows::{rows, schema};
use super::{Fixture, Table};

/// More than two batches of any reader.
const MANY: i64 = 20_001;

/// Rows from 0 on, in as many origins as the fixture has: many, one, few.
fn origins<F: Fixture>(first: i64) -> Vec<RecordBatch> {
    let sizes = [first, 1, 10];
    let mut from = 0;
    (0..F::ORIGINS)
        .map(|origin| {
            let rows = rows(from, sizes[origin % sizes.len()]);
            from += rows.num_rows() as i64;
            rows
        })
        .collect()
}

fn returned_all<F: Fixture>(fixture: &F, origins: &[RecordBatch]) -> Vec<RecordBatch> {
    origins.iter().map(|rows| returned(fixture, rows)).collect()
}

/// Rows arrive in their order, across batches and origins, and each batch says where it begins.
pub async fn rows_keep_their_order_and_know_their_place<F: Fixture>(fixture: &F) {
    let given = origins::<F>(MANY);
    let source = fixture.holding(&given).await;
    let stream = source.scan(&["id".to_owned()]).await.unwrap();
    assert_eq!(stream.origins.len(), F::ORIGINS, "{:?}", stream.origins);
    let (schema, origins) = (Arc::clone(&stream.schema), stream.origins.len());
    let (batches, failure, _) = to_the_end(stream).await;
    assert!(failure.is_none(), "{failure:?}");
    assert!(batches.len() > F::ORIGINS, "all {MANY} rows arrive in one batch: memory grows with the segment");
    let got = gather(&schema, origins, &batches);
    assert_same(
        &got,
        &returned_all(fixture, &given.iter().map(|rows| rows.project(&[0]).unwrap()).collect::<Vec<_>>()),
    );
}

/// Every type and text comes back as it is, and nulls stand where they stood; the schema says so beforehand.
pub async fn values_arrive_as_they_are<F: Fixture>(fixture: &F) {
    let given = origins::<F>(1_000);
    let expected = returned_all(fixture, &given);
    let source = fixture.holding(&given).await;
    let announced = source.schema().await.unwrap();
    assert_eq!(names(&announced), names(&schema()), "the columns of the source");
    for field in announced.fields() {
        let wanted = expected[0].schema_ref().field_with_name(field.name()).unwrap().data_type().clone();
        assert_eq!(field.data_type(), &wanted, "announced type of column {}", field.name());
    }
    let columns = names(&announced);
    let stream = source.scan(&columns).await.unwrap();
    for field in stream.schema.fields() {
        let same = announced.field_with_name(field.name()).unwrap();
        assert_eq!(field.data_type(), same.data_type(), "type of column {} in a scan", field.name());
    }
    drop(stream);
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    assert_same(&scan(&source, &columns).await.unwrap(), &expected);
}

/// A column without any value keeps its rows.
pub async fn columns_of_nulls_arrive_as_nulls<F: Fixture>(fixture: &F) {
    let given = rows(0, 3);
    let columns = given.columns().iter().enumerate().map(|(index, column)| match index {
        0 => Arc::clone(column),
        _ => new_null_array(column.data_type(), column.len()),
    });
    let given = RecordBatch::try_new(given.schema(), columns.collect()).unwrap();
    let source = fixture.holding(std::slice::from_ref(&given)).await;
    let columns = names(&schema());
    // With a column that has values, since a row of nothing is no row in some formats, and without.
    let all: Vec<&str> = columns.iter().map(String::as_str).collect();
    let expected = [returned(fixture, &given)];
    assert_same(&scan(&source, &all).await.unwrap(), &expected);
    let only: Vec<usize> = (1..all.len()).collect();
    assert_same(&scan(&source, &all[1..]).await.unwrap(), &[expected[0].project(&only).unwrap()]);
}

/// Some columns, in another order, one, or none: the rows stay the same, and as many.
pub async fn only_the_columns_asked_for_arrive<F: Fixture>(fixture: &F) {
    let given = origins::<F>(9_000);
    let expected = returned_all(fixture, &given);
    let source = fixture.holding(&given).await;
    for asked in [&["amount", "email", "id"][..], &["instant"], &["note", "flag"], &[]] {
        let got = scan(&source, asked).await.unwrap();
        let indices: Vec<usize> = asked.iter().map(|name| expected[0].schema_ref().index_of(name).unwrap()).collect();
        let want: Vec<RecordBatch> = expected.iter().map(|rows| rows.project(&indices).unwrap()).collect();
        assert_same(&got, &want);
    }
}

/// The error for a column that is not there is the same everywhere, and helps.
pub async fn an_unknown_column_is_an_error_that_names_those_there_are<F: Fixture>(fixture: &F) {
    let source = fixture.holding(&[rows(0, 3)]).await;
    let error = source.scan(&["id".to_owned(), "emial".to_owned()]).await.err().expect("there is no column emial");
    assert_eq!((error.kind(), error.code()), (ErrorKind::Source, "source::column_missing"), "{error}");
    assert!(error.to_string().contains("emial"), "{error}");
    let help = error.help_text().unwrap_or_default();
    assert!(help.contains("\"email\"") && help.contains("amount"), "the help names no columns: {help}");
}

/// No rows are not no segment.
pub async fn no_rows_are_a_segment_with_its_columns<F: Fixture>(fixture: &F) {
    let source = fixture.holding(&[rows(0, 0)]).await;
    assert_eq!(names(&source.schema().await.unwrap()), names(&schema()));
    let got = scan(&source, &["email", "id"]).await.unwrap();
    assert_eq!(got.iter().map(RecordBatch::num_rows).sum::<usize>(), 0);
    assert!(matches!(source.rows().await.unwrap(), Rows::Exactly(0) | Rows::About(_) | Rows::Unknown));
}

/// A second scan yields what the first did, and a scan does not mind another one that runs at the same time.
pub async fn scans_one_after_the_other_and_side_by_side_yield_the_same<F: Fixture>(fixture: &F) {
    let source = fixture.holding(&origins::<F>(MANY)).await;
    let first = scan(&source, &["id", "note"]).await.unwrap();
    assert_same(&scan(&source, &["id", "note"]).await.unwrap(), &first);

    let columns = ["id", "note"].map(String::from);
    let one = source.scan(&columns).await.unwrap();
    let other = source.scan(&columns).await.unwrap();
    let (schema, origins) = (Arc::clone(&one.schema), one.origins.len());
    let (mut one, mut other) = (one.batches, other.batches);
    let (mut ones, mut others) = (Vec::new(), Vec::new());
    // In turns, so that both are open all the time.
    loop {
        let (a, b) = (one.next().await, other.next().await);
        if a.is_none() && b.is_none() {
            break;
        }
        ones.extend(a.map(Result::unwrap));
        others.extend(b.map(Result::unwrap));
    }
    assert_same(&gather(&schema, origins, &ones), &first);
    assert_same(&gather(&schema, origins, &others), &first);
}

/// What cannot be read to its end says so, directly and through a query, and nothing follows.
pub async fn a_failure_is_the_last_item_and_never_an_early_end<F: Fixture>(fixture: &F) {
    let given = rows(0, MANY);
    let source = fixture.failing(&given).await;
    let columns = names(&schema());
    let failure = match source.scan(&columns).await {
        Err(failure) => failure,
        Ok(stream) => {
            let (schema, origins) = (Arc::clone(&stream.schema), stream.origins.len());
            let (before, failure, after) = to_the_end(stream).await;
            let failure = failure.unwrap_or_else(|| {
                let read: usize = before.iter().map(|batch| batch.rows.num_rows()).sum();
                panic!("the stream ends without an error after {read} of {} rows", given.num_rows());
            });
            assert_eq!(after, 0, "items follow the failure");
            let ids = column(&gather(&schema, origins, &before), "id");
            assert!(ids.len() < given.num_rows(), "all rows arrive, and then a failure");
            let expected = column(&[returned(fixture, &given)], "id");
            assert_eq!(&ids, &expected.slice(0, ids.len()), "the rows before the failure");
            failure
        }
    };
    assert_eq!(failure.kind(), ErrorKind::Source, "{failure}");

    let source = Arc::new(fixture.failing(&given).await);
    let Some(query) = fixture.select(Table::Made(source), "select * from segment").await else { return };
    let through = match query {
        Err(failure) => failure,
        Ok(query) => scan(query.as_ref(), &["id", "email", "note"]).await.expect_err("a query ends early"),
    };
    assert_eq!((through.kind(), through.code()), (failure.kind(), failure.code()), "{through}");
}

/// Whoever stops reading leaves nothing behind, and the source can be read again.
pub async fn a_dropped_stream_ends_its_reader<F: Fixture>(fixture: &F) {
    let source = fixture.holding(&origins::<F>(MANY)).await;
    let mut stream = source.scan(&["id".to_owned(), "note".to_owned()]).await.unwrap();
    stream.batches.next().await.unwrap().unwrap();
    drop(stream);
    for _ in 0..600 {
        match fixture.readers().await {
            None | Some(0) => break,
            // In real time, since readers run on threads and in servers.
            Some(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
    assert!(matches!(fixture.readers().await, None | Some(0)), "a reader goes on after its stream was dropped");
    let again = scan(&source, &["id"]).await.unwrap();
    assert_eq!(again[0].num_rows() as i64, MANY);
}

/// A count that claims to be exact is; an estimate is of the right order.
pub async fn the_number_of_rows_is_what_is_read<F: Fixture>(fixture: &F) {
    let given = origins::<F>(9_000);
    let source = fixture.holding(&given).await;
    let read: u64 = given.iter().map(|rows| rows.num_rows() as u64).sum();
    match source.rows().await.unwrap() {
        Rows::Exactly(rows) => assert_eq!(rows, read),
        Rows::About(rows) => assert!((read / 5..=read * 5).contains(&rows), "about {rows} of {read}"),
        Rows::Unknown => {}
    }
}
