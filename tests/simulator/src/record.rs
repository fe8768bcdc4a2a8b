//! What happened, for tests to look at.

use std::time::Duration;

use serde::Serialize;

use crate::import::Refusal;

/// The quota a call falls under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Lane {
    /// Imports of two or more contacts.
    Bulk,
    /// Imports of one contact.
    Single,
    /// Everything else.
    General,
}

/// One call that arrived, in the order of arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// When it arrived, since the start of the simulator.
    pub at: Duration,
    /// Its quota.
    pub lane: Lane,
    /// Contacts in an import request, 0 if it cannot be read.
    pub contacts: usize,
    /// Bytes of the body.
    pub bytes: usize,
    /// BLAKE3 of the body.
    pub body_hash: [u8; 32],
    /// The status the simulator answered with, also where the answer was lost; `None` where the call was lost.
    pub status: Option<u16>,
    /// Whether the call used up quota: it carried the right token and was not throttled.
    pub counted: bool,
    /// Whether the call did what it asked for, whatever the client saw.
    pub processed: bool,
    /// Whether the answer was changed, lost or held up by an injected fault.
    pub faulty: bool,
}

/// Counts since the start. No personal data.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Import requests of two or more contacts that arrived.
    pub bulk_requests: u64,
    /// Import requests of one contact that arrived.
    pub single_requests: u64,
    /// Other calls that arrived.
    pub general_requests: u64,
    /// Import requests throttled by the limits.
    pub throttled: u64,
    /// Other calls throttled by the limits.
    pub throttled_general: u64,
    /// Calls throttled by a fault or by `throttle_every`.
    pub throttled_by_chance: u64,
    /// Calls that met an injected fault, except throttling.
    pub faults: u64,
    /// Calls without the right token.
    pub denied: u64,
    /// Import requests refused because of their contents or size.
    pub refused_requests: u64,
    /// Imports accepted.
    pub queued_batches: u64,
    /// Contacts in them.
    pub queued_contacts: u64,
    /// Imports that completed.
    pub completed_batches: u64,
    /// Imports that failed as a whole.
    pub failed_batches: u64,
    /// Imports that stopped in the middle.
    pub interrupted_batches: u64,
    /// Imports that were accepted and lost.
    pub forgotten_batches: u64,
    /// Contacts created by imports.
    pub created: u64,
    /// Contacts updated by imports.
    pub updated: u64,
    /// Contacts in `failure`, by the reason the importer does not tell.
    pub failures: Failures,
    /// Values for custom fields that do not exist; they are dropped without a word.
    pub unknown_fields: u64,
    /// Contacts applied by imports with automations on.
    pub automations: u64,
    /// Memberships that went from unsubscribed to active.
    pub resubscribed: u64,
    /// The most import requests that arrived within 60 seconds.
    pub worst_minute: usize,
    /// The most other calls that arrived within one second.
    pub worst_second: usize,
    /// Contacts in the account.
    pub contacts: usize,
}

/// Contacts in `failure` of an import.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Failures {
    /// The email does not stand the later check.
    pub format: u64,
    /// The address bounced.
    pub bounced: u64,
    /// The address is excluded.
    pub excluded: u64,
    /// The contact unsubscribed from the list.
    pub unsubscribed: u64,
    /// There is no such list.
    pub unknown_list: u64,
    /// The account is full.
    pub over_limit: u64,
    /// Chosen by `fail_async`.
    pub chosen: u64,
}

impl Failures {
    /// All of them.
    pub fn total(&self) -> u64 {
        let content = self.format + self.bounced + self.excluded + self.unsubscribed;
        content + self.unknown_list + self.over_limit + self.chosen
    }
}

impl Report {
    pub(crate) fn count(&mut self, refusal: Refusal) {
        let failures = &mut self.failures;
        *match refusal {
            Refusal::Format => &mut failures.format,
            Refusal::Bounced => &mut failures.bounced,
            Refusal::Excluded => &mut failures.excluded,
            Refusal::Unsubscribed => &mut failures.unsubscribed,
            Refusal::UnknownList => &mut failures.unknown_list,
            Refusal::OverLimit => &mut failures.over_limit,
            Refusal::Chosen => &mut failures.chosen,
        } += 1;
    }
}

/// The most of `arrivals` within a half-open window; they are in order of time.
pub(crate) fn worst_window(arrivals: impl Iterator<Item = Duration> + Clone, window: Duration) -> usize {
    let mut oldest = arrivals.clone();
    let (mut first, mut held, mut worst) = (oldest.next(), 0, 0);
    for at in arrivals {
        held += 1;
        while let Some(begin) = first
            && begin + window <= at
        {
            held -= 1;
            first = oldest.next();
        }
        worst = worst.max(held);
    }
    worst
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_half_open() {
        let at = |times: &[u64]| times.iter().map(|ms| Duration::from_millis(*ms)).collect::<Vec<_>>();
        let cases = [
            (at(&[]), 0),
            (at(&[5]), 1),
            (at(&[0, 1000, 2000]), 1),
            (at(&[0, 999, 1000]), 2),
            (at(&[0, 0, 0, 5000]), 3),
            (at(&[0, 500, 999, 1499, 1500]), 3),
        ];
        for (arrivals, expected) in cases {
            let worst = worst_window(arrivals.iter().copied(), Duration::from_secs(1));
            assert_eq!(worst, expected, "{arrivals:?}");
        }
    }
}
