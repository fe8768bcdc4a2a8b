//! Cells that stand beside a rejected row in its file: those of the columns that `rejects.columns` names.
//!
//! A row may be refused hours after it was read, so these columns are kept on disk for the time of the run, and read
//! again for the rows that need them.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Seek, SeekFrom};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::StreamWriter;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use async_trait::async_trait;
use enlist_core::{Error, ErrorKind, Place, Rows, SegmentBatch, SegmentStream, Source};
use futures::StreamExt;
use serde_json::{Map, Value};

use crate::failure::{Failure, cause, suggest};

/// Refuses columns that `source` does not have.
///
/// # Errors
/// [`ErrorKind::Config`] with `config::rejects_columns`.
pub fn check(columns: &[String], schema: &Schema, source: &str) -> Result<(), Failure> {
    let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    let Some(missing) = columns.iter().find(|column| !names.contains(&column.as_str())) else { return Ok(()) };
    let message = format!("rejects.columns: {source} has no column `{missing}`");
    let failure = Failure::config("config::rejects_columns", message);
    Err(match suggest(missing, names) {
        Some(meant) => failure.help(format!("did you mean `{meant}`?")),
        None => failure.help("name columns of the source, or of the result of `sql`; `enlist plan` shows them"),
    })
}

/// A batch of the columns in the file: where it begins, and how many rows it has.
#[derive(Clone, Copy, Debug)]
struct Block {
    begins: u64,
    rows: usize,
}

/// The cells of one scan, found by the place of their row.
#[derive(Debug)]
pub struct Cells {
    file: File,
    /// By origin and first row.
    blocks: BTreeMap<(u32, u64), Block>,
    /// The block that was read last: rejected rows come in their order, mostly.
    last: Option<((u32, u64), RecordBatch)>,
}

impl Cells {
    /// None yet. They are kept in a file without a name in `folder`, which nobody else can open.
    ///
    /// # Errors
    /// Those of making the file.
    fn create(folder: &Path) -> io::Result<Self> {
        Ok(Self { file: tempfile::tempfile_in(folder)?, blocks: BTreeMap::new(), last: None })
    }

    /// Forgets those of an earlier scan.
    fn clear(&mut self) -> io::Result<()> {
        self.blocks.clear();
        self.last = None;
        self.file.set_len(0)
    }

    fn keep(&mut self, origin: u32, first_row: u64, rows: &RecordBatch) -> Result<(), ArrowError> {
        if rows.num_rows() == 0 {
            return Ok(());
        }
        let begins = self.file.seek(SeekFrom::End(0))?;
        let mut writer = StreamWriter::try_new_buffered(&self.file, &rows.schema())?;
        writer.write(rows)?;
        writer.finish()?;
        self.blocks.insert((origin, first_row), Block { begins, rows: rows.num_rows() });
        Ok(())
    }

    /// The cells of a row as text, by the names of their columns; none for a row that was not in the scan.
    ///
    /// # Errors
    /// Those of reading the file.
    pub fn at(&mut self, place: Place) -> Result<Option<Map<String, Value>>, ArrowError> {
        let of_origin = (place.origin, 0)..=(place.origin, place.row);
        let Some((&at, &block)) = self.blocks.range(of_origin).next_back() else { return Ok(None) };
        let Some(row) = usize::try_from(place.row - at.1).ok().filter(|row| *row < block.rows) else {
            return Ok(None);
        };
        if self.last.as_ref().is_none_or(|(read, _)| *read != at) {
            self.file.seek(SeekFrom::Start(block.begins))?;
            let mut reader = StreamReader::try_new(BufReader::new(&self.file), None)?;
            let Some(rows) = reader.next().transpose()? else { return Ok(None) };
            self.last = Some((at, rows));
        }
        self.last.as_ref().map(|(_, rows)| written(rows, row)).transpose()
    }
}

/// The cells of a row. Text, since JSON's numbers are not exact everywhere.
fn written(rows: &RecordBatch, row: usize) -> Result<Map<String, Value>, ArrowError> {
    let options = FormatOptions::new();
    let cell = |(column, field): (&Arc<dyn arrow::array::Array>, &arrow::datatypes::FieldRef)| {
        let formatter = ArrayFormatter::try_new(column, &options)?;
        let value =
            if column.is_null(row) { Value::Null } else { Value::String(formatter.value(row).try_to_string()?) };
        Ok((field.name().clone(), value))
    };
    rows.columns().iter().zip(rows.schema_ref().fields()).map(cell).collect()
}

/// Cells that a scan fills and reject files read.
pub type SharedCells = Arc<Mutex<Cells>>;

/// The cells, whoever failed while it had them.
pub fn lock(cells: &SharedCells) -> MutexGuard<'_, Cells> {
    cells.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The same source, whose scans keep the cells of `columns`.
pub struct Watched {
    source: Arc<dyn Source>,
    columns: Vec<String>,
    cells: SharedCells,
}

impl Watched {
    /// `source`, with the cells of `columns` kept in `folder`.
    ///
    /// # Errors
    /// [`ErrorKind::State`] when no file can be made there.
    pub fn new(source: Arc<dyn Source>, columns: &[String], folder: &Path) -> Result<(Self, SharedCells), Error> {
        let cells = Arc::new(Mutex::new(Cells::create(folder).map_err(|e| unkept(&e.into()))?));
        Ok((Self { source, columns: columns.to_vec(), cells: Arc::clone(&cells) }, cells))
    }
}

#[async_trait]
impl Source for Watched {
    fn name(&self) -> &str {
        self.source.name()
    }

    async fn schema(&self) -> Result<SchemaRef, Error> {
        self.source.schema().await
    }

    async fn rows(&self) -> Result<Rows, Error> {
        self.source.rows().await
    }

    async fn scan(&self, columns: &[String]) -> Result<SegmentStream, Error> {
        let mut all = columns.to_vec();
        for column in &self.columns {
            if !all.contains(column) {
                all.push(column.clone());
            }
        }
        let stream = self.source.scan(&all).await?;
        lock(&self.cells).clear().map_err(|e| unkept(&e.into()))?;
        let schema = Arc::new(stream.schema.project(&indices(&stream.schema, columns)?).map_err(|e| unkept(&e))?);
        let (wanted, kept, cells) = (columns.to_vec(), self.columns.clone(), Arc::clone(&self.cells));
        let batches = stream.batches.map(move |batch| {
            let SegmentBatch { rows, origin, first_row } = batch?;
            let only = |columns: &[String]| rows.project(&indices(rows.schema_ref(), columns)?).map_err(|e| unkept(&e));
            lock(&cells).keep(origin, first_row, &only(&kept)?).map_err(|e| unkept(&e))?;
            Ok(SegmentBatch { rows: only(&wanted)?, origin, first_row })
        });
        Ok(SegmentStream { schema, origins: stream.origins, batches: batches.boxed() })
    }
}

fn indices(schema: &Schema, columns: &[String]) -> Result<Vec<usize>, Error> {
    columns.iter().map(|column| schema.index_of(column).map_err(|e| unkept(&e))).collect()
}

/// The error of cells that cannot be written or read.
pub fn unkept(e: &ArrowError) -> Error {
    let why = match e {
        ArrowError::IoError(_, e) => cause(e),
        other => other.to_string(),
    };
    let message = format!("the cells for the reject file cannot be kept: {why}");
    Error::new(ErrorKind::State, "state::rejects", message).help("make room, or leave `rejects.columns` out")
}

#[cfg(test)]
mod tests {
    use arrow::array::{ArrayRef, Int64Array, StringArray};
    use enlist_core::Batches;
    use futures::TryStreamExt;

    use super::*;

    fn people() -> Arc<dyn Source> {
        let batch = |ids: &[Option<i64>], emails: &[&str]| {
            let emails: ArrayRef = Arc::new(StringArray::from(emails.to_vec()));
            RecordBatch::try_from_iter([
                ("id", Arc::new(Int64Array::from(ids.to_vec())) as ArrayRef),
                ("email", emails),
            ])
            .unwrap()
        };
        let all = vec![
            batch(&[Some(9_007_199_254_740_993), None], &["a@example.com", "b@example.com"]),
            batch(&[], &[]),
            batch(&[Some(3)], &["c@example.com"]),
        ];
        Arc::new(Batches::new("people", all[0].schema(), all))
    }

    fn id(cells: &SharedCells, origin: u32, row: u64) -> Option<Value> {
        lock(cells).at(Place { origin, row }).unwrap().map(|mut cells| cells.remove("id").unwrap())
    }

    #[tokio::test]
    async fn cells_are_found_by_place_in_any_order_after_every_scan() {
        let folder = tempfile::tempdir().unwrap();
        let (source, cells) = Watched::new(people(), &["id".into()], folder.path()).unwrap();
        for _ in 0..2 {
            let stream = source.scan(&["email".into()]).await.unwrap();
            assert_eq!(stream.schema.fields().len(), 1, "who reads gets what it asked for");
            let batches: Vec<_> = stream.batches.try_collect().await.unwrap();
            assert!(batches.iter().all(|batch| batch.rows.num_columns() == 1));
            assert_eq!(id(&cells, 0, 3), Some("3".into()));
            assert_eq!(id(&cells, 0, 1), Some("9007199254740993".into()));
            assert_eq!(id(&cells, 0, 2), Some(Value::Null));
            for (origin, row) in [(0, 0), (0, 4), (1, 1), (u32::MAX, 0)] {
                assert_eq!(id(&cells, origin, row), None, "no such row: {origin} {row}");
            }
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "a file without a name");
    }

    #[tokio::test]
    async fn a_column_that_is_sent_too_is_read_once() {
        let folder = tempfile::tempdir().unwrap();
        let (source, cells) = Watched::new(people(), &["id".into(), "id".into()], folder.path()).unwrap();
        let stream = source.scan(&["id".into(), "email".into()]).await.unwrap();
        assert_eq!(stream.schema.fields().len(), 2);
        stream.batches.try_collect::<Vec<_>>().await.unwrap();
        assert_eq!(id(&cells, 0, 3), Some("3".into()));
    }

    #[tokio::test]
    async fn a_column_that_is_not_there_is_named_with_one_like_it() {
        let schema = people().schema().await.unwrap();
        assert!(check(&["id".into()], &schema, "people").is_ok());
        let failure = check(&["emial".into()], &schema, "people").unwrap_err();
        assert_eq!(failure.error.to_string(), "rejects.columns: people has no column `emial`");
        assert_eq!(failure.error.help_text(), Some("did you mean `email`?"));
    }
}
