//! Rows out of files, as text.

use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::SchemaRef;
use enlist_core::{Error, SegmentBatch};
use enlist_source_files::{Found, one_by_one, text};

use crate::cells::Cells;
use crate::fault::Fault;
use crate::lines::{Line, Lines};
use crate::names::{Names, Seen};
use crate::object::{members, syntax};
use crate::sample::Sample;

/// Rows in a batch: large enough to amortise the cost of a batch, small enough to keep a few in memory.
const BATCH_ROWS: usize = 8_192;

/// Bytes of lines after which a batch is full, whatever its number of rows.
const BATCH_BYTES: usize = 4 << 20;

/// A file and what its first lines say about it.
pub(crate) struct JsonlFile {
    pub(crate) found: Found,
    pub(crate) sample: Sample,
}

/// The rows of `files` in order, with the columns of `schema`; `names` are those of all files together.
pub(crate) fn rows(
    files: Arc<[JsonlFile]>,
    names: Arc<Names>,
    schema: SchemaRef,
) -> impl Iterator<Item = Result<SegmentBatch, Error>> + Send + 'static {
    one_by_one(files.len(), move |index| {
        FileRows::open(Arc::clone(&files), index, Arc::clone(&names), Arc::clone(&schema))
            .map_err(|fault| fault.in_file(&files[index].found.name))
    })
}

/// The rows of one file.
struct FileRows {
    files: Arc<[JsonlFile]>,
    index: usize,
    names: Arc<Names>,
    schema: SchemaRef,
    lines: Lines,
    seen: Seen,
    /// For each name the cells of the batch; `None` for a column that nobody asked for.
    cells: Vec<Option<Cells>>,
    next_row: u64,
}

impl FileRows {
    fn open(files: Arc<[JsonlFile]>, index: usize, names: Arc<Names>, schema: SchemaRef) -> Result<Self, Fault> {
        let JsonlFile { found, sample } = &files[index];
        if found.size()? != sample.size {
            return Err(Fault::Changed);
        }
        let lines = Lines::new(text(found)?);
        let cells =
            names.iter().map(|name| schema.field_with_name(name).ok().map(|field| Cells::new(field.data_type())));
        let cells = cells.collect();
        Ok(Self { files, index, names, schema, lines, seen: Seen::default(), cells, next_row: 1 })
    }

    /// The next batch, `None` at the end of the file.
    fn advance(&mut self) -> Result<Option<SegmentBatch>, Fault> {
        let (mut rows, mut bytes) = (0, 0);
        let sampled = self.files[self.index].sample.lines;
        while rows < BATCH_ROWS && bytes < BATCH_BYTES {
            let Some(line) = self.lines.read()? else { break };
            bytes += line.text.len();
            rows += 1;
            add(&line, &self.names, &mut self.seen, &mut self.cells, sampled)?;
        }
        if rows == 0 { Ok(None) } else { self.batch(rows).map(Some) }
    }

    /// The cells so far as a batch.
    fn batch(&mut self, rows: usize) -> Result<SegmentBatch, Fault> {
        let mut columns = Vec::with_capacity(self.schema.fields().len());
        for field in self.schema.fields() {
            let position = self.names.position(field.name(), 0);
            let cells = position.and_then(|position| self.cells[position].as_mut()).map(Cells::finish);
            let partitions = &self.files[self.index].found.partitions;
            columns.push(cells.or_else(|| partitions.column(field.name(), rows)).ok_or(Fault::Changed)?);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let batch = RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options);
        let first_row = self.next_row;
        self.next_row += rows as u64;
        Ok(SegmentBatch { rows: batch.map_err(|_| Fault::Changed)?, origin: self.index as u32, first_row })
    }
}

/// Adds the object on `line` to the cells. Lines up to `sampled` have no key but the names.
fn add(
    line: &Line<'_>,
    names: &Names,
    seen: &mut Seen,
    cells: &mut [Option<Cells>],
    sampled: u64,
) -> Result<(), Fault> {
    seen.turn(line.number);
    members(line, |key, raw| match seen.key(key, names)? {
        Some(position) => match &mut cells[position] {
            Some(cells) => cells.push(raw).map_err(|fault| syntax(line, &fault)),
            None => Ok(()),
        },
        None if line.number <= sampled => Err(Fault::Changed),
        None => Ok(()),
    })?;
    for (position, cells) in cells.iter_mut().enumerate() {
        if let Some(cells) = cells.as_mut().filter(|_| !seen.has(position)) {
            cells.push_null();
        }
    }
    Ok(())
}

impl Iterator for FileRows {
    type Item = Result<SegmentBatch, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let outcome = self.advance();
        outcome.map_err(|fault| fault.in_file(&self.files[self.index].found.name)).transpose()
    }
}
