//! Packed requests, waiting on disk in the order in which they are to be sent.

use std::path::Path;

use bytes::Bytes;

use super::pack::{Packed, PackedContact};
use super::spool::{Block, Spool};
use super::{Fingerprint, Key};
use crate::{Error, ErrorKind, Place};

/// Bytes of one contact's record in front of a body.
const RECORD: usize = 16 + 16 + 4 + 8 + 4 + 4;

/// One waiting request.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    block: Block,
    contacts: u32,
    bytes: u32,
}

/// The requests of a plan. Only their places on disk are in memory.
pub(crate) struct Queue {
    spool: Spool,
    waiting: Vec<Waiting>,
}

impl Queue {
    /// An empty queue whose spool lies in `folder`.
    pub(crate) fn create(folder: &Path) -> Result<Self, Error> {
        Ok(Self { spool: Spool::create(folder)?, waiting: Vec::new() })
    }

    /// Appends a request.
    pub(crate) fn push(&mut self, packed: &Packed) -> Result<(), Error> {
        let mut record = Vec::with_capacity(packed.contacts.len() * RECORD + packed.body.len());
        for contact in &packed.contacts {
            record.extend_from_slice(&contact.key.0);
            record.extend_from_slice(&contact.fingerprint.0);
            record.extend_from_slice(&contact.place.origin.to_le_bytes());
            record.extend_from_slice(&contact.place.row.to_le_bytes());
            record.extend_from_slice(&small(contact.span.start)?.to_le_bytes());
            record.extend_from_slice(&small(contact.span.end)?.to_le_bytes());
        }
        record.extend_from_slice(&packed.body);
        let (contacts, bytes) = (small(packed.contacts.len())?, small(packed.body.len())?);
        let block = self.spool.append(&record)?;
        self.waiting.push(Waiting { block, contacts, bytes });
        Ok(())
    }

    /// Number of requests.
    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Contacts in the request at `index`; 0 past the end.
    pub(crate) fn contacts(&self, index: usize) -> usize {
        self.waiting.get(index).map_or(0, |waiting| waiting.contacts as usize)
    }

    /// Body bytes of the largest request.
    pub(crate) fn largest(&self) -> u64 {
        self.waiting.iter().map(|waiting| u64::from(waiting.bytes)).max().unwrap_or(0)
    }

    /// Reads the request at `index`.
    pub(crate) fn load(&self, index: usize) -> Result<Packed, Error> {
        let waiting = self.waiting.get(index).ok_or_else(|| bug("no such request"))?;
        let record = Bytes::from(self.spool.read(waiting.block)?);
        let (records, _) = record.as_chunks::<RECORD>();
        let contacts = records.iter().take(waiting.contacts as usize).map(contact).collect();
        Ok(Packed { contacts, body: record.slice(waiting.contacts as usize * RECORD..) })
    }
}

fn contact(record: &[u8; RECORD]) -> PackedContact {
    PackedContact {
        key: Key(part(record, 0)),
        fingerprint: Fingerprint(part(record, 16)),
        place: Place { origin: u32::from_le_bytes(part(record, 32)), row: u64::from_le_bytes(part(record, 36)) },
        span: u32::from_le_bytes(part(record, 44)) as usize..u32::from_le_bytes(part(record, 48)) as usize,
    }
}

fn part<const N: usize>(record: &[u8; RECORD], start: usize) -> [u8; N] {
    let mut part = [0; N];
    part.copy_from_slice(&record[start..start + N]);
    part
}

fn small(number: usize) -> Result<u32, Error> {
    u32::try_from(number).map_err(|_| bug("a request of more than 4 GB"))
}

fn bug(message: &str) -> Error {
    Error::new(ErrorKind::Bug, "bug::queue", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_come_back_as_they_were_pushed() {
        let folder = tempfile::tempdir().unwrap();
        let mut queue = Queue::create(folder.path()).unwrap();
        let request = |n: u8| Packed {
            contacts: (0..n)
                .map(|m| PackedContact {
                    key: Key([m; 16]),
                    fingerprint: Fingerprint([n; 16]),
                    place: Place { origin: 7, row: u64::from(m) << 33 },
                    span: usize::from(m)..usize::from(m) + 1,
                })
                .collect(),
            body: Bytes::from(vec![n; usize::from(n)]),
        };
        for n in 1..4 {
            queue.push(&request(n)).unwrap();
        }
        assert_eq!((queue.len(), queue.contacts(2), queue.largest()), (3, 3, 3));
        for n in [3_u8, 1, 2] {
            assert_eq!(queue.load(usize::from(n) - 1).unwrap(), request(n));
        }
        assert_eq!(queue.contacts(3), 0);
        assert!(queue.load(3).is_err());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "the file has no name");
    }
}
