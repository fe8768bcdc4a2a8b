//! Arrow IPC files keep what every source promises.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::array::RecordBatch;
use arrow::ipc::writer::{FileWriter, StreamWriter};
use async_trait::async_trait;
use enlist_kit::source_suite::Fixture;
use enlist_source_ipc::IpcFiles;
use tempfile::TempDir;

struct Ipc {
    folder: TempDir,
    sources: AtomicUsize,
}

impl Ipc {
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

/// The rows in record batches of 5,000.
fn pieces(rows: &RecordBatch) -> impl Iterator<Item = RecordBatch> + '_ {
    (0..rows.num_rows()).step_by(5_000).map(|from| rows.slice(from, 5_000.min(rows.num_rows() - from)))
}

fn written(rows: &RecordBatch) -> Vec<u8> {
    let mut writer = FileWriter::try_new(Vec::new(), rows.schema_ref()).unwrap();
    pieces(rows).for_each(|piece| writer.write(&piece).unwrap());
    writer.finish().unwrap();
    writer.into_inner().unwrap()
}

fn stream(rows: &RecordBatch) -> Vec<u8> {
    let mut writer = StreamWriter::try_new(Vec::new(), rows.schema_ref()).unwrap();
    pieces(rows).for_each(|piece| writer.write(&piece).unwrap());
    writer.finish().unwrap();
    writer.into_inner().unwrap()
}

fn open(folder: &Path) -> IpcFiles {
    IpcFiles::open(folder.to_str().unwrap()).unwrap()
}

#[async_trait]
impl Fixture for Ipc {
    type Source = IpcFiles;
    const ORIGINS: usize = 3;

    async fn holding(&self, origins: &[RecordBatch]) -> IpcFiles {
        let folder = self.source();
        for (n, rows) in origins.iter().enumerate() {
            fs::write(folder.join(format!("part-{n}.arrow")), written(rows)).unwrap();
        }
        open(&folder)
    }

    /// The file is cut in the middle.
    async fn failing(&self, rows: &RecordBatch) -> IpcFiles {
        let folder = self.source();
        let whole = stream(rows);
        fs::write(folder.join("people.arrow"), &whole[..whole.len() / 2]).unwrap();
        open(&folder)
    }
}

enlist_kit::source_suite!(Ipc::new());
