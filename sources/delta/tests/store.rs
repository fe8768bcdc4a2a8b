//! Delta tables in an object store.
//!
//! Needs a Python with moto, pyarrow and deltalake: what `ENLIST_TEST_PYTHON` names.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[allow(dead_code)]
mod tables;

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use enlist_core::{ErrorKind, Rows, Source};
use enlist_kit::servers::S3;
use enlist_source_delta::{DeltaTable, Version};
use enlist_source_files::{Location, StoreOptions, blocking};
use futures::TryStreamExt;

use tables::python;

const WRITE: &str = r#"
import sys
import pyarrow as pa
from deltalake import write_deltalake

url, endpoint, key, secret, region = sys.argv[1:]
options = {"AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret, "AWS_REGION": region}
options |= {"AWS_ALLOW_HTTP": "true", "AWS_S3_ALLOW_UNSAFE_RENAME": "true"}
for start in [0, 4]:
    ids = range(start, start + 4)
    people = pa.table({"id": pa.array(ids, pa.int64()), "land": [["FI", "a b/c=d%"][i % 2] for i in ids]})
    write_deltalake(url, people, mode="append", partition_by=["land"], storage_options=options)
"#;

#[tokio::test]
async fn a_table_in_a_bucket_is_read_like_one_on_disk() {
    let bucket = S3::shared().bucket();
    let options = bucket.options();
    let location = |key: &str| Location { pattern: bucket.url(key), options: StoreOptions(options.clone()) };
    let [key, secret, region] = ["aws_access_key_id", "aws_secret_access_key", "aws_region"].map(|name| &options[name]);
    python(&[WRITE, &bucket.url("lake/people here"), &bucket.endpoint(), key, secret, region]);

    let place = location("lake/people here/");
    let source = blocking(move || DeltaTable::open(place, Version::Latest)).await.unwrap();
    assert_eq!((source.version(), source.rows().await.unwrap()), (1, Rows::Exactly(8)));
    let stream = source.scan(&["land".into(), "id".into()]).await.unwrap();
    assert!(stream.origins[0].starts_with(&bucket.url("lake/people here/land=")), "{:?}", stream.origins);
    let batches: Vec<_> = stream.batches.try_collect().await.unwrap();
    let mut seen = Vec::new();
    for batch in &batches {
        let (ids, lands) = (batch.rows["id"].as_primitive::<Int64Type>(), batch.rows["land"].as_string::<i32>());
        seen.extend(ids.values().iter().copied().zip(lands.iter().flatten().map(str::to_owned)));
    }
    seen.sort();
    assert_eq!(seen, (0..8).map(|id| (id, ["FI", "a b/c=d%"][id as usize % 2].to_owned())).collect::<Vec<_>>());

    let place = location("lake/people here");
    let source = blocking(move || DeltaTable::open(place, Version::Number(0))).await.unwrap();
    assert_eq!(source.rows().await.unwrap(), Rows::Exactly(4));

    for (key, help) in [
        ("lake", "there are tables below it, for example "),
        ("lake/people here/land=FI", "it holds part-"),
        ("pond", "there is nothing below it"),
    ] {
        let place = location(key);
        let error = blocking(move || DeltaTable::open(place, Version::Latest)).await.err().unwrap();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Source, "delta::not_a_table"), "{error}");
        assert!(error.help_text().unwrap().starts_with(help), "{error:?}");
    }
}

#[tokio::test]
async fn a_bucket_that_is_not_there_is_an_error_that_names_it() {
    let bucket = S3::shared().bucket();
    let place = Location { pattern: "s3://no-such-bucket/people".to_owned(), options: StoreOptions(bucket.options()) };
    let error = blocking(move || DeltaTable::open(place, Version::Latest)).await.err().unwrap();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Source, "store::bucket"), "{error}");
    assert!(error.to_string().contains("no-such-bucket"), "{error}");
}
