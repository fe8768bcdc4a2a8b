//! stub
#![allow(missing_docs, dead_code)]
use crate::*;
use tokio::time::Instant;
pub struct Pacer;
pub struct FilePaceStore;
pub struct MemoryPaceStore;
pub trait PaceStore {}
impl Pacer {
    pub fn reserve(&self, _: Lane) -> Result<Instant, Error> { Ok(Instant::now()) }
    pub fn held_until(&self, _: Lane) -> Result<Option<Instant>, Error> { Ok(None) }
    pub fn hold(&self, _: Lane, _: Option<std::time::Duration>) -> Result<(), Error> { Ok(()) }
    pub fn success(&self, _: Lane) -> Result<(), Error> { Ok(()) }
}
#[async_trait::async_trait]
impl Turn for Pacer { async fn turn(&self, _: Lane) -> Result<(), Error> { Ok(()) } }
