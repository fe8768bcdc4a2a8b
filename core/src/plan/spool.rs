//! A private temporary file that is only ever appended to and read back.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::{Error, ErrorKind};

/// Where a block stands in its spool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    offset: u64,
    len: u64,
}

/// An append-only file without a name: mode 0600, gone with the process however it ends.
#[derive(Debug)]
pub(crate) struct Spool {
    file: File,
    end: u64,
}

impl Spool {
    /// A spool on the disk of `folder`. State folders are used rather than the system's temporary folder, which is
    /// often memory.
    pub(crate) fn create(folder: &Path) -> Result<Self, Error> {
        let file = tempfile::tempfile_in(folder).map_err(|e| failed("create a temporary file", &e))?;
        Ok(Self { file, end: 0 })
    }

    /// Appends `bytes`.
    pub(crate) fn append(&mut self, bytes: &[u8]) -> Result<Block, Error> {
        self.file.write_all(bytes).map_err(|e| failed("write a temporary file", &e))?;
        let block = Block { offset: self.end, len: bytes.len() as u64 };
        self.end += block.len;
        Ok(block)
    }

    /// Reads a block back.
    pub(crate) fn read(&self, block: Block) -> Result<Vec<u8>, Error> {
        let mut bytes = vec![0; usize::try_from(block.len).unwrap_or(usize::MAX)];
        self.file.read_exact_at(&mut bytes, block.offset).map_err(|e| failed("read a temporary file", &e))?;
        Ok(bytes)
    }
}

fn failed(what: &str, cause: &io::Error) -> Error {
    Error::new(ErrorKind::State, "state::spool", format!("cannot {what} in the state folder: {cause}"))
        .help("free disk space or point `state.path` at another disk, then run the same command again")
}
