//! What Parquet in object stores promises: the rows and places of the same files on disk, only the bytes of the columns
//! asked for, and an error when a store goes away.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::{fs, thread};

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use enlist_core::{Error, SegmentBatch, Source};
use enlist_kit::servers::{Azure, S3};
use enlist_source_files::{Location, StoreOptions, blocking};
use enlist_source_parquet::ParquetFiles;
use futures::{StreamExt, TryStreamExt};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;

/// Many columns of text that does not compress, in four row groups: 8 MB.
fn file(seed: i64) -> Vec<u8> {
    let ids = Int64Array::from_iter_values((0..20_000).map(|n| n + seed));
    let mut columns = vec![("id".to_owned(), Arc::new(ids) as ArrayRef)];
    for column in 0..20 {
        let noise = |n: u64| format!("{:020}", (n * 20 + column).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        columns.push((format!("c{column}"), Arc::new(StringArray::from_iter_values((0..20_000).map(noise)))));
    }
    let rows = RecordBatch::try_from_iter(columns).unwrap();
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(5_000)).set_dictionary_enabled(false);
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, rows.schema(), Some(properties.build())).unwrap();
    writer.write(&rows).unwrap();
    writer.close().unwrap();
    bytes
}

/// A store with the same files as a folder.
struct Twins {
    folder: tempfile::TempDir,
    root: String,
    options: BTreeMap<String, String>,
}

impl Twins {
    fn of(files: &[(&str, Vec<u8>)]) -> [Self; 2] {
        let (bucket, container) = (S3::shared().bucket(), Azure::shared().container());
        let folder = || {
            let folder = tempfile::tempdir().unwrap();
            for (key, bytes) in files {
                let path = folder.path().join(key);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, bytes).unwrap();
            }
            folder
        };
        for (key, bytes) in files {
            bucket.put(key, bytes);
            container.put(key, bytes);
        }
        [
            Self { folder: folder(), root: bucket.url(""), options: bucket.options() },
            Self { folder: folder(), root: container.url(""), options: container.options() },
        ]
    }

    async fn open(&self, pattern: &str) -> ParquetFiles {
        open(Location { pattern: format!("{}{pattern}", self.root), options: StoreOptions(self.options.clone()) }).await
    }

    async fn open_local(&self, pattern: &str) -> ParquetFiles {
        open((&self.folder.path().join(pattern).display().to_string()).into()).await
    }
}

async fn open(location: Location) -> ParquetFiles {
    blocking(move || ParquetFiles::open(location)).await.unwrap()
}

async fn read(source: &dyn Source, columns: &[&str]) -> Result<(Vec<SegmentBatch>, Vec<String>), Error> {
    let columns: Vec<String> = columns.iter().map(|c| (*c).to_owned()).collect();
    let stream = source.scan(&columns).await?;
    Ok((stream.batches.try_collect().await?, stream.origins.to_vec()))
}

/// Relays connections to a server and counts the bytes of its answers.
fn count(server: &str) -> (String, Arc<AtomicU64>) {
    let rest = server.strip_prefix("http://").unwrap();
    let (host, path) = rest.split_once('/').map_or((rest, String::new()), |(host, path)| (host, format!("/{path}")));
    let (host, counted) = (host.to_owned(), Arc::new(AtomicU64::new(0)));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let relayed = format!("http://{}{path}", listener.local_addr().unwrap());
    let counter = Arc::clone(&counted);
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let server = TcpStream::connect(&host).unwrap();
            relay(client.try_clone().unwrap(), server.try_clone().unwrap(), Arc::default());
            relay(server, client, Arc::clone(&counter));
        }
    });
    (relayed, counted)
}

fn relay(mut from: TcpStream, mut to: TcpStream, counter: Arc<AtomicU64>) {
    thread::spawn(move || {
        let mut buffer = [0; 1 << 16];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            counter.fetch_add(length as u64, Ordering::SeqCst);
            if to.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Both);
    });
}

#[tokio::test]
async fn files_in_a_store_are_the_rows_and_places_of_files_on_disk() {
    let files = [("dt=2026-01-02/a.parquet", file(0)), ("dt=2026-01-01/b.parquet", file(50_000))];
    let twins = tokio::task::spawn_blocking(move || Twins::of(&files)).await.unwrap();
    for twin in twins {
        for pattern in ["", "*/*.parquet", "dt=2026-01-02/a.parquet"] {
            let (near, far) = (twin.open_local(pattern).await, twin.open(pattern).await);
            assert_eq!(far.rows().await.unwrap(), near.rows().await.unwrap());
            assert_eq!(far.schema().await.unwrap(), near.schema().await.unwrap());
            let columns: &[&str] = if pattern.ends_with("a.parquet") { &["c3", "id"] } else { &["c3", "id", "dt"] };
            let ((near, _), (far, origins)) = (read(&near, columns).await.unwrap(), read(&far, columns).await.unwrap());
            assert_eq!(near.len(), far.len());
            for (near, far) in near.iter().zip(&far) {
                assert!(near.rows == far.rows, "{pattern}");
                assert_eq!((near.origin, near.first_row), (far.origin, far.first_row));
            }
            assert!(origins.iter().all(|origin| origin.starts_with(&twin.root)), "{origins:?}");
        }
    }
}

#[tokio::test]
async fn only_the_columns_asked_for_leave_the_store() {
    let bytes = file(0);
    let whole = bytes.len() as u64;
    let twins = tokio::task::spawn_blocking(move || Twins::of(&[("a.parquet", bytes)])).await.unwrap();
    for mut twin in twins {
        let endpoint =
            ["aws_endpoint", "azure_storage_endpoint"].into_iter().find(|name| twin.options.contains_key(*name));
        let (relayed, counted) = count(&twin.options[endpoint.unwrap()]);
        twin.options.insert(endpoint.unwrap().to_owned(), relayed);
        let source = twin.open("a.parquet").await;
        assert!(counted.load(Ordering::SeqCst) < 300_000, "the footer: {counted:?} of {whole} bytes");
        read(&source, &["c7"]).await.unwrap();
        assert!(counted.load(Ordering::SeqCst) < whole / 2, "{counted:?} of {whole} bytes");
    }
}

#[tokio::test]
async fn a_store_that_goes_away_is_an_error_of_the_store_and_no_damage() {
    let (server, bucket) = tokio::task::spawn_blocking(|| {
        let server = S3::start();
        let bucket = server.bucket();
        bucket.put("a.parquet", &file(0));
        (server, bucket)
    })
    .await
    .unwrap();
    let source = open(Location { pattern: bucket.url("a.parquet"), options: StoreOptions(bucket.options()) }).await;
    let columns: Vec<String> = (0..20).map(|column| format!("c{column}")).collect();
    let mut batches = source.scan(&columns).await.unwrap().batches;
    batches.next().await.unwrap().unwrap();
    server.kill();
    let rest: Vec<_> = batches.collect().await;
    let error = rest.last().unwrap().as_ref().unwrap_err();
    assert!(["store::unreachable", "store::failed"].contains(&error.code()), "{error:?}");
}
