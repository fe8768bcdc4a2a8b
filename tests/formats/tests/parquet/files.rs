//! What Parquet files promise: order, places, types, and an error for every file that is not whole.

use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

use arrow::array::*;
use arrow::datatypes::*;
use enlist_core::{Error, ErrorKind, SegmentBatch, Source};
use enlist_source_parquet::{ParquetFiles, handles};
use enlist_source_query::Tables;
use futures::{StreamExt, TryStreamExt};
use parquet::arrow::ArrowWriter;
use parquet::basic::{BrotliLevel, Compression, GzipLevel, ZstdLevel};
use parquet::file::properties::WriterProperties;
use tempfile::TempDir;

fn people(rows: std::ops::Range<i64>) -> RecordBatch {
    let emails = rows.clone().map(|n| (n % 5 != 4).then(|| format!("p{n}@example.com")));
    RecordBatch::try_from_iter_with_nullable([
        ("id", Arc::new(Int64Array::from_iter_values(rows.clone())) as ArrayRef, false),
        ("Email", Arc::new(StringArray::from_iter(emails)) as ArrayRef, true),
        (
            "city",
            Arc::new(StringArray::from_iter_values(rows.map(|n| ["Åbo", "東京"][n as usize % 2]))) as ArrayRef,
            true,
        ),
    ])
    .unwrap()
}

fn write_with(path: &Path, rows: &RecordBatch, properties: WriterProperties) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), rows.schema(), Some(properties)).unwrap();
    writer.write(rows).unwrap();
    writer.close().unwrap();
}

/// Three row groups for twenty-five thousand rows.
fn write(path: &Path, rows: &RecordBatch) {
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_max_row_group_row_count(Some(10_000))
        .set_data_page_size_limit(4_096)
        .build();
    write_with(path, rows, properties);
}

fn at(folder: &TempDir, path: &str) -> String {
    folder.path().join(path).display().to_string()
}

async fn read(source: &dyn Source, columns: &[&str]) -> Result<Vec<SegmentBatch>, Error> {
    let columns: Vec<String> = columns.iter().map(|c| c.to_string()).collect();
    source.scan(&columns).await?.batches.try_collect().await
}

async fn ids(source: &dyn Source) -> Vec<i64> {
    let batches = read(source, &["id"]).await.unwrap();
    batches.iter().flat_map(|b| b.rows["id"].as_primitive::<Int64Type>().values().to_vec()).collect()
}

fn refusal(pattern: &str) -> Error {
    ParquetFiles::open(pattern).err().unwrap_or_else(|| panic!("opened {pattern}"))
}

#[test]
fn parquet_is_known_by_its_name_or_by_what_a_folder_holds() {
    let folder = tempfile::tempdir().unwrap();
    assert!(handles("people.parquet") && handles("lake/**/*.PARQUET") && handles("a.pq"));
    assert!(!handles("people.csv") && !handles("parquet") && !handles(&at(&folder, "")));
    write(&folder.path().join("dt=1/a.parquet"), &people(0..1));
    assert!(handles(&at(&folder, "")));
}

#[tokio::test]
async fn rows_arrive_in_order_with_their_place_across_row_groups_and_files() {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("b.parquet"), &people(25_000..40_000));
    write(&folder.path().join("a.parquet"), &people(0..25_000));
    let source = ParquetFiles::open(&at(&folder, "*.parquet")).unwrap();
    let stream = source.scan(&["id".into()]).await.unwrap();
    assert_eq!(stream.origins.as_ref(), [at(&folder, "a.parquet"), at(&folder, "b.parquet")]);
    let mut next = [1, 1];
    for batch in stream.batches.try_collect::<Vec<_>>().await.unwrap() {
        let origin = batch.origin as usize;
        assert_eq!(batch.first_row, next[origin]);
        let first = batch.rows["id"].as_primitive::<Int64Type>().value(0);
        assert_eq!(first as u64, batch.first_row - 1 + [0, 25_000][origin]);
        next[origin] += batch.rows.num_rows() as u64;
    }
    assert_eq!(next, [25_001, 15_001]);
}

#[tokio::test]
async fn every_type_arrives_as_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let list = ListArray::from_iter_primitive::<Int32Type, _, _>([Some(vec![Some(1), None]), None]);
    let inner: ArrayRef = Arc::new(Int32Array::from(vec![Some(7), None]));
    let structs = StructArray::from(vec![(Arc::new(Field::new("x", DataType::Int32, true)), inner)]);
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("bool", Arc::new(BooleanArray::from(vec![Some(true), None]))),
        ("i8", Arc::new(Int8Array::from(vec![Some(-1), None]))),
        ("u64", Arc::new(UInt64Array::from(vec![Some(u64::MAX), None]))),
        ("f32", Arc::new(Float32Array::from(vec![Some(1.5), None]))),
        ("f64", Arc::new(Float64Array::from(vec![Some(-0.0), None]))),
        ("date", Arc::new(Date32Array::from(vec![Some(-1), None]))),
        ("time", Arc::new(Time64MicrosecondArray::from(vec![Some(1), None]))),
        ("instant", Arc::new(TimestampMicrosecondArray::from(vec![Some(1), None]).with_timezone("Europe/Helsinki"))),
        ("local", Arc::new(TimestampNanosecondArray::from(vec![Some(1), None]))),
        ("seconds", Arc::new(TimestampMillisecondArray::from(vec![Some(1), None]).with_timezone("UTC"))),
        ("decimal", Arc::new(Decimal128Array::from(vec![Some(12_345), None]).with_precision_and_scale(12, 2).unwrap())),
        (
            "wide",
            Arc::new(
                Decimal256Array::from(vec![Some(i256::from_i128(5)), None]).with_precision_and_scale(50, 3).unwrap(),
            ),
        ),
        ("large", Arc::new(LargeStringArray::from(vec![Some("Åbo"), None]))),
        ("view", Arc::new(StringViewArray::from(vec![Some("a text longer than twelve bytes"), None]))),
        ("binary", Arc::new(BinaryArray::from(vec![Some(&[0u8, 255][..]), None]))),
        (
            "fixed",
            Arc::new(
                FixedSizeBinaryArray::try_from_sparse_iter_with_size([Some([1u8; 16]), None].into_iter(), 16).unwrap(),
            ),
        ),
        ("category", Arc::new([Some("a"), None].into_iter().collect::<DictionaryArray<Int8Type>>())),
        ("list", Arc::new(list)),
        ("struct", Arc::new(structs)),
        ("nothing", Arc::new(NullArray::new(2))),
    ];
    let written = RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, c)| (n, c, true))).unwrap();
    write(&folder.path().join("types.parquet"), &written);
    let source = ParquetFiles::open(&at(&folder, "types.parquet")).unwrap();
    let names: Vec<&str> = written.schema_ref().fields().iter().map(|f| f.name().as_str()).collect();
    let rows = &read(&source, &names).await.unwrap()[0].rows;
    for name in &names {
        assert_eq!(&rows[*name], &written[*name], "{name}");
    }
    let mut tables = Tables::default();
    tables.add("types", Arc::new(source.clone())).unwrap();
    let result = tables.query("SELECT * FROM types").await.unwrap();
    let rows = &read(&result, &names).await.unwrap()[0].rows;
    for name in &names {
        assert_eq!(&rows[*name], &written[*name], "{name} by SQL");
    }
}

#[tokio::test]
async fn every_codec_in_use_is_read() {
    let folder = tempfile::tempdir().unwrap();
    for (index, codec) in [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(GzipLevel::default()),
        Compression::BROTLI(BrotliLevel::default()),
        Compression::LZ4,
        Compression::LZ4_RAW,
        Compression::ZSTD(ZstdLevel::default()),
    ]
    .into_iter()
    .enumerate()
    {
        let path = folder.path().join(format!("{index}.parquet"));
        write_with(&path, &people(0..500), WriterProperties::builder().set_compression(codec).build());
        let source = ParquetFiles::open(path.to_str().unwrap()).unwrap();
        assert_eq!(ids(&source).await, (0..500).collect::<Vec<_>>(), "{codec}");
    }
}

#[tokio::test]
async fn sql_reads_the_same_rows_and_only_the_columns_it_needs() {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("p.parquet"), &people(0..25_000));
    let source = ParquetFiles::open(&at(&folder, "p.parquet")).unwrap();
    let mut tables = Tables::default();
    tables.add("people", Arc::new(source.clone())).unwrap();
    let result = tables.query("SELECT * FROM people").await.unwrap();
    let join = |batches: Vec<SegmentBatch>| {
        let rows: Vec<_> = batches.into_iter().map(|b| b.rows).collect();
        arrow::compute::concat_batches(&rows[0].schema(), &rows).unwrap()
    };
    let names = ["city", "Email", "id"];
    assert_eq!(join(read(&result, &names).await.unwrap()), join(read(&source, &names).await.unwrap()));
    let plan = result.explain(&["Email".into()]).await.unwrap();
    assert!(plan.contains("projection=[Email]"), "{plan}");
    let counted = tables.query("SELECT COUNT(*) AS id FROM people").await.unwrap();
    assert_eq!(ids(&counted).await, [25_000]);
    let plan = counted.explain(&["id".into()]).await.unwrap();
    assert!(!plan.contains("Email") && !plan.contains("city"), "{plan}");
}

#[tokio::test]
async fn folders_named_key_value_add_columns() {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("dt=2026-01-02/land=FI/a.parquet"), &people(0..3));
    write(&folder.path().join("dt=2026-01-01/land=__HIVE_DEFAULT_PARTITION__/a.parquet"), &people(3..5));
    let source = ParquetFiles::open(&at(&folder, "")).unwrap();
    let schema = source.schema().await.unwrap();
    let names: Vec<_> = schema.fields().iter().map(|f| f.name().as_str()).collect();
    assert_eq!(names, ["id", "Email", "city", "dt", "land"]);
    let batches = read(&source, &["land", "id", "dt"]).await.unwrap();
    assert!(batches[0].rows["land"].is_null(1));
    assert_eq!(batches[0].rows["dt"].as_string::<i32>().value(0), "2026-01-01");
    assert_eq!(batches[1].rows["land"].as_string::<i32>().value(2), "FI");
    let mut tables = Tables::default();
    tables.add("lake", Arc::new(source.clone())).unwrap();
    let result = tables.query("SELECT id FROM lake WHERE dt = '2026-01-02'").await.unwrap();
    assert_eq!(ids(&result).await, [0, 1, 2]);
}

#[tokio::test]
async fn files_may_differ_in_what_nobody_asks_for() {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("a.parquet"), &people(0..2));
    write(&folder.path().join("b.parquet"), &people(2..4).project(&[1, 0]).unwrap());
    let source = ParquetFiles::open(&at(&folder, "*.parquet")).unwrap();
    assert_eq!(ids(&source).await, [0, 1, 2, 3]);
    let error = read(&source, &["id", "city"]).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Source, "source::column_missing"));
    assert!(error.to_string().contains("b.parquet"), "{error}");
    let error = read(&source, &["mail"]).await.unwrap_err();
    assert!(error.help_text().unwrap().starts_with("did you mean \"Email\"?"), "{error:?}");
}

#[tokio::test]
async fn categories_with_other_codes_in_each_file_are_one_column_of_text() {
    let folder = tempfile::tempdir().unwrap();
    let one = [Some("a"), None].into_iter().collect::<DictionaryArray<Int8Type>>();
    let two = [Some("b")].into_iter().collect::<DictionaryArray<Int16Type>>();
    write(&folder.path().join("1.parquet"), &RecordBatch::try_from_iter([("c", Arc::new(one) as ArrayRef)]).unwrap());
    write(&folder.path().join("2.parquet"), &RecordBatch::try_from_iter([("c", Arc::new(two) as ArrayRef)]).unwrap());
    let source = ParquetFiles::open(&at(&folder, "")).unwrap();
    let batches = read(&source, &["c"]).await.unwrap();
    assert_eq!(batches[0].rows["c"].as_string::<i32>().iter().collect::<Vec<_>>(), [Some("a"), None]);
    assert_eq!(batches[1].rows["c"].as_string::<i32>().value(0), "b");
}

#[tokio::test]
async fn a_file_of_no_rows_is_a_segment_of_no_rows() {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("none.parquet"), &people(0..0));
    let source = ParquetFiles::open(&at(&folder, "none.parquet")).unwrap();
    assert_eq!(source.schema().await.unwrap().fields().len(), 3);
    assert!(read(&source, &["id"]).await.unwrap().is_empty());
}

#[test]
fn a_file_that_is_not_whole_is_named_before_any_row_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("a.parquet");
    write(&whole, &people(0..25_000));
    let bytes = fs::read(&whole).unwrap();
    let mut broken_footer = bytes.clone();
    let footer = bytes.len() - 200;
    broken_footer[footer..footer + 150].fill(0xff);
    let bad: [(&str, &[u8]); 6] = [
        ("parquet::cut_off", &bytes[..bytes.len() / 2]),
        ("parquet::cut_off", &bytes[..6]),
        ("parquet::cut_off", b""),
        ("parquet::not_parquet", b"id,email\n1,a@example.com\n"),
        ("parquet::encrypted", b"PARE................PARE"),
        ("parquet::damaged", &broken_footer),
    ];
    for (code, content) in bad {
        fs::write(folder.path().join("b.parquet"), content).unwrap();
        let error = refusal(&at(&folder, "*.parquet"));
        assert_eq!((error.kind(), error.code()), (ErrorKind::Source, code), "{error}");
        assert!(error.to_string().contains("b.parquet") && error.help_text().is_some(), "{error:?}");
    }
}

#[test]
fn a_missing_file_and_a_glob_without_match_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("people.parquet"), &people(0..1));
    let error = refusal(&at(&folder, "peoples.parquet"));
    assert_eq!(error.code(), "source::file_missing");
    assert!(error.help_text().unwrap().contains("people.parquet"), "{error:?}");
    assert_eq!(refusal(&at(&folder, "x*.parquet")).code(), "source::no_files");
}

#[tokio::test]
async fn a_damaged_page_is_an_error_with_its_row_group_directly_and_by_sql() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    write(&path, &people(0..25_000));
    let mut bytes = fs::read(&path).unwrap();
    // The second of three row groups lies about the middle of the data.
    let middle = bytes.len() * 2 / 5;
    bytes[middle..middle + 2_000].fill(0xff);
    fs::write(&path, bytes).unwrap();
    let source = ParquetFiles::open(path.to_str().unwrap()).unwrap();
    let mut tables = Tables::default();
    tables.add("people", Arc::new(source.clone())).unwrap();
    let result = tables.query("SELECT * FROM people").await.unwrap();
    for source in [&source as &dyn Source, &result] {
        let error = read(source, &["id", "Email", "city"]).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Source, "parquet::damaged"), "{error}");
        assert!(error.to_string().contains("a.parquet, row group 2 of 3 is damaged"), "{error}");
    }
}

/// Whatever byte is damaged: the rows arrive in full number, or there is an error. Never a panic, never fewer rows.
#[tokio::test]
async fn no_damage_makes_a_short_segment() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(60)).build();
    write_with(&path, &people(0..100), properties);
    let whole = fs::read(&path).unwrap();
    let mut refused = 0;
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 0xff;
        fs::write(&path, bytes).unwrap();
        let Ok(source) = ParquetFiles::open(path.to_str().unwrap()) else {
            refused += 1;
            continue;
        };
        match read(&source, &["id", "Email"]).await {
            Ok(batches) => assert_eq!(batches.iter().map(|b| b.rows.num_rows()).sum::<usize>(), 100, "byte {at}"),
            Err(error) => {
                assert_ne!(error.kind(), ErrorKind::Bug, "byte {at}: {error}");
                refused += 1;
            }
        }
    }
    assert!(refused > 0);
}

#[tokio::test]
async fn a_file_that_vanishes_after_it_was_opened_is_an_error_at_its_turn() {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("a.parquet"), &people(0..10));
    write(&folder.path().join("b.parquet"), &people(10..20));
    let source = ParquetFiles::open(&at(&folder, "")).unwrap();
    fs::remove_file(folder.path().join("b.parquet")).unwrap();
    let items: Vec<_> = source.scan(&["id".into()]).await.unwrap().batches.collect().await;
    assert_eq!(items.len(), 2);
    assert_eq!(items[1].as_ref().unwrap_err().code(), "source::file_missing");
}
