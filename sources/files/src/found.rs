//! One file of a segment, wherever it lies.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;

use crate::partitions::Partitions;
use crate::store::{self, Blocks, Object};

/// One file of a segment.
#[derive(Clone, Debug)]
pub struct Found {
    /// What messages call it: the path or URL as the pattern spells it.
    pub name: String,
    /// What the names of its folders say about every row of it.
    pub partitions: Partitions,
    at: At,
}

/// Where a file lies.
#[derive(Clone, Debug)]
enum At {
    Disk(PathBuf),
    Store(Object),
}

impl Found {
    /// A file of this machine.
    pub(crate) fn on_disk(partitions: Partitions, path: PathBuf) -> Self {
        Self { name: path.to_string_lossy().into_owned(), partitions, at: At::Disk(path) }
    }

    /// An object of a store.
    pub(crate) fn in_store(partitions: Partitions, object: Object) -> Self {
        Self { name: object.name.to_string(), partitions, at: At::Store(object) }
    }

    /// Its bytes, from the first to the last. Blocks, and so does what it returns.
    ///
    /// # Errors
    /// When it cannot be opened; [`unreadable`](crate::unreadable) makes the error for people.
    pub fn read(&self) -> io::Result<Box<dyn Read + Send>> {
        match &self.at {
            At::Disk(path) => Ok(Box::new(File::open(path)?)),
            At::Store(object) => store::read(object),
        }
    }

    /// Its bytes in any order. Blocks, and so does what it returns.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn ranges(&self) -> io::Result<Ranges> {
        match &self.at {
            At::Disk(path) => {
                let file = File::open(path)?;
                let size = file.metadata()?.len();
                Ok(Ranges { size, from: From::Disk(Arc::new(file)) })
            }
            At::Store(object) if object.in_parts => {
                Ok(Ranges { size: object.size, from: From::Store(Blocks::open(object)) })
            }
            At::Store(object) => Err(io::Error::other(store::no_ranges(&object.name))),
        }
    }

    /// Bytes of the file.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn size(&self) -> io::Result<u64> {
        match &self.at {
            At::Disk(path) => Ok(path.metadata()?.len()),
            At::Store(object) => Ok(object.size),
        }
    }
}

/// An open file that is read in any order. Copies share it.
#[derive(Clone, Debug)]
pub struct Ranges {
    size: u64,
    from: From,
}

#[derive(Clone, Debug)]
enum From {
    Disk(Arc<File>),
    Store(Blocks),
}

impl Ranges {
    /// Bytes of the file when it was opened.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The `length` bytes from `offset` on. Blocks.
    ///
    /// # Errors
    /// [`UnexpectedEof`](io::ErrorKind::UnexpectedEof) when the file ends before that; else why it cannot be read.
    pub fn at(&self, offset: u64, length: usize) -> io::Result<Bytes> {
        // Before anything is allocated: damaged files ask for much.
        let end = offset.checked_add(length as u64).filter(|end| *end <= self.size);
        let end = end.ok_or(io::ErrorKind::UnexpectedEof)?;
        match &self.from {
            From::Disk(file) => {
                let mut bytes = vec![0; length];
                file.read_exact_at(&mut bytes, offset)?;
                Ok(bytes.into())
            }
            From::Store(blocks) => blocks.at(offset..end).map_err(io::Error::other),
        }
    }
}
