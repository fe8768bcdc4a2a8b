//! Rows out of files.

use std::sync::Arc;
use std::vec;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use enlist_core::{Error, SegmentBatch};
use enlist_source_files::{Found, fit, one_by_one};

use crate::block::{Blocks, Records};
use crate::decode::batches;
use crate::fault::Fault;
use crate::header;

/// Rows, or bytes of them, for which blocks are decoded together: each time has its cost, and blocks may be small.
const ROWS: usize = 8_192;
const BYTES: usize = 4 << 20;

/// A file and its columns.
pub(crate) struct AvroFile {
    pub(crate) found: Found,
    pub(crate) header: header::Header,
    pub(crate) columns: SchemaRef,
}

/// The rows of `files` in order, with the columns of `schema`.
pub(crate) fn rows(
    files: Arc<[AvroFile]>,
    schema: SchemaRef,
) -> impl Iterator<Item = Result<SegmentBatch, Error>> + Send + 'static {
    one_by_one(files.len(), move |index| {
        FileRows::open(Arc::clone(&files), index, Arc::clone(&schema))
            .map_err(|fault| fault.in_file(&files[index].found.name))
    })
}

/// The rows of one file.
struct FileRows {
    files: Arc<[AvroFile]>,
    index: usize,
    schema: SchemaRef,
    blocks: Blocks,
    /// Rows read and not handed on.
    ready: vec::IntoIter<RecordBatch>,
    next_row: u64,
}

impl FileRows {
    fn open(files: Arc<[AvroFile]>, index: usize, schema: SchemaRef) -> Result<Self, Fault> {
        let file = &files[index];
        let opened = header::open(&file.found)?;
        if opened.header.schema != file.header.schema {
            return Err(Fault::Changed);
        }
        let blocks = Blocks::new(opened)?;
        Ok(Self { files, index, schema, blocks, ready: Vec::new().into_iter(), next_row: 1 })
    }

    /// The next batch, `None` at the end of the file.
    fn advance(&mut self) -> Result<Option<SegmentBatch>, Fault> {
        let batch = loop {
            if let Some(batch) = self.ready.next() {
                break batch;
            }
            let Some(batches) = self.decode()? else { return Ok(None) };
            self.ready = batches.into_iter();
        };
        let partitions = &self.files[self.index].found.partitions;
        let rows = fit(&batch, &self.schema, partitions).ok_or(Fault::Changed)?;
        let first_row = self.next_row;
        self.next_row += rows.num_rows() as u64;
        Ok(Some(SegmentBatch { rows, origin: self.index as u32, first_row }))
    }

    /// The rows of the next blocks, `None` at the end of the file.
    fn decode(&mut self) -> Result<Option<Vec<RecordBatch>>, Fault> {
        let mut records = Records::default();
        let first = self.blocks.number + 1;
        while records.count < ROWS && records.bytes.len() < BYTES && self.blocks.read(&mut records)? {}
        if records.count == 0 {
            return Ok(None);
        }
        let place = match self.blocks.number {
            last if last > first => format!("one of the blocks {first} to {last}"),
            _ => format!("block {first}"),
        };
        let batches = batches(&self.blocks.header.schema, &records);
        batches.map(Some).ok_or_else(|| Fault::damaged(place, "its values cannot be decoded"))
    }
}

impl Iterator for FileRows {
    type Item = Result<SegmentBatch, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let outcome = self.advance();
        outcome.map_err(|fault| fault.in_file(&self.files[self.index].found.name)).transpose()
    }
}
