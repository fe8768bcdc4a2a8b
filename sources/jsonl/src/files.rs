//! The files of a segment.

use std::path::Path;
use std::sync::Arc;

use arrow::datatypes::{Field, Fields, SchemaRef};
use async_trait::async_trait;
use enlist_core::{Error, ErrorKind, Rows, SegmentStream, Source};
use enlist_source_files::{Columns, Compression, Location, compression, feed, find, offers};

use crate::cells::Shape;
use crate::names::Names;
use crate::rows::{JsonlFile, rows};
use crate::sample::{SAMPLE_BYTES, SAMPLE_LINES, Sample};

/// Whether `path` (a file, a glob or a folder) names JSON lines by its extension or holds such files.
pub fn handles(path: &str) -> bool {
    offers(path, is_jsonl)
}

fn is_jsonl(name: &str) -> bool {
    let extension = Path::new(compression(name).1).extension().unwrap_or_default();
    extension.eq_ignore_ascii_case("jsonl") || extension.eq_ignore_ascii_case("ndjson")
}

/// One or more files of JSON lines read as one segment, in the order of their paths.
///
/// Each file is an origin; its rows are numbered from 1, blank lines not counted. Folders named `key=value` add columns
/// of text. A column is null in a file that lacks it, as in an object that lacks it.
#[derive(Clone)]
pub struct JsonlFiles {
    location: Location,
    files: Arc<[JsonlFile]>,
    names: Arc<Names>,
    columns: Columns,
}

impl JsonlFiles {
    /// Finds the files of a path, a glob (`people/**/*.jsonl.gz`), a folder or a URL, and reads the first 10,000 lines
    /// or 4 MiB of each, whose keys are the columns. Blocks meanwhile.
    ///
    /// # Errors
    /// Those of [`find`]; `jsonl::empty` when no file has an object; and for what is wrong in the first lines, each
    /// with file and line: `jsonl::not_json`, `jsonl::not_object`, `jsonl::array`, `jsonl::duplicate_key`,
    /// `jsonl::encoding`, `jsonl::too_long`, `jsonl::cut_off`, `jsonl::not_jsonl`, `jsonl::not_compressed`,
    /// `jsonl::damaged`.
    pub fn open(location: impl Into<Location>) -> Result<Self, Error> {
        let location = location.into();
        let files = find(&location, is_jsonl)?
            .into_iter()
            .map(|found| match Sample::read(&found) {
                Ok(sample) => Ok(JsonlFile { found, sample }),
                Err(fault) => Err(fault.in_file(&found.name)),
            })
            .collect::<Result<Vec<JsonlFile>, Error>>()?;
        if files.iter().all(|file| file.sample.rows == 0) {
            return Err(empty(location.name()));
        }
        let (names, fields) = merge(&files);
        let named = [(location.name(), &fields)];
        let columns = Columns::union(named, &files[0].found.partitions)?;
        Ok(Self { location, files: files.into(), names: names.into(), columns })
    }

    /// Adds to the error about a column that the first lines lack that only they were looked at.
    fn explain(&self, error: Error) -> Error {
        if error.code() != "source::column_missing" || self.files.iter().all(|file| file.sample.whole) {
            return error;
        }
        let looked = format!(
            "columns are the keys in the first {SAMPLE_LINES} lines or {} MiB of each file",
            SAMPLE_BYTES >> 20
        );
        let help = error.help_text().map_or_else(String::new, |help| format!("{help}; ")) + &looked;
        error.help(help)
    }
}

/// The columns of all files together, in the order in which they appear.
fn merge(files: &[JsonlFile]) -> (Names, Fields) {
    let mut names = Names::default();
    let mut shapes = Vec::new();
    for sample in files.iter().map(|file| &file.sample) {
        for (index, (name, shape)) in sample.names.iter().zip(&sample.shapes).enumerate() {
            let position = names.position(name, index).unwrap_or_else(|| {
                shapes.push(Shape::Null);
                names.add(name)
            });
            shapes[position] = (*shape).max(shapes[position]);
        }
    }
    let fields = names.iter().zip(&shapes).map(|(name, shape)| Field::new(name, shape.data_type(), true)).collect();
    (names, fields)
}

fn empty(pattern: &str) -> Error {
    Error::new(ErrorKind::Source, "jsonl::empty", format!("{pattern} has no line: nothing tells its columns"))
        .help("check that the export which writes it has run; an empty file beside others that have rows is none")
}

#[async_trait]
impl Source for JsonlFiles {
    fn name(&self) -> &str {
        self.location.name()
    }

    async fn schema(&self) -> Result<SchemaRef, Error> {
        Ok(self.columns.schema())
    }

    async fn rows(&self) -> Result<Rows, Error> {
        Ok(estimate(&self.files))
    }

    async fn scan(&self, columns: &[String]) -> Result<SegmentStream, Error> {
        let schema = self.columns.pick(columns, self.location.name()).map_err(|error| self.explain(error))?;
        let origins: Arc<[String]> = self.files.iter().map(|file| file.found.name.clone()).collect();
        let batches = feed(rows(Arc::clone(&self.files), Arc::clone(&self.names), Arc::clone(&schema)));
        Ok(SegmentStream { schema, origins, batches })
    }
}

/// How many rows `files` have together: exactly if all were read whole, else by their size; nothing is known of
/// compressed ones.
fn estimate(files: &[JsonlFile]) -> Rows {
    if files.iter().all(|file| file.sample.whole) {
        return Rows::Exactly(files.iter().map(|file| file.sample.rows).sum());
    }
    let mut about = 0.0;
    for JsonlFile { found, sample } in files {
        if sample.whole {
            about += sample.rows as f64;
        } else if compression(&found.name).0 == Compression::None {
            about += sample.size as f64 / sample.bytes as f64 * sample.rows as f64;
        } else {
            return Rows::Unknown;
        }
    }
    Rows::About(about.round() as u64)
}
