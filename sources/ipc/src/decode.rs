//! Record batches out of messages.

use std::collections::HashMap;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::buffer::Buffer;
use arrow::datatypes::{Schema, SchemaRef};
use arrow::ipc::reader::{read_dictionary, read_record_batch};
use arrow::ipc::{MessageHeader, RecordBatch as Header, root_as_message};
use enlist_source_files::guarded;

use crate::fault::Undecodable;

/// Bytes before compressed data that say how long it is uncompressed.
const LENGTH: usize = 8;

/// Decodes the messages of one file or stream, which build on each other.
pub(crate) struct Decoder {
    schema: SchemaRef,
    /// Positions in `schema` of the columns to decode.
    projection: Vec<usize>,
    dictionaries: HashMap<i64, ArrayRef>,
}

impl Decoder {
    /// For messages with the columns of `schema`, of which those in `wanted` are decoded.
    pub(crate) fn new(schema: SchemaRef, wanted: &Schema) -> Self {
        let is_wanted = |name: &str| wanted.fields().find(name).is_some();
        let fields = schema.fields().iter().enumerate();
        let projection = fields.filter(|(_, field)| is_wanted(field.name())).map(|(index, _)| index).collect();
        Self { schema, projection, dictionaries: HashMap::new() }
    }

    /// The record batch in a message with this `header` and `body`; `None` when it holds something else. After an
    /// error nothing more can be decoded.
    pub(crate) fn read(&mut self, header: &[u8], body: &Buffer) -> Result<Option<RecordBatch>, Undecodable> {
        // Arrays of damaged bytes are known to panic when they are built.
        guarded(|| self.decode(header, body)).unwrap_or_else(|| Err("its data does not fit its header".into()))
    }

    fn decode(&mut self, header: &[u8], body: &Buffer) -> Result<Option<RecordBatch>, Undecodable> {
        let message = root_as_message(header).map_err(|_| "its header is none")?;
        let version = message.version();
        match message.header_type() {
            MessageHeader::RecordBatch => {
                let batch = message.header_as_record_batch().ok_or("it is no record batch")?;
                check_lengths(batch, body)?;
                let (schema, projection) = (self.schema.clone(), Some(self.projection.as_slice()));
                read_record_batch(body, batch, schema, &self.dictionaries, projection, &version)
                    .map(Some)
                    .map_err(Undecodable::from)
            }
            MessageHeader::DictionaryBatch => {
                let batch = message.header_as_dictionary_batch().ok_or("it is no dictionary")?;
                check_lengths(batch.data().ok_or("its dictionary is missing")?, body)?;
                read_dictionary(body, batch, &self.schema, &mut self.dictionaries, &version)?;
                Ok(None)
            }
            _ => Err("it is neither a record batch nor a dictionary".into()),
        }
    }
}

/// Rows in a message that holds a record batch.
pub(crate) fn rows(header: &[u8]) -> Option<u64> {
    let batch = root_as_message(header).ok()?.header_as_record_batch()?;
    u64::try_from(batch.length()).ok()
}

/// Refuses compressed buffers that say they are longer than the memory: making room for them would end the program.
fn check_lengths(batch: Header<'_>, body: &Buffer) -> Result<(), Undecodable> {
    if batch.compression().is_none() {
        return Ok(());
    }
    for buffer in batch.buffers().into_iter().flatten() {
        let prefix = usize::try_from(buffer.offset()).ok().and_then(|start| body.get(start..)?.first_chunk::<LENGTH>());
        let length = prefix.map_or(0, |prefix| i64::from_le_bytes(*prefix));
        // Lengths below zero stand for data that is not compressed, or are refused later.
        if buffer.length() > 0 && Vec::<u8>::new().try_reserve_exact(usize::try_from(length).unwrap_or(0)).is_err() {
            return Err("a buffer says it is longer than the memory".into());
        }
    }
    Ok(())
}
