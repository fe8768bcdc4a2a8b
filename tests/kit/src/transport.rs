//! The simulator in place of the network.

use async_trait::async_trait;
use bytes::Bytes;
use enlist_simulator::{Cut, Simulator};
use enlist_sink_activecampaign::{Transport, TransportError};

/// Calls a simulator in process, so that virtual time holds for both sides.
#[derive(Clone, Debug)]
pub struct InProcess(pub Simulator);

#[async_trait]
impl Transport for InProcess {
    async fn call(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        // A client cannot tell the kinds of a lost connection apart.
        self.0.call(request).await.map_err(|cut: Cut| TransportError::InDoubt(cut.to_string()))
    }
}
