//! An object from its first byte to its last.

use std::io::{self, Read};
use std::sync::{Arc, mpsc};

use bytes::{Buf, Bytes};
use enlist_core::Error;
use futures::StreamExt;
use futures::stream::BoxStream;
use object_store::ObjectStoreExt;
use tokio::task::AbortHandle;
use tokio::time::{Duration, timeout};

use crate::store::object::{Object, Opened};
use crate::store::{fault, io as store_io};

/// Bytes of the first request. Much is read for its beginning alone, to see what it is.
const FIRST: u64 = 256 << 10;
/// Bytes of every other request: long enough that the way to the store does not count, short enough to hold two.
const BLOCK: u64 = 4 << 20;
/// How long a server that sends a whole file may be silent.
pub(crate) const SILENCE: Duration = Duration::from_secs(30);

/// Reads `object` from its start.
pub(crate) fn read(object: &Object) -> io::Result<Box<dyn Read + Send>> {
    if object.in_parts {
        let opened = Arc::new(object.open());
        return Ok(Box::new(Onward { opened, block: Bytes::new(), next: 0, ahead: None, failure: None }));
    }
    let whole = Whole::open(object.clone()).map_err(io::Error::other)?;
    Ok(Box::new(whole))
}

/// Reads block by block, one ahead.
struct Onward {
    opened: Arc<Opened>,
    /// What was read and not taken yet.
    block: Bytes,
    /// Where the block begins that was not asked for yet.
    next: u64,
    /// The block that was asked for and has not been needed yet.
    ahead: Option<Ahead>,
    /// Why nothing more can be read: a reader that tries again must not find what comes after a gap.
    failure: Option<Error>,
}

/// A request under way, given up when it is dropped.
struct Ahead {
    arrives: mpsc::Receiver<Result<Bytes, Error>>,
    request: AbortHandle,
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.request.abort();
    }
}

impl Onward {
    fn ask(&mut self) -> Result<Ahead, Error> {
        let length = if self.next == 0 { FIRST } else { BLOCK };
        let range = self.next..(self.next + length).min(self.opened.object.size);
        self.next = range.end;
        let (sender, arrives) = mpsc::sync_channel(1);
        let opened = Arc::clone(&self.opened);
        let request = store_io::runtime()?.spawn(async move {
            // Whoever asked may be gone.
            let _ = sender.send(opened.bytes(range).await);
        });
        Ok(Ahead { arrives, request: request.abort_handle() })
    }

    /// Gets the next block, which is empty at the end.
    fn advance(&mut self) -> Result<(), Error> {
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        let outcome = self.take();
        self.failure = outcome.as_ref().err().cloned();
        outcome
    }

    fn take(&mut self) -> Result<(), Error> {
        let size = self.opened.object.size;
        let first = self.next == 0;
        let wanted = match self.ahead.take() {
            Some(ahead) => ahead,
            None if self.next == size => return Ok(()),
            None => self.ask()?,
        };
        if !first && self.next < size {
            self.ahead = Some(self.ask()?);
        }
        self.block = wanted.arrives.recv().unwrap_or_else(|_| Err(fault::short(&self.opened.object.name)))?;
        Ok(())
    }
}

impl Read for Onward {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.block.is_empty() && !buffer.is_empty() {
            self.advance().map_err(io::Error::other)?;
        }
        let length = self.block.len().min(buffer.len());
        self.block.copy_to_slice(&mut buffer[..length]);
        Ok(length)
    }
}

/// Reads what a server sends that knows no parts.
struct Whole {
    object: Object,
    body: Option<BoxStream<'static, object_store::Result<Bytes>>>,
    block: Bytes,
    left: u64,
}

impl Whole {
    fn open(object: Object) -> Result<Self, Error> {
        let opened = object.open();
        let body = store_io::wait(async move {
            let Object { store, path, name, .. } = &opened.object;
            let server = store.unhurried.as_ref().unwrap_or(&store.objects);
            let answer = timeout(SILENCE, server.get(path)).await.map_err(|_| fault::late(name))?;
            let answer = answer.map_err(|cause| fault::explain(name, &cause))?;
            opened.recognise(&answer.meta)?;
            Ok(answer.into_stream())
        })?;
        Ok(Self { left: object.size, object, body: Some(body), block: Bytes::new() })
    }

    fn advance(&mut self) -> Result<(), Error> {
        let name = Arc::clone(&self.object.name);
        let Some(mut body) = self.body.take() else { return Err(fault::short(&name)) };
        let (body, chunk) = store_io::wait(async move {
            let chunk = timeout(SILENCE, body.next()).await.map_err(|_| fault::late(&name))?;
            // What the client says is about its attempt to go on in the middle, which this server does not know.
            Ok((body, chunk.transpose().map_err(|_| fault::short(&name))?))
        })?;
        let chunk = chunk.unwrap_or_default();
        let Some(left) = self.left.checked_sub(chunk.len() as u64) else {
            return Err(fault::changed(&self.object.name));
        };
        if chunk.is_empty() && left > 0 {
            return Err(fault::short(&self.object.name));
        }
        (self.body, self.block, self.left) = (Some(body), chunk, left);
        Ok(())
    }
}

impl Read for Whole {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.block.is_empty() && self.left > 0 && !buffer.is_empty() {
            self.advance().map_err(io::Error::other)?;
        }
        let length = self.block.len().min(buffer.len());
        self.block.copy_to_slice(&mut buffer[..length]);
        Ok(length)
    }
}
