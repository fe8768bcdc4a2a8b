//! One object, and parts of it that belong together.

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use bytes::{Bytes, BytesMut};
use enlist_core::Error;
use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{GetOptions, ObjectMeta, ObjectStoreExt};

use crate::store::client::Store;
use crate::store::fault;
use crate::store::onward::SILENCE;

/// How often the rest of a part is asked for when connections break in the middle of it.
const RESUMED: usize = 16;

/// An object that was found.
#[derive(Clone)]
pub(crate) struct Object {
    pub(crate) store: Store,
    pub(crate) path: Path,
    /// What messages call it.
    pub(crate) name: Arc<str>,
    /// Bytes of it when it was found.
    pub(crate) size: u64,
    /// Whether the server hands out parts of it.
    pub(crate) in_parts: bool,
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Object").field("name", &self.name).field("size", &self.size).finish_non_exhaustive()
    }
}

impl Object {
    /// Looks for the object of `path`, called `name`; `None` when there is none.
    ///
    /// Its first byte is asked for: a signed address allows that and nothing else, and unlike an answer without content it
    /// says why it was refused.
    ///
    /// # Errors
    /// Those of the store.
    pub(crate) async fn look_up(store: &Store, path: Path, name: String) -> Result<Option<Self>, Error> {
        let first = GetOptions { range: Some((0..1).into()), ..GetOptions::default() };
        let found = |size, in_parts| {
            Ok(Some(Self { store: store.clone(), path: path.clone(), name: name.as_str().into(), size, in_parts }))
        };
        let cause = match store.objects.get_opts(&path, first).await {
            Ok(answer) => return found(answer.meta.size, true),
            Err(cause) if fault::is_beyond_end(&cause) => return found(0, true),
            Err(cause) => cause,
        };
        let error = fault::explain(&name, &cause);
        match (error.code(), &store.unhurried) {
            ("source::file_missing", _) => Ok(None),
            ("store::no_ranges", Some(web)) => {
                let whole = tokio::time::timeout(SILENCE, web.get(&path)).await.map_err(|_| fault::late(&name))?;
                let whole = whole.map_err(|cause| fault::explain(&name, &cause))?;
                found(whole.meta.size, false)
            }
            // Not every store has a word for the first byte of nothing.
            _ if fault::is_senseless(&cause) => match store.objects.head(&path).await {
                Ok(meta) if meta.size == 0 => found(0, true),
                _ => Err(error),
            },
            _ => Err(error),
        }
    }

    /// Opens it: what is read through the same [`Opened`] is of one and the same object.
    pub(crate) fn open(&self) -> Opened {
        Opened { object: self.clone(), first: OnceLock::new() }
    }
}

/// An object that is being read.
pub(crate) struct Opened {
    pub(crate) object: Object,
    /// What the first answer said of it.
    first: OnceLock<ObjectMeta>,
}

impl Opened {
    /// The bytes of `range`, which must lie within the object.
    ///
    /// # Errors
    /// `source::changed` when the object is another than that of the first answer or of the listing; those of the store.
    /// Never fewer bytes than asked for.
    pub(crate) async fn bytes(&self, range: Range<u64>) -> Result<Bytes, Error> {
        let length = usize::try_from(range.end - range.start).unwrap_or(usize::MAX);
        let mut bytes = BytesMut::with_capacity(length);
        for _ in 0..RESUMED {
            let before = bytes.len();
            let outcome = self.append(range.start + before as u64..range.end, &mut bytes).await;
            match outcome {
                Err(error) if bytes.len() == before => return Err(error),
                Ok(()) if bytes.len() == length => return Ok(bytes.freeze()),
                Ok(()) if bytes.len() == before => break,
                // The connection broke in the middle of the answer; the store is asked for the rest.
                Err(_) | Ok(()) => {}
            }
        }
        Err(fault::short(&self.object.name))
    }

    async fn append(&self, range: Range<u64>, bytes: &mut BytesMut) -> Result<(), Error> {
        let Object { store, path, name, .. } = &self.object;
        let room = usize::try_from(range.end - range.start).unwrap_or(usize::MAX);
        let if_match = self.first.get().and_then(|first| strong(first)).map(str::to_owned);
        let part = GetOptions { range: Some(range.clone().into()), if_match, ..GetOptions::default() };
        let answer = store.objects.get_opts(path, part).await.map_err(|cause| fault::explain(name, &cause))?;
        self.recognise(&answer.meta)?;
        if answer.range != range {
            return Err(fault::changed(name));
        }
        let most = bytes.len() + room;
        let mut body = answer.into_stream();
        while let Some(chunk) = body.try_next().await.map_err(|cause| fault::explain(name, &cause))? {
            if bytes.len() + chunk.len() > most {
                return Err(fault::changed(name));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(())
    }

    /// Refuses an answer about another object than the first one was about.
    pub(crate) fn recognise(&self, answer: &ObjectMeta) -> Result<(), Error> {
        let first = self.first.get_or_init(|| answer.clone());
        let same = match (strong(first), strong(answer)) {
            (Some(first), Some(answer)) => first == answer,
            // Servers behind one address may tag the same file differently, but not weakly and with another time.
            _ => first.e_tag == answer.e_tag && first.last_modified == answer.last_modified,
        };
        if same && answer.size == self.object.size { Ok(()) } else { Err(fault::changed(&self.object.name)) }
    }
}

/// The tag of an object, if it stands for its very bytes; RFC 9110 §8.8.1.
fn strong(meta: &ObjectMeta) -> Option<&str> {
    meta.e_tag.as_deref().filter(|tag| tag.starts_with('"'))
}
