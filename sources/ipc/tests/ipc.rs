//! What Arrow IPC promises: columns as written, places, and an error for everything that is not whole.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::fs;
use std::io::{Cursor, Read};
use std::sync::Arc;

use arrow::array::{ArrayRef, DictionaryArray, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::Int32Type;
use arrow::ipc::writer::{FileWriter, StreamWriter};
use arrow::util::display::array_value_to_string;
use enlist_core::{Error, Rows, SegmentBatch, Source};
use enlist_source_ipc::{IpcFiles, IpcStream, handles};
use futures::TryStreamExt;
use tempfile::TempDir;

fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    folder
}

fn open(folder: &TempDir, pattern: &str) -> Result<IpcFiles, Error> {
    IpcFiles::open(&folder.path().join(pattern).display().to_string())
}

/// `id` from `first` on, and a `tier` from a dictionary.
fn batch(first: i64, rows: i64) -> RecordBatch {
    let names = Arc::new(StringArray::from(vec!["gold", "silver"]));
    let tiers =
        DictionaryArray::<Int32Type>::new((0..rows as i32).map(|row| row % 2).collect::<Vec<_>>().into(), names);
    RecordBatch::try_from_iter([
        ("id", Arc::new(Int64Array::from_iter_values(first..first + rows)) as ArrayRef),
        ("tier", Arc::new(tiers)),
    ])
    .unwrap()
}

fn stream(batches: &[RecordBatch]) -> Vec<u8> {
    let mut writer = StreamWriter::try_new(Vec::new(), &batches[0].schema()).unwrap();
    batches.iter().for_each(|batch| writer.write(batch).unwrap());
    writer.finish().unwrap();
    writer.into_inner().unwrap()
}

fn file(batches: &[RecordBatch]) -> Vec<u8> {
    let mut writer = FileWriter::try_new(Vec::new(), &batches[0].schema()).unwrap();
    batches.iter().for_each(|batch| writer.write(batch).unwrap());
    writer.finish().unwrap();
    writer.into_inner().unwrap()
}

async fn batches(source: &dyn Source) -> Result<Vec<SegmentBatch>, Error> {
    let columns: Vec<String> = source.schema().await?.fields().iter().map(|f| f.name().clone()).collect();
    source.scan(&columns).await?.batches.try_collect().await
}

async fn rows(source: Result<impl Source, Error>) -> Result<usize, Error> {
    Ok(batches(&source?).await?.iter().map(|batch| batch.rows.num_rows()).sum())
}

fn cells(batches: &[SegmentBatch]) -> Vec<String> {
    let row = |rows: &RecordBatch, row| {
        let cells: Vec<_> = rows.columns().iter().map(|column| array_value_to_string(column, row).unwrap()).collect();
        cells.join("|")
    };
    batches.iter().flat_map(|batch| (0..batch.rows.num_rows()).map(move |at| row(&batch.rows, at))).collect()
}

async fn piped(bytes: &[u8]) -> Result<usize, Error> {
    rows(IpcStream::from_reader("standard input", Cursor::new(bytes.to_vec()))).await
}

#[test]
fn arrow_is_known_by_its_name_or_by_what_a_folder_holds() {
    assert!(["a.arrow", "a.ARROWS", "x/*.feather", "a.ipc"].into_iter().all(handles));
    assert!(!["a.parquet", "a.arrow.gz", "arrow", ""].into_iter().any(handles));
    assert!(handles(folder(&[("deep/a.arrow", b"")]).path().to_str().unwrap()));
}

#[tokio::test]
async fn both_formats_are_told_by_their_first_bytes_and_read_in_order_of_path() {
    let folder = folder(&[
        ("dt=1/b.arrow", &stream(&[batch(10, 2)])),
        ("dt=1/a.arrows", &file(&[batch(1, 1), batch(2, 1)])),
        ("dt=2/c.feather", &file(&[batch(20, 0), batch(20, 1)])),
    ]);
    let source = open(&folder, "").unwrap();
    let columns = ["dt", "tier", "id"].map(String::from);
    let stream = source.scan(&columns).await.unwrap();
    assert_eq!(stream.schema.fields().iter().map(|field| field.name().as_str()).collect::<Vec<_>>(), columns);
    let batches: Vec<_> = stream.batches.try_collect().await.unwrap();
    let places: Vec<_> = batches.iter().map(|batch| (batch.origin, batch.first_row)).collect();
    assert_eq!(places, [(0, 1), (0, 2), (1, 1), (2, 1)]);
    assert_eq!(cells(&batches), ["1|gold|1", "1|gold|2", "1|gold|10", "1|silver|11", "2|gold|20"]);
}

#[tokio::test]
async fn a_large_record_batch_is_handed_on_in_pieces_whose_places_go_on() {
    let folder = folder(&[("a.arrow", &file(&[batch(1, 20_000), batch(20_001, 5)]))]);
    let mut next = 1;
    for batch in batches(&open(&folder, "a.arrow").unwrap()).await.unwrap() {
        assert!(batch.rows.num_rows() <= 8_192);
        assert_eq!(
            (batch.first_row, &cells(std::slice::from_ref(&batch))[0]),
            (next, &format!("{next}|{}", ["gold", "silver"][(next as usize - 1) % 2]))
        );
        next += batch.rows.num_rows() as u64;
    }
    assert_eq!(next, 20_006);
}

#[tokio::test]
async fn a_file_knows_its_rows_and_a_stream_does_not() {
    let folder = folder(&[
        ("a.arrow", &file(&[batch(1, 20_000), batch(1, 5)])),
        ("b.arrow", &file(&(0..300).map(|_| batch(1, 10)).collect::<Vec<_>>())),
        ("c.arrow", &stream(&[batch(1, 1)])),
    ]);
    assert_eq!(open(&folder, "a.arrow").unwrap().rows().await.unwrap(), Rows::Exactly(20_005));
    assert_eq!(open(&folder, "b.arrow").unwrap().rows().await.unwrap(), Rows::About(3_000));
    assert_eq!(open(&folder, "c.arrow").unwrap().rows().await.unwrap(), Rows::Unknown);
}

#[tokio::test]
async fn a_scan_without_columns_still_has_the_rows() {
    for content in [file(&[batch(1, 7)]), stream(&[batch(1, 7)])] {
        let folder = folder(&[("a.arrow", &content)]);
        let stream = open(&folder, "a.arrow").unwrap().scan(&[]).await.unwrap();
        let batches: Vec<_> = stream.batches.try_collect().await.unwrap();
        assert_eq!(batches.iter().map(|batch| batch.rows.num_rows()).sum::<usize>(), 7);
    }
}

#[tokio::test]
async fn a_stream_is_read_once_and_a_missing_column_does_not_cost_it() {
    let source = IpcStream::from_reader("standard input", Cursor::new(stream(&[batch(1, 3)]))).unwrap();
    assert_eq!(source.name(), "standard input");
    let missing = source.scan(&["tiers".to_owned()]).await.err().unwrap();
    assert_eq!(missing.code(), "source::column_missing");
    assert_eq!(cells(&batches(&source).await.unwrap()), ["1|gold", "2|silver", "3|gold"]);
    assert_eq!(batches(&source).await.unwrap_err().code(), "ipc::once");
}

#[tokio::test]
async fn a_stream_cut_anywhere_is_an_error() {
    let whole = stream(&[batch(1, 3), batch(4, 3)]);
    assert_eq!(piped(&whole).await.unwrap(), 6);
    for length in 0..whole.len() {
        let error = piped(&whole[..length]).await.unwrap_err();
        let expected =
            if length == 0 { &["ipc::empty"][..] } else { &["ipc::cut_off", "ipc::no_end", "ipc::not_arrow"] };
        assert!(expected.contains(&error.code()), "{length} bytes: {error:?}");
    }
    // Without its end marker it ends where a message ends.
    let error = piped(&whole[..whole.len() - 8]).await.unwrap_err();
    assert_eq!(error.code(), "ipc::no_end");
    assert_eq!(error.to_string(), "standard input ends after 4 messages without the end marker of an Arrow stream");
}

#[tokio::test]
async fn a_file_cut_anywhere_is_an_error() {
    for whole in [file(&[batch(1, 3), batch(4, 3)]), stream(&[batch(1, 3)])] {
        let folder = folder(&[("a.arrow", &whole)]);
        for length in 0..whole.len() {
            fs::write(folder.path().join("a.arrow"), &whole[..length]).unwrap();
            assert!(rows(open(&folder, "a.arrow")).await.is_err(), "{length} bytes");
        }
    }
}

#[tokio::test]
async fn what_follows_a_stream_is_not_ignored() {
    let one = stream(&[batch(1, 3)]);
    assert_eq!(piped(&[one.as_slice(), &one].concat()).await.unwrap_err().code(), "ipc::trailing");
}

#[tokio::test]
async fn what_is_no_arrow_is_named_with_what_to_do() {
    let file = file(&[batch(1, 1)]);
    for (bytes, code, message) in [
        (&b"email,name\nada@example.com,Ada\n"[..], "ipc::not_arrow", "is text, not an Arrow stream or file"),
        (b"{\"email\":\"ada@example.com\"}\n", "ipc::not_arrow", "is JSON, not an Arrow stream or file"),
        (b"PAR1\x15\x04\x15", "ipc::not_arrow", "is Parquet, not an Arrow stream or file"),
        (b"\x1f\x8b\x08\0\0\0\0\0", "ipc::not_arrow", "is gzip, not an Arrow stream or file"),
        (b"\x80\x04\x95\x01", "ipc::not_arrow", "is not an Arrow stream or file"),
        (b"", "ipc::empty", "is empty"),
        (b"FEA1\0\0\0\0", "ipc::legacy", "is Feather version 1"),
        (b"\x10\x01\0\0\x10\0\0\0\0\0\x0a\0", "ipc::legacy", "is an Arrow stream from before 0.15 (2019)"),
        (&file, "ipc::not_stream", "is an Arrow file, not an Arrow stream"),
    ] {
        let error = piped(bytes).await.unwrap_err();
        assert_eq!((error.code(), error.to_string()), (code, format!("standard input {message}")));
        assert!(error.help_text().is_some());
        if bytes != file {
            let folder = folder(&[("a.arrow", bytes)]);
            assert_eq!(rows(open(&folder, "a.arrow")).await.unwrap_err().code(), code);
        }
    }
}

#[tokio::test]
async fn a_file_of_other_columns_than_when_it_was_opened_is_an_error() {
    let folder = folder(&[("a.arrow", &file(&[batch(1, 1)]))]);
    let source = open(&folder, "a.arrow").unwrap();
    let other = RecordBatch::try_from_iter([("id", Arc::new(StringArray::from(vec!["1"])) as ArrayRef)]).unwrap();
    fs::write(folder.path().join("a.arrow"), file(&[other])).unwrap();
    assert_eq!(batches(&source).await.unwrap_err().code(), "source::changed");
}

#[tokio::test]
async fn a_footer_that_leaves_out_a_record_batch_is_damaged() {
    let whole = file(&[batch(1, 100), batch(101, 100)]);
    // The footer ends in the number of record batches and a block of 24 bytes for each, somewhere before its schema.
    let start = whole.len() - 10 - u32::from_le_bytes(*whole[whole.len() - 10..].first_chunk().unwrap()) as usize;
    let mut seen = 0;
    for at in start..whole.len() - 14 {
        if whole[at..at + 4] == 2u32.to_le_bytes() {
            let mut damaged = whole.clone();
            damaged[at] = 1;
            let folder = folder(&[("a.arrow", &damaged)]);
            let rows = rows(open(&folder, "a.arrow")).await;
            seen += usize::from(rows.as_ref().is_err_and(|e| e.to_string().contains("names fewer messages")));
            assert!(rows.is_err() || rows.is_ok_and(|rows| rows == 200));
        }
    }
    assert!(seen > 0);
}

/// A reader whose bytes come one by one, as from a slow pipe.
struct Slow(Cursor<Vec<u8>>);

impl Read for Slow {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = buffer.len().min(1);
        self.0.read(&mut buffer[..length])
    }
}

#[tokio::test]
async fn a_slow_pipe_is_read_like_a_file() {
    let slow = Slow(Cursor::new(stream(&[batch(1, 3)])));
    assert_eq!(rows(IpcStream::from_reader("standard input", slow)).await.unwrap(), 3);
}

#[tokio::test]
async fn a_damaged_byte_is_an_error_or_costs_no_row() {
    let batches = [batch(1, 3), batch(4, 3)];
    for whole in [file(&batches), stream(&batches)] {
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 1 << (at % 8);
            let folder = folder(&[("a.arrow", &damaged)]);
            let rows = rows(open(&folder, "a.arrow")).await;
            assert!(rows.is_err() || rows.as_ref().is_ok_and(|rows| *rows == 6), "byte {at}: {rows:?}");
        }
    }
}
