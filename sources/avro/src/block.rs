//! Blocks of records, one after the other.

use std::io::{self, BufRead, Read};

use enlist_source_files::Ranges;

use crate::compression::LARGEST;
use crate::fault::Fault;
use crate::header::{Header, Opened, SYNC};
use crate::long;
use crate::shape::Shape;

/// Bytes in which a block says how many records and bytes it has.
const NUMBERS: u64 = 20;

/// The blocks of a file.
pub(crate) struct Blocks {
    pub(crate) header: Header,
    input: Box<dyn BufRead + Send>,
    shape: Shape,
    /// Blocks begun.
    pub(crate) number: u64,
}

/// Records as they are encoded, as many as there are.
#[derive(Default)]
pub(crate) struct Records {
    pub(crate) count: usize,
    pub(crate) bytes: Vec<u8>,
}

impl Blocks {
    pub(crate) fn new(opened: Opened) -> Result<Self, Fault> {
        let shape = Shape::of(&opened.header.schema)?;
        Ok(Self { header: opened.header, input: opened.input, shape, number: 0 })
    }

    /// Adds the records of the next block. False at the end of the file.
    pub(crate) fn read(&mut self, records: &mut Records) -> Result<bool, Fault> {
        if self.input.fill_buf()?.is_empty() {
            return Ok(false);
        }
        self.number += 1;
        let (count, size) = (self.length()?, self.length()?);
        let block = self.exactly(size)?;
        let sync = self.exactly(SYNC as u64)?;
        if sync != self.header.sync {
            return Err(self.damaged("it does not end in the marker of the file"));
        }
        let bytes = self.header.codec.decompress(block).ok_or_else(|| self.damaged("it cannot be decompressed"))?;
        if !self.shape.fits(&bytes, count) {
            return Err(self.damaged("it does not hold the records that it says"));
        }
        records.count += count as usize;
        records.bytes.extend_from_slice(&bytes);
        Ok(true)
    }

    fn length(&mut self) -> Result<u64, Fault> {
        match long::read(&mut self.input) {
            Ok(Some(length)) if (0..=LARGEST as i64).contains(&length) => Ok(length as u64),
            Ok(Some(_)) => Err(self.damaged("it has no length that can be")),
            Ok(None) => Err(self.cut_off()),
            Err(fault) => match fault.kind() {
                io::ErrorKind::UnexpectedEof => Err(self.cut_off()),
                io::ErrorKind::InvalidData => Err(self.damaged("a number is none")),
                _ => Err(fault.into()),
            },
        }
    }

    fn exactly(&mut self, length: u64) -> Result<Vec<u8>, Fault> {
        let mut bytes = Vec::new();
        (&mut self.input).take(length).read_to_end(&mut bytes)?;
        if bytes.len() as u64 == length { Ok(bytes) } else { Err(self.cut_off()) }
    }

    fn damaged(&self, cause: &str) -> Fault {
        Fault::damaged(format!("block {}", self.number), cause)
    }

    fn cut_off(&self) -> Fault {
        Fault::CutOff { place: format!("block {}", self.number) }
    }
}

/// How many records follow the `header` of a file: all of them if they are in at most `most` blocks, else what so many
/// blocks say of all. The second value is whether it is all. What is damaged ends the count: reading tells.
pub(crate) fn count(file: &Ranges, header: &Header, most: usize) -> io::Result<(u64, bool)> {
    let (mut at, mut found) = (header.size, 0u64);
    for _ in 0..most {
        if at >= file.size() {
            return Ok((found, true));
        }
        let bytes = file.at(at, NUMBERS.min(file.size() - at) as usize)?;
        let mut rest = &bytes[..];
        let (Some(count), Some(size)) = (long::take(&mut rest), long::take(&mut rest)) else {
            return Ok((found, false));
        };
        let (Ok(count), Ok(size)) = (u64::try_from(count), u64::try_from(size)) else { return Ok((found, false)) };
        found = found.saturating_add(count);
        at = at.saturating_add((bytes.len() - rest.len()) as u64).saturating_add(size).saturating_add(SYNC as u64);
    }
    if at >= file.size() {
        return Ok((found, true));
    }
    let share = (file.size() - header.size) as f64 / (at - header.size) as f64;
    Ok(((found as f64 * share).round() as u64, false))
}
