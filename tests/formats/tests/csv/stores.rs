//! What CSV in object stores promises: the rows and places of the same files on disk, plain and compressed.

use std::fs;
use std::io::Write;

use enlist_core::{SegmentBatch, Source};
use enlist_kit::servers::{Azure, S3};
use enlist_source_csv::{CsvFiles, CsvOptions};
use enlist_source_files::{Location, StoreOptions, blocking};
use flate2::Compression;
use flate2::write::GzEncoder;
use futures::{StreamExt, TryStreamExt};

/// Rows enough for several requests, compressed or not.
fn text() -> Vec<u8> {
    let rows =
        (0..120_000_u64).map(|n| format!("p{n}@example.com;\"Åbo; {n}\";{}\n", n.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
    let rows: String = rows.collect();
    format!("Email;city;key\n{rows}").into_bytes()
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

async fn read(location: Location) -> (Vec<SegmentBatch>, usize) {
    let source = blocking(move || CsvFiles::open(location, CsvOptions::default())).await.unwrap();
    let columns: Vec<String> = source.schema().await.unwrap().fields().iter().map(|f| f.name().clone()).collect();
    source.rows().await.unwrap();
    let batches = source.scan(&columns).await.unwrap().batches.try_collect().await.unwrap();
    (batches, columns.len())
}

#[tokio::test]
async fn files_in_a_store_are_the_rows_and_places_of_files_on_disk() {
    let text = text();
    let files = [
        ("segments/land=FI/a.csv", text.clone()),
        ("segments/land=SE/a.csv.gz", gzip(&text)),
        ("segments/land=SE/b.csv.zst", zstd::encode_all(&text[..], 3).unwrap()),
        ("segments/_SUCCESS", Vec::new()),
    ];
    let folder = tempfile::tempdir().unwrap();
    for (key, bytes) in &files {
        let path = folder.path().join(key);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    let stores = tokio::task::spawn_blocking(move || {
        let (bucket, container) = (S3::shared().bucket(), Azure::shared().container());
        for (key, bytes) in &files {
            bucket.put(key, bytes);
            container.put(key, bytes);
        }
        [(bucket.url(""), bucket.options()), (container.url(""), container.options())]
    });
    for (root, options) in stores.await.unwrap() {
        for pattern in ["segments", "segments/*/*.csv*", "segments/land=SE/a.csv.gz"] {
            let far = Location { pattern: format!("{root}{pattern}"), options: StoreOptions(options.clone()) };
            let (far, width) = read(far).await;
            let (near, _) = read((&folder.path().join(pattern).display().to_string()).into()).await;
            assert_eq!((near.len(), width), (far.len(), if pattern.ends_with("gz") { 3 } else { 4 }));
            for (near, far) in near.iter().zip(&far) {
                assert!(near.rows == far.rows, "{pattern}");
                assert_eq!((near.origin, near.first_row), (far.origin, far.first_row));
            }
        }
    }
}

#[tokio::test]
async fn a_store_that_goes_away_is_an_error_of_the_store_and_no_damage() {
    let (server, bucket) = tokio::task::spawn_blocking(|| {
        let server = S3::start();
        let bucket = server.bucket();
        let mut text = b"Email\n".to_vec();
        text.extend(b"ada@example.com\n".repeat(1_500_000));
        bucket.put("a.csv", &text);
        (server, bucket)
    })
    .await
    .unwrap();
    let location = Location { pattern: bucket.url("a.csv"), options: StoreOptions(bucket.options()) };
    let source = blocking(move || CsvFiles::open(location, CsvOptions::default())).await.unwrap();
    let mut batches = source.scan(&["Email".to_owned()]).await.unwrap().batches;
    batches.next().await.unwrap().unwrap();
    server.kill();
    let rest: Vec<_> = batches.collect().await;
    let error = rest.last().unwrap().as_ref().unwrap_err();
    assert!(["store::unreachable", "store::failed"].contains(&error.code()), "{error:?}");
}
