//! The stream format: a schema, then dictionaries and record batches, then an end marker.

use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};

use crate::decode::Decoder;
use crate::fault::Fault;
use crate::message::Messages;

/// The record batches of a stream whose `schema` was read.
pub(crate) fn batches(
    mut messages: Messages,
    schema: SchemaRef,
    wanted: &Schema,
) -> impl Iterator<Item = Result<RecordBatch, Fault>> + Send + 'static {
    let mut decoder = Decoder::new(schema, wanted);
    std::iter::from_fn(move || {
        loop {
            let message = match messages.read().transpose()? {
                Ok(message) => message,
                Err(fault) => return Some(Err(fault)),
            };
            match decoder.read(&message.header, &message.body) {
                Ok(None) => {}
                Ok(Some(batch)) => return Some(Ok(batch)),
                Err(fault) => return Some(Err(Fault::damaged(messages.place(), fault.0))),
            }
        }
    })
}
