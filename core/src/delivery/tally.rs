//! Counts of a delivery.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use crate::Reason;
use crate::report::{Calls, Progress, Recovered};

/// How long an answer is shown: longer than anybody who follows a run looks away, so that none is missed.
const SHOWN: Duration = Duration::from_secs(1);

/// What has happened so far. Contacts are counted when their record is durable.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) calls: Calls,
    pub(crate) accepted: u64,
    pub(crate) accepted_contacts: u64,
    pub(crate) confirmed: u64,
    /// Those of them that were counted before.
    closed: u64,
    /// Contacts that were refused, those counted before among them.
    refused: u64,
    pub(crate) rejected: BTreeMap<Reason, u64>,
    /// Contacts given up without a verdict.
    pub(crate) deferred: u64,
    pub(crate) recovered: Recovered,
    /// Answer times of imports.
    pub(crate) latency: Vec<Duration>,
    /// When imports were answered lately, and after which time.
    answered: VecDeque<(Instant, Duration)>,
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
            self.refused += contacts;
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

    /// An import was answered at `now`, `latency` after it left.
    pub(super) fn answered(&mut self, now: Instant, latency: Duration) {
        self.latency.push(latency);
        // An answer that took no time is still one.
        self.answered.push_back((now, latency.max(Duration::from_millis(1))));
    }

    pub(super) fn show(&mut self, progress: &mut Progress, pending: u64, now: Instant) {
        while self.answered.front().is_some_and(|(at, _)| now.saturating_duration_since(*at) > SHOWN) {
            self.answered.pop_front();
        }
        progress.accepted = self.accepted;
        progress.accepted_contacts = self.accepted_contacts;
        progress.latency = self.answered.iter().map(|(_, latency)| *latency).max().unwrap_or_default();
        progress.confirmed = self.confirmed;
        progress.refused = self.refused;
        progress.pending = pending;
        progress.calls = self.calls.clone();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Clock;

    #[tokio::test]
    async fn progress_shows_the_slowest_of_the_latest_answers_and_none_when_there_is_none() {
        let (start, millis) = (Clock::start().now(), Duration::from_millis);
        let mut tally = Tally::default();
        let mut shown = |at: u64, answers: &[u64]| {
            let (now, mut progress) = (start + millis(at), Progress::default());
            answers.iter().for_each(|latency| tally.answered(now, millis(*latency)));
            tally.show(&mut progress, 0, now);
            progress.latency.as_millis()
        };
        assert_eq!(shown(0, &[]), 0);
        assert_eq!(shown(0, &[140, 610, 120]), 610, "not the last one");
        assert_eq!(shown(800, &[0]), 610, "whoever looks once a second misses none");
        assert_eq!(shown(1_700, &[]), 1, "an answer in no time is one");
        assert_eq!(shown(60_000, &[]), 0, "a minute without an answer has none");
    }
}
