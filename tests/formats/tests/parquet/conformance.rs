//! Parquet files keep what every source promises.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::array::RecordBatch;
use async_trait::async_trait;
use enlist_core::{Error, Source};
use enlist_kit::source_suite::{Fixture, TABLE, Table};
use enlist_source_parquet::ParquetFiles;
use enlist_source_query::Tables;
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader, SerializedFileReader};
use tempfile::TempDir;

struct Parquet {
    folder: TempDir,
    sources: AtomicUsize,
}

impl Parquet {
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

fn write(path: &Path, rows: &RecordBatch) {
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(5_000)).build();
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), rows.schema(), Some(properties)).unwrap();
    writer.write(rows).unwrap();
    writer.close().unwrap();
}

fn open(folder: &Path) -> ParquetFiles {
    ParquetFiles::open(folder.to_str().unwrap()).unwrap()
}

#[async_trait]
impl Fixture for Parquet {
    type Source = ParquetFiles;
    const ORIGINS: usize = 3;

    async fn holding(&self, origins: &[RecordBatch]) -> ParquetFiles {
        let folder = self.source();
        for (n, rows) in origins.iter().enumerate() {
            write(&folder.join(format!("part-{n}.parquet")), rows);
        }
        open(&folder)
    }

    /// The head of a page in the second row group is overwritten.
    async fn failing(&self, rows: &RecordBatch) -> ParquetFiles {
        let path = self.source().join("people.parquet");
        write(&path, rows);
        let metadata = SerializedFileReader::new(File::open(&path).unwrap()).unwrap().metadata().clone();
        let page = metadata.row_group(1).column(0).data_page_offset();
        File::options().write(true).open(&path).unwrap().write_all_at(&[0xff; 16], page as u64).unwrap();
        open(path.parent().unwrap())
    }

    async fn select(&self, table: Table<ParquetFiles>, sql: &str) -> Option<Result<Box<dyn Source>, Error>> {
        let mut tables = Tables::default();
        match table {
            Table::Made(source) => tables.add(TABLE, source).unwrap(),
            Table::Plain(batches) => tables.add(TABLE, Arc::new(batches)).unwrap(),
        }
        Some(tables.query(sql).await.map(|query| Box::new(query) as Box<dyn Source>))
    }
}

enlist_kit::source_suite!(Parquet::new());
