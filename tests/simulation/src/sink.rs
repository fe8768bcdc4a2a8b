//! The real sink with smaller requests, so that a few dozen people make an export of many.

use std::sync::Arc;

use async_trait::async_trait;
use enlist_core::{Destination, Encode, JobId, JobState, Limits, Quota, Receipt, Request, SendError, Sink, Turn};
use enlist_sink_activecampaign::ActiveCampaign;

/// An [`ActiveCampaign`] that takes at most so many contacts a request.
pub(crate) struct SmallRequests {
    pub(crate) sink: ActiveCampaign,
    pub(crate) contacts: usize,
}

#[async_trait]
impl Sink for SmallRequests {
    fn account(&self) -> &str {
        self.sink.account()
    }

    fn list(&self) -> u64 {
        self.sink.list()
    }

    fn identity(&self) -> String {
        self.sink.identity()
    }

    fn limits(&self) -> Limits {
        Limits { contacts: self.contacts, ..self.sink.limits() }
    }

    fn quotas(&self) -> Vec<Quota> {
        self.sink.quotas()
    }

    fn encoder(&self) -> Arc<dyn Encode> {
        self.sink.encoder()
    }

    async fn check(&self, turn: &dyn Turn) -> Result<Destination, SendError> {
        self.sink.check(turn).await
    }

    async fn probe(&self) -> Result<(), SendError> {
        self.sink.probe().await
    }

    async fn send(&self, request: &Request) -> Result<Receipt, SendError> {
        self.sink.send(request).await
    }

    async fn outcome(&self, job: &JobId) -> Result<JobState, SendError> {
        self.sink.outcome(job).await
    }

    async fn backlog(&self) -> Result<u64, SendError> {
        self.sink.backlog().await
    }
}
