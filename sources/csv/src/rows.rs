//! Rows out of files, as text.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, StringBuilder};
use arrow::datatypes::SchemaRef;
use enlist_core::{Error, SegmentBatch};
use enlist_source_files::{Found, text};

use crate::fault::Fault;
use crate::layout::{Layout, header};
use crate::options::CsvOptions;
use crate::records::{Chunk, Records};

/// Rows in a batch: large enough to amortise the cost of a batch, small enough to keep a few in memory.
const BATCH_ROWS: usize = 8_192;

type Batches = Box<dyn Iterator<Item = Result<SegmentBatch, Error>> + Send>;

/// A file and how to read it.
pub(crate) struct CsvFile {
    pub(crate) found: Found,
    pub(crate) layout: Layout,
}

/// The rows of `files` in order, with the columns of `schema`. Nothing is opened before it is its turn.
pub(crate) fn rows(
    files: Arc<[CsvFile]>,
    options: CsvOptions,
    schema: SchemaRef,
) -> impl Iterator<Item = Result<SegmentBatch, Error>> + Send + 'static {
    (0..files.len()).flat_map(move |index| -> Batches {
        match FileRows::open(Arc::clone(&files), index, &options, Arc::clone(&schema)) {
            Ok(rows) => Box::new(rows),
            Err(fault) => Box::new(std::iter::once(Err(fault.in_file(&files[index].found.name)))),
        }
    })
}

/// The rows of one file.
struct FileRows {
    files: Arc<[CsvFile]>,
    index: usize,
    schema: SchemaRef,
    records: Records,
    chunk: Chunk,
    /// Position in a record of each column of `schema`; `None` for a partition key.
    positions: Vec<Option<usize>>,
    next_row: u64,
}

impl FileRows {
    fn open(files: Arc<[CsvFile]>, index: usize, options: &CsvOptions, schema: SchemaRef) -> Result<Self, Fault> {
        let CsvFile { found, layout } = &files[index];
        let mut records = Records::new(text(found)?, layout.delimiter);
        if header(&mut records, options)? != layout.names {
            return Err(Fault::Changed);
        }
        let positions =
            schema.fields().iter().map(|field| layout.names.iter().position(|name| name == field.name())).collect();
        Ok(Self { files, index, schema, records, chunk: Chunk::default(), positions, next_row: 1 })
    }

    /// The next batch, `None` at the end of the file.
    fn advance(&mut self) -> Result<Option<SegmentBatch>, Fault> {
        self.records.read(&mut self.chunk, BATCH_ROWS)?;
        if self.chunk.len() == 0 {
            return Ok(None);
        }
        let text = self.check()?;
        let columns = self.schema.fields().iter().zip(&self.positions).map(|(field, position)| match position {
            Some(position) => self.column(text, *position),
            None => self.file().found.partitions.column(field.name(), self.chunk.len()).ok_or(Fault::Changed),
        });
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(self.chunk.len()));
        let rows = RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)
            .map_err(|_| Fault::Changed)?;
        let first_row = self.next_row;
        self.next_row += self.chunk.len() as u64;
        Ok(Some(SegmentBatch { rows, origin: self.index as u32, first_row }))
    }

    /// Every record has as many fields as there are columns, and all text is UTF-8, whether asked for or not.
    fn check(&self) -> Result<&str, Fault> {
        let expected = self.file().layout.names.len();
        if let Some(odd) = (0..self.chunk.len()).find(|record| self.chunk.width(*record) != expected) {
            return Err(Fault::Shape { line: self.chunk.line(odd), found: self.chunk.width(odd), expected });
        }
        std::str::from_utf8(self.chunk.text()).map_err(|_| self.encoding())
    }

    /// One column of `text`, empty cells as null.
    fn column(&self, text: &str, column: usize) -> Result<ArrayRef, Fault> {
        let mut cells = StringBuilder::with_capacity(self.chunk.len(), 0);
        for record in 0..self.chunk.len() {
            match text.get(self.chunk.range(record, column)) {
                Some("") => cells.append_null(),
                Some(cell) => cells.append_value(cell),
                // Valid as a whole, but a character is split between two fields.
                None => return Err(self.encoding()),
            }
        }
        Ok(Arc::new(cells.finish()))
    }

    /// Finds the first field that is not UTF-8.
    fn encoding(&self) -> Fault {
        let names = &self.file().layout.names;
        let fields = (0..self.chunk.len()).flat_map(|record| (0..names.len()).map(move |column| (record, column)));
        let mut broken =
            fields.filter(|(record, column)| std::str::from_utf8(self.chunk.field(*record, *column)).is_err());
        let (record, column) = broken.next().unwrap_or_default();
        Fault::Encoding { line: self.chunk.line(record), column: names[column].clone() }
    }

    fn file(&self) -> &CsvFile {
        &self.files[self.index]
    }
}

impl Iterator for FileRows {
    type Item = Result<SegmentBatch, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let outcome = self.advance();
        outcome.map_err(|fault| fault.in_file(&self.file().found.name)).transpose()
    }
}
