//! CSV files keep what every source promises.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::array::{ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::csv::WriterBuilder;
use arrow::datatypes::DataType;
use async_trait::async_trait;
use enlist_core::{Error, Source};
use enlist_kit::source_suite::{Fixture, TABLE, Table};
use enlist_source_csv::{CsvFiles, CsvOptions};
use enlist_source_query::Tables;
use tempfile::TempDir;

struct Csv {
    folder: TempDir,
    sources: AtomicUsize,
}

impl Csv {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), sources: AtomicUsize::new(0) }
    }

    /// A folder for the files of one source.
    fn source(&self) -> PathBuf {
        let folder = self.folder.path().join(self.sources.fetch_add(1, Ordering::Relaxed).to_string());
        fs::create_dir(&folder).unwrap();
        folder
    }
}

/// A header and the rows, as text.
fn csv(rows: &RecordBatch) -> Vec<u8> {
    let columns = rows.schema_ref().fields().iter().zip(rows.columns());
    let text = columns.map(|(field, column)| (field.name(), cast(column, &DataType::Utf8).unwrap(), true));
    let mut file = Vec::new();
    let mut writer = WriterBuilder::new().with_header(true).build(&mut file);
    writer.write(&RecordBatch::try_from_iter_with_nullable(text).unwrap()).unwrap();
    drop(writer);
    file
}

fn open(folder: &std::path::Path) -> CsvFiles {
    CsvFiles::open(folder.to_str().unwrap(), CsvOptions::default()).unwrap()
}

#[async_trait]
impl Fixture for Csv {
    type Source = CsvFiles;
    const ORIGINS: usize = 3;

    async fn holding(&self, origins: &[RecordBatch]) -> CsvFiles {
        let folder = self.source();
        for (n, rows) in origins.iter().enumerate() {
            fs::write(folder.join(format!("part-{n}.csv")), csv(rows)).unwrap();
        }
        open(&folder)
    }

    /// Everything is text, and an empty cell is null.
    fn returned(&self, column: &ArrayRef) -> ArrayRef {
        let text = cast(column, &DataType::Utf8).unwrap();
        Arc::new(StringArray::from_iter(
            text.as_string::<i32>().iter().map(|text| text.filter(|text| !text.is_empty())),
        ))
    }

    /// A record in the middle has a field too many.
    async fn failing(&self, rows: &RecordBatch) -> CsvFiles {
        let folder = self.source();
        let half = rows.num_rows() / 2;
        let (first, second) = (csv(&rows.slice(0, half)), csv(&rows.slice(half, rows.num_rows() - half)));
        let rest = second.splitn(2, |byte| *byte == b'\n').nth(1).unwrap();
        let odd = [&vec![b','; rows.num_columns()][..], b"\n"].concat();
        fs::write(folder.join("people.csv"), [&first, &odd[..], rest].concat()).unwrap();
        open(&folder)
    }

    async fn select(&self, table: Table<CsvFiles>, sql: &str) -> Option<Result<Box<dyn Source>, Error>> {
        let mut tables = Tables::default();
        match table {
            Table::Made(source) => tables.add(TABLE, source).unwrap(),
            Table::Plain(batches) => tables.add(TABLE, Arc::new(batches)).unwrap(),
        }
        Some(tables.query(sql).await.map(|query| Box::new(query) as Box<dyn Source>))
    }
}

enlist_kit::source_suite!(Csv::new());
