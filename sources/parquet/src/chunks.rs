//! Bytes of a file as the Parquet reader asks for them.

use std::io::{self, BufReader, Read};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use enlist_core::Error;
use enlist_source_files::{Found, Ranges, unreadable};
use parquet::file::reader::{ChunkReader, Length};

/// Bytes read ahead of a page's header, which is all that is read without a known length.
const HEADER: usize = 8 << 10;

/// An open file. Copies share it.
#[derive(Clone)]
pub(crate) struct Chunks {
    ranges: Ranges,
    name: Arc<str>,
    /// Why it could first not be read, for the Parquet reader makes mere text of it.
    failure: Arc<OnceLock<Error>>,
}

impl Chunks {
    /// Opens `file`.
    ///
    /// # Errors
    /// Those of [`unreadable`].
    pub(crate) fn open(file: &Found) -> Result<Self, Error> {
        let ranges = file.ranges().map_err(|e| unreadable(&file.name, &e))?;
        Ok(Self { ranges, name: file.name.as_str().into(), failure: Arc::default() })
    }

    /// Bytes of the file.
    pub(crate) fn size(&self) -> u64 {
        self.ranges.size()
    }

    /// The `length` bytes from `start` on.
    pub(crate) fn at(&self, start: u64, length: usize) -> io::Result<Bytes> {
        let bytes = self.ranges.at(start, length);
        if let Err(cause) = &bytes
            // A file that says it is longer than it is, is damaged.
            && cause.kind() != io::ErrorKind::UnexpectedEof
        {
            self.failure.get_or_init(|| unreadable(&self.name, cause));
        }
        bytes
    }

    /// Why the file could not be read, if that is what went wrong.
    pub(crate) fn failure(&self) -> Option<&Error> {
        self.failure.get()
    }
}

impl Length for Chunks {
    fn len(&self) -> u64 {
        self.size()
    }
}

impl ChunkReader for Chunks {
    type T = BufReader<Onward>;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Self::T> {
        Ok(BufReader::with_capacity(HEADER, Onward { chunks: self.clone(), next: start }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        Ok(self.at(start, length)?)
    }
}

/// A file from some byte on.
pub(crate) struct Onward {
    chunks: Chunks,
    next: u64,
}

impl Read for Onward {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.chunks.size().saturating_sub(self.next)).unwrap_or(usize::MAX);
        let bytes = self.chunks.at(self.next, buffer.len().min(left))?;
        buffer[..bytes.len()].copy_from_slice(&bytes);
        self.next += bytes.len() as u64;
        Ok(bytes.len())
    }
}
