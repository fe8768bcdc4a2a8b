//! What a run came to. The numbers are counted where things happen and must add up.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::{Destination, Error, ErrorKind, Reason, Rejects, Summary};

/// Where every row read ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Rows read.
    pub read: u64,
    /// The destination finished the import and did not list the contact as failed.
    pub confirmed: u64,
    /// Identical to what was confirmed before.
    pub unchanged: u64,
    /// Refused, by our rules or by the destination.
    pub rejected: u64,
    /// Another row of the same email won.
    pub duplicate: u64,
    /// Not finished; the next run sends it.
    pub deferred: u64,
    /// Left out on request; a later run sends it.
    pub skipped: u64,
}

/// What became of contacts that are told that they left the segment; they are no rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Leavers {
    /// Told, and confirmed.
    pub confirmed: u64,
    /// Told by an earlier run.
    pub unchanged: u64,
    /// Refused, by this run or before.
    pub rejected: u64,
    /// The next run tells them.
    pub deferred: u64,
    /// Cannot be told: they left before their emails were kept.
    pub unknown: u64,
}

impl Outcome {
    /// Checks X-1: every row in exactly one outcome.
    ///
    /// # Errors
    /// [`ErrorKind::Bug`] when the numbers do not add up.
    pub fn balance(&self) -> Result<(), Error> {
        let sum = self.confirmed + self.unchanged + self.rejected + self.duplicate + self.deferred + self.skipped;
        if sum == self.read {
            return Ok(());
        }
        let message = format!("the report does not add up: {} rows read, {sum} outcomes", self.read);
        Err(Error::new(ErrorKind::Bug, "bug::balance", message).help("report this with the run's log"))
    }
}

/// Calls of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    /// Import requests sent, every attempt counted.
    pub imports: u64,
    /// Calls of any other kind.
    pub other: u64,
    /// Attempts after the first.
    pub retries: u64,
    /// Answers that asked to slow down.
    pub throttled: u64,
    /// Time during which sending was held back because of them.
    pub throttle_time: Duration,
    /// Attempts without a definite answer.
    pub in_doubt: u64,
}

/// What an earlier run had left open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Requests that turned out to be applied.
    pub resolved: u64,
    /// Contacts confirmed by them.
    pub confirmed: u64,
    /// Requests nobody knows about: their contacts are sent again.
    pub unclear: u64,
    /// Contacts of those.
    pub unclear_contacts: u64,
    /// Requests the destination has not finished yet.
    pub pending: u64,
}

/// Times from sending an import to its answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Latency {
    /// Median.
    pub p50: Duration,
    /// 95 of 100 are at most this.
    pub p95: Duration,
    /// 99 of 100 are at most this.
    pub p99: Duration,
}

impl Latency {
    pub(crate) fn of(mut samples: Vec<Duration>) -> Self {
        samples.sort_unstable();
        let at = |percent: usize| {
            let last = samples.len().saturating_sub(1);
            samples.get((samples.len() * percent / 100).min(last)).copied().unwrap_or_default()
        };
        Self { p50: at(50), p95: at(95), p99: at(99) }
    }
}

/// The result of a run, complete or not.
#[derive(Clone, Debug)]
pub struct Report {
    /// What the destination is.
    pub destination: Destination,
    /// What the plan found.
    pub plan: Summary,
    /// Where every row ended.
    pub outcome: Outcome,
    /// Contacts that left the segment, where they are told so.
    pub leavers: Option<Leavers>,
    /// Rejected rows by reason.
    pub rejected: BTreeMap<Reason, u64>,
    /// Calls made.
    pub calls: Calls,
    /// What an earlier run had left open.
    pub recovered: Recovered,
    /// Answer times of imports.
    pub latency: Latency,
    /// Time of the whole run.
    pub elapsed: Duration,
    /// Time spent sending and settling.
    pub delivering: Duration,
    /// Things worth knowing that stopped nothing.
    pub warnings: Vec<String>,
    /// Why the run stopped early, if it did.
    pub error: Option<Error>,
}

/// What a run is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// Asking the destination for its list and fields.
    #[default]
    Check,
    /// Finding out what became of requests of an earlier run.
    Recover,
    /// Reading the segment.
    Read,
    /// Reading the list back.
    List,
    /// Comparing it with the ledger.
    Merge,
    /// Sending and settling.
    Deliver,
}

impl Phase {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Recover => "recover",
            Self::Read => "read",
            Self::List => "list",
            Self::Merge => "merge",
            Self::Deliver => "send",
        }
    }
}

/// A run's numbers at a moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// What the run is doing.
    pub phase: Phase,
    /// Rows read.
    pub read: u64,
    /// Rows rejected, at any stage.
    pub rejected: u64,
    /// Contacts of the list that were read back.
    pub listed: u64,
    /// Requests of the plan.
    pub requests: u64,
    /// Contacts of the plan.
    pub contacts: u64,
    /// Requests accepted.
    pub accepted: u64,
    /// Contacts in accepted requests.
    pub accepted_contacts: u64,
    /// Contacts confirmed.
    pub confirmed: u64,
    /// The longest that an import waited of those answered within the last second; zero without one.
    pub latency: Duration,
    /// Contacts refused by the destination.
    pub refused: u64,
    /// Accepted requests that are not known to have ended.
    pub pending: u64,
    /// Calls made.
    pub calls: Calls,
}

/// Takes rejected rows as they are found.
pub trait RejectWriter: Send {
    /// Writes `rejects`; their places index `origins`.
    ///
    /// # Errors
    /// When they cannot be kept: the run stops, since a row would end without a reason on record.
    fn write(&mut self, origins: &[String], rejects: &Rejects) -> Result<(), Error>;
}

/// Keeps rejects in memory.
#[derive(Clone, Debug, Default)]
pub struct RejectTable {
    /// Names of the origins.
    pub origins: Vec<String>,
    /// All rejects so far.
    pub rejects: Rejects,
}

impl RejectWriter for RejectTable {
    fn write(&mut self, origins: &[String], rejects: &Rejects) -> Result<(), Error> {
        self.origins = origins.to_vec();
        rejects.iter().for_each(|reject| self.rejects.push(reject.clone()));
        Ok(())
    }
}

/// Forgets rejects; for plans.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoRejects;

impl RejectWriter for NoRejects {
    fn write(&mut self, _: &[String], _: &Rejects) -> Result<(), Error> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_without_an_outcome_is_a_defect() {
        let mut outcome =
            Outcome { read: 10, confirmed: 4, unchanged: 3, rejected: 1, duplicate: 1, deferred: 1, skipped: 0 };
        assert!(outcome.balance().is_ok());
        outcome.deferred = 0;
        assert_eq!(outcome.balance().unwrap_err().kind(), ErrorKind::Bug);
    }

    #[test]
    fn latencies_of_nothing_are_zero_and_of_many_are_ordered() {
        assert_eq!(Latency::of(Vec::new()), Latency::default());
        let latency = Latency::of((1..=100).map(Duration::from_millis).collect());
        assert_eq!(latency.p50, Duration::from_millis(51));
        assert_eq!(latency.p99, Duration::from_millis(100));
    }
}
