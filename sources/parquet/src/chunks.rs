//! Bytes of a file as the Parquet reader asks for them.

use std::error::Error as StdError;
use std::io::{self, BufReader, Read};

use bytes::Bytes;
use enlist_source_files::Ranges;
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};

/// Bytes read ahead of a page's header, which is all that is read without a known length.
const HEADER: usize = 8 << 10;

/// An open file. Copies share it.
#[derive(Clone)]
pub(crate) struct Chunks(pub(crate) Ranges);

impl Length for Chunks {
    fn len(&self) -> u64 {
        self.0.size()
    }
}

impl ChunkReader for Chunks {
    type T = BufReader<Onward>;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Self::T> {
        Ok(BufReader::with_capacity(HEADER, Onward { ranges: self.0.clone(), next: start }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        Ok(self.0.at(start, length)?)
    }
}

/// A file from some byte on.
pub(crate) struct Onward {
    ranges: Ranges,
    next: u64,
}

impl Read for Onward {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.ranges.size().saturating_sub(self.next)).unwrap_or(usize::MAX);
        let bytes = self.ranges.at(self.next, buffer.len().min(left))?;
        buffer[..bytes.len()].copy_from_slice(&bytes);
        self.next += bytes.len() as u64;
        Ok(bytes.len())
    }
}

/// The failure to read that lies behind what the Parquet reader says.
pub(crate) fn cause(fault: &ParquetError) -> Option<&io::Error> {
    let mut cause = match fault {
        ParquetError::External(cause) => Some(&**cause as &(dyn StdError + 'static)),
        _ => None,
    };
    while let Some(error) = cause {
        if let Some(io) = error.downcast_ref() {
            return Some(io);
        }
        cause = error.source();
    }
    None
}
