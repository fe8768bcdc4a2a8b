#![doc = include_str!("../README.md")]

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use enlist_core::{
    Destination, Encode, Field, JobId, JobState, Lane, Limits, Quota, Receipt, Request, SendError, Sink, Turn,
};

/// What stands for a name in reports.
const NAME: &str = "null";

/// Accepts everything at once and keeps nothing.
#[derive(Clone)]
pub struct NullSink {
    encoder: Arc<dyn Encode>,
    limits: Limits,
    fields: Vec<Field>,
}

impl NullSink {
    /// A sink that is written to with `encoder`, in requests of `limits`.
    pub fn new(encoder: Arc<dyn Encode>, limits: Limits) -> Self {
        Self { encoder, limits, fields: Vec::new() }
    }

    /// Claims to have these custom fields, for mappings that need them.
    #[must_use]
    pub fn fields(mut self, fields: Vec<Field>) -> Self {
        self.fields = fields;
        self
    }
}

impl fmt::Debug for NullSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NullSink")
    }
}

#[async_trait]
impl Sink for NullSink {
    fn account(&self) -> &str {
        NAME
    }

    fn list(&self) -> u64 {
        1
    }

    fn identity(&self) -> String {
        NAME.to_owned()
    }

    fn limits(&self) -> Limits {
        self.limits
    }

    /// Quotas that never make anyone wait.
    fn quotas(&self) -> Vec<Quota> {
        let lanes = [Lane::Bulk, Lane::Single, Lane::General];
        let unbounded = |lane| Quota { lane, count: u32::MAX, window: Duration::from_secs(1) };
        lanes.map(unbounded).to_vec()
    }

    fn encoder(&self) -> Arc<dyn Encode> {
        Arc::clone(&self.encoder)
    }

    async fn check(&self, _turn: &dyn Turn) -> Result<Destination, SendError> {
        Ok(Destination {
            host: NAME.to_owned(),
            list: self.list(),
            list_name: NAME.to_owned(),
            fields: self.fields.clone(),
            unknown_tags: Vec::new(),
            headroom: None,
        })
    }

    async fn probe(&self) -> Result<(), SendError> {
        Ok(())
    }

    async fn send(&self, _request: &Request) -> Result<Receipt, SendError> {
        Ok(Receipt::Done)
    }

    /// No job is ever handed out, so none is known.
    async fn outcome(&self, _job: &JobId) -> Result<JobState, SendError> {
        Ok(JobState::Unknown)
    }

    async fn backlog(&self) -> Result<u64, SendError> {
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::BinaryArray;
    use bytes::Bytes;
    use enlist_core::{ContactBatch, Envelope, Error};

    use super::*;

    struct Nothing;

    impl Encode for Nothing {
        fn encode(&self, contacts: &ContactBatch) -> Result<BinaryArray, Error> {
            Ok(BinaryArray::from(vec![&b"{}"[..]; contacts.len()]))
        }

        fn envelope(&self) -> Envelope {
            let [open, separator, close] = ["[", ",", "]"].map(Bytes::from);
            Envelope { open, separator, close }
        }

        fn lane(&self, _contacts: usize) -> Lane {
            Lane::Bulk
        }
    }

    #[tokio::test]
    async fn a_request_is_done_when_it_is_sent() {
        let limits = Limits { contacts: 250, bytes: 399_999 };
        let sink = NullSink::new(Arc::new(Nothing), limits);
        let body = Bytes::from_static(b"[{}]");
        let request = Request { lane: Lane::Bulk, body, contacts: 1 };
        assert_eq!(sink.send(&request).await, Ok(Receipt::Done));
        assert_eq!(sink.backlog().await, Ok(0));
        assert_eq!(sink.limits(), limits);
        assert_eq!(sink.encoder().envelope().size(1, 2), 4);
    }
}
