//! The file format: messages, and a footer that says where they are.

use arrow::array::RecordBatch;
use arrow::buffer::Buffer;
use arrow::datatypes::{Schema, SchemaRef};
use arrow::ipc::{Block, root_as_footer};
use enlist_source_files::Ranges;

use crate::decode::{Decoder, rows};
use crate::fault::Fault;
use crate::message::{CONTINUATION, arrow_schema};
use crate::start::MAGIC;

/// Bytes before the first message: the magic, padded to eight.
const HEAD: u64 = 8;
/// Bytes after these in which the schema begins: some writers pad the magic to 64.
const SCHEMA: u64 = 64;
/// Bytes after the footer: its length, and the magic.
const TAIL: u64 = 10;
/// Bytes that may stand between the last message and the footer: the end marker, and padding. A message is longer.
const GAP: u64 = 64;

/// Where everything in a file is.
pub(crate) struct Footer {
    pub(crate) schema: SchemaRef,
    dictionaries: Vec<Span>,
    batches: Vec<Span>,
}

/// Where one message is: its header with what is before it, and its data.
#[derive(Clone, Copy)]
struct Span {
    offset: u64,
    header: usize,
    body: usize,
}

impl Footer {
    /// Reads the footer of a file.
    pub(crate) fn read(file: &Ranges) -> Result<Self, Fault> {
        let cut_off = || Fault::CutOff { place: "its messages, before its footer".into() };
        let end = file.size().checked_sub(TAIL).filter(|end| *end >= HEAD).ok_or_else(cut_off)?;
        let tail = file.at(end, TAIL as usize)?;
        let Some(length) = tail.first_chunk::<4>().filter(|_| tail.ends_with(MAGIC)) else { return Err(cut_off()) };
        let damaged = |cause: &str| Fault::damaged("its footer", cause);
        let length = u64::from(u32::from_le_bytes(*length));
        let start = end.checked_sub(length).filter(|start| *start >= HEAD);
        let start = start.ok_or_else(|| damaged("it is longer than the file"))?;
        let bytes = file.at(start, length as usize)?;
        let footer = root_as_footer(&bytes).map_err(|_| damaged("it cannot be read"))?;
        let schema = footer.schema().ok_or_else(|| damaged("it has no schema"))?;
        let span = |block: &Block| Span::of(block, start).ok_or_else(|| damaged("it points beyond the file"));
        let spans = Self {
            schema: arrow_schema(schema, "its footer".into())?,
            dictionaries: footer.dictionaries().into_iter().flatten().map(span).collect::<Result<_, _>>()?,
            batches: footer.recordBatches().into_iter().flatten().map(span).collect::<Result<_, _>>()?,
        };
        let last = spans.dictionaries.iter().chain(&spans.batches).map(Span::end).max();
        // Messages that the footer does not name would be missing silently.
        if start.saturating_sub(last.unwrap_or(schema_end(file, start)?)) > GAP {
            return Err(damaged("it names fewer messages than there are"));
        }
        Ok(spans)
    }

    /// How many rows there are: all of them if there are at most `most` record batches, else what that many of them
    /// say of all. The second value is whether it is all.
    pub(crate) fn rows(&self, file: &Ranges, most: usize) -> Result<(u64, bool), Fault> {
        let mut found = 0;
        for (index, span) in self.batches.iter().take(most).enumerate() {
            let header = file.at(span.offset, span.header)?;
            found += rows(without_length(&header)).ok_or_else(|| self.damaged(index, "its header is none"))?;
        }
        let all = self.batches.len() <= most;
        let scale = if all { 1.0 } else { self.batches.len() as f64 / most as f64 };
        Ok(((found as f64 * scale).round() as u64, all))
    }

    /// The record batches in order, with the columns in `wanted`.
    pub(crate) fn batches(
        self,
        file: Ranges,
        wanted: &Schema,
    ) -> impl Iterator<Item = Result<RecordBatch, Fault>> + Send + 'static {
        let mut decoder = Decoder::new(self.schema.clone(), wanted);
        let (mut dictionaries, mut next) = (self.dictionaries.clone().into_iter(), 0);
        std::iter::from_fn(move || {
            for span in dictionaries.by_ref() {
                match self.decode(&file, span, &mut decoder) {
                    Ok(None) => {}
                    Ok(Some(_)) => return Some(Err(Fault::damaged("a dictionary", "it is a record batch"))),
                    Err(fault) => {
                        return Some(Err(fault.unwrap_or_else(|cause| Fault::damaged("a dictionary", cause))));
                    }
                }
            }
            let span = *self.batches.get(next)?;
            next += 1;
            Some(match self.decode(&file, span, &mut decoder) {
                Ok(Some(batch)) => Ok(batch),
                Ok(None) => Err(self.damaged(next - 1, "it is a dictionary")),
                Err(fault) => Err(fault.unwrap_or_else(|cause| self.damaged(next - 1, &cause))),
            })
        })
    }

    /// Why a message cannot be decoded is a fault of reading it, or a cause.
    fn decode(
        &self,
        file: &Ranges,
        span: Span,
        decoder: &mut Decoder,
    ) -> Result<Option<RecordBatch>, Result<Fault, String>> {
        let read = |offset, length| file.at(offset, length).map_err(|fault| Ok(fault.into()));
        let bytes = Buffer::from(read(span.offset, span.header + span.body)?);
        let header = bytes.slice_with_length(0, span.header);
        decoder.read(without_length(&header), &bytes.slice(span.header)).map_err(|fault| Err(fault.0))
    }

    fn damaged(&self, index: usize, cause: &str) -> Fault {
        Fault::damaged(format!("record batch {} of {}", index + 1, self.batches.len()), cause)
    }
}

impl Span {
    /// `None` when the block does not lie between the head of the file and `end`.
    fn of(block: &Block, end: u64) -> Option<Self> {
        let span = Self {
            offset: u64::try_from(block.offset()).ok()?,
            header: usize::try_from(block.metaDataLength()).ok()?,
            body: usize::try_from(block.bodyLength()).ok()?,
        };
        let ends = span.offset.checked_add(span.header as u64)?.checked_add(span.body as u64)?;
        (span.offset >= HEAD && ends <= end).then_some(span)
    }

    fn end(&self) -> u64 {
        self.offset + self.header as u64 + self.body as u64
    }
}

/// Where the schema at the head of the file ends, as far as that can be seen before the `footer`.
fn schema_end(file: &Ranges, footer: u64) -> Result<u64, Fault> {
    let head = file.at(HEAD, (footer - HEAD).min(SCHEMA) as usize)?;
    let Some(zeros) = head.chunks_exact(8).position(|word| word != [0; 8]) else { return Ok(footer) };
    let message = &head[zeros * 8..];
    let (before, length) = if message.starts_with(&CONTINUATION) { (8, &message[4..]) } else { (4, message) };
    let length = length.first_chunk().map_or(0, |length| u32::from_le_bytes(*length));
    Ok(HEAD + zeros as u64 * 8 + before + u64::from(length))
}

/// The flatbuffer of a message, without what stands before it: its length, and since Arrow 0.15 a marker.
fn without_length(header: &[u8]) -> &[u8] {
    let before = if header.starts_with(&CONTINUATION) { 8 } else { 4 };
    header.get(before..).unwrap_or_default()
}
