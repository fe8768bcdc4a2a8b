#![doc = include_str!("../README.md")]

mod account;
mod admission;
mod calendar;
mod cut;
mod faults;
mod import;
mod limit;
mod page;
mod record;
mod reply;
mod routes;
mod server;
mod settings;
mod setup;
mod state;
mod switches;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use tokio::time::Instant;

pub use account::{Contact, Exclusion, Field, FieldType, Match, Snapshot, Status};
pub use cut::Cut;
pub use faults::{FaultScope, Faults, Latency};
pub use record::{Failures, Lane, Record, Report};
pub use settings::{DEFAULT_TOKEN, Limits, Processing, Settings, Token};
pub use switches::{
    Complaints, EmptyText, OverLimit, Oversize, SuccessIds, SuccessKey, SuccessValue, Template, Throttle, UnknownBatch,
    Unsubscribed, WindowForm,
};

use crate::reply::Call;
use crate::state::State;

/// A simulated account. Clones are handles to the same one.
///
/// It has no task of its own: everything that happens with time is computed when somebody calls or looks.
#[derive(Clone)]
pub struct Simulator {
    shared: Arc<Shared>,
}

struct Shared {
    start: Instant,
    state: Mutex<State>,
}

impl Simulator {
    /// An account that starts at the present of tokio's clock, so call it where that clock runs (or is paused).
    pub fn new(settings: Settings) -> Self {
        let shared = Shared { start: Instant::now(), state: Mutex::new(State::new(settings)) };
        Self { shared: Arc::new(shared) }
    }

    /// Carries out one call and returns when its answer has arrived.
    ///
    /// A call that is dropped before may have been carried out, as with a real network.
    ///
    /// # Errors
    /// A [`Cut`] where the connection was lost.
    pub async fn call(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Cut> {
        let call = Call::new(request);
        let weather = self.state().forecast(&call);
        pause(weather.jitter).await;
        let outcome = {
            let mut state = self.state();
            // Read under the lock, so that arrivals are in order of time.
            let now = self.now();
            state.arrive(&call, weather.fault, now)
        };
        pause(weather.latency).await;
        outcome
    }

    /// Time since the start.
    pub fn now(&self) -> Duration {
        self.shared.start.elapsed()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state with everything applied that is due.
    fn present(&self) -> MutexGuard<'_, State> {
        let mut state = self.state();
        state.advance(self.now());
        state
    }
}

impl std::fmt::Debug for Simulator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Simulator").field("now", &self.now()).finish_non_exhaustive()
    }
}

async fn pause(time: Duration) {
    if !time.is_zero() {
        tokio::time::sleep(time).await;
    }
}
