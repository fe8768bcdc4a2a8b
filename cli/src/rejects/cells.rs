//! Cells that stand beside a rejected row in its file: those of the columns that `rejects.columns` names.
//!
//! A row may be refused hours after it was read, so these cells are kept on disk for the time of the run, as text, and
//! read again for the rows that need them.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow::array::{Array, ArrayRef, RecordBatch, StringArray, StringBuilder};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::StreamWriter;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use async_trait::async_trait;
use enlist_core::{Error, ErrorKind, Place, Rows, SegmentBatch, SegmentStream, Source};
use futures::StreamExt;
use serde_json::{Map, Value};

use crate::failure::{Failure, cause, suggest};

/// Most bytes of a cell, to the end of a character: enough for any id, and too few to make a line long.
const LONGEST: usize = 1_000;

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

/// A batch of cells in the file: where it begins, and how many rows it has.
#[derive(Clone, Copy, Debug)]
struct Block {
    begins: u64,
    rows: usize,
}

/// The cells of one scan, found by the place of their row.
#[derive(Debug)]
struct Cells {
    /// Where the file has its place.
    folder: PathBuf,
    file: File,
    /// By origin and first row.
    blocks: BTreeMap<(u32, u64), Block>,
    /// The block that was read last.
    last: Option<((u32, u64), RecordBatch)>,
}

impl Cells {
    fn clear(&mut self) -> Result<(), ArrowError> {
        self.blocks.clear();
        self.last = None;
        Ok(self.file.set_len(0)?)
    }

    fn keep(&mut self, origin: u32, first_row: u64, cells: &RecordBatch) -> Result<(), ArrowError> {
        if cells.num_rows() == 0 {
            return Ok(());
        }
        let begins = self.file.seek(SeekFrom::End(0))?;
        let mut writer = StreamWriter::try_new_buffered(&self.file, &cells.schema())?;
        writer.write(cells)?;
        writer.finish()?;
        self.blocks.insert((origin, first_row), Block { begins, rows: cells.num_rows() });
        Ok(())
    }

    fn at(&mut self, place: Place) -> Result<Option<Map<String, Value>>, ArrowError> {
        let of_origin = (place.origin, 0)..=(place.origin, place.row);
        let Some((&at, &block)) = self.blocks.range(of_origin).next_back() else { return Ok(None) };
        let Some(row) = usize::try_from(place.row - at.1).ok().filter(|row| *row < block.rows) else {
            return Ok(None);
        };
        if self.last.as_ref().is_none_or(|(read, _)| *read != at) {
            self.file.seek(SeekFrom::Start(block.begins))?;
            let mut reader = StreamReader::try_new(BufReader::new(&self.file), None)?;
            let Some(cells) = reader.next().transpose()? else { return Ok(None) };
            self.last = Some((at, cells));
        }
        Ok(self.last.as_ref().map(|(_, cells)| by_name(cells, row)))
    }

    /// The error of cells that cannot be written or read. Arrow's words may quote a cell, so they are not repeated.
    fn unkept(&self, e: &ArrowError) -> Error {
        match e {
            ArrowError::IoError(_, e) => unkept(&self.folder, &cause(e)),
            _ => unkept(&self.folder, "Arrow refuses them"),
        }
    }
}

fn unkept(folder: &Path, why: &str) -> Error {
    let message = format!("cells for the reject file cannot be kept in {}: {why}", folder.display());
    Error::new(ErrorKind::State, "state::rejects", message).help("make room there, or leave `rejects.columns` out")
}

/// Cells of a row by the names of their columns.
fn by_name(cells: &RecordBatch, row: usize) -> Map<String, Value> {
    let cell = |column: &ArrayRef| {
        let text = column.as_any().downcast_ref::<StringArray>().filter(|text| text.is_valid(row));
        text.map_or(Value::Null, |text| Value::String(text.value(row).to_owned()))
    };
    let names = cells.schema_ref().fields().iter().map(|field| field.name().clone());
    names.zip(cells.columns().iter().map(cell)).collect()
}

/// The cells as text, since JSON's numbers are not exact everywhere; null for one that has no text, such as a date that
/// no calendar has.
fn as_text(columns: &[String], rows: &RecordBatch) -> Result<RecordBatch, Error> {
    let options = FormatOptions::new();
    let mut cells: Vec<ArrayRef> = Vec::with_capacity(columns.len());
    for column in columns {
        let values = rows.column(index(rows.schema_ref(), column)?);
        let (nulls, formatter) = (values.logical_nulls(), ArrayFormatter::try_new(values, &options).ok());
        let mut text = StringBuilder::new();
        for row in 0..values.len() {
            let formatter = formatter.as_ref().filter(|_| nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row)));
            let cell = formatter.and_then(|formatter| formatter.value(row).try_to_string().ok());
            text.append_option(cell.as_deref().map(|cell| &cell[..cell.floor_char_boundary(LONGEST)]));
        }
        cells.push(Arc::new(text.finish()));
    }
    let fields: Vec<Field> = columns.iter().map(|column| Field::new(column, DataType::Utf8, true)).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), cells).map_err(|_| unfit())
}

fn index(schema: &Schema, column: &str) -> Result<usize, Error> {
    schema.index_of(column).map_err(|_| unfit())
}

fn unfit() -> Error {
    Error::new(ErrorKind::Source, "source::schema", "a batch does not have the columns that were asked for")
}

/// Cells that a scan fills and a reject file reads, once there is a place for them.
#[derive(Clone, Debug, Default)]
pub struct SharedCells(Arc<Mutex<Option<Cells>>>);

impl SharedCells {
    /// Has scans keep their cells in `folder`, in a file without a name that nobody else can open.
    ///
    /// # Errors
    /// [`ErrorKind::State`] when no file can be made there.
    pub fn keep_in(&self, folder: &Path) -> Result<(), Error> {
        let file = tempfile::tempfile_in(folder).map_err(|e| unkept(folder, &cause(&e)))?;
        *self.lock() = Some(Cells { folder: folder.to_owned(), file, blocks: BTreeMap::new(), last: None });
        Ok(())
    }

    /// The cells of a row as text, by the names of their columns; none for a row that was not in the scan. Rows in the
    /// order of their places are the fastest to find.
    ///
    /// # Errors
    /// [`ErrorKind::State`] when they cannot be read again.
    pub fn at(&self, place: Place) -> Result<Option<Map<String, Value>>, Error> {
        self.with(|cells| cells.at(place)).map(Option::flatten)
    }

    /// Whether any are kept: a plan reads them only to know that a run can.
    fn have_a_place(&self) -> bool {
        self.lock().is_some()
    }

    /// What `work` makes of the cells; nothing where none are kept.
    fn with<T>(&self, work: impl FnOnce(&mut Cells) -> Result<T, ArrowError>) -> Result<Option<T>, Error> {
        let mut cells = self.lock();
        let Some(cells) = &mut *cells else { return Ok(None) };
        work(cells).map(Some).map_err(|e| cells.unkept(&e))
    }

    fn lock(&self) -> MutexGuard<'_, Option<Cells>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A source whose scans read the columns of reject files too, and keep their cells where there is a place for them.
pub struct Watched {
    source: Arc<dyn Source>,
    columns: Vec<String>,
    cells: SharedCells,
}

impl Watched {
    /// `source` with `columns`, whose cells go to `cells`.
    pub fn new(source: Arc<dyn Source>, columns: &[String], cells: SharedCells) -> Self {
        Self { source, columns: columns.to_vec(), cells }
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
        self.cells.with(Cells::clear)?;
        let only = |schema: &Schema, columns: &[String]| -> Result<Vec<usize>, Error> {
            columns.iter().map(|column| index(schema, column)).collect()
        };
        let schema = stream.schema.project(&only(&stream.schema, columns)?).map_err(|_| unfit())?;
        let (wanted, kept, cells) = (columns.to_vec(), self.columns.clone(), self.cells.clone());
        let batches = stream.batches.map(move |batch| {
            let SegmentBatch { rows, origin, first_row } = batch?;
            if cells.have_a_place() {
                let text = as_text(&kept, &rows)?;
                cells.with(|cells| cells.keep(origin, first_row, &text))?;
            }
            let rows = rows.project(&only(rows.schema_ref(), &wanted)?).map_err(|_| unfit())?;
            Ok(SegmentBatch { rows, origin, first_row })
        });
        Ok(SegmentStream { schema: Arc::new(schema), origins: stream.origins, batches: batches.boxed() })
    }
}

#[cfg(test)]
mod tests;
