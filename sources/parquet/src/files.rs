//! The Parquet files of a segment.

use std::path::Path;
use std::sync::Arc;

use arrow::datatypes::{Fields, SchemaRef};
use async_trait::async_trait;
use enlist_core::{Error, SegmentStream, Source};
use enlist_source_query::{Columns, Found, Tables, feed, find};

use crate::footer;
use crate::rows::rows;

/// Whether `path` (a file, a glob or a folder) names Parquet by its extension or holds such files.
pub fn handles(path: &str) -> bool {
    if Path::new(path).is_dir() {
        // Files that do not fit together are still files of this kind, and opening them says what is wrong.
        return find(path, is_parquet).err().is_none_or(|error| error.code() == "source::partitions");
    }
    is_parquet(path)
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
    pattern: String,
    files: Arc<[Found]>,
    columns: Columns,
}

impl ParquetFiles {
    /// Finds the files of a path, a glob (`people/**/*.parquet`) or a folder, and reads the footer of each, so that a
    /// file that is not whole is named before any row is read. Blocks on the disk meanwhile.
    ///
    /// # Errors
    /// Those of [`find`]; `parquet::not_parquet`, `parquet::cut_off`, `parquet::encrypted` and `parquet::damaged`,
    /// each with the file; `source::column_twice`.
    pub fn open(pattern: &str) -> Result<Self, Error> {
        let files = find(pattern, is_parquet)?;
        let fields = files
            .iter()
            .map(|file| Ok(footer::read(file)?.1.schema().fields().clone()))
            .collect::<Result<Vec<Fields>, Error>>()?;
        let named = files.iter().map(|file| file.name.as_str()).zip(&fields);
        let columns = Columns::union(named, &files[0].partitions)?;
        Ok(Self { pattern: pattern.to_owned(), files: files.into(), columns })
    }

    /// Lets queries over `tables` read the files as the table `name`.
    ///
    /// # Errors
    /// `source::table_twice` when the name is taken.
    pub fn register(&self, tables: &mut Tables, name: &str) -> Result<(), Error> {
        tables.add(name, Arc::new(self.clone()))
    }
}

#[async_trait]
impl Source for ParquetFiles {
    fn name(&self) -> &str {
        &self.pattern
    }

    async fn schema(&self) -> Result<SchemaRef, Error> {
        Ok(self.columns.schema())
    }

    async fn scan(&self, columns: &[String]) -> Result<SegmentStream, Error> {
        let schema = self.columns.pick(columns, &self.pattern)?;
        let origins: Arc<[String]> = self.files.iter().map(|file| file.name.clone()).collect();
        let batches = feed(rows(Arc::clone(&self.files), Arc::clone(&schema)));
        Ok(SegmentStream { schema, origins, batches })
    }
}
