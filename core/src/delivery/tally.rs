//! Counts of a delivery.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::Reason;
use crate::report::{Calls, Progress, Recovered};

/// What has happened so far. Contacts are counted when their record is durable.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) calls: Calls,
    pub(crate) accepted: u64,
    pub(crate) accepted_contacts: u64,
    pub(crate) confirmed: u64,
    /// Those of them that were counted before.
    closed: u64,
    pub(crate) rejected: BTreeMap<Reason, u64>,
    /// Contacts given up without a verdict.
    pub(crate) deferred: u64,
    pub(crate) recovered: Recovered,
    pub(crate) latency: Vec<Duration>,
    pub(crate) warnings: Vec<String>,
    /// The latest trouble with the network, for the message of a run that ran out of time.
    pub(crate) trouble: Option<String>,
}

/// What became of contacts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Verdicts {
    pub(crate) confirmed: u64,
    pub(crate) rejected: BTreeMap<Reason, u64>,
    pub(crate) deferred: u64,
}

impl Tally {
    /// The contacts counted since this was asked for the last time.
    pub(super) fn close(&mut self) -> Verdicts {
        let confirmed = self.confirmed - self.closed;
        self.closed = self.confirmed;
        Verdicts {
            confirmed,
            rejected: std::mem::take(&mut self.rejected),
            deferred: std::mem::take(&mut self.deferred),
        }
    }

    pub(super) fn reject(&mut self, reason: Reason, contacts: u64) {
        if contacts > 0 {
            *self.rejected.entry(reason).or_default() += contacts;
        }
    }

    /// Notes something worth knowing, once.
    pub(super) fn warn(&mut self, warning: &str) {
        if !self.warnings.iter().any(|known| known == warning) {
            self.warnings.push(warning.to_owned());
        }
    }

    pub(super) fn trouble(&mut self, cause: String) {
        self.trouble = Some(cause);
    }

    pub(super) fn show(&self, progress: &mut Progress, pending: u64) {
        progress.accepted = self.accepted;
        progress.accepted_contacts = self.accepted_contacts;
        progress.latency = self.latency.last().copied().unwrap_or_default();
        progress.confirmed = self.confirmed;
        progress.refused = self.rejected.values().sum();
        progress.pending = pending;
        progress.calls = self.calls.clone();
    }
}
