//! Delta tables of the `deltalake` package and of the protocol's rules, read as segments.
//!
//! Needs a Python with pyarrow and deltalake: what `ENLIST_TEST_PYTHON` names.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod tables;

use std::fs;

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Int64Type, TimeUnit};
use enlist_core::{Error, ErrorKind, Rows, SegmentBatch, Source};
use enlist_source_delta::{DeltaTable, Version, handles};
use futures::{StreamExt, TryStreamExt};

use tables::{copy, table};

fn open(name: &str) -> DeltaTable {
    DeltaTable::open(&table(name), Version::Latest).unwrap()
}

fn refusal(path: &str, version: Version) -> Error {
    DeltaTable::open(path, version).err().unwrap_or_else(|| panic!("opened {path}"))
}

async fn read(source: &dyn Source, columns: &[&str]) -> Result<Vec<SegmentBatch>, Error> {
    let columns: Vec<String> = columns.iter().map(|c| c.to_string()).collect();
    source.scan(&columns).await?.batches.try_collect().await
}

async fn ids(source: &dyn Source) -> Vec<i64> {
    let batches = read(source, &["id"]).await.unwrap();
    batches.iter().flat_map(|b| b.rows["id"].as_primitive::<Int64Type>().values().to_vec()).collect()
}

async fn sorted(source: &dyn Source) -> Vec<i64> {
    let mut ids = ids(source).await;
    ids.sort_unstable();
    ids
}

#[test]
fn a_table_is_known_by_its_log() {
    assert!(handles(&table("people")));
    assert!(!handles(&table("")) && !handles(&table("people/_delta_log")) && !handles("s3://lake/people"));
}

#[tokio::test]
async fn every_version_is_what_its_commits_say() {
    let at = |version| DeltaTable::open(&table("people"), version).unwrap();
    assert_eq!(sorted(&at(Version::Number(0))).await, (0..8).collect::<Vec<_>>());
    assert_eq!(sorted(&at(Version::Number(1))).await, (0..12).collect::<Vec<_>>());
    let latest = at(Version::Latest);
    assert_eq!(latest.version(), 2);
    assert_eq!(sorted(&latest).await, [0, 2, 3, 4, 5, 6, 7, 8, 10, 11]);
}

#[tokio::test]
async fn a_time_means_the_last_version_committed_by_then() {
    let at = |seconds, nanos| Version::At(chrono::DateTime::from_timestamp(seconds, nanos).unwrap());
    for (time, version) in [
        (at(1_000_000_000, 0), 0),
        (at(1_000_000_099, 999_999_999), 0),
        (at(1_000_000_100, 0), 1),
        (at(1_000_000_200, 0), 2),
        (at(2_000_000_000, 0), 2),
    ] {
        assert_eq!(DeltaTable::open(&table("people"), time).unwrap().version(), version, "{time:?}");
    }
    let error = refusal(&table("people"), at(999_999_999, 999_999_999));
    assert_eq!((error.kind(), error.code()), (ErrorKind::Source, "delta::before_first"));
    assert!(error.to_string().ends_with("has no version as of 2001-09-09T01:46:39.999999999Z"), "{error}");
    let help = error.help_text().unwrap();
    assert_eq!(help, "the first that can still be read was committed at 2001-09-09T01:46:40Z");
}

#[test]
fn times_in_the_commits_count_more_than_those_of_their_files() {
    let at = |millis| Version::At(chrono::DateTime::from_timestamp_millis(millis).unwrap());
    let version = |time| DeltaTable::open(&table("stamped"), time).unwrap().version();
    assert_eq!(version(at(1_700_000_000_000)), 0);
    assert_eq!(version(at(1_700_000_009_999)), 0);
    assert_eq!(version(at(1_700_000_010_000)), 1);
    assert_eq!(refusal(&table("stamped"), at(1_699_999_999_999)).code(), "delta::before_first");
}

#[test]
fn a_version_that_is_not_there_is_told_from_one_that_is_there_no_more() {
    let error = refusal(&table("people"), Version::Number(3));
    assert_eq!((error.kind(), error.code()), (ErrorKind::Source, "delta::version_missing"));
    assert_eq!(error.help_text(), Some("the latest is version 2"));
    let error = refusal(&table("cleaned"), Version::Number(1));
    assert_eq!(error.code(), "delta::version_gone", "{error}");
    assert_eq!(error.help_text(), Some("its log was cleaned up: versions 3 to 5 are left"));
}

#[tokio::test]
async fn checkpoints_of_both_kinds_stand_for_the_commits_before_them() {
    assert_eq!(sorted(&open("cleaned")).await, (0..6).collect::<Vec<_>>());
    assert_eq!(
        sorted(&DeltaTable::open(&table("cleaned"), Version::Number(4)).unwrap()).await,
        (0..5).collect::<Vec<_>>()
    );
    assert_eq!(ids(&open("checkpointed")).await, [0, 1, 2]);
}

#[tokio::test]
async fn columns_have_the_types_of_the_table() {
    let source = open("people");
    let schema = source.schema().await.unwrap();
    let moment = |zone: Option<&str>| DataType::Timestamp(TimeUnit::Microsecond, zone.map(Into::into));
    let kind = |name: &str| schema.field_with_name(name).unwrap().data_type().clone();
    assert_eq!(kind("spend"), DataType::Decimal128(12, 2));
    assert_eq!((kind("seen"), kind("local")), (moment(Some("UTC")), moment(None)));
    assert_eq!((kind("born"), kind("day"), kind("land")), (DataType::Date32, DataType::Date32, DataType::Utf8));
    assert_eq!(kind("vip"), DataType::Boolean);
    let all: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    let batches = read(&source, &all).await.unwrap();
    for batch in &batches {
        assert_eq!(batch.rows.schema(), schema);
        for row in 0..batch.rows.num_rows() {
            let id = batch.rows["id"].as_primitive::<Int64Type>().value(row);
            let shown = |name: &str| {
                let column = &batch.rows[name];
                arrow::util::display::array_value_to_string(column, row).unwrap()
            };
            assert_eq!(shown("Email"), format!("p{id}@example.com"));
            assert_eq!(shown("spend"), format!("0.{id:02}"));
            assert_eq!(shown("local"), format!("2026-01-02T03:04:05.{id:06}").replace(".000000", ""));
            assert_eq!(shown("seen"), shown("local") + "Z");
            assert_eq!(shown("home"), format!("{{city: Åbo, zip: {id}}}"));
            assert_eq!(shown("tags"), if id % 2 == 0 { String::new() } else { format!("[t{id}, ]") });
            assert_eq!(shown("day"), format!("2026-01-0{}", 1 + id % 2));
            assert_eq!(shown("land"), ["FI", "SE", "", "a b/c=d%"][id as usize % 4]);
            assert_eq!(batch.rows["land"].is_null(row), id % 4 == 2);
        }
    }
    assert_eq!(batches.iter().map(|batch| batch.rows.num_rows()).sum::<usize>(), 10);
}

#[tokio::test]
async fn any_columns_can_be_asked_for_in_any_order_even_none() {
    let source = open("people");
    for columns in [vec!["land"], vec!["day", "Email", "land"], vec!["home"], vec![]] {
        let batches = read(&source, &columns).await.unwrap();
        assert_eq!(batches.iter().map(|batch| batch.rows.num_rows()).sum::<usize>(), 10, "{columns:?}");
        let schema = batches[0].rows.schema();
        assert_eq!(schema.fields().iter().map(|field| field.name().as_str()).collect::<Vec<_>>(), columns);
    }
    let error = read(&source, &["mail"]).await.unwrap_err();
    assert_eq!(error.code(), "source::column_missing");
    assert!(error.help_text().unwrap().starts_with("did you mean \"Email\"?"), "{error:?}");
}

#[tokio::test]
async fn a_column_that_is_not_asked_for_is_not_read() {
    let folder = copy("large");
    let file = fs::read_dir(folder.path()).unwrap().flatten().find(|entry| entry.path().is_file()).unwrap().path();
    let mut bytes = fs::read(&file).unwrap();
    // The words follow the numbers, and are most of the file.
    let middle = bytes.len() * 3 / 4;
    bytes[middle..middle + 5_000].fill(0xff);
    fs::write(&file, bytes).unwrap();
    let source = DeltaTable::open(folder.path().to_str().unwrap(), Version::Latest).unwrap();
    assert_eq!(ids(&source).await.len(), 50_000);
    let error = read(&source, &["word"]).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Source, "delta::damaged"), "{error}");
    assert!(error.to_string().contains(file.file_name().unwrap().to_str().unwrap()), "{error}");
}

#[tokio::test]
async fn rows_are_numbered_within_their_file_and_files_come_in_order_of_path() {
    let source = open("large");
    let stream = source.scan(&["id".into()]).await.unwrap();
    assert_eq!(stream.origins.len(), 1);
    let batches: Vec<_> = stream.batches.try_collect().await.unwrap();
    assert!(batches.len() > 5, "{} batches", batches.len());
    let mut next = 1;
    for batch in batches {
        assert_eq!(batch.first_row, next);
        assert_eq!(batch.rows["id"].as_primitive::<Int64Type>().value(0) as u64, next - 1);
        next += batch.rows.num_rows() as u64;
    }
    let source = open("people");
    let stream = source.scan(&["id".into()]).await.unwrap();
    assert!(
        stream.origins.is_sorted() && stream.origins[0].starts_with(&table("people/land=")),
        "{:?}",
        stream.origins
    );
    let origins = stream.origins.len();
    let batches: Vec<_> = stream.batches.try_collect().await.unwrap();
    assert_eq!(batches.iter().map(|batch| batch.origin).collect::<Vec<_>>(), (0..origins as u32).collect::<Vec<_>>());
    assert!(batches.iter().all(|batch| batch.first_row == 1));
    assert_eq!(ids(&source).await, ids(&open("people")).await);
}

#[tokio::test]
async fn deleted_rows_are_left_out_and_the_rest_numbered_without_gaps() {
    let left: Vec<i64> = (0..40).filter(|id| ![3, 4, 7, 11, 18, 29].contains(id)).collect();
    for name in ["vectors", "beside"] {
        let source = open(name);
        assert_eq!(ids(&source).await, left, "{name}");
        assert_eq!(source.rows().await.unwrap(), Rows::Exactly(34));
    }
    let error = read(&open("short"), &["id"]).await.unwrap_err();
    assert_eq!(error.code(), "delta::damaged");
    assert!(error.to_string().ends_with("it has fewer rows than are marked as deleted"), "{error}");
}

#[tokio::test]
async fn the_number_of_rows_is_known_when_the_log_has_it() {
    assert_eq!(open("people").rows().await.unwrap(), Rows::Exactly(10));
    assert_eq!(open("empty").rows().await.unwrap(), Rows::Exactly(0));
    assert_eq!(open("uncounted").rows().await.unwrap(), Rows::Unknown);
    assert_eq!(open("cleaned").rows().await.unwrap(), Rows::Exactly(6));
}

#[tokio::test]
async fn columns_are_found_under_the_names_and_ids_that_files_have_for_them() {
    for mode in ["mapped-name", "mapped-id"] {
        let source = open(mode);
        let schema = source.schema().await.unwrap();
        assert_eq!(schema.fields().iter().map(|f| f.name().as_str()).collect::<Vec<_>>(), ["id", "first name", "land"]);
        assert!(schema.fields().iter().all(|field| field.metadata().is_empty()));
        let rows = &read(&source, &["land", "first name", "id"]).await.unwrap()[0].rows;
        assert_eq!(rows["id"].as_primitive::<Int64Type>().values(), &[1, 2], "{mode}");
        assert_eq!(rows["first name"].as_string::<i32>().iter().collect::<Vec<_>>(), [Some("a"), None]);
        assert_eq!(rows["land"].as_string::<i32>().value(1), "FI");
    }
}

#[tokio::test]
async fn files_that_were_written_before_a_change_of_the_columns_follow_it() {
    let rows = read(&open("evolved"), &["id", "city"]).await.unwrap();
    let mut found: Vec<_> = rows
        .iter()
        .flat_map(|batch| {
            let ids = batch.rows["id"].as_primitive::<Int64Type>().values().to_vec();
            ids.into_iter().zip(batch.rows["city"].as_string::<i32>().iter().map(|city| city.map(str::to_owned)))
        })
        .collect();
    found.sort();
    assert_eq!(found, [(1, None), (2, None), (3, Some("Turku".to_owned()))]);
    let cities = read(&open("evolved"), &["city"]).await.unwrap();
    assert_eq!(cities.iter().map(|batch| batch.rows.num_rows()).sum::<usize>(), 3);
    let widened = read(&open("widened"), &["id"]).await.unwrap();
    let ids: Vec<_> = widened.iter().flat_map(|b| b.rows["id"].as_primitive::<Int64Type>().iter()).collect();
    assert_eq!(ids, [Some(1), None, Some(1 << 40)]);
}

#[tokio::test]
async fn a_table_of_no_rows_is_a_segment_of_no_rows() {
    let source = open("empty");
    assert_eq!(source.schema().await.unwrap().fields().len(), 2);
    assert!(read(&source, &["name"]).await.unwrap().is_empty());
}

#[test]
fn a_folder_without_a_log_says_what_is_there_instead() {
    let error = refusal(&table(""), Version::Latest);
    assert_eq!((error.kind(), error.code()), (ErrorKind::Source, "delta::not_a_table"));
    assert!(error.help_text().unwrap().starts_with("there are tables below it, for example "), "{error:?}");
    let error = refusal(&table("people/_delta_log"), Version::Latest);
    assert!(error.help_text().unwrap().starts_with("name the folder of the table: "), "{error:?}");
    let error = refusal(&table("people/land=FI/day=2026-01-01"), Version::Latest);
    assert!(error.help_text().unwrap().starts_with("it holds part-"), "{error:?}");
    let error = refusal(&table("poeple"), Version::Latest);
    assert_eq!(error.code(), "source::file_missing");
    assert!(error.help_text().unwrap().contains("people?"), "{error:?}");
}

#[test]
fn what_cannot_be_read_is_refused_when_it_is_opened() {
    for (name, code, said) in [
        ("future", "delta::unsupported", "timeTravelToTheFuture"),
        ("headless", "delta::log", "does not say which columns"),
    ] {
        let error = refusal(&table(name), Version::Latest);
        assert_eq!((error.kind(), error.code()), (ErrorKind::Source, code), "{error}");
        assert!(error.to_string().contains(said) && error.help_text().is_some(), "{error:?}");
    }
}

#[tokio::test]
async fn a_partition_value_of_another_type_is_an_error_that_does_not_show_it() {
    let error = read(&open("misdated"), &["id", "day"]).await.unwrap_err();
    assert_eq!(error.code(), "delta::log");
    assert!(
        error.to_string().ends_with("a partition value is no date") && !format!("{error:?}").contains("hush"),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_file_in_another_store_is_not_looked_for_in_this_one() {
    let error = read(&open("cloned"), &["id"]).await.unwrap_err();
    assert_eq!(error.code(), "delta::elsewhere");
    assert!(error.to_string().ends_with("s3://elsewhere/a.parquet"), "{error}");
}

#[tokio::test]
async fn a_data_file_that_was_vacuumed_is_named_at_its_turn() {
    let folder = copy("cleaned");
    let source = DeltaTable::open(folder.path().to_str().unwrap(), Version::Latest).unwrap();
    let stream = source.scan(&["id".into()]).await.unwrap();
    let gone = stream.origins[3].clone();
    drop(stream);
    fs::remove_file(&gone).unwrap();
    let items: Vec<_> = source.scan(&["id".into()]).await.unwrap().batches.collect().await;
    assert_eq!(items.len(), 4);
    let error = items[3].as_ref().unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Source, "delta::file_missing"));
    assert!(error.to_string().starts_with(&gone) && error.help_text().unwrap().contains("VACUUM"), "{error:?}");
}

#[tokio::test]
async fn a_damaged_log_is_an_error_that_shows_nothing_of_it() {
    let folder = copy("people");
    let path = folder.path().to_str().unwrap();
    let commit = folder.path().join("_delta_log/00000000000000000001.json");
    let whole = fs::read(&commit).unwrap();
    for damage in [&whole[..whole.len() / 2], b"{\"add\": \"hush@example.com\"}\n", b"\xff\xfe"] {
        fs::write(&commit, damage).unwrap();
        let error = match DeltaTable::open(path, Version::Latest) {
            Err(error) => error,
            Ok(source) => source.rows().await.unwrap_err(),
        };
        assert_eq!((error.kind(), error.code()), (ErrorKind::Source, "delta::log"), "{error}");
        assert!(!format!("{error:?}").contains("example.com"), "{error:?}");
    }
    fs::remove_file(&commit).unwrap();
    assert_eq!(refusal(path, Version::Latest).code(), "delta::log");
}
