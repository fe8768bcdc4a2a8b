//! Emails of contacts about to be sent, waiting on disk until the run may write them to the ledger.

use std::path::Path;

use super::Key;
use super::spool::{Block, Spool};
use crate::{Error, ErrorKind};

/// Bytes of a block, some ten thousand emails: each block is one write of the ledger.
const BLOCK: usize = 512 << 10;

/// Emails by key, in blocks.
pub(crate) struct Emails {
    spool: Spool,
    blocks: Vec<Block>,
    filling: Vec<u8>,
}

impl Emails {
    /// None yet; the spool lies in `folder`.
    pub(crate) fn create(folder: &Path) -> Result<Self, Error> {
        Ok(Self { spool: Spool::create(folder)?, blocks: Vec::new(), filling: Vec::new() })
    }

    /// Appends emails; they can be read after [`finish`](Self::finish).
    pub(crate) fn push(&mut self, emails: &[(Key, String)]) -> Result<(), Error> {
        for (key, email) in emails {
            self.filling.extend_from_slice(&key.0);
            self.filling.extend_from_slice(email.as_bytes());
            // No email holds a line feed.
            self.filling.push(b'\n');
        }
        if self.filling.len() >= BLOCK { self.write() } else { Ok(()) }
    }

    /// Writes what is left.
    pub(crate) fn finish(mut self) -> Result<Self, Error> {
        if !self.filling.is_empty() {
            self.write()?;
        }
        Ok(self)
    }

    fn write(&mut self) -> Result<(), Error> {
        self.blocks.push(self.spool.append(&self.filling)?);
        self.filling.clear();
        Ok(())
    }

    /// Number of blocks.
    pub(crate) fn len(&self) -> usize {
        self.blocks.len()
    }

    /// Reads the block at `index`.
    pub(crate) fn load(&self, index: usize) -> Result<Vec<(Key, String)>, Error> {
        let block = self.blocks.get(index).ok_or_else(broken)?;
        let bytes = self.spool.read(*block)?;
        let mut rest = bytes.as_slice();
        let mut emails = Vec::new();
        while let Some((key, tail)) = rest.split_first_chunk::<16>() {
            let end = tail.iter().position(|byte| *byte == b'\n').ok_or_else(broken)?;
            let email = std::str::from_utf8(&tail[..end]).map_err(|_| broken())?;
            emails.push((Key(*key), email.to_owned()));
            rest = &tail[end + 1..];
        }
        Ok(emails)
    }
}

fn broken() -> Error {
    Error::new(ErrorKind::Bug, "bug::emails", "a block of emails does not read as it was written")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emails_come_back_as_they_were_pushed() {
        let folder = tempfile::tempdir().unwrap();
        let mut emails = Emails::create(folder.path()).unwrap();
        // A key may hold any byte, a line feed too.
        let first =
            vec![(Key([b'\n'; 16]), "ada@example.com".to_owned()), (Key([2; 16]), "ben@example.com".to_owned())];
        let many: Vec<_> = (0..20_000_u32).map(|n| (Key([3; 16]), format!("p{n}@example.com"))).collect();
        for some in [&first, &Vec::new(), &many, &first] {
            emails.push(some).unwrap();
        }
        let emails = emails.finish().unwrap();
        assert_eq!(emails.len(), 2, "a few share a block");
        let all: Vec<_> = (0..2).flat_map(|block| emails.load(block).unwrap()).collect();
        assert_eq!(all, [first.clone(), many, first].concat());
        assert!(emails.load(2).is_err());
        assert_eq!(Emails::create(folder.path()).unwrap().finish().unwrap().len(), 0);
    }
}
