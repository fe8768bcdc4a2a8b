//! What Avro files promise: columns as fastavro writes them, and an error for every file that is not whole.
//! `ENLIST_TEST_PYTHON` names a Python that has fastavro.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::env;
use std::fs;
use std::process::Command;
use std::sync::LazyLock;

use arrow::array::RecordBatch;
use arrow::util::display::array_value_to_string;
use enlist_core::{Error, Rows, SegmentBatch, Source};
use enlist_source_avro::{AvroFiles, handles};
use futures::TryStreamExt;
use tempfile::TempDir;

/// Three records of many types by each codec, many records in many blocks, and odd files.
const SCRIPT: &str = r#"
import datetime as dt, decimal, uuid
import fastavro
maybe = lambda kind: ["null", kind]
logical = lambda kind, name, **more: {"type": kind, "logicalType": name, **more}
schema = fastavro.parse_schema({"type": "record", "name": "Person", "namespace": "example", "fields": [
    {"name": "id", "type": "long"},
    {"name": "text", "type": maybe("string")},
    {"name": "last", "type": ["string", "null"]},
    {"name": "tier", "type": {"type": "enum", "name": "Tier", "symbols": ["gold", "silver"]}},
    {"name": "before", "type": maybe("Tier")},
    {"name": "sum", "type": maybe(logical("bytes", "decimal", precision=12, scale=2))},
    {"name": "exact", "type": {"type": "fixed", "name": "F8", "size": 8, "logicalType": "decimal", "precision": 9, "scale": 1}},
    {"name": "day", "type": maybe(logical("int", "date"))},
    {"name": "time", "type": maybe(logical("int", "time-millis"))},
    {"name": "at", "type": maybe(logical("long", "timestamp-millis"))},
    {"name": "micro", "type": maybe(logical("long", "timestamp-micros"))},
    {"name": "local", "type": maybe(logical("long", "local-timestamp-micros"))},
    {"name": "key", "type": maybe(logical("string", "uuid"))},
    {"name": "span", "type": {"type": "fixed", "name": "F12", "size": 12, "logicalType": "duration"}},
    {"name": "flag", "type": maybe("boolean")},
    {"name": "small", "type": maybe("int")},
    {"name": "ratio", "type": maybe("double")},
    {"name": "single", "type": maybe("float")},
    {"name": "raw", "type": maybe("bytes")},
    {"name": "tags", "type": {"type": "array", "items": "string"}},
    {"name": "map", "type": maybe({"type": "map", "values": "int"})},
    {"name": "home", "type": maybe({"type": "record", "name": "Home", "fields": [{"name": "zip", "type": "string"}]})},
    {"name": "either", "type": ["null", "string", "long"]},
]})
nulls = "text last before sum day time at micro local key flag small ratio single raw map home either".split()
moment = dt.datetime(2026, 1, 2, 3, 4, 5, 678000, dt.timezone.utc)
span = (1).to_bytes(4, "little") + (2).to_bytes(4, "little") + (3000).to_bytes(4, "little")
full = {"id": 1, "text": "Åda", "last": "x", "tier": "silver", "before": "gold", "sum": decimal.Decimal("1.10"),
        "exact": decimal.Decimal("-2.5"), "day": dt.date(1999, 12, 31), "time": dt.time(3, 4, 5), "at": moment, "micro": moment,
        "local": moment.replace(tzinfo=None), "key": uuid.UUID(int=5), "span": span, "flag": True, "small": -7, "ratio": 0.1,
        "single": 1.5, "raw": b"abc", "tags": ["a", "b"], "map": {"k": 1}, "home": {"zip": "00100"}, "either": 5}
empty = {"id": 2, "tier": "gold", "exact": decimal.Decimal("0.0"), "span": span, "tags": [], **{name: None for name in nulls}}
records = [full, empty, {**full, "id": 3, "either": "five"}]
for codec in ["null", "deflate", "snappy", "zstandard", "xz"]:
    with open(f"{codec}.avro", "wb") as out: fastavro.writer(out, schema, records, codec=codec)
short = {"type": "record", "name": "R", "fields": [{"name": "id", "type": "long"}, {"name": "email", "type": "string"}]}
people = lambda count: ({"id": n, "email": f"p{n}@example.com"} for n in range(count))
for name, codec in [("many", "deflate"), ("plain", "null")]:
    with open(f"{name}.avro", "wb") as out: fastavro.writer(out, short, people(20_000), codec=codec, sync_interval=4_000)
with open("few.avro", "wb") as out: fastavro.writer(out, short, people(20), codec="snappy", sync_interval=100)
with open("none.avro", "wb") as out: fastavro.writer(out, short, [])
with open("text.avro", "wb") as out: fastavro.writer(out, {"type": "string"}, ["a"])
"#;

/// The files of the script, written once.
static FILES: LazyLock<TempDir> = LazyLock::new(|| {
    let python = env::var("ENLIST_TEST_PYTHON").expect(
        "ENLIST_TEST_PYTHON must name a Python with fastavro: python3 -m pip install fastavro cramjam backports.zstd",
    );
    let folder = tempfile::tempdir().unwrap();
    let ended = Command::new(python).args(["-c", SCRIPT]).current_dir(folder.path()).output();
    let ended = ended.expect("ENLIST_TEST_PYTHON must be a Python");
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    folder
});

fn written(name: &str) -> Vec<u8> {
    fs::read(FILES.path().join(name)).unwrap()
}

fn open(name: &str) -> Result<AvroFiles, Error> {
    AvroFiles::open(&FILES.path().join(name).display().to_string())
}

async fn batches(source: &dyn Source, columns: &[&str]) -> Result<Vec<SegmentBatch>, Error> {
    let columns: Vec<String> = columns.iter().map(|column| (*column).to_owned()).collect();
    source.scan(&columns).await?.batches.try_collect().await
}

fn cells(batches: &[SegmentBatch]) -> Vec<String> {
    let row = |rows: &RecordBatch, row| {
        let cells: Vec<_> = rows.columns().iter().map(|column| array_value_to_string(column, row).unwrap()).collect();
        cells.join("|")
    };
    batches.iter().flat_map(|batch| (0..batch.rows.num_rows()).map(move |at| row(&batch.rows, at))).collect()
}

/// The rows of a file of these bytes.
async fn read(bytes: &[u8]) -> Result<Vec<String>, Error> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.avro"), bytes).unwrap();
    let source = AvroFiles::open(&folder.path().join("a.avro").display().to_string())?;
    Ok(cells(&batches(&source, &["id", "email"]).await?))
}

#[test]
fn avro_is_known_by_its_name() {
    assert!(["a.avro", "x/*.AVRO"].into_iter().all(handles));
    assert!(!["a.parquet", "a.avro.gz", "avro", ""].into_iter().any(handles));
}

#[tokio::test]
async fn every_type_arrives_with_every_codec() {
    for file in ["null.avro", "deflate.avro", "snappy.avro", "zstandard.avro"] {
        let source = open(file).unwrap();
        assert_eq!(source.rows().await.unwrap(), Rows::Exactly(3));
        for (name, first, second) in [
            ("id", "1", "2"),
            ("text", "Åda", ""),
            ("last", "x", ""),
            ("tier", "silver", "gold"),
            ("before", "gold", ""),
            ("sum", "1.10", ""),
            ("exact", "-2.5", "0.0"),
            ("day", "1999-12-31", ""),
            ("time", "03:04:05", ""),
            ("at", "2026-01-02T03:04:05.678Z", ""),
            ("micro", "2026-01-02T03:04:05.678Z", ""),
            ("local", "2026-01-02T03:04:05.678", ""),
            ("key", "00000000-0000-0000-0000-000000000005", ""),
            ("span", "1 mons 2 days 3.000000000 secs", "1 mons 2 days 3.000000000 secs"),
            ("flag", "true", ""),
            ("small", "-7", ""),
            ("ratio", "0.1", ""),
            ("single", "1.5", ""),
            ("raw", "616263", ""),
            ("tags", "[a, b]", "[]"),
            ("map", "{k: 1}", ""),
            ("home", "{zip: 00100}", ""),
        ] {
            let found = cells(&batches(&source, &[name]).await.unwrap());
            let third = if name == "id" { "3" } else { first };
            assert_eq!(found, [first, second, third], "{name} of {file}");
        }
        assert_eq!(cells(&batches(&source, &["either"]).await.unwrap()).len(), 3);
    }
}

#[tokio::test]
async fn many_blocks_are_read_in_order_and_their_places_go_on() {
    for file in ["many.avro", "plain.avro"] {
        let source = open(file).unwrap();
        let batches = batches(&source, &["id"]).await.unwrap();
        let mut next = 1;
        for batch in &batches {
            assert_eq!(batch.first_row, next);
            next += batch.rows.num_rows() as u64;
        }
        let ids: Vec<_> = (0..20_000).map(|id| id.to_string()).collect();
        assert_eq!(cells(&batches), ids);
        assert_eq!(source.rows().await.unwrap(), Rows::Exactly(20_000));
    }
}

#[tokio::test]
async fn files_are_read_in_order_with_the_keys_of_their_folders() {
    let folder = tempfile::tempdir().unwrap();
    for part in ["dt=1", "dt=2"] {
        fs::create_dir(folder.path().join(part)).unwrap();
        fs::write(folder.path().join(part).join("few.avro"), written("few.avro")).unwrap();
    }
    fs::write(folder.path().join("dt=2").join("none.avro"), written("none.avro")).unwrap();
    let source = AvroFiles::open(folder.path().to_str().unwrap()).unwrap();
    let found = cells(&batches(&source, &["dt", "id"]).await.unwrap());
    assert_eq!((found.len(), &*found[0], &*found[39]), (40, "1|0", "2|19"));
}

#[tokio::test]
async fn a_file_cut_anywhere_but_between_blocks_is_an_error() {
    let whole = written("few.avro");
    let marker = whole[whole.len() - 16..].to_vec();
    assert_eq!(read(&whole).await.unwrap().len(), 20);
    for length in 0..whole.len() {
        let between = whole[..length].ends_with(&marker);
        match read(&whole[..length]).await {
            Ok(rows) => assert!(between && rows.len() < 20, "{length} bytes: {} rows", rows.len()),
            Err(error) => assert!(!between && error.code() == "avro::cut_off", "{length} bytes: {error}"),
        }
    }
}

#[tokio::test]
async fn a_block_of_another_file_or_of_another_number_of_records_is_damaged() {
    let whole = written("few.avro");
    let marker = whole[whole.len() - 16..].to_vec();
    let first = whole.windows(16).position(|bytes| bytes == marker).unwrap() + 16;
    let mut foreign = whole.clone();
    *foreign.last_mut().unwrap() ^= 1;
    let error = read(&foreign).await.unwrap_err();
    assert!(error.to_string().ends_with("it does not end in the marker of the file"), "{error}");
    // One record fewer, and one more, than there are.
    for difference in [-2i8, 2] {
        let mut count = whole.clone();
        count[first] = count[first].wrapping_add_signed(difference);
        let error = read(&count).await.unwrap_err();
        assert!(
            error.to_string().ends_with("block 1 is damaged: it does not hold the records that it says"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_named() {
    for (file, code) in [("xz.avro", "avro::codec"), ("text.avro", "avro::schema")] {
        assert_eq!(open(file).err().unwrap().code(), code);
    }
    for (bytes, code, message) in [
        (&b""[..], "avro::cut_off", "is empty (0 bytes)"),
        (b"Obj", "avro::cut_off", "is cut off: it ends within its header"),
        (b"PAR1\x15\x04", "avro::not_avro", "is Parquet, not Avro"),
        (b"{\"type\":\"record\"}", "avro::not_avro", "is not an Avro file"),
    ] {
        let error = read(bytes).await.unwrap_err();
        assert!(error.code() == code && error.to_string().ends_with(message), "{error}");
    }
}

#[tokio::test]
async fn a_file_of_other_columns_than_when_it_was_opened_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.avro");
    fs::write(&path, written("few.avro")).unwrap();
    let source = AvroFiles::open(path.to_str().unwrap()).unwrap();
    fs::write(&path, written("null.avro")).unwrap();
    assert_eq!(batches(&source, &["id"]).await.unwrap_err().code(), "source::changed");
}

#[tokio::test]
async fn a_damaged_byte_is_an_error_or_costs_no_row() {
    let whole = written("few.avro");
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 1 << (at % 8);
        let rows = read(&damaged).await.map(|rows| rows.len());
        assert!(rows.is_err() || rows.as_ref().is_ok_and(|rows| *rows == 20), "byte {at}: {rows:?}");
    }
}
