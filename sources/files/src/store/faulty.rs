//! A store in memory that fails as it is told to.

use std::collections::VecDeque;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetRange, GetResult, GetResultPayload, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, ObjectStoreExt, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

use crate::store::client::Store;
use crate::store::object::Object;

/// What happens to a request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// The connection breaks after so many bytes.
    Cut(usize),
    /// The answer ends after so many bytes as if it were complete.
    Short(usize),
    /// There is no answer.
    Fail,
}

/// Requests for parts of an object, each with the tag it insists on.
pub(crate) type Requests = Vec<(Range<u64>, Option<String>)>;

/// A store in memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faulty {
    objects: Arc<InMemory>,
    /// What happens to the next requests, one after the other.
    faults: Arc<Mutex<VecDeque<Fault>>>,
    requests: Arc<Mutex<Requests>>,
    /// Whether objects have tags, as most stores give them.
    pub(crate) untagged: bool,
}

impl Faulty {
    pub(crate) fn put(&self, key: &str, bytes: impl Into<Bytes>) {
        let put = async { self.objects.put(&Path::parse(key).unwrap(), PutPayload::from_bytes(bytes.into())).await };
        futures::executor::block_on(put).unwrap();
    }

    pub(crate) fn fail(&self, faults: impl IntoIterator<Item = Fault>) {
        self.faults.lock().unwrap().extend(faults);
    }

    pub(crate) fn requests(&self) -> Requests {
        self.requests.lock().unwrap().clone()
    }

    pub(crate) fn store(&self) -> Store {
        Store::open(Arc::new(self.clone()), "s3://cdp")
    }

    pub(crate) fn object(&self, key: &str) -> Object {
        let store = self.store();
        let look_up = Object::look_up(&store, Path::parse(key).unwrap(), format!("s3://cdp/{key}"));
        let object = futures::executor::block_on(look_up).unwrap().unwrap();
        self.requests.lock().unwrap().clear();
        object
    }

    fn tag(&self, meta: &mut ObjectMeta) {
        meta.e_tag = meta.e_tag.take().filter(|_| !self.untagged).map(|tag| format!("\"{tag}\""));
    }
}

impl fmt::Display for Faulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("faulty")
    }
}

fn broken() -> Error {
    Error::Generic { store: "faulty", source: "the connection broke".into() }
}

#[async_trait]
impl ObjectStore for Faulty {
    async fn get_opts(&self, path: &Path, mut options: GetOptions) -> Result<GetResult> {
        if let Some(GetRange::Bounded(range)) = &options.range {
            self.requests.lock().unwrap().push((range.clone(), options.if_match.clone()));
        }
        options.if_match = options.if_match.map(|tag| tag.trim_matches('"').to_owned());
        let fault = self.faults.lock().unwrap().pop_front();
        if let Some(Fault::Fail) = fault {
            return Err(broken());
        }
        let mut answer = self.objects.get_opts(path, options).await?;
        self.tag(&mut answer.meta);
        let (meta, range, attributes) = (answer.meta.clone(), answer.range.clone(), answer.attributes.clone());
        let body = answer.bytes().await?;
        let chunks = match fault {
            Some(Fault::Cut(length)) => vec![Ok(body.slice(..length.min(body.len()))), Err(broken())],
            Some(Fault::Short(length)) => vec![Ok(body.slice(..length.min(body.len())))],
            _ => vec![Ok(body)],
        };
        Ok(GetResult { payload: GetResultPayload::Stream(stream::iter(chunks).boxed()), meta, range, attributes })
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.objects.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.objects.list_with_delimiter(prefix).await
    }

    async fn put_opts(&self, path: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.objects.put_opts(path, payload, options).await
    }

    async fn put_multipart_opts(&self, path: &Path, options: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.objects.put_multipart_opts(path, options).await
    }

    fn delete_stream(&self, paths: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.objects.delete_stream(paths)
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.objects.copy_opts(from, to, options).await
    }
}
