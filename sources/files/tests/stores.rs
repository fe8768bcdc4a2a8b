//! What reading from object stores promises, held to moto (S3) and Azurite (Azure Blob Storage).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::time::Duration;

use enlist_core::{Error, ErrorKind};
use enlist_kit::servers::{Azure, S3};
use enlist_source_files::{Found, Location, StoreOptions, blocking, carried, find, store};
use object_store::ObjectStoreExt;
use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::path::Path;
use object_store::signer::Signer;

/// Stores an object.
type Put = dyn Fn(&str, &[u8]) + Send;

/// A bucket or container with its settings.
struct Place {
    root: String,
    options: BTreeMap<String, String>,
    put: Box<Put>,
}

/// One of each kind, empty.
async fn places() -> [Place; 2] {
    tokio::task::spawn_blocking(|| {
        let (bucket, container) = (S3::shared().bucket(), Azure::shared().container());
        [
            Place {
                root: bucket.url(""),
                options: bucket.options(),
                put: Box::new(move |key, bytes| bucket.put(key, bytes)),
            },
            Place {
                root: container.url(""),
                options: container.options(),
                put: Box::new(move |key, bytes| container.put(key, bytes)),
            },
        ]
    })
    .await
    .unwrap()
}

impl Place {
    fn at(&self, key: &str) -> Location {
        Location { pattern: format!("{}{key}", self.root), options: StoreOptions(self.options.clone()) }
    }

    fn with(&self, changes: &[(&str, &str)]) -> BTreeMap<String, String> {
        let mut options = self.options.clone();
        options.extend(changes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        options
    }
}

fn dat(name: &str) -> bool {
    name.ends_with(".dat")
}

async fn found(location: Location) -> Result<Vec<Found>, Error> {
    blocking(move || find(&location, dat)).await
}

async fn names(location: Location) -> Result<Vec<String>, Error> {
    Ok(found(location).await?.into_iter().map(|file| file.name).collect())
}

async fn read(file: Found) -> Result<Vec<u8>, Error> {
    blocking(move || {
        let mut all = Vec::new();
        let outcome = file.read().and_then(|mut file| file.read_to_end(&mut all));
        outcome.map(|_| all).map_err(|cause| carried(&cause).unwrap().clone())
    })
    .await
}

#[tokio::test]
async fn prefixes_globs_and_odd_keys_are_found() {
    let keys = ["a/1.dat", "a/b c+ü%3A/2.dat", "dt=2026-01-01/3.dat", "a/_tmp/4.dat", "ab/5.dat", "6.md"];
    for place in places().await {
        for key in keys {
            (place.put)(key, key.as_bytes());
        }
        let url = |key: &str| format!("{}{key}", place.root);
        for (key, found) in [
            ("a/1.dat", vec!["a/1.dat"]),
            ("a/b c+ü%3A/2.dat", vec!["a/b c+ü%3A/2.dat"]),
            ("ab", vec!["ab/5.dat"]),
            ("a*/*.dat", vec!["a/1.dat", "ab/5.dat"]),
            ("**/[15].dat", vec!["a/1.dat", "ab/5.dat"]),
        ] {
            assert_eq!(names(place.at(key)).await.unwrap(), found.into_iter().map(url).collect::<Vec<_>>(), "{key}");
        }
        for file in found(place.at("a*/**/*.dat")).await.unwrap() {
            assert_eq!(url(std::str::from_utf8(&read(file.clone()).await.unwrap()).unwrap()), file.name);
        }
        let error = |key| {
            let location = place.at(key);
            async { found(location).await.unwrap_err() }
        };
        assert_eq!(error("a/zip/*.dat").await.code(), "source::no_files");
        assert_eq!(error("6.m").await.help_text(), Some(format!("did you mean {}?", url("6.md")).as_str()));
        assert_eq!(error("").await.code(), "source::partitions");
    }
}

#[tokio::test]
async fn files_of_all_sizes_arrive_whole() {
    for place in places().await {
        for length in [0, 1, 300_000, 6_000_000] {
            let content: Vec<u8> = (0..length).map(|at| (at ^ (at >> 8) ^ (at >> 16)) as u8).collect();
            (place.put)("a.dat", &content);
            for location in [place.at("a.dat"), place.at("*.dat")] {
                let mut files = found(location).await.unwrap();
                assert_eq!(files[0].size().unwrap(), length);
                assert!(read(files.remove(0)).await.unwrap() == content, "{length} from {}", place.root);
            }
        }
    }
}

#[tokio::test]
async fn fault_83_an_object_that_is_replaced_while_it_is_read_is_an_error() {
    for place in places().await {
        (place.put)("a.dat", &vec![1; 1 << 20]);
        let file = found(place.at("*.dat")).await.unwrap().remove(0);
        let (mut start, ranges) = (file.read().unwrap(), file.ranges().unwrap());
        start = blocking(move || start.read_exact(&mut [0; 100]).map(|()| start).map_err(|_| panic!())).await.unwrap();
        (place.put)("a.dat", &vec![2; 1 << 20]);
        let cause = blocking(move || Ok(start.read_to_end(&mut Vec::new()).unwrap_err())).await.unwrap();
        assert_eq!(carried(&cause).unwrap().code(), "source::changed", "{cause}");
        // What was not begun is read as it stands.
        assert_eq!(blocking(move || Ok(ranges.at(600_000, 3).unwrap())).await.unwrap().as_ref(), [2, 2, 2]);
    }
}

#[tokio::test]
async fn signed_addresses_are_read_without_credentials() {
    let (bucket, container) =
        tokio::task::spawn_blocking(|| (S3::shared().bucket(), Azure::shared().container())).await.unwrap();
    bucket.put("a.dat", b"from S3");
    container.put("a.dat", b"from Azure");
    let mut s3 = AmazonS3Builder::new().with_bucket_name(bucket.name());
    for (name, value) in bucket.options() {
        s3 = s3.with_config(name.parse().unwrap(), value);
    }
    let mut azure = MicrosoftAzureBuilder::new().with_container_name(container.name());
    for (name, value) in container.options() {
        azure = azure.with_config(name.parse().unwrap(), value);
    }
    let (path, hour) = (Path::from("a.dat"), Duration::from_secs(3600));
    let s3 = s3.build().unwrap().signed_url("GET".parse().unwrap(), &path, hour).await.unwrap();
    let azure = azure.build().unwrap().signed_url("GET".parse().unwrap(), &path, hour).await.unwrap();
    for (url, content) in [(&s3, "from S3"), (&azure, "from Azure")] {
        let file = found(url.as_str().into()).await.unwrap().remove(0);
        assert!(file.name.ends_with("/a.dat"), "{}", file.name);
        assert_eq!(read(file).await.unwrap(), content.as_bytes());
    }
    let mut forged = azure.clone();
    forged.set_query(Some(&azure.query().unwrap().replace("sig=", "sig=AAAA")));
    let error = found(forged.as_str().into()).await.unwrap_err();
    assert_eq!(error.code(), "store::denied");
    assert!(!error.to_string().contains("AAAA"), "{error}");
}

#[tokio::test]
async fn what_a_store_refuses_is_said_plainly() {
    let [s3, azure] = places().await;
    (azure.put)("a.dat", b"x");
    let none = |location: Location| async { found(location).await.unwrap_err() };
    for (pattern, options) in
        [("s3://no-such-bucket/a.dat", &s3.options), ("az://no-such-container/a.dat", &azure.options)]
    {
        for pattern in [pattern.to_owned(), pattern.replace("a.dat", "*.dat")] {
            let error = none(Location { pattern, options: StoreOptions(options.clone()) }).await;
            assert_eq!((error.kind(), error.code()), (ErrorKind::Source, "store::bucket"), "{error}");
        }
    }
    let forged = azure.with(&[("azure_storage_account_key", "Zm9yZ2Vk")]);
    let error = none(Location { options: StoreOptions(forged), ..azure.at("a.dat") }).await;
    assert_eq!(error.code(), "store::denied");
    assert!(error.to_string().contains("a.dat (Auth"), "{error}");
    let nobody = s3.with(&[("aws_endpoint", "http://127.0.0.1:9")]);
    let error = none(Location { options: StoreOptions(nobody), ..s3.at("a.dat") }).await;
    assert_eq!(error.code(), "store::unreachable");
}

#[tokio::test]
async fn a_profile_gives_keys_and_endpoint() {
    let [s3, _] = places().await;
    (s3.put)("a.dat", b"x");
    let folder = tempfile::tempdir().unwrap();
    let (credentials, config) = (folder.path().join("credentials"), folder.path().join("config"));
    fs::write(&credentials, "[warehouse]\naws_access_key_id = test\naws_secret_access_key = hush\n").unwrap();
    fs::write(
        &config,
        format!("[profile warehouse]\nregion = eu-north-1\nendpoint_url = {} # moto\n", s3.options["aws_endpoint"]),
    )
    .unwrap();
    let options = [
        ("aws_profile", "warehouse"),
        ("aws_shared_credentials_file", credentials.to_str().unwrap()),
        ("aws_config_file", config.to_str().unwrap()),
    ];
    let options = StoreOptions(options.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
    assert_eq!(names(Location { options, ..s3.at("*.dat") }).await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_store_of_a_url_serves_others_too() {
    for place in places().await {
        (place.put)("table/_log/0.json", b"{}");
        let (store, path) = store(&place.at("table/")).unwrap();
        assert_eq!(path.as_ref(), "table");
        let log = store.get(&path.join("_log").join("0.json")).await.unwrap();
        assert_eq!(log.bytes().await.unwrap().as_ref(), b"{}");
    }
}
