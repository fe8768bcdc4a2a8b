//! Rows out of record batches.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use enlist_core::{Error, SegmentBatch};
use enlist_source_files::{Partitions, fit};

use crate::fault::Fault;

/// Rows in a batch that is handed on: what is written in larger pieces is cut, so that work on it can be shared.
const BATCH_ROWS: usize = 8_192;

/// The rows of one file or stream.
pub(crate) struct OriginRows {
    /// What messages call it.
    pub(crate) name: String,
    pub(crate) piped: bool,
    pub(crate) origin: u32,
    pub(crate) partitions: Partitions,
    pub(crate) schema: SchemaRef,
    pub(crate) batches: Box<dyn Iterator<Item = Result<RecordBatch, Fault>> + Send>,
    /// Rows read and not handed on.
    pub(crate) rest: Option<RecordBatch>,
    pub(crate) next_row: u64,
}

impl OriginRows {
    /// The next batch, `None` at the end.
    fn advance(&mut self) -> Result<Option<SegmentBatch>, Fault> {
        let batch = loop {
            match self.rest.take() {
                Some(batch) if batch.num_rows() > 0 => break batch,
                _ => {}
            }
            let Some(batch) = self.batches.next().transpose()? else { return Ok(None) };
            self.rest = Some(fit(&batch, &self.schema, &self.partitions).ok_or(Fault::Changed)?);
        };
        let rows = batch.num_rows().min(BATCH_ROWS);
        self.rest = Some(batch.slice(rows, batch.num_rows() - rows));
        let first_row = self.next_row;
        self.next_row += rows as u64;
        Ok(Some(SegmentBatch { rows: batch.slice(0, rows), origin: self.origin, first_row }))
    }
}

impl Iterator for OriginRows {
    type Item = Result<SegmentBatch, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let outcome = self.advance();
        outcome.map_err(|fault| fault.about(&self.name, self.piped)).transpose()
    }
}

/// The rows of an `origin` as its `batches` have them, with the columns of `schema`.
pub(crate) fn origin_rows(
    (name, piped): (&str, bool),
    origin: u32,
    partitions: &Partitions,
    schema: &SchemaRef,
    batches: impl Iterator<Item = Result<RecordBatch, Fault>> + Send + 'static,
) -> OriginRows {
    OriginRows {
        name: name.to_owned(),
        piped,
        origin,
        partitions: partitions.clone(),
        schema: Arc::clone(schema),
        batches: Box::new(batches),
        rest: None,
        next_row: 1,
    }
}
