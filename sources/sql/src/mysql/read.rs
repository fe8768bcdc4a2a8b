//! Rows of a result as they come.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::SchemaRef;
use enlist_core::Error;
use mysql_async::prelude::Queryable;
use mysql_async::{Column as Described, Row, Value};

use super::cells::Cells;
use super::connect::{Session, Target};
use super::fault::{self, Phase};
use crate::engine::Column;
use crate::pump::Sink;
use crate::table::schema;

/// Rows in a batch: large enough to amortise the cost of a batch, small enough to keep a few in memory.
const BATCH_ROWS: usize = 8_192;

/// Bytes of text after which a batch is full, whatever its number of rows.
const BATCH_BYTES: usize = 4 << 20;

/// One result, on its way.
pub(super) struct Read {
    pub(super) target: Arc<Target>,
    pub(super) session: Session,
    /// What messages call the relation.
    pub(super) place: String,
    pub(super) statement: String,
    /// The columns wanted, found in the result by their names.
    pub(super) columns: Vec<Column>,
    /// Most rows.
    pub(super) limit: u64,
}

impl Read {
    /// Executes the statement and hands over its rows, as many as are wanted.
    pub(super) async fn run(self, sink: Sink) -> Result<(), Error> {
        let Self { target, mut session, place, statement, columns, limit } = self;
        let failed = |fault| fault::error(&target, Phase::Read, fault);
        let mut result = session.exec_iter(statement, ()).await.map_err(failed)?;
        let mut rows = Rows::new(&place, &columns, result.columns_ref())?;
        while rows.read < limit {
            // Row by row, since the driver's stream would allocate a future for each.
            let Some(row) = result.next().await.map_err(failed)? else { break };
            rows.push(&row)?;
            if rows.is_full() && !sink.put(rows.batch()?).await {
                return Ok(());
            }
        }
        let whole = rows.read < limit;
        drop(result);
        if rows.len > 0 {
            sink.put(rows.batch()?).await;
        }
        // After a limit there are rows on their way yet.
        if whole {
            session.close().await;
        }
        Ok(())
    }
}

/// Rows on their way into a batch.
struct Rows<'a> {
    place: &'a str,
    columns: &'a [Column],
    schema: SchemaRef,
    /// Where in a row of the result each column stands.
    positions: Vec<usize>,
    cells: Vec<Cells>,
    /// Rows in the cells.
    len: usize,
    /// Bytes of text in the cells.
    bytes: usize,
    /// Rows in all.
    read: u64,
}

impl<'a> Rows<'a> {
    fn new(place: &'a str, columns: &'a [Column], described: &[Described]) -> Result<Self, Error> {
        let (mut positions, mut cells) = (Vec::new(), Vec::new());
        for column in columns {
            let found = described.iter().position(|found| found.name_ref() == column.name.as_bytes());
            let position = found.ok_or_else(|| fault::changed(place))?;
            let room = Cells::new(&column.kind, described[position].decimals(), BATCH_ROWS);
            positions.push(position);
            cells.push(room.ok_or_else(|| fault::changed(place))?);
        }
        Ok(Self { place, columns, schema: schema(columns), positions, cells, len: 0, bytes: 0, read: 0 })
    }

    fn push(&mut self, row: &Row) -> Result<(), Error> {
        self.read += 1;
        for (index, (cells, position)) in self.cells.iter_mut().zip(&self.positions).enumerate() {
            let value = row.as_ref(*position).unwrap_or(&Value::NULL);
            if let Value::Bytes(bytes) = value {
                self.bytes += bytes.len();
            }
            cells.push(value).map_err(|unfit| fault::cell(self.place, self.read, &self.columns[index].name, unfit))?;
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
