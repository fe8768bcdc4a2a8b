//! Reading and finding, on a store in memory that fails as it is told to.

use std::fs;
use std::io::Read;

use enlist_core::Error;

use crate::found::Found;
use crate::store::address::Address;
use crate::store::blocks::Blocks;
use crate::store::faulty::{Fault, Faulty};
use crate::store::onward;
use crate::store::search::search;
use crate::{carried, local};

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;

/// Bytes of which each tells its place.
fn bytes(length: u64) -> Vec<u8> {
    (0..length).map(|at| (at ^ (at >> 8) ^ (at >> 16)) as u8).collect()
}

fn holding(content: &[u8]) -> Faulty {
    let store = Faulty::default();
    store.put("a.bin", content.to_vec());
    store
}

fn read(store: &Faulty) -> Result<Vec<u8>, Error> {
    let mut all = Vec::new();
    let outcome = onward::read(&store.object("a.bin")).unwrap().read_to_end(&mut all);
    outcome.map(|_| all).map_err(|cause| carried(&cause).unwrap().clone())
}

#[test]
fn an_object_is_read_from_its_first_byte_to_its_last() {
    for length in [0, 1, 256 * KIB - 1, 256 * KIB, 256 * KIB + 1, 256 * KIB + 4 * MIB, 9 * MIB] {
        let content = bytes(length);
        assert!(read(&holding(&content)).unwrap() == content, "{length}");
    }
}

#[test]
fn whoever_reads_the_beginning_asks_for_the_beginning() {
    let store = holding(&bytes(9 * MIB));
    let object = store.object("a.bin");
    onward::read(&object).unwrap().read_exact(&mut [0; 64]).unwrap();
    assert_eq!(store.requests(), [(0..256 * KIB, None)]);
}

#[test]
fn a_connection_that_breaks_in_the_middle_is_resumed_where_it_broke() {
    let content = bytes(MIB);
    let store = holding(&content);
    let object = store.object("a.bin");
    store.fail([Fault::Cut(1000), Fault::Cut(7), Fault::Short(5)]);
    let mut all = Vec::new();
    onward::read(&object).unwrap().read_to_end(&mut all).unwrap();
    assert!(all == content);
    let starts: Vec<u64> = store.requests().iter().map(|(range, _)| range.start).collect();
    assert_eq!(starts[..4], [0, 1000, 1007, 1012]);
}

#[test]
fn an_answer_that_stays_short_is_an_error_and_never_an_early_end() {
    for fault in [Fault::Fail, Fault::Cut(0), Fault::Short(0)] {
        let store = holding(&bytes(MIB));
        let object = store.object("a.bin");
        store.fail([Fault::Cut(1000), fault]);
        let mut file = onward::read(&object).unwrap();
        for _ in 0..2 {
            let cause = file.read_to_end(&mut Vec::new()).unwrap_err();
            assert_eq!(carried(&cause).unwrap().code(), "store::failed", "{fault:?}");
        }
        let object = store.object("a.bin");
        store.fail([fault]);
        assert_eq!(Blocks::open(&object).at(0..10).unwrap_err().code(), "store::failed", "{fault:?}");
    }
}

#[test]
fn every_request_but_the_first_insists_on_the_same_version() {
    let store = holding(&bytes(6 * MIB));
    read(&store).unwrap();
    let tags: Vec<bool> = store.requests().iter().map(|(_, tag)| tag.is_some()).collect();
    assert_eq!(tags, [false, true, true]);
}

#[test]
fn an_object_that_is_replaced_is_an_error_and_never_a_mix() {
    for untagged in [false, true] {
        let mut store = holding(&bytes(MIB));
        store.untagged = untagged;
        let object = store.object("a.bin");
        let (mut onward, blocks) = (onward::read(&object).unwrap(), Blocks::open(&object));
        onward.read_exact(&mut [0; 100]).unwrap();
        blocks.at(0..100).unwrap();
        store.put("a.bin", bytes(MIB));
        let cause = onward.read_to_end(&mut Vec::new()).unwrap_err();
        assert_eq!(carried(&cause).unwrap().code(), "source::changed");
        assert_eq!(blocks.at(600 * KIB..600 * KIB + 9).unwrap_err().code(), "source::changed");
    }
}

#[test]
fn an_object_of_another_size_than_the_one_found_is_refused_at_once() {
    let store = holding(&bytes(MIB));
    let object = store.object("a.bin");
    store.put("a.bin", bytes(MIB + 1));
    assert_eq!(Blocks::open(&object).at(0..100).unwrap_err().code(), "source::changed");
}

#[test]
fn any_part_is_what_stands_there() {
    let content = bytes(7 * MIB + 11);
    let store = holding(&content);
    let blocks = Blocks::open(&store.object("a.bin"));
    let size = content.len() as u64;
    let edges = [0, 1, 256 * KIB - 1, 256 * KIB, 256 * KIB + 1, MIB, 5 * MIB + 3, size - 1, size];
    for start in edges {
        for end in edges.into_iter().filter(|end| *end >= start) {
            assert!(blocks.at(start..end).unwrap() == content[start as usize..end as usize], "{start}..{end}");
        }
    }
}

#[test]
fn parts_that_are_read_in_turns_are_asked_for_once_and_only_near_what_is_read() {
    let store = holding(&bytes(64 * MIB));
    let blocks = Blocks::open(&store.object("a.bin"));
    let columns = [MIB, 20 * MIB, 40 * MIB];
    for page in 0..64 {
        for column in columns {
            blocks.at(column + page * 16 * KIB..column + (page + 1) * 16 * KIB).unwrap();
        }
    }
    let asked: u64 = store.requests().iter().map(|(range, _)| range.end - range.start).sum();
    assert!(asked <= 3 * (MIB + MIB), "{asked}");
    assert!(store.requests().len() <= 3 * 2, "{:?}", store.requests());
}

fn dat(name: &str) -> bool {
    name.ends_with(".dat")
}

async fn found(store: &Faulty, key: &str) -> Result<Vec<Found>, Error> {
    let pattern = format!("s3://cdp/{key}");
    search(store.store(), Address::of(&pattern.as_str().into())?, dat).await
}

/// Names below `root` and the partitions of each.
fn said(files: Result<Vec<Found>, Error>, root: &str) -> Result<Vec<String>, String> {
    let files = files.map_err(|error| error.code().to_owned())?;
    Ok(files.iter().map(|file| format!("{} {:?}", file.name.trim_start_matches(root), file.partitions)).collect())
}

const TREE: [&str; 14] = [
    "4.dat",
    "a[1].dat",
    "a1.dat",
    "dt=2026-01-01/land=FI/a.dat",
    "dt=2026-01-01/land=SE/a.dat",
    "dt=2026-01-02/land=FI/_tmp/x.dat",
    "dt=2026-01-02/land=FI/b.dat",
    "x/.hidden.dat",
    "x/1.dat",
    "x/deep/2.dat",
    "x/deep.dat",
    "x/readme.md",
    "xyz/3.dat",
    "_SUCCESS",
];

#[tokio::test]
async fn a_store_is_searched_as_a_disk_is() {
    let (disk, store) = (tempfile::tempdir().unwrap(), Faulty::default());
    for key in TREE {
        let path = disk.path().join(key);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "x").unwrap();
        store.put(key, "x");
    }
    let root = format!("{}/", disk.path().display());
    for pattern in [
        "",
        "x",
        "x/",
        "*.dat",
        "x*",
        "x*/",
        "**/*.dat",
        "**",
        "x/*",
        "*/",
        "?yz/*.dat",
        "a[1].dat",
        "a?.dat",
        "a[0-9].dat",
        "dt=2026-01-0[12]/*/*.dat",
        "dt=*",
        "dt=*/land=FI",
        "dt=2026-01-02",
        "x/**",
        "none*",
        "none/*.dat",
        "x/readme.md",
        "***.dat",
        "poeple.dat",
        "none/people.dat",
        "4.dat",
        "x/deep",
    ] {
        let on_disk = said(local::find(&format!("{root}{pattern}"), dat), &root);
        let in_store = said(found(&store, pattern).await, "s3://cdp/");
        assert_eq!(in_store, on_disk, "{pattern}");
    }
}

#[tokio::test]
async fn objects_that_stand_for_folders_are_not_files() {
    let store = Faulty::default();
    for (key, content) in [("dt=1", ""), ("dt=1/a.dat", "x"), ("dt=2/a.dat", "x")] {
        store.put(key, content);
    }
    let names: Vec<String> = found(&store, "dt=*").await.unwrap().into_iter().map(|file| file.name).collect();
    assert_eq!(names, ["s3://cdp/dt=1/a.dat", "s3://cdp/dt=2/a.dat"]);
}

#[tokio::test]
async fn a_missing_object_points_to_its_neighbours() {
    let store = Faulty::default();
    store.put("segments/people.dat", "x");
    store.put("segments/old/people.dat", "x");
    for (key, help) in [
        ("segments/poeple.dat", "did you mean s3://cdp/segments/people.dat?"),
        ("segments/zip.dat", "s3://cdp/segments holds old, people.dat"),
        ("segments/odl/", "did you mean s3://cdp/segments/old?"),
        ("none/people.dat", "the folder s3://cdp/none does not exist either"),
    ] {
        let error = found(&store, key).await.unwrap_err();
        assert_eq!((error.code(), error.help_text()), ("source::file_missing", Some(help)), "{key}");
    }
}
