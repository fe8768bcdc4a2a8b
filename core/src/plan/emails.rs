//! Emails of contacts about to be sent, waiting on disk until the run may write them to the ledger.

use std::path::Path;

use super::Key;
use super::spool::{Block, Spool};
use crate::{Error, ErrorKind};

/// Emails by key, a block a partition.
pub(crate) struct Emails {
    spool: Spool,
    blocks: Vec<Block>,
}

impl Emails {
    /// None yet; the spool lies in `folder`.
    pub(crate) fn create(folder: &Path) -> Result<Self, Error> {
        Ok(Self { spool: Spool::create(folder)?, blocks: Vec::new() })
    }

    /// Appends a block.
    pub(crate) fn push(&mut self, emails: &[(Key, String)]) -> Result<(), Error> {
        if emails.is_empty() {
            return Ok(());
        }
        let mut bytes = Vec::new();
        for (key, email) in emails {
            bytes.extend_from_slice(&key.0);
            bytes.extend_from_slice(email.as_bytes());
            // No email holds a line feed.
            bytes.push(b'\n');
        }
        self.blocks.push(self.spool.append(&bytes)?);
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
        let second = vec![(Key([3; 16]), "cleo@example.com".to_owned())];
        for block in [&first, &Vec::new(), &second] {
            emails.push(block).unwrap();
        }
        assert_eq!(emails.len(), 2, "an empty block is none");
        assert_eq!((emails.load(0).unwrap(), emails.load(1).unwrap()), (first, second));
        assert!(emails.load(2).is_err());
    }
}
