//! Avro files keep what every source promises.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::array::{ArrayRef, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, TimeUnit};
use arrow_avro::writer::AvroWriter;
use async_trait::async_trait;
use enlist_kit::source_suite::Fixture;
use enlist_source_avro::AvroFiles;
use tempfile::TempDir;

struct Avro {
    folder: TempDir,
    sources: AtomicUsize,
}

impl Avro {
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

/// The rows in blocks of 5,000.
fn written(rows: &RecordBatch) -> Vec<u8> {
    let mut writer = AvroWriter::new(Vec::new(), rows.schema_ref().as_ref().clone()).unwrap();
    for from in (0..rows.num_rows()).step_by(5_000) {
        writer.write(&rows.slice(from, 5_000.min(rows.num_rows() - from))).unwrap();
    }
    writer.finish().unwrap();
    writer.into_inner()
}

fn open(folder: &Path) -> AvroFiles {
    AvroFiles::open(folder.to_str().unwrap()).unwrap()
}

#[async_trait]
impl Fixture for Avro {
    type Source = AvroFiles;
    const ORIGINS: usize = 3;

    async fn holding(&self, origins: &[RecordBatch]) -> AvroFiles {
        let folder = self.source();
        for (n, rows) in origins.iter().enumerate() {
            fs::write(folder.join(format!("part-{n}.avro")), written(rows)).unwrap();
        }
        open(&folder)
    }

    /// A time with a zone is in UTC, called `+00:00`.
    fn returned(&self, column: &ArrayRef) -> ArrayRef {
        match column.data_type() {
            DataType::Timestamp(_, Some(_)) => {
                cast(column, &DataType::Timestamp(TimeUnit::Microsecond, Some("+00:00".into()))).unwrap()
            }
            _ => column.clone(),
        }
    }

    /// The file is cut in the middle.
    async fn failing(&self, rows: &RecordBatch) -> AvroFiles {
        let folder = self.source();
        let whole = written(rows);
        fs::write(folder.join("people.avro"), &whole[..whole.len() / 2]).unwrap();
        open(&folder)
    }
}

enlist_kit::source_suite!(Avro::new());
