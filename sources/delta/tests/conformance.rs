//! Delta tables keep what every source promises.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field};
use async_trait::async_trait;
use enlist_core::{Error, Source};
use enlist_kit::source_suite::{Fixture, TABLE, Table};
use enlist_source_delta::{DeltaTable, Version};
use enlist_source_query::Tables;
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader, SerializedFileReader};
use tempfile::TempDir;

struct Delta {
    folder: TempDir,
    sources: AtomicUsize,
}

impl Delta {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), sources: AtomicUsize::new(0) }
    }

    /// The folder of a table with these files.
    fn table(&self, files: &[RecordBatch]) -> PathBuf {
        let folder = self.folder.path().join(self.sources.fetch_add(1, Ordering::Relaxed).to_string());
        fs::create_dir_all(folder.join("_delta_log")).unwrap();
        let fields: Vec<String> = files[0].schema_ref().fields().iter().map(|field| declared(field)).collect();
        let schema = format!(r#"{{"type":"struct","fields":[{}]}}"#, fields.join(","));
        let features = r#""readerFeatures":["timestampNtz"],"writerFeatures":["timestampNtz"]"#;
        let mut log = vec![
            format!(r#"{{"protocol":{{"minReaderVersion":3,"minWriterVersion":7,{features}}}}}"#),
            format!(
                r#"{{"metaData":{{"id":"1","format":{{"provider":"parquet","options":{{}}}},"schemaString":{schema:?},"partitionColumns":[],"configuration":{{}}}}}}"#
            ),
        ];
        for (n, rows) in files.iter().enumerate() {
            let path = folder.join(format!("part-{n}.parquet"));
            write(&path, rows);
            let (size, rows) = (path.metadata().unwrap().len(), rows.num_rows());
            log.push(format!(
                r#"{{"add":{{"path":"part-{n}.parquet","partitionValues":{{}},"size":{size},"modificationTime":0,"dataChange":true,"stats":"{{\"numRecords\":{rows}}}"}}}}"#
            ));
        }
        fs::write(folder.join("_delta_log/00000000000000000000.json"), log.join("\n")).unwrap();
        folder
    }
}

/// A column as the log declares it.
fn declared(field: &Field) -> String {
    let kind = match field.data_type() {
        DataType::Int64 => "long".to_owned(),
        DataType::Int32 => "integer".to_owned(),
        DataType::Utf8 => "string".to_owned(),
        DataType::Boolean => "boolean".to_owned(),
        DataType::Float64 => "double".to_owned(),
        DataType::Date32 => "date".to_owned(),
        DataType::Decimal128(precision, scale) => format!("decimal({precision},{scale})"),
        DataType::Timestamp(_, None) => "timestamp_ntz".to_owned(),
        DataType::Timestamp(_, Some(_)) => "timestamp".to_owned(),
        other => panic!("{other}"),
    };
    format!(r#"{{"name":"{}","type":"{kind}","nullable":true,"metadata":{{}}}}"#, field.name())
}

fn write(path: &Path, rows: &RecordBatch) {
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(5_000)).build();
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), rows.schema(), Some(properties)).unwrap();
    writer.write(rows).unwrap();
    writer.close().unwrap();
}

fn open(folder: &Path) -> DeltaTable {
    DeltaTable::open(folder.to_str().unwrap(), Version::Latest).unwrap()
}

#[async_trait]
impl Fixture for Delta {
    type Source = DeltaTable;
    const ORIGINS: usize = 3;

    async fn holding(&self, origins: &[RecordBatch]) -> DeltaTable {
        open(&self.table(origins))
    }

    /// The head of a page in the second row group is overwritten.
    async fn failing(&self, rows: &RecordBatch) -> DeltaTable {
        let folder = self.table(std::slice::from_ref(rows));
        let path = folder.join("part-0.parquet");
        let metadata = SerializedFileReader::new(File::open(&path).unwrap()).unwrap().metadata().clone();
        let page = metadata.row_group(1).column(0).data_page_offset();
        File::options().write(true).open(&path).unwrap().write_all_at(&[0xff; 16], page as u64).unwrap();
        open(&folder)
    }

    async fn select(&self, table: Table<DeltaTable>, sql: &str) -> Option<Result<Box<dyn Source>, Error>> {
        let mut tables = Tables::default();
        match table {
            Table::Made(source) => tables.add(TABLE, source).unwrap(),
            Table::Plain(batches) => tables.add(TABLE, Arc::new(batches)).unwrap(),
        }
        Some(tables.query(sql).await.map(|query| Box::new(query) as Box<dyn Source>))
    }
}

enlist_kit::source_suite!(Delta::new());
