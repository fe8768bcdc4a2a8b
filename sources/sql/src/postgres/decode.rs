//! From the binary form of COPY to Arrow.

use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::SchemaRef;
use enlist_core::Error;

use super::fault;
use crate::engine::Column;
use crate::table::schema;
use cell::Builder;

mod cell;

/// Rows in a batch.
const BATCH_ROWS: usize = 8_192;

/// Bytes after which a batch ends early, so that large cells do not add up.
const BATCH_BYTES: usize = 8 << 20;

/// What a copy begins with; flags and the length of an extension follow, four bytes each.
const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";

/// Turns the bytes of one copy into batches.
pub(super) struct Decoder {
    place: String,
    columns: Vec<Column>,
    schema: SchemaRef,
    builders: Vec<Builder>,
    /// Where the cells of the row at hand stand; `None` is null.
    cells: Vec<Option<(usize, usize)>>,
    /// What has arrived of a row whose rest has not.
    rest: Vec<u8>,
    rows: usize,
    bytes: usize,
    /// Rows of the batches that were taken.
    before: u64,
    progress: Progress,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    Header,
    Rows,
    Ended,
}

/// What stands at the head of some bytes.
enum Next {
    /// A row of so many bytes, its cells found.
    Row(usize),
    /// The end of the copy, of so many bytes.
    End(usize),
    /// Less than a whole one.
    Part,
}

impl Decoder {
    pub(super) fn new(place: String, columns: &[Column]) -> Self {
        Self {
            place,
            schema: schema(columns),
            builders: columns.iter().map(|column| Builder::new(column, BATCH_ROWS)).collect(),
            cells: vec![None; columns.len()],
            columns: columns.to_vec(),
            rest: Vec::new(),
            rows: 0,
            bytes: 0,
            before: 0,
            progress: Progress::Header,
        }
    }

    /// Takes the next bytes of the copy, however they are cut.
    ///
    /// # Errors
    /// `postgres::undecodable`, `postgres::not_finite`.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(), Error> {
        if self.rest.is_empty() {
            let used = self.decode(bytes)?;
            self.rest.extend_from_slice(&bytes[used..]);
            return Ok(());
        }
        let mut held = std::mem::take(&mut self.rest);
        held.extend_from_slice(bytes);
        let used = self.decode(&held)?;
        held.drain(..used);
        self.rest = held;
        Ok(())
    }

    /// Whether a batch should be taken before more is pushed.
    pub(super) fn is_full(&self) -> bool {
        self.rows >= BATCH_ROWS || self.bytes >= BATCH_BYTES
    }

    /// The rows since the last batch.
    ///
    /// # Errors
    /// `postgres::undecodable` for text that is not UTF-8.
    pub(super) fn take(&mut self) -> Result<RecordBatch, Error> {
        let options = RecordBatchOptions::new().with_row_count(Some(self.rows));
        let mut arrays = Vec::with_capacity(self.builders.len());
        for (builder, column) in self.builders.iter_mut().zip(&self.columns) {
            arrays.push(builder.finish().map_err(|what| {
                let (first, last) = (self.before + 1, self.before + self.rows as u64);
                let what = format!("column \"{}\", rows {first} to {last}: {what}", column.name);
                fault::undecodable(&self.place, &what)
            })?);
        }
        let batch = RecordBatch::try_new_with_options(Arc::clone(&self.schema), arrays, &options)
            .map_err(|fault| fault::undecodable(&self.place, &fault.to_string()))?;
        self.before += self.rows as u64;
        (self.rows, self.bytes) = (0, 0);
        Ok(batch)
    }

    /// Whether rows wait to be taken.
    pub(super) fn has_rows(&self) -> bool {
        self.rows > 0
    }

    /// # Errors
    /// `postgres::lost` unless the server said that this was all.
    pub(super) fn end(&self) -> Result<(), Error> {
        match self.progress {
            Progress::Ended => Ok(()),
            _ => Err(fault::lost(&self.place, "the rows end before the server said that they do")),
        }
    }

    /// Decodes all whole rows and says how many bytes they took.
    fn decode(&mut self, bytes: &[u8]) -> Result<usize, Error> {
        let mut used = 0;
        if self.progress == Progress::Header {
            let Some(header) = self.header(bytes)? else { return Ok(0) };
            used = header;
            self.progress = Progress::Rows;
        }
        while self.progress == Progress::Rows {
            match self.next(&bytes[used..])? {
                Next::Row(length) => {
                    self.row(&bytes[used..used + length])?;
                    used += length;
                }
                Next::End(length) => {
                    self.progress = Progress::Ended;
                    used += length;
                }
                Next::Part => return Ok(used),
            }
        }
        if used < bytes.len() { Err(self.malformed("something follows the end of the rows")) } else { Ok(used) }
    }

    /// How many bytes the header has; `None` when it is not all there.
    fn header(&self, bytes: &[u8]) -> Result<Option<usize>, Error> {
        let fixed = SIGNATURE.len() + 8;
        let Some(header) = bytes.get(..fixed) else { return Ok(None) };
        if !header.starts_with(SIGNATURE) {
            return Err(self.malformed("the rows do not begin as a binary copy does"));
        }
        let extension = length(&header[fixed - 4..]).unwrap_or_default();
        let header = fixed + usize::try_from(extension).unwrap_or_default();
        Ok((bytes.len() >= header).then_some(header))
    }

    /// Finds the cells of the row at the head of `bytes`.
    fn next(&mut self, bytes: &[u8]) -> Result<Next, Error> {
        let Some(count) = bytes.get(..2) else { return Ok(Next::Part) };
        let count = i16::from_be_bytes([count[0], count[1]]);
        if count == -1 {
            return Ok(Next::End(2));
        }
        if usize::try_from(count) != Ok(self.cells.len()) {
            return Err(self.malformed("a row has another number of columns than was asked for"));
        }
        let mut at = 2;
        for cell in &mut self.cells {
            let Some(size) = bytes.get(at..).and_then(length) else { return Ok(Next::Part) };
            at += 4;
            // A length of -1 is null.
            *cell = usize::try_from(size).ok().map(|size| (at, at + size));
            at = cell.map_or(at, |(_, end)| end);
        }
        Ok(if at <= bytes.len() { Next::Row(at) } else { Next::Part })
    }

    /// Appends a row, whose cells are found.
    fn row(&mut self, row: &[u8]) -> Result<(), Error> {
        for (at, (builder, cell)) in self.builders.iter_mut().zip(&self.cells).enumerate() {
            match cell {
                None => builder.append_null(),
                Some((from, to)) => builder.append(&row[*from..*to]).map_err(|flaw| {
                    let number = self.before + self.rows as u64 + 1;
                    flaw.into_error(&self.place, &self.columns[at], number)
                })?,
            }
        }
        self.rows += 1;
        self.bytes += row.len();
        Ok(())
    }

    fn malformed(&self, what: &str) -> Error {
        fault::undecodable(&self.place, what)
    }
}

/// The four bytes at the head of `bytes`, as a number.
fn length(bytes: &[u8]) -> Option<i32> {
    bytes.first_chunk().map(|bytes| i32::from_be_bytes(*bytes))
}

#[cfg(test)]
mod tests;
