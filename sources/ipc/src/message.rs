//! Messages out of a stream of bytes.

use std::io::{self, Read};
use std::sync::Arc;

use arrow::buffer::Buffer;
use arrow::datatypes::SchemaRef;
use arrow::ipc::convert::fb_to_schema;
use arrow::ipc::{Schema, root_as_message};
use enlist_source_files::guarded;

use crate::fault::Fault;

/// What every message begins with; <https://arrow.apache.org/docs/format/Columnar.html#encapsulated-message-format>,
/// read 2026-11-22.
pub(crate) const CONTINUATION: [u8; 4] = [0xff; 4];

/// Bytes for which room is made before they are there: a damaged length must not fill the memory.
const RESERVED: u64 = 8 << 20;

/// One message: its header as a flatbuffer, and its data.
pub(crate) struct Message {
    pub(crate) header: Vec<u8>,
    pub(crate) body: Buffer,
}

/// The messages of a stream up to its end marker.
pub(crate) struct Messages {
    input: Box<dyn Read + Send>,
    /// Messages begun, the schema included.
    number: u64,
}

impl Messages {
    pub(crate) fn new(input: Box<dyn Read + Send>) -> Self {
        Self { input, number: 0 }
    }

    /// What messages call the message read last.
    pub(crate) fn place(&self) -> String {
        format!("message {}", self.number)
    }

    /// The schema, which is the first message.
    pub(crate) fn schema(&mut self) -> Result<SchemaRef, Fault> {
        let message = self.read()?.ok_or_else(|| Fault::damaged("its start", "it has no schema"))?;
        let header =
            root_as_message(&message.header).map_err(|_| Fault::damaged(self.place(), "its header is none"))?;
        let schema = header.header_as_schema().ok_or_else(|| Fault::damaged(self.place(), "it is no schema"))?;
        arrow_schema(schema, self.place())
    }

    /// The next message; `None` at the end marker, after which nothing may follow.
    pub(crate) fn read(&mut self) -> Result<Option<Message>, Fault> {
        let Some(marker) = self.word()? else {
            return Err(Fault::NoEnd { messages: self.number });
        };
        self.number += 1;
        if marker != CONTINUATION {
            return Err(Fault::damaged(self.place(), "it does not begin as a message"));
        }
        let length = self.word()?.ok_or_else(|| self.cut_off())?;
        let length = i32::from_le_bytes(length);
        if length == 0 {
            let more = self.take(1)?;
            return if more.is_empty() { Ok(None) } else { Err(Fault::Trailing) };
        }
        let length = u64::try_from(length).map_err(|_| Fault::damaged(self.place(), "it has a negative length"))?;
        let header = self.exactly(length)?;
        let body = match root_as_message(&header) {
            Ok(message) => u64::try_from(message.bodyLength()),
            Err(_) => return Err(Fault::damaged(self.place(), "its header is none")),
        };
        let body = body.map_err(|_| Fault::damaged(self.place(), "it has a negative length"))?;
        let body = Buffer::from_vec(self.exactly(body)?);
        Ok(Some(Message { header, body }))
    }

    /// The next four bytes; `None` when there is none.
    fn word(&mut self) -> Result<Option<[u8; 4]>, Fault> {
        let bytes = self.take(4)?;
        match <[u8; 4]>::try_from(bytes.as_slice()) {
            Ok(word) => Ok(Some(word)),
            Err(_) if bytes.is_empty() => Ok(None),
            Err(_) => {
                self.number = self.number.max(1);
                Err(self.cut_off())
            }
        }
    }

    fn exactly(&mut self, length: u64) -> Result<Vec<u8>, Fault> {
        let bytes = self.take(length)?;
        if bytes.len() as u64 == length { Ok(bytes) } else { Err(self.cut_off()) }
    }

    /// The next `length` bytes, or as many as there are.
    fn take(&mut self, length: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(length.min(RESERVED) as usize);
        (&mut self.input).take(length).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn cut_off(&self) -> Fault {
        Fault::CutOff { place: self.place() }
    }
}

/// A schema as Arrow has it; it stands at `place`.
pub(crate) fn arrow_schema(schema: Schema<'_>, place: String) -> Result<SchemaRef, Fault> {
    if !schema.endianness().equals_to_target_endianness() {
        return Err(Fault::Endianness);
    }
    let schema = guarded(|| Arc::new(fb_to_schema(schema)));
    schema.ok_or_else(|| Fault::damaged(place, "its schema has a type that is not known"))
}
