//! Records out of bytes.

use std::io::BufRead;
use std::ops::Range;

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

use enlist_source_files::Text;

use crate::fault::Fault;

/// Bytes of the longest record, delimiters and quotes included: what goes on longer is a quote that is not closed or no
/// CSV at all, and must not fill the memory.
pub(crate) const LONGEST: usize = 16 << 20;

/// Bytes of text, and fields, after which a chunk is full, whatever its number of records.
const CHUNK_BYTES: usize = 4 << 20;

/// Fields for which there is room before the parser asks for more.
const FIELDS: usize = 1_024;

/// Splits input into records as RFC 4180 has it, quotes and line breaks within quotes included.
pub(crate) struct Records {
    input: Text,
    parser: Reader,
    /// The line on which the next byte stands, counted from 1.
    line: u64,
}

/// Consecutive records: the text of all fields, one after the other.
///
/// The buffers are longer than what they hold, so that they are not cleared for every record.
#[derive(Default)]
pub(crate) struct Chunk {
    text: Vec<u8>,
    text_len: usize,
    /// Where each field ends in `text`.
    field_ends: Vec<usize>,
    fields: usize,
    /// Where each record ends in `field_ends`.
    record_ends: Vec<usize>,
    /// The line on which each record begins.
    lines: Vec<u64>,
}

impl Chunk {
    /// Records in the chunk.
    pub(crate) fn len(&self) -> usize {
        self.lines.len()
    }

    /// Number of fields of a record.
    pub(crate) fn width(&self, record: usize) -> usize {
        self.record_ends[record] - self.first_field(record)
    }

    /// Where in the text a field of a record stands; the record must have it.
    pub(crate) fn range(&self, record: usize, column: usize) -> Range<usize> {
        let field = self.first_field(record) + column;
        field.checked_sub(1).map_or(0, |before| self.field_ends[before])..self.field_ends[field]
    }

    /// The bytes of a field of a record, which must have it.
    pub(crate) fn field(&self, record: usize, column: usize) -> &[u8] {
        &self.text[self.range(record, column)]
    }

    /// The line on which a record begins, counted from 1.
    pub(crate) fn line(&self, record: usize) -> u64 {
        self.lines[record]
    }

    /// The text of all fields.
    pub(crate) fn text(&self) -> &[u8] {
        &self.text[..self.text_len]
    }

    fn first_field(&self, record: usize) -> usize {
        record.checked_sub(1).map_or(0, |before| self.record_ends[before])
    }

    fn clear(&mut self) {
        (self.text_len, self.fields) = (0, 0);
        self.record_ends.clear();
        self.lines.clear();
    }

    /// Room for what `bytes` more bytes of input may hold, and for some fields.
    fn reserve(&mut self, text: usize, fields: usize, bytes: usize) -> (&mut [u8], &mut [usize]) {
        if self.text.len() < text + bytes {
            self.text.resize((text + bytes).next_power_of_two(), 0);
        }
        if self.field_ends.len() < fields + FIELDS {
            self.field_ends.resize((fields + FIELDS).next_power_of_two(), 0);
        }
        (&mut self.text[text..], &mut self.field_ends[fields..])
    }

    /// Adds the record on `line` whose text and fields were written up to here.
    fn push(&mut self, line: u64, text: usize, fields: usize) {
        // The parser counts from the start of the record.
        self.field_ends[self.fields..fields].iter_mut().for_each(|end| *end += self.text_len);
        (self.text_len, self.fields) = (text, fields);
        self.record_ends.push(fields);
        self.lines.push(line);
    }
}

impl Records {
    pub(crate) fn new(input: Text, delimiter: u8) -> Self {
        Self { input, parser: ReaderBuilder::new().delimiter(delimiter).build(), line: 1 }
    }

    /// Replaces the content of `chunk` with the next records, at most `most`; none at the end of the file.
    pub(crate) fn read(&mut self, chunk: &mut Chunk, most: usize) -> Result<(), Fault> {
        chunk.clear();
        while chunk.len() < most && chunk.text_len + chunk.fields < CHUNK_BYTES && self.skip_blank()? {
            self.read_one(chunk)?;
        }
        Ok(())
    }

    /// Steps over line breaks before a record. False at the end of the file.
    fn skip_blank(&mut self) -> Result<bool, Fault> {
        loop {
            let buffer = self.input.fill_buf()?;
            let blank = buffer.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
            let (some, more) = (!buffer.is_empty(), blank < buffer.len());
            self.line += line_breaks(&buffer[..blank]);
            self.input.consume(blank);
            if more || !some {
                return Ok(more);
            }
        }
    }

    /// Adds the record that begins at the next byte.
    fn read_one(&mut self, chunk: &mut Chunk) -> Result<(), Fault> {
        let line = self.line;
        let (mut text, mut fields) = (chunk.text_len, chunk.fields);
        let mut length = 0;
        loop {
            let buffer = self.input.fill_buf()?;
            let ended = buffer.is_empty();
            // A line break ends any record but one within quotes, so it tells a last line without a break from a
            // quote that is never closed.
            let bytes = if ended { b"\n" } else { buffer };
            let (text_room, field_room) = chunk.reserve(text, fields, bytes.len());
            let (result, read, wrote, found) = self.parser.read_record(bytes, text_room, field_room);
            (text, fields, length) = (text + wrote, fields + found, length + read);
            if !ended {
                self.line += line_breaks(&bytes[..read]);
                self.input.consume(read);
            }
            match result {
                ReadRecordResult::Record | ReadRecordResult::End => break,
                ReadRecordResult::InputEmpty if ended => return Err(Fault::OpenQuote { line }),
                _ if length > LONGEST => return Err(Fault::TooLong { line }),
                _ => {}
            }
        }
        chunk.push(line, text, fields);
        Ok(())
    }
}

fn line_breaks(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|byte| **byte == b'\n').count() as u64
}
