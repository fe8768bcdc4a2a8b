//! The CSV files of a segment.

use std::path::Path;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, SchemaRef};
use async_trait::async_trait;
use enlist_core::{Error, Rows, SegmentStream, Source};
use enlist_source_files::{Columns, Location, blocking, compression, feed, find, offers};

use crate::estimate::estimate;
use crate::layout::Layout;
use crate::options::CsvOptions;
use crate::rows::{CsvFile, rows};

/// Whether `path` (a file, a glob or a folder) names CSV by its extension or holds such files.
pub fn handles(path: &str) -> bool {
    offers(path, is_csv)
}

fn is_csv(name: &str) -> bool {
    let extension = Path::new(compression(name).1).extension().unwrap_or_default();
    extension.eq_ignore_ascii_case("csv") || extension.eq_ignore_ascii_case("tsv")
}

/// One or more CSV files read as one segment, in the order of their paths.
///
/// Each file is an origin; its rows are numbered from 1, the header not counted. Folders named `key=value` add
/// columns of text. The files may differ in delimiter, compression and the order of their columns.
#[derive(Clone)]
pub struct CsvFiles {
    location: Location,
    options: CsvOptions,
    files: Arc<[CsvFile]>,
    columns: Columns,
}

impl CsvFiles {
    /// Finds the files of a path, a glob (`people/**/*.csv.gz`), a folder or a URL, and reads the start of each. Blocks
    /// meanwhile.
    ///
    /// # Errors
    /// Those of [`find`]; `csv::options` (configuration); `csv::empty` for a file without header; `csv::encoding`,
    /// `csv::not_csv`, `csv::cut_off`, `csv::damaged` and `source::column_twice`, each with the file.
    pub fn open(location: impl Into<Location>, options: CsvOptions) -> Result<Self, Error> {
        options.check()?;
        let location = location.into();
        let files = find(&location, is_csv)?
            .into_iter()
            .map(|found| match Layout::read(&found, &options) {
                Ok(layout) => Ok(CsvFile { found, layout }),
                Err(fault) => Err(fault.in_file(&found.name)),
            })
            .collect::<Result<Vec<CsvFile>, Error>>()?;
        let fields: Vec<Fields> = files
            .iter()
            .map(|file| file.layout.names.iter().map(|name| Field::new(name, DataType::Utf8, true)).collect())
            .collect();
        let named = files.iter().map(|file| file.found.name.as_str()).zip(&fields);
        let columns = Columns::union(named, &files[0].found.partitions)?;
        Ok(Self { location, options, files: files.into(), columns })
    }
}

#[async_trait]
impl Source for CsvFiles {
    fn name(&self) -> &str {
        self.location.name()
    }

    async fn schema(&self) -> Result<SchemaRef, Error> {
        Ok(self.columns.schema())
    }

    async fn rows(&self) -> Result<Rows, Error> {
        let (files, options) = (Arc::clone(&self.files), self.options.clone());
        blocking(move || estimate(&files, &options)).await
    }

    async fn scan(&self, columns: &[String]) -> Result<SegmentStream, Error> {
        let schema = self.columns.pick(columns, self.location.name())?;
        let origins: Arc<[String]> = self.files.iter().map(|file| file.found.name.clone()).collect();
        let batches = feed(rows(Arc::clone(&self.files), self.options.clone(), Arc::clone(&schema)));
        Ok(SegmentStream { schema, origins, batches })
    }
}
