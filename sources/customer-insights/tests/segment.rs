//! Segments: profiles joined with memberships, from folders and from tables of Dataverse.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[allow(dead_code)]
mod export;

use std::fs::File;
use std::sync::Arc;

use arrow::array::{ArrayRef, ListArray, ListBuilder, RecordBatch, StringArray, StringBuilder, UInt32Array};
use enlist_core::{Batches, Error, ErrorKind, Rows, Source};
use enlist_source_customer_insights::{Folder, Options, SegmentOptions, Unmatched, segment};
use enlist_source_parquet::ParquetFiles;
use futures::StreamExt;
use parquet::arrow::ArrowWriter;

use export::{Export, cells, read};

fn table(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, column)| (name, column, true))).unwrap()
}

fn source(name: &str, batches: Vec<RecordBatch>) -> Arc<dyn Source> {
    let schema = batches[0].schema();
    Arc::new(Batches::new(name, schema, batches))
}

fn texts(values: &[Option<&str>]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

/// Profiles a to e, of which c comes twice, in two batches.
fn profiles() -> Arc<dyn Source> {
    let part = |ids: [Option<&str>; 3]| {
        let emails = ids.map(|id| id.map(|id| format!("{id}@example.com")));
        table(vec![("CustomerId", texts(&ids)), ("Email", Arc::new(StringArray::from(emails.to_vec())))])
    };
    source("profiles", vec![part([Some("a"), Some("c"), None]), part([Some("c"), Some("e"), Some("b")])])
}

fn memberships(rows: &[(Option<&str>, Option<&str>)]) -> Arc<dyn Source> {
    let (ids, lists): (Vec<_>, Vec<_>) = rows.iter().copied().unzip();
    source("memberships", vec![table(vec![("CustomerId", texts(&ids)), ("Segments", texts(&lists))])])
}

fn vip(memberships: Arc<dyn Source>) -> Arc<dyn Source> {
    segment(profiles(), memberships, SegmentOptions::default(), "VIP")
}

async fn refusal(source: Arc<dyn Source>) -> Error {
    let error = read(source.as_ref(), &["Email"]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Source);
    error
}

#[tokio::test]
async fn members_come_once_each_in_the_order_of_their_profiles() {
    let rows = [
        (Some("e"), Some("[\"VIP\"]")),
        (Some("c"), Some("VIP, Newsletter")),
        (Some("a"), Some("[\"VIPs\", \"Newsletter\"]")),
        (Some("c"), Some("VIP")),
        (Some("b"), None),
    ];
    let source = vip(memberships(&rows));
    assert_eq!(cells(source.as_ref(), "Email").await, ["c@example.com", "e@example.com"]);
    let stream = source.scan(&["Email".into()]).await.unwrap();
    assert_eq!(stream.origins.as_ref(), ["segment \"VIP\" of profiles"]);
    let places: Vec<_> = stream.batches.map(|batch| batch.unwrap()).map(|b| (b.origin, b.first_row)).collect().await;
    assert_eq!(places, [(0, 1), (0, 2)]);
    assert_eq!(source.schema().await.unwrap(), profiles().schema().await.unwrap());
    assert_eq!(source.rows().await.unwrap(), Rows::Unknown);
    assert_eq!(read(source.as_ref(), &[]).await.unwrap().iter().map(|b| b.rows.num_rows()).sum::<usize>(), 2);
    assert_eq!(cells(source.as_ref(), "CustomerId").await, ["c", "e"]);
}

#[tokio::test]
async fn the_export_of_a_folder_is_joined_by_itself() {
    let mut export = Export::usual();
    let open = |export: &Export| Folder::open(&export.path(), Options::default()).unwrap();
    let vip = open(&export).segment("VIP").unwrap();
    assert_eq!(cells(vip.as_ref(), "Email").await, ["ada@example.com", "cy@example.com"]);
    let error = read(open(&export).segment("Gold").unwrap().as_ref(), &["Email"]).await.unwrap_err();
    assert_eq!(error.code(), "insights::segment");
    export.entity("Gold", "CustomerId:string", &[]);
    assert!(read(open(&export).segment("Gold").unwrap().as_ref(), &["Email"]).await.unwrap().is_empty());
    let mut bare = Export::new();
    bare.entity("Customers", "CustomerId:string", &[]);
    let error = open(&bare).segment("VIP").err().unwrap();
    assert_eq!(error.code(), "insights::entity");
    assert!(error.help_text().unwrap().contains("did you mean \"Customers\"?"), "{error:?}");
}

#[tokio::test]
async fn tables_of_dataverse_in_parquet_are_joined_by_their_names() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, rows: &RecordBatch| {
        let path = folder.path().join(name);
        let mut writer = ArrowWriter::try_new(File::create(&path).unwrap(), rows.schema(), None).unwrap();
        writer.write(rows).unwrap();
        writer.close().unwrap();
        Arc::new(ParquetFiles::open(path.to_str().unwrap()).unwrap()) as Arc<dyn Source>
    };
    let mut lists = ListBuilder::new(StringBuilder::new());
    for list in [vec!["VIP", "Newsletter"], vec![], vec!["Newsletter"]] {
        lists.append_value(list.into_iter().map(Some));
    }
    let lists: ListArray = lists.finish();
    let ids = || texts(&[Some("1"), Some("2"), Some("3")]);
    let members =
        write("m.parquet", &table(vec![("msdynci_customerid", ids()), ("msdynci_segments", Arc::new(lists))]));
    let emails = texts(&[Some("one@example.com"), Some("two@example.com"), Some("three@example.com")]);
    let people = write("p.parquet", &table(vec![("msdynci_email", emails), ("msdynci_customerid", ids())]));
    let letter = segment(people, members, SegmentOptions::default(), "Newsletter");
    assert_eq!(cells(letter.as_ref(), "msdynci_email").await, ["one@example.com", "three@example.com"]);
}

#[tokio::test]
async fn columns_of_other_names_and_types_can_be_given() {
    let ids = || Arc::new(UInt32Array::from(vec![1, 2])) as ArrayRef;
    let people = source("people", vec![table(vec![("key", ids()), ("Email", texts(&[Some("a"), Some("b")]))])]);
    let members = source("members", vec![table(vec![("who", ids()), ("what", texts(&[Some("x"), Some("y")]))])]);
    let [profile_id, member_id, segments] = ["key", "Who", "WHAT"].map(|name| Some(name.to_owned()));
    let options = SegmentOptions { profile_id, member_id, segments, ..SegmentOptions::default() };
    let found = segment(people, members, options, "y");
    assert_eq!(cells(found.as_ref(), "Email").await, ["b"]);
}

#[tokio::test]
async fn an_unknown_segment_is_an_error_with_those_there_are() {
    let error = refusal(vip(memberships(&[(Some("a"), Some("[\"VIPs\", \"News\"]"))]))).await;
    assert_eq!((error.code(), error.to_string().as_str()), ("insights::segment", "memberships has no segment \"VIP\""));
    assert!(error.help_text().unwrap().starts_with("did you mean \"VIPs\"? segments: News, VIPs;"), "{error:?}");
}

#[tokio::test]
async fn a_segment_of_nobody_is_empty_when_it_is_known_to_exist() {
    assert!(read(vip(memberships(&[(None, Some("VIP"))])).as_ref(), &["Email"]).await.unwrap().is_empty());
    let options = SegmentOptions { exist: vec!["VIP".to_owned()], ..SegmentOptions::default() };
    let empty = segment(profiles(), memberships(&[(Some("a"), Some("News"))]), options, "VIP");
    assert!(read(empty.as_ref(), &["Email"]).await.unwrap().is_empty());
}

#[tokio::test]
async fn members_without_a_profile_are_an_error_unless_they_may_be_left_out() {
    let rows = [(Some("a"), Some("VIP")), (Some("gone"), Some("VIP")), (Some("lost"), Some("VIP"))];
    let source = vip(memberships(&rows));
    let items: Vec<_> = source.scan(&["Email".into()]).await.unwrap().batches.collect().await;
    assert_eq!(items.len(), 2);
    let error = items[1].as_ref().unwrap_err();
    assert_eq!(error.code(), "insights::unmatched");
    let said = "2 of the 3 members of segment \"VIP\" in memberships have no profile in profiles";
    assert_eq!(error.to_string(), said);
    let options = SegmentOptions { unmatched: Unmatched::LeaveOut, ..SegmentOptions::default() };
    let found = segment(profiles(), memberships(&rows), options, "VIP");
    assert_eq!(cells(found.as_ref(), "Email").await, ["a@example.com"]);
}

#[tokio::test]
async fn a_list_that_cannot_be_read_is_named_by_its_place_and_not_shown() {
    let error = refusal(vip(memberships(&[(Some("a"), Some("VIP")), (Some("b"), Some("[hush"))]))).await;
    assert_eq!(error.code(), "insights::memberships");
    assert!(error.to_string().ends_with(", row 2: column \"Segments\" is no list of names of segments"), "{error}");
    assert!(!format!("{error:?}").contains("hush"), "{error:?}");
}

#[tokio::test]
async fn tables_without_the_columns_say_what_they_have() {
    let people = source("people", vec![table(vec![("Email", texts(&[Some("a")]))])]);
    let members = memberships(&[(Some("a"), Some("VIP"))]);
    let error = refusal(segment(people, Arc::clone(&members), SegmentOptions::default(), "VIP")).await;
    assert_eq!(error.code(), "source::column_missing");
    assert!(error.help_text().unwrap().ends_with("columns: Email"), "{error:?}");
    let error = refusal(vip(profiles())).await;
    assert!(error.to_string().contains("no column called segments or segment"), "{error}");
}
