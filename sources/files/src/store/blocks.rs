//! Parts of an object in any order.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::{Bytes, BytesMut};
use enlist_core::Error;

use crate::store::io;
use crate::store::object::{Object, Opened};

/// Bytes of a block. Short, so that little is read that nobody asked for.
const BLOCK: u64 = 256 << 10;
/// Blocks that are asked for at once where reading goes on from one to the next.
const ONWARD: u64 = 4;
/// Blocks that are kept, 64 MiB: columns are read in turns, and each goes on where it stopped.
const KEPT: usize = 256;
/// Bytes from which on a part is not kept: it is a page, and nobody reads it twice.
const LARGE: u64 = 4 << 20;

/// An open object. Copies share it, and what it keeps.
#[derive(Clone)]
pub(crate) struct Blocks {
    opened: Arc<Opened>,
    kept: Arc<Mutex<Kept>>,
}

impl fmt::Debug for Blocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.opened.object.fmt(f)
    }
}

impl Blocks {
    pub(crate) fn open(object: &Object) -> Self {
        Self { opened: Arc::new(object.open()), kept: Arc::default() }
    }

    /// The bytes of `range`, which must lie within the object. Blocks.
    ///
    /// # Errors
    /// Those of [`Opened::bytes`].
    pub(crate) fn at(&self, range: Range<u64>) -> Result<Bytes, Error> {
        if range.is_empty() {
            return Ok(Bytes::new());
        }
        if range.end - range.start >= LARGE {
            return self.ask(range);
        }
        let first = range.start / BLOCK;
        let last = (range.end - 1) / BLOCK;
        if first == last {
            let start = (range.start - first * BLOCK) as usize;
            return Ok(self.block(first, last)?.slice(start..start + (range.end - range.start) as usize));
        }
        let mut bytes = BytesMut::with_capacity((range.end - range.start) as usize);
        for number in first..=last {
            let block = self.block(number, last)?;
            let from = range.start.saturating_sub(number * BLOCK) as usize;
            let to = (range.end - number * BLOCK).min(BLOCK) as usize;
            bytes.extend_from_slice(&block[from..to]);
        }
        Ok(bytes.freeze())
    }

    /// One block; where it must be asked for, those up to `last` are too.
    fn block(&self, number: u64, last: u64) -> Result<Bytes, Error> {
        let known = self.kept().get(number);
        if let Some(block) = known {
            return Ok(block);
        }
        let goes_on = number > 0 && self.kept().blocks.contains_key(&(number - 1));
        let end = if goes_on { (number + ONWARD).max(last + 1) } else { last + 1 };
        let bytes = self.ask(number * BLOCK..(end * BLOCK).min(self.opened.object.size))?;
        let mut kept = self.kept();
        for (at, block) in bytes.chunks(BLOCK as usize).enumerate() {
            // A copy, so that one block does not hold the memory of its neighbours.
            kept.put(number + at as u64, Bytes::copy_from_slice(block));
        }
        Ok(bytes.slice(..bytes.len().min(BLOCK as usize)))
    }

    fn ask(&self, range: Range<u64>) -> Result<Bytes, Error> {
        let opened = Arc::clone(&self.opened);
        io::wait(async move { opened.bytes(range).await })
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Blocks by number, each with the time of its last use.
#[derive(Default)]
struct Kept {
    blocks: HashMap<u64, (Bytes, u64)>,
    uses: u64,
}

impl Kept {
    fn get(&mut self, number: u64) -> Option<Bytes> {
        self.uses += 1;
        let (block, used) = self.blocks.get_mut(&number)?;
        *used = self.uses;
        Some(block.clone())
    }

    /// Keeps a block, and lets go of the one that was not used for longest.
    fn put(&mut self, number: u64, block: Bytes) {
        self.uses += 1;
        self.blocks.insert(number, (block, self.uses));
        if self.blocks.len() > KEPT {
            let oldest = self.blocks.iter().min_by_key(|(_, (_, used))| *used).map(|(number, _)| *number);
            oldest.and_then(|number| self.blocks.remove(&number));
        }
    }
}
