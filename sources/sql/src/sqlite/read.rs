//! Rows of a result as they come.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::SchemaRef;
use enlist_core::Error;
use rusqlite::{Connection, ErrorCode, Row};

use super::cells::{Cells, Unfit};
use super::file::File;
use super::{fault, source};
use crate::engine::{Column, Scan};
use crate::pump::Sink;
use crate::table::schema;

/// Rows in a batch: large enough to amortise the cost of a batch, small enough to keep a few in memory.
const BATCH_ROWS: usize = 8_192;

/// Bytes of text and blobs after which a batch is full, whatever its number of rows.
const BATCH_BYTES: usize = 4 << 20;

/// Hands over the rows of `scan`, as many as are wanted.
pub(super) fn read(file: &File, place: &str, scan: &Scan, sink: &Sink) -> Result<(), Error> {
    let failed = |fault| fault::error(&file.name, fault);
    let connection = file.open()?;
    let prepared = statement(&connection, scan).and_then(|sql| connection.prepare(&sql));
    let mut statement = prepared.map_err(|fault| match fault {
        // What the statement consists of was there when it was described.
        rusqlite::Error::SqlInputError { .. } => fault::changed(place),
        fault if fault.sqlite_error_code() == Some(ErrorCode::Unknown) => fault::changed(place),
        fault => failed(fault),
    })?;
    let mut result = statement.query([]).map_err(failed)?;
    let mut rows = Rows::new(place, &scan.columns)?;
    while let Some(row) = result.next().map_err(failed)? {
        rows.push(row)?;
        if rows.is_full() && !sink.put_blocking(rows.batch()?) {
            return Ok(());
        }
    }
    if rows.len > 0 {
        sink.put_blocking(rows.batch()?);
    }
    Ok(())
}

fn statement(connection: &Connection, scan: &Scan) -> rusqlite::Result<String> {
    let columns: Vec<&str> = scan.columns.iter().map(|column| column.select.as_str()).collect();
    let columns = if columns.is_empty() { "1".to_owned() } else { columns.join(", ") };
    let mut sql = format!("SELECT {columns} FROM {}", source(connection, &scan.relation)?);
    if let Some(filter) = &scan.filter {
        sql += &format!(" WHERE {filter}");
    }
    if let Some(limit) = scan.limit {
        sql += &format!(" LIMIT {limit}");
    }
    Ok(sql)
}

/// Rows on their way into a batch.
struct Rows<'a> {
    place: &'a str,
    columns: &'a [Column],
    schema: SchemaRef,
    cells: Vec<Cells>,
    /// Rows in the cells.
    len: usize,
    /// Bytes of text and blobs in the cells.
    bytes: usize,
    /// Rows in all.
    read: u64,
}

impl<'a> Rows<'a> {
    fn new(place: &'a str, columns: &'a [Column]) -> Result<Self, Error> {
        let cells = columns.iter().map(|column| Cells::new(&column.kind, BATCH_ROWS));
        let cells = cells.collect::<Option<Vec<_>>>().ok_or_else(|| fault::changed(place))?;
        Ok(Self { place, columns, schema: schema(columns), cells, len: 0, bytes: 0, read: 0 })
    }

    fn push(&mut self, row: &Row<'_>) -> Result<(), Error> {
        self.read += 1;
        for (index, cells) in self.cells.iter_mut().enumerate() {
            let value = row.get_ref(index).map_err(|_| fault::changed(self.place))?;
            let column = &self.columns[index];
            self.bytes += cells.push(value).map_err(|unfit| match unfit {
                Unfit::Class => fault::misfit(self.place, self.read, column, value),
                Unfit::Encoding => fault::encoding(self.place, self.read, column),
            })?;
        }
        self.len += 1;
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.len == BATCH_ROWS || self.bytes >= BATCH_BYTES
    }

    /// The rows so far as a batch.
    fn batch(&mut self) -> Result<RecordBatch, Error> {
        let columns: Vec<ArrayRef> = self.cells.iter_mut().map(Cells::finish).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(self.len));
        (self.len, self.bytes) = (0, 0);
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)
            .map_err(|_| fault::changed(self.place))
    }
}
