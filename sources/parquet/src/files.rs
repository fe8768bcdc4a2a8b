//! The Parquet files of a segment.

use std::path::Path;
use std::sync::Arc;

use arrow::datatypes::{Fields, SchemaRef};
use async_trait::async_trait;
use enlist_core::{Error, Rows, SegmentStream, Source};
use enlist_source_files::{Columns, Found, Location, feed, find, offers};

use crate::footer;
use crate::rows::rows;

/// Whether `path` (a file, a glob or a folder) names Parquet by its extension or holds such files.
pub fn handles(path: &str) -> bool {
    offers(path, is_parquet)
}

fn is_parquet(name: &str) -> bool {
    let extension = Path::new(name).extension().unwrap_or_default();
    ["parquet", "parq", "pq"].iter().any(|known| extension.eq_ignore_ascii_case(known))
}

/// One or more Parquet files read as one segment, in the order of their paths.
///
/// Each file is an origin; its rows are numbered from 1. Folders named `key=value` add columns of text.
#[derive(Clone)]
pub struct ParquetFiles {
    location: Location,
    files: Arc<[Found]>,
    columns: Columns,
    rows: u64,
}

impl ParquetFiles {
    /// Finds the files of a path, a glob (`people/**/*.parquet`), a folder or a URL, and reads the footer of each, so
    /// that a file that is not whole is named before any row is read. Blocks meanwhile.
    ///
    /// # Errors
    /// Those of [`find`]; `parquet::not_parquet`, `parquet::cut_off`, `parquet::encrypted` and `parquet::damaged`,
    /// each with the file; `source::column_twice`.
    pub fn open(location: impl Into<Location>) -> Result<Self, Error> {
        let location = location.into();
        let files = find(&location, is_parquet)?;
        let mut rows = 0;
        let fields = files
            .iter()
            .map(|file| {
                let footer = footer::read(file)?.1;
                // A negative number is damage, which reading the row groups tells.
                rows += u64::try_from(footer.metadata().file_metadata().num_rows()).unwrap_or(0);
                Ok(footer.schema().fields().clone())
            })
            .collect::<Result<Vec<Fields>, Error>>()?;
        let named = files.iter().map(|file| file.name.as_str()).zip(&fields);
        let columns = Columns::union(named, &files[0].partitions)?;
        Ok(Self { location, files: files.into(), columns, rows })
    }
}

#[async_trait]
impl Source for ParquetFiles {
    fn name(&self) -> &str {
        self.location.name()
    }

    async fn schema(&self) -> Result<SchemaRef, Error> {
        Ok(self.columns.schema())
    }

    async fn rows(&self) -> Result<Rows, Error> {
        Ok(Rows::Exactly(self.rows))
    }

    async fn scan(&self, columns: &[String]) -> Result<SegmentStream, Error> {
        let schema = self.columns.pick(columns, self.location.name())?;
        let origins: Arc<[String]> = self.files.iter().map(|file| file.name.clone()).collect();
        let batches = feed(rows(Arc::clone(&self.files), Arc::clone(&schema)));
        Ok(SegmentStream { schema, origins, batches })
    }
}
