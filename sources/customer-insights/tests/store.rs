//! Exports in an object store.
//!
//! Needs a Python with moto: what `ENLIST_TEST_PYTHON` names.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[allow(dead_code)]
mod export;

use enlist_core::Error;
use enlist_kit::servers::S3;
use enlist_source_customer_insights::{Entity, Folder, Options};
use enlist_source_files::{Location, StoreOptions, blocking};

use export::cells;

const MODEL: &str = r#"{"entities":[{"name":"Customer","attributes":[{"name":"CustomerId","dataType":"string"},
    {"name":"Orders","dataType":"int64"}],"partitions":[
    {"location":"https://cdp.blob.core.windows.net/exports/Weekly/Customer/2026/11/22/0400/Customer_1.csv"},
    {"location":"https://cdp.blob.core.windows.net/exports/Weekly/Customer/2026/11/22/0400/Customer_2.csv"}]}]}"#;

#[tokio::test]
async fn an_export_in_a_bucket_is_read_like_one_on_disk() {
    let bucket = S3::shared().bucket();
    let open = |key: &str| {
        let location = Location { pattern: bucket.url(key), options: StoreOptions(bucket.options()) };
        blocking(move || Folder::open(location, Options::default())?.entity("Customer"))
    };
    let refused = |outcome: Result<Entity, Error>| outcome.err().unwrap().code().to_owned();
    assert_eq!(refused(open("Weekly").await), "insights::no_model");
    bucket.put("Weekly/model.json", MODEL.as_bytes());
    assert_eq!(refused(open("Weekly").await), "insights::partition");
    bucket.put("Weekly/Customer/2026/11/22/0400/Customer_2.csv", b"c2,2\n");
    assert_eq!(refused(open("Weekly").await), "insights::partition");
    bucket.put("Weekly/Customer/2026/11/22/0400/Customer_1.csv", b"c1,1\n");
    assert_eq!(cells(&open("Weekly/").await.unwrap(), "CustomerId").await, ["c1", "c2"]);
    bucket.put("Dated/model.json", MODEL.replace("/11/22/", "/10/01/").as_bytes());
    for (path, row) in
        [("21/0400/Customer_1", "old,1\n"), ("22/0400/Customer_2", "c2,2\n"), ("22/0400/Customer_1", "c1,1\n")]
    {
        bucket.put(&format!("Dated/Customer/2026/11/{path}.csv"), row.as_bytes());
    }
    assert_eq!(cells(&open("Dated").await.unwrap(), "Orders").await, ["1", "2"]);
}
