//! The Avro files of a segment.

use std::path::Path;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use enlist_core::{Error, Rows, SegmentStream, Source};
use enlist_source_files::{Columns, Found, Location, blocking, feed, find, offers, unreadable};

use crate::block::count;
use crate::decode::columns;
use crate::fault::Fault;
use crate::header;
use crate::rows::{AvroFile, rows};
use crate::shape::Shape;

/// Blocks of a file that are looked at to count its rows; more are judged by so many.
const COUNTED: usize = 256;

/// Whether `path` (a file, a glob or a folder) names Avro by its extension or holds such files.
pub fn handles(path: &str) -> bool {
    offers(path, is_avro)
}

fn is_avro(name: &str) -> bool {
    Path::new(name).extension().unwrap_or_default().eq_ignore_ascii_case("avro")
}

/// One or more Avro files read as one segment, in the order of their paths.
///
/// Each file is an origin; its rows are numbered from 1. Folders named `key=value` add columns of text.
#[derive(Clone)]
pub struct AvroFiles {
    location: Location,
    files: Arc<[AvroFile]>,
    columns: Columns,
}

impl AvroFiles {
    /// Finds the files of a path, a glob (`people/**/*.avro`), a folder or a URL, and reads the header of each. Blocks
    /// meanwhile.
    ///
    /// # Errors
    /// Those of [`find`]; `avro::not_avro`, `avro::cut_off`, `avro::damaged`, `avro::codec` and `avro::schema`, each
    /// with the file; `source::column_twice`.
    pub fn open(location: impl Into<Location>) -> Result<Self, Error> {
        let location = location.into();
        let files = find(&location, is_avro)?
            .into_iter()
            .map(|found| {
                let name = found.name.clone();
                open(found).map_err(|fault| fault.in_file(&name))
            })
            .collect::<Result<Vec<AvroFile>, Error>>()?;
        let named = files.iter().map(|file| (file.found.name.as_str(), file.columns.fields()));
        let columns = Columns::union(named, &files[0].found.partitions)?;
        Ok(Self { location, files: files.into(), columns })
    }
}

fn open(found: Found) -> Result<AvroFile, Fault> {
    let header = header::open(&found)?.header;
    Shape::of(&header.schema)?;
    let columns = columns(&header.schema)?;
    Ok(AvroFile { found, header, columns })
}

#[async_trait]
impl Source for AvroFiles {
    fn name(&self) -> &str {
        self.location.name()
    }

    async fn schema(&self) -> Result<SchemaRef, Error> {
        Ok(self.columns.schema())
    }

    async fn rows(&self) -> Result<Rows, Error> {
        let files = Arc::clone(&self.files);
        blocking(move || estimate(&files)).await
    }

    async fn scan(&self, columns: &[String]) -> Result<SegmentStream, Error> {
        let schema = self.columns.pick(columns, self.location.name())?;
        let origins: Arc<[String]> = self.files.iter().map(|file| file.found.name.clone()).collect();
        let batches = feed(rows(Arc::clone(&self.files), Arc::clone(&schema)));
        Ok(SegmentStream { schema, origins, batches })
    }
}

/// How many rows `files` have together, by what their blocks say.
fn estimate(files: &[AvroFile]) -> Result<Rows, Error> {
    let (mut rows, mut exact) = (0u64, true);
    for AvroFile { found, header, .. } in files {
        // A server that gives files only whole is no fault of a file that is read whole.
        let Ok(ranges) = found.ranges() else { return Ok(Rows::Unknown) };
        let counted = count(&ranges, header, COUNTED);
        let (found, all) = counted.map_err(|fault| unreadable(&found.name, &fault))?;
        rows = rows.saturating_add(found);
        exact &= all;
    }
    Ok(if exact { Rows::Exactly(rows) } else { Rows::About(rows) })
}
