//! What CSV files promise: cells exactly as written, places, and an error for every file that is not whole.

use std::fs;
use std::io::Write;

use std::sync::Arc;

use arrow::array::{Array, AsArray};
use arrow::datatypes::DataType;
use enlist_core::{Error, ErrorKind, SegmentBatch, Source};
use enlist_source_csv::{CsvFiles, CsvOptions, handles};
use enlist_source_query::Tables;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures::TryStreamExt;
use proptest::prelude::*;
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

fn open(folder: &TempDir, pattern: &str) -> Result<CsvFiles, Error> {
    CsvFiles::open(&folder.path().join(pattern).display().to_string(), CsvOptions::default())
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

type Cells = Vec<Vec<Option<String>>>;

async fn cells(source: &dyn Source) -> Result<Cells, Error> {
    let mut cells = Vec::new();
    for batch in batches(source).await? {
        for row in 0..batch.rows.num_rows() {
            let cell = |column: &arrow::array::ArrayRef| {
                let text = column.as_string::<i32>();
                text.is_valid(row).then(|| text.value(row).to_owned())
            };
            cells.push(batch.rows.columns().iter().map(cell).collect());
        }
    }
    Ok(cells)
}

/// The cells of one file called `name`, directly, after a check that SQL reads the same.
async fn read_as(name: &str, content: &[u8]) -> Result<Cells, Error> {
    let folder = folder(&[(name, content)]);
    let source = open(&folder, name)?;
    let direct = cells(&source).await;
    let mut tables = Tables::default();
    tables.add("t", Arc::new(source.clone())).unwrap();
    let by_sql = cells(&tables.query("SELECT * FROM t").await.unwrap()).await;
    assert_eq!(direct, by_sql);
    direct
}

async fn read(content: &str) -> Result<Cells, Error> {
    read_as("a.csv", content.as_bytes()).await
}

fn row(cells: &[&str]) -> Vec<Option<String>> {
    cells.iter().map(|cell| (!cell.is_empty()).then(|| cell.to_string())).collect()
}

#[test]
fn csv_is_known_by_its_name_or_by_what_a_folder_holds() {
    assert!(["a.csv", "a.TSV", "x/*.csv.gz", "a.tsv.zst", "a.CSV.GZ"].into_iter().all(handles));
    assert!(!["a.parquet", "a.gz", "csv", "a.csv.bz2", ""].into_iter().any(handles));
    let folder = folder(&[("deep/a.csv", b"x\n1\n")]);
    assert!(handles(folder.path().to_str().unwrap()));
}

#[tokio::test]
async fn cells_are_text_exactly_as_written() {
    let content = "phone,zip,flag,amount,note\n0401234567,00100,true,1e5, padded \n+358401234567,01067,NULL,1.50,#\n";
    let expected = [
        row(&["0401234567", "00100", "true", "1e5", " padded "]),
        row(&["+358401234567", "01067", "NULL", "1.50", "#"]),
    ];
    assert_eq!(read(content).await.unwrap(), expected);
}

#[tokio::test]
async fn every_column_is_text() {
    let folder = folder(&[("a.csv", b"n,d\n1,2026-01-01\n")]);
    let schema = open(&folder, "a.csv").unwrap().schema().await.unwrap();
    assert!(schema.fields().iter().all(|field| *field.data_type() == DataType::Utf8));
}

#[tokio::test]
async fn empty_cells_are_null_quoted_or_not() {
    assert_eq!(read("a,b\n,\"\"\nx,\n").await.unwrap(), [row(&["", ""]), row(&["x", ""])]);
}

#[tokio::test]
async fn quotes_hold_delimiters_line_breaks_and_doubled_quotes() {
    let content = "a,b\r\n\"x,y\",\"line one\r\nline two\"\r\n\"say \"\"hi\"\"\",Åbo\r\n";
    assert_eq!(read(content).await.unwrap(), [row(&["x,y", "line one\r\nline two"]), row(&["say \"hi\"", "Åbo"])]);
}

#[tokio::test]
async fn a_byte_order_mark_blank_lines_and_a_missing_last_line_break_are_no_data() {
    assert_eq!(read("\u{feff}a,b\n\n1,2\n\n\n3,\"4\"").await.unwrap(), [row(&["1", "2"]), row(&["3", "4"])]);
    let folder = folder(&[("a.csv", "\u{feff}a,b\n1,2".as_bytes())]);
    assert_eq!(open(&folder, "a.csv").unwrap().schema().await.unwrap().field(0).name(), "a");
}

#[tokio::test]
async fn the_delimiter_is_found_out_or_given() {
    for content in ["a;b\n1,5;2\n3;4\n", "a\tb\n1,5\t2\n3\t4\n", "a|b\n1,5|2\n3|4\n", "a,b\n\"1,5\",2\n3,4\n"] {
        assert_eq!(read(content).await.unwrap(), [row(&["1,5", "2"]), row(&["3", "4"])], "{content}");
    }
    assert_eq!(read_as("a.tsv", b"a,x\tb\n1\t2\n").await.unwrap(), [row(&["1", "2"])]);
    assert_eq!(read("only\nx\n").await.unwrap(), [row(&["x"])]);
    let folder = folder(&[("a.csv", b"a:b,c\n1:2,3\n")]);
    let options = CsvOptions { delimiter: Some(b':'), names: None };
    let source = CsvFiles::open(folder.path().join("a.csv").to_str().unwrap(), options).unwrap();
    assert_eq!(cells(&source).await.unwrap(), [row(&["1", "2,3"])]);
}

#[tokio::test]
async fn given_names_make_the_first_record_data() {
    let folder = folder(&[("a.csv", b"1,2\n3,4\n")]);
    let pattern = folder.path().join("a.csv").display().to_string();
    let options =
        |names: &[&str]| CsvOptions { delimiter: None, names: Some(names.iter().map(|n| n.to_string()).collect()) };
    let source = CsvFiles::open(&pattern, options(&["x", "y"])).unwrap();
    assert_eq!(cells(&source).await.unwrap(), [row(&["1", "2"]), row(&["3", "4"])]);
    assert_eq!(batches(&source).await.unwrap()[0].first_row, 1);
    let source = CsvFiles::open(&pattern, options(&["x"])).unwrap();
    assert_eq!(cells(&source).await.unwrap_err().code(), "csv::row_shape");
    assert_eq!(CsvFiles::open(&pattern, options(&[])).err().unwrap().kind(), ErrorKind::Config);
}

#[tokio::test]
async fn a_header_alone_is_a_segment_of_no_rows_with_columns() {
    for content in ["a,b", "a,b\n"] {
        let folder = folder(&[("a.csv", content.as_bytes())]);
        let source = open(&folder, "a.csv").unwrap();
        assert_eq!(source.schema().await.unwrap().fields().len(), 2);
        assert!(batches(&source).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn compressed_files_read_like_plain_ones() {
    let content = b"a,b\n1,2\n3,4\n";
    let expected = [row(&["1", "2"]), row(&["3", "4"])];
    assert_eq!(read_as("a.csv.gz", &gzip(content)).await.unwrap(), expected);
    assert_eq!(read_as("a.csv.zst", &zstd::encode_all(&content[..], 3).unwrap()).await.unwrap(), expected);
    // Several members one after the other, as `cat a.gz b.gz` and parallel compressors write them.
    let members = [gzip(b"a,b\n1,"), gzip(b"2\n3,4\n")].concat();
    assert_eq!(read_as("a.csv.gz", &members).await.unwrap(), expected);
}

#[tokio::test]
async fn a_decompressor_that_starts_with_a_byte_or_two_hides_neither_mark_nor_encoding() {
    let byte_by_byte = |text: &[u8]| text.iter().flat_map(|byte| gzip(&[*byte])).collect::<Vec<u8>>();
    let marked = byte_by_byte("\u{feff}a,b\n1,2\n".as_bytes());
    let folder = folder(&[("a.csv.gz", &marked)]);
    assert_eq!(open(&folder, "a.csv.gz").unwrap().schema().await.unwrap().field(0).name(), "a");
    let wide: Vec<u8> = "a,b\n1,2\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(read_as("a.csv.gz", &byte_by_byte(&wide)).await.unwrap_err().code(), "csv::encoding");
}

fn many_rows() -> Vec<u8> {
    let rows = (0..20_000).map(|n| format!("{n},person{}@example.com\n", n * 7_919 % 20_011));
    format!("id,email\n{}", rows.collect::<String>()).into_bytes()
}

#[tokio::test]
async fn places_count_rows_from_one_in_each_file() {
    let second = b"email,id\nlast@example.com,99\n";
    let folder = folder(&[("p/b.csv", second), ("p/a.csv.gz", &gzip(&many_rows())), ("p/notes.txt", b"-")]);
    let source = open(&folder, "p").unwrap();
    let stream = source.scan(&["id".into()]).await.unwrap();
    assert!(stream.origins[0].ends_with("p/a.csv.gz") && stream.origins[1].ends_with("p/b.csv"));
    let mut next = [1, 1];
    for batch in stream.batches.try_collect::<Vec<_>>().await.unwrap() {
        let origin = batch.origin as usize;
        assert_eq!((batch.first_row, batch.rows.num_columns()), (next[origin], 1));
        let first = batch.rows.column(0).as_string::<i32>().value(0).to_owned();
        assert_eq!(first, if origin == 0 { (batch.first_row - 1).to_string() } else { "99".into() });
        next[origin] += batch.rows.num_rows() as u64;
    }
    assert_eq!(next, [20_001, 2]);
}

#[tokio::test]
async fn folders_named_key_value_add_columns() {
    let folder = folder(&[("dt=1/a.csv", b"x\n1\n"), ("dt=2/a.csv", b"x\n2\n")]);
    assert_eq!(cells(&open(&folder, "").unwrap()).await.unwrap(), [row(&["1", "1"]), row(&["2", "2"])]);
}

#[tokio::test]
async fn a_row_of_another_shape_is_an_error_with_its_line() {
    for (content, line) in [
        ("a,b\n1,2\n3\n", "line 3: 1 field, expected 2"),
        ("a,b\r\n1,2\r\n\r\n3,4,5\r\n", "line 4: 3 fields, expected 2"),
        ("a,b\n1,\"two\nlines\"\n3\n", "line 4: 1 field"),
    ] {
        let error = read(content).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Source, "csv::row_shape"));
        assert!(error.to_string().contains(line) && error.to_string().contains("a.csv"), "{error}");
    }
}

#[tokio::test]
async fn a_quote_that_is_never_closed_is_an_error_with_its_line() {
    for content in ["a,b\n1,2\n3,\"4\n5,6\n7,8\n", "a,b\n1,2\n3,\"4", "a,b\n1,2\n\"3,4\n"] {
        let error = read(content).await.unwrap_err();
        assert_eq!(error.code(), "csv::open_quote");
        assert!(error.to_string().contains("line 3"), "{error}");
    }
    let endless = [b"a,b\n1,\"" as &[u8], &vec![b'x'; 17 << 20], b"\"\n"].concat();
    assert_eq!(read_as("a.csv", &endless).await.unwrap_err().code(), "csv::open_quote");
}

#[tokio::test]
async fn a_record_of_delimiters_without_end_is_an_error_and_does_not_fill_the_memory() {
    let endless = [b"a,b\n1,2\n" as &[u8], &vec![b','; 17 << 20]].concat();
    let error = read_as("a.csv", &endless).await.unwrap_err();
    assert_eq!(error.code(), "csv::open_quote");
    assert!(error.to_string().contains("line 3"), "{error}");
}

#[tokio::test]
async fn text_that_is_not_utf8_is_an_error_with_line_and_column() {
    let error = read_as("a.csv", b"a,name\n1,x\n2,\xc5sa\n").await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Source, "csv::encoding"));
    assert!(error.to_string().ends_with("a.csv, line 3: column \"name\" is not UTF-8"), "{error}");
    assert!(error.help_text().unwrap().contains("iconv"));
    // Two halves of one character in neighbouring fields are no text either.
    let error = read_as("a.csv", b"a,name\n\xc3,\xa9\n").await.unwrap_err();
    assert!(error.to_string().contains("line 2: column \"a\""), "{error}");
    let wide: Vec<u8> = "a,b\n1,2\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for content in [wide.clone(), [b"\xff\xfe" as &[u8], &wide].concat()] {
        assert_eq!(read_as("a.csv", &content).await.unwrap_err().code(), "csv::encoding");
    }
}

#[tokio::test]
async fn a_header_that_is_missing_or_ambiguous_is_an_error() {
    for content in ["", "\n\n", "\u{feff}"] {
        assert_eq!(read(content).await.unwrap_err().code(), "csv::empty");
    }
    assert_eq!(read("a,b,a\n1,2,3\n").await.unwrap_err().code(), "source::column_twice");
    let folder = folder(&[("a.csv", b",a,\n1,2,3\n")]);
    let schema = open(&folder, "a.csv").unwrap().schema().await.unwrap();
    let names: Vec<_> = schema.fields().iter().map(|f| f.name().as_str()).collect();
    assert_eq!(names, ["column_1", "a", "column_3"]);
}

#[tokio::test]
async fn a_compressed_file_that_is_cut_or_damaged_is_an_error_and_never_a_short_segment() {
    let gz = gzip(&many_rows());
    let zst = zstd::encode_all(&many_rows()[..], 3).unwrap();
    for (name, whole) in [("a.csv.gz", &gz), ("a.csv.zst", &zst)] {
        for cut in [whole.len() / 2, whole.len() - 1, whole.len() - 9] {
            let error = read_as(name, &whole[..cut]).await.unwrap_err();
            assert_eq!((error.kind(), error.code()), (ErrorKind::Source, "csv::cut_off"), "{name} {cut}: {error}");
        }
    }
    let mut damaged = gz.clone();
    let checksum = damaged.len() - 8;
    damaged[checksum] ^= 1;
    assert_eq!(read_as("a.csv.gz", &damaged).await.unwrap_err().code(), "csv::damaged");
    let mut damaged = zst.clone();
    let middle = damaged.len() / 2;
    damaged[middle..middle + 64].fill(0xff);
    assert!(read_as("a.csv.zst", &damaged).await.is_err());
}

#[tokio::test]
async fn a_file_that_is_something_else_says_what_it_is() {
    for (name, content, ending) in [
        ("a.csv", gzip(b"a\n1\n"), ".gz"),
        ("a.csv", b"PAR1.....PAR1".to_vec(), ".parquet"),
        ("a.csv", b"PK\x03\x04....".to_vec(), ".csv"),
    ] {
        let error = read_as(name, &content).await.unwrap_err();
        assert_eq!(error.code(), "csv::not_csv");
        assert!(error.help_text().unwrap().contains(ending), "{error:?}");
    }
    for name in ["a.csv.gz", "a.csv.zst"] {
        assert_eq!(read_as(name, b"a,b\n1,2\n").await.unwrap_err().code(), "csv::not_compressed");
    }
}

#[tokio::test]
async fn an_error_in_the_middle_comes_after_the_rows_before_it() {
    let mut content = many_rows();
    content.extend_from_slice(b"1,2,3\n");
    let folder = folder(&[("a.csv", &content)]);
    let mut stream = open(&folder, "a.csv").unwrap().scan(&["email".into()]).await.unwrap().batches;
    let mut rows = 0;
    let error = loop {
        match stream.try_next().await {
            Ok(Some(batch)) => rows += batch.rows.num_rows(),
            Ok(None) => panic!("ended without an error"),
            Err(error) => break error,
        }
    };
    assert_eq!(rows, 16_384);
    assert!(error.to_string().contains("line 20002"), "{error}");
    assert!(stream.try_next().await.unwrap().is_none());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever cells are written with quotes, the same cells are read, wherever the buffers happen to end.
    #[test]
    fn what_is_written_is_read(
        table in prop::collection::vec(prop::collection::vec("[ -~Åß東\n\r\"]{0,12}", 3), 0..40),
        padding in 65_500usize..65_560,
    ) {
        let quote = |cell: &String| format!("\"{}\"", cell.replace('"', "\"\""));
        let line = |cells: &Vec<String>| cells.iter().map(quote).collect::<Vec<_>>().join(",") + "\r\n";
        let long = "x".repeat(padding);
        let content = format!("a,b,c\r\n{long},,\r\n{}", table.iter().map(line).collect::<String>());
        let mut expected = vec![row(&[&long, "", ""])];
        expected.extend(table.iter().map(|cells| row(&cells.iter().map(String::as_str).collect::<Vec<_>>())));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let found = runtime.block_on(async {
            let folder = folder(&[("a.csv", content.as_bytes())]);
            let options = CsvOptions { delimiter: Some(b','), names: None };
            cells(&CsvFiles::open(folder.path().join("a.csv").to_str().unwrap(), options).unwrap()).await
        });
        prop_assert_eq!(found.unwrap(), expected);
    }
}
