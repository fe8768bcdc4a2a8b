//! Record batches out of encoded records.

use std::io::Cursor;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow_avro::reader::{Reader, ReaderBuilder};
use enlist_source_files::guarded;
use serde_json::Value;

use crate::block::Records;
use crate::fault::Fault;
use crate::header::{MAGIC, SYNC};
use crate::long;

/// Rows in a batch: large enough to amortise the cost of a batch, small enough to keep a few in memory.
const BATCH_ROWS: usize = 8_192;

/// The columns of the records that `schema` describes.
pub(crate) fn columns(schema: &Value) -> Result<SchemaRef, Fault> {
    let reader = guarded(|| reader(container(schema, None)));
    let reader = reader.unwrap_or_else(|| Err(ArrowError::AvroError("a type is not known".into())));
    reader.map(|reader| reader.schema()).map_err(|fault| Fault::Schema(fault.to_string()))
}

/// `records` as batches, which are as many rows; `None` when they cannot be decoded.
pub(crate) fn batches(schema: &Value, records: &Records) -> Option<Vec<RecordBatch>> {
    // Decoders of damaged values are known to panic.
    let batches = guarded(|| reader(container(schema, Some(records)))?.collect::<Result<Vec<_>, _>>())?.ok()?;
    let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
    (rows == records.count).then_some(batches)
}

fn reader(file: Vec<u8>) -> Result<Reader<Cursor<Vec<u8>>>, ArrowError> {
    ReaderBuilder::new().with_batch_size(BATCH_ROWS).build(Cursor::new(file))
}

/// A file of `records` in one block. The decoder gets files and nothing else, and loses its place in a marker between
/// two reads, so that it gets each whole.
fn container(schema: &Value, records: Option<&Records>) -> Vec<u8> {
    const SYNC_MARKER: [u8; SYNC] = [0; SYNC];
    let mut file = MAGIC.to_vec();
    let put = |bytes: &[u8]| {
        let mut length = Vec::new();
        long::write(bytes.len() as i64, &mut length);
        [length.as_slice(), bytes].concat()
    };
    let entry = [put(b"avro.schema"), put(schema.to_string().as_bytes())].concat();
    long::write(1, &mut file);
    file.extend(entry);
    long::write(0, &mut file);
    file.extend(SYNC_MARKER);
    if let Some(records) = records {
        long::write(records.count as i64, &mut file);
        long::write(records.bytes.len() as i64, &mut file);
        file.extend_from_slice(&records.bytes);
        file.extend(SYNC_MARKER);
    }
    file
}
