//! What JSON lines promise: values exactly as written, places, and an error for every file that is not whole.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::DataType;
use enlist_core::{Error, Rows, SegmentBatch, Source};
use enlist_source_jsonl::{JsonlFiles, handles};
use flate2::Compression;
use flate2::write::GzEncoder;
use futures::TryStreamExt;
use proptest::prelude::*;
use serde_json::{Value, json};
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

fn open(folder: &TempDir, pattern: &str) -> Result<JsonlFiles, Error> {
    JsonlFiles::open(&folder.path().join(pattern).display().to_string())
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

async fn batches(source: &dyn Source) -> Result<Vec<SegmentBatch>, Error> {
    let columns: Vec<String> = source.schema().await?.fields().iter().map(|f| f.name().clone()).collect();
    source.scan(&columns).await?.batches.try_collect().await
}

/// A cell as JSON: text, a list of texts, or null.
fn cell(column: &ArrayRef, row: usize) -> Value {
    if column.is_null(row) {
        return Value::Null;
    }
    match column.data_type() {
        DataType::Utf8 => json!(column.as_string::<i32>().value(row)),
        _ => json!(column.as_list::<i32>().value(row).as_string::<i32>().iter().collect::<Vec<_>>()),
    }
}

async fn cells(source: &dyn Source) -> Result<Vec<Vec<Value>>, Error> {
    let batches = batches(source).await?;
    let rows = batches.iter().flat_map(|batch| (0..batch.rows.num_rows()).map(|row| (&batch.rows, row)));
    Ok(rows.map(|(rows, row)| rows.columns().iter().map(|column| cell(column, row)).collect()).collect())
}

async fn read_as(name: &str, content: &[u8]) -> Result<Vec<Vec<Value>>, Error> {
    cells(&open(&folder(&[(name, content)]), name)?).await
}

async fn read(content: &str) -> Result<Vec<Vec<Value>>, Error> {
    read_as("a.jsonl", content.as_bytes()).await
}

/// The code and the message of the error that reading `content` ends in, without the folder.
async fn fault(content: &[u8]) -> (String, String) {
    let error = read_as("a.jsonl", content).await.unwrap_err();
    let message = error.to_string();
    (error.code().to_owned(), message[message.find("a.jsonl").unwrap()..].to_owned())
}

#[test]
fn json_lines_are_known_by_their_name_or_by_what_a_folder_holds() {
    assert!(["a.jsonl", "a.NDJSON", "x/*.jsonl.gz", "a.ndjson.zst"].into_iter().all(handles));
    assert!(!["a.json", "a.gz", "jsonl", "a.jsonl.bz2", ""].into_iter().any(handles));
    assert!(handles(folder(&[("deep/a.jsonl", b"{}")]).path().to_str().unwrap()));
}

#[tokio::test]
async fn values_are_text_exactly_as_written() {
    let content = concat!(
        r#"{"zip":"00100","sum":1.10,"id":12345678901234567890,"tiny":1e-07,"yes":true,"no":false,"#,
        r#""say":"\"hi\" \u00c5bo\n\ud83d\ude00/\/","none":null}"#
    );
    let expected =
        [["00100", "1.10", "12345678901234567890", "1e-07", "true", "false", "\"hi\" Åbo\n😀//"]
            .map(|text| json!(text))];
    let read = read(content).await.unwrap();
    assert_eq!((&read[0][..7], &read[0][7]), (&expected[0][..], &Value::Null));
}

#[tokio::test]
async fn a_null_and_an_absent_key_are_null_and_an_empty_text_is_not() {
    let rows = read("{\"a\":null,\"b\":\"\"}\n{\"b\":\"x\"}\n{\"a\":\"y\"}\n").await.unwrap();
    assert_eq!(json!(rows), json!([[null, ""], [null, "x"], ["y", null]]));
}

#[tokio::test]
async fn arrays_of_single_values_are_lists_and_a_single_value_among_them_a_list_of_one() {
    let rows = read("{\"t\":null}\n{\"t\":[\"a\",1.50,null,true]}\n{\"t\":[]}\n{\"t\":\"b\"}\n{}\n").await.unwrap();
    assert_eq!(json!(rows), json!([[null], [["a", "1.50", null, "true"]], [[]], [["b"]], [null]]));
}

#[tokio::test]
async fn objects_and_arrays_of_them_are_their_json_text() {
    let rows =
        read("{\"o\":{\"x\": [1.0]},\"l\":[[\"a\"], {}],\"m\":[1]}\n{\"o\":2,\"l\":[\"a\"],\"m\":{}}\n").await.unwrap();
    assert_eq!(json!(rows), json!([["{\"x\": [1.0]}", "[[\"a\"], {}]", "[1]"], ["2", "[\"a\"]", "{}"]]));
}

#[tokio::test]
async fn an_object_that_comes_late_in_a_column_of_lists_is_one_element_of_text() {
    let mut content = "{\"t\":[\"a\"]}\n".repeat(10_000);
    content += "{\"t\":{\"x\":1}}\n{\"t\":[{\"x\":1},[2]]}\n";
    let rows = read(&content).await.unwrap();
    assert_eq!(json!(rows[10_000..]), json!([[["{\"x\":1}"]], [["{\"x\":1}", "[2]"]]]));
}

#[tokio::test]
async fn blank_lines_a_byte_order_mark_and_a_missing_last_line_break_are_no_rows() {
    let rows = read("\u{feff}\n{\"a\":1}\r\n \t\r\n\n {\"a\":2} ").await.unwrap();
    assert_eq!(json!(rows), json!([["1"], ["2"]]));
}

#[tokio::test]
async fn what_is_wrong_is_said_with_its_line() {
    let long = format!("{{\"a\":1}}\n{{\"a\":\"{}\"}}", "x".repeat(16 << 20));
    for (content, code, message) in [
        (&b"{\"a\":1}\n\n{\"a\" 2}\n"[..], "jsonl::not_json", "a.jsonl, line 3, byte 6: not JSON: expected `:`"),
        (b"{\"a\":01}", "jsonl::not_json", "a.jsonl, line 1, byte 7: not JSON: invalid number"),
        (b"{\"a\":NaN}", "jsonl::not_json", "a.jsonl, line 1, byte 6: not JSON: expected value"),
        (b"{\"a\":1} x", "jsonl::not_json", "a.jsonl, line 1, byte 9: not JSON: trailing characters"),
        (b"{\"a\":1}{\"a\":2}", "jsonl::not_json", "a.jsonl, line 1, byte 8: not JSON: trailing characters"),
        (b"{\"a\":\"\\ud800\"}", "jsonl::not_json", "a.jsonl, line 1, byte 8: not JSON: unexpected end of hex escape"),
        (b"{\n \"a\":1\n}\n", "jsonl::not_json", "a.jsonl, line 1: the line ends within its object"),
        (b"{\"a\":1}\n{\"a\":\"b", "jsonl::cut_off", "a.jsonl is cut off: line 2, its last, ends within its object"),
        (b"\n[{\"a\":1}]\n", "jsonl::array", "a.jsonl, line 2: a JSON array, not an object"),
        (b"{\"a\":1}\nnull\n", "jsonl::not_object", "a.jsonl, line 2: not a JSON object, which begins with {"),
        (
            b"{\"a\":1,\"b\":2,\"a\":1}",
            "jsonl::duplicate_key",
            "a.jsonl, line 1: the key \"a\" stands twice in one object",
        ),
        (b"{\"a\":1}\n{\"a\":\"\xc5bo\"}", "jsonl::encoding", "a.jsonl, line 2, byte 7: not UTF-8"),
        (b"\xff\xfe{\0}\0", "jsonl::encoding", "a.jsonl is UTF-16 or UTF-32, not UTF-8"),
        (b"PAR1", "jsonl::not_jsonl", "a.jsonl is Parquet, not text"),
        (long.as_bytes(), "jsonl::too_long", "a.jsonl, line 2: longer than 16 MiB"),
        (b"\n \n", "jsonl::empty", "a.jsonl has no line: nothing tells its columns"),
    ] {
        assert_eq!(fault(content).await, (code.to_owned(), message.to_owned()));
    }
}

#[tokio::test]
async fn a_fault_beyond_the_sample_ends_the_scan_with_its_line() {
    let mut content = "{\"a\":1}\n".repeat(20_000);
    for (odd, code) in [
        ("{\"a\":1,\"a\":2}", "jsonl::duplicate_key"),
        ("{\"late\":1,\"late\":2}", "jsonl::duplicate_key"),
        ("{", "jsonl::cut_off"),
    ] {
        let odd = format!("{content}{odd}");
        let (found, message) = fault(odd.as_bytes()).await;
        assert!(found == code && message.contains("line 20001"), "{found} {message}");
    }
    content += "{\"late\":1}";
    assert_eq!(read(&content).await.unwrap().len(), 20_001);
}

#[tokio::test]
async fn a_key_that_comes_late_is_missing_and_the_help_says_where_was_looked() {
    let content = "{\"email\":1}\n".repeat(10_000) + "{\"late\":1}\n";
    let folder = folder(&[("a.jsonl", content.as_bytes())]);
    let error = open(&folder, "a.jsonl").unwrap().scan(&["late".to_owned()]).await.err().unwrap();
    assert_eq!(error.code(), "source::column_missing");
    let help = error.help_text().unwrap();
    assert_eq!(help, "columns: email; columns are the keys in the first 10000 lines or 4 MiB of each file");
}

#[tokio::test]
async fn files_are_read_in_order_and_their_places_count_objects() {
    let folder = folder(&[
        ("dt=1/b.jsonl", b"\n{\"x\":\"b1\"}\n\n{\"x\":\"b2\",\"y\":[1]}"),
        ("dt=1/a.ndjson", b"{\"y\":1,\"x\":\"a1\"}\n"),
        ("dt=2/empty.jsonl", b""),
        ("dt=2/z.jsonl.gz", &gzip(b"{\"x\":\"z1\"}\n")),
    ]);
    let source = open(&folder, "").unwrap();
    let stream = source.scan(&["x", "dt", "y"].map(String::from)).await.unwrap();
    assert_eq!(stream.origins.len(), 4);
    let batches: Vec<_> = stream.batches.try_collect().await.unwrap();
    let places: Vec<_> = batches.iter().map(|batch| (batch.origin, batch.first_row, batch.rows.num_rows())).collect();
    assert_eq!(places, [(0, 1, 1), (1, 1, 2), (3, 1, 1)]);
    let rows: Vec<Vec<Value>> = batches
        .iter()
        .flat_map(|batch| {
            (0..batch.rows.num_rows()).map(|row| batch.rows.columns().iter().map(|c| cell(c, row)).collect())
        })
        .collect();
    assert_eq!(json!(rows), json!([["a1", "1", ["1"]], ["b1", "1", null], ["b2", "1", ["1"]], ["z1", "2", null]]));
    assert_eq!(source.rows().await.unwrap(), Rows::Exactly(4));
}

#[tokio::test]
async fn rows_of_a_long_file_are_estimated_and_their_places_go_on() {
    let mut content = String::new();
    for id in 0..30_000 {
        writeln!(content, "{{\"id\":{id:05}}}").unwrap();
    }
    let content = content.replace(":0", ":1");
    let folder = folder(&[("a.jsonl", content.as_bytes()), ("b.jsonl.gz", &gzip(content.as_bytes()))]);
    let source = open(&folder, "a.jsonl").unwrap();
    assert_eq!(source.rows().await.unwrap(), Rows::About(30_000));
    assert_eq!(open(&folder, "b.jsonl.gz").unwrap().rows().await.unwrap(), Rows::Unknown);
    let mut next = 1;
    for batch in batches(&source).await.unwrap() {
        assert_eq!(batch.first_row, next);
        next += batch.rows.num_rows() as u64;
    }
    assert_eq!(next, 30_001);
}

#[tokio::test]
async fn a_file_that_is_replaced_before_it_is_read_is_an_error() {
    for other in [&b"{\"a\":1}\n{\"a\":2}\n"[..], b"{\"b\":1}\n"] {
        let folder = folder(&[("a.jsonl", b"{\"a\":1}\n")]);
        let source = open(&folder, "a.jsonl").unwrap();
        fs::write(folder.path().join("a.jsonl"), other).unwrap();
        assert_eq!(batches(&source).await.unwrap_err().code(), "source::changed");
    }
}

#[tokio::test]
async fn a_compressed_file_cut_anywhere_is_an_error() {
    let whole = gzip(b"{\"a\":1}\n{\"a\":[2]}\n{\"b\":\"3\"}\n");
    for length in 0..whole.len() {
        let error = read_as("a.jsonl.gz", &whole[..length]).await.unwrap_err();
        // A single byte is too little to be known by.
        let code = if length == 1 { "jsonl::not_compressed" } else { "jsonl::cut_off" };
        assert_eq!(error.code(), code, "{length} bytes: {error}");
    }
    assert_eq!(read_as("a.jsonl.gz", &whole).await.unwrap().len(), 3);
}

#[tokio::test]
async fn a_file_cut_within_an_object_is_an_error() {
    let whole = b"{\"a\":1}\n{\"a\":[2]}\n{\"b\":\"3\"}\n";
    // The ends of the objects and of their lines: what is left is a whole file of fewer rows.
    let whole_lines = [7, 8, 17, 18, 27, 28];
    for length in 1..whole.len() {
        let rows = read_as("a.jsonl", &whole[..length]).await;
        assert_eq!(rows.is_ok(), whole_lines.contains(&length), "{length} bytes: {rows:?}");
    }
}

fn any_cell() -> impl Strategy<Value = Option<String>> {
    proptest::option::of(prop_oneof![".*", "\\PC*", Just("null".to_owned()), Just("[1]".to_owned()), "[\\\\\"/{}]*"])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn what_another_program_writes_is_read_as_it_was(
        names in proptest::collection::btree_set("\\PC{0,8}", 1..5),
        rows in proptest::collection::vec(proptest::collection::vec(any_cell(), 5), 1..20),
    ) {
        let mut content = String::new();
        for row in &rows {
            let object: serde_json::Map<_, _> =
                names.iter().cloned().zip(row.iter().map(|cell| json!(cell))).collect();
            writeln!(content, "{}", Value::Object(object)).unwrap();
        }
        let expected: Vec<Vec<Value>> =
            rows.iter().map(|row| row[..names.len()].iter().map(|cell| json!(cell)).collect()).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        prop_assert_eq!(runtime.block_on(read(&content)).unwrap(), expected);
    }

    #[test]
    fn bytes_of_any_kind_are_rows_or_an_error(content in "[\\[\\]{}:,\"\\\\a0-9n\\n \u{e5}]{0,60}") {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let objects: Option<Vec<Value>> =
            content.split('\n').filter(|line| !line.trim().is_empty()).map(|line| serde_json::from_str(line).ok()).collect();
        let all_objects = objects.is_some_and(|rows| !rows.is_empty() && rows.iter().all(Value::is_object));
        let read = runtime.block_on(read(&content));
        // A duplicate key is refused here and not by the other reader.
        prop_assert!(read.is_ok() == all_objects || read.is_err_and(|e| e.code() == "jsonl::duplicate_key"));
    }
}
