//! Is it us or them: questions about the key and the list when answers go wrong.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::engine::{Delivery, Event};
use crate::{Error, ErrorKind, Lane, SendError};

/// Probes that must fail before the key counts as revoked: the destination is known to answer 403 now and then to a
/// valid key.
const PROBES: u32 = 3;

/// Pause before each probe but the first; three probes take about a minute.
const PROBE_EVERY: Duration = Duration::from_secs(30);

/// Time between two questions for the list: they share the quota of the questions about jobs.
const CHECK_EVERY: Duration = Duration::from_secs(15);

impl Delivery {
    /// Holds all sending until the credentials are tested.
    pub(super) fn question_access(&mut self) {
        if self.probing.is_none() {
            self.probing = Some(0);
            self.probe(Duration::ZERO);
        }
    }

    fn probe(&mut self, after: Duration) {
        self.tally.calls.other += 1;
        let (sink, pacer, clock) = (Arc::clone(&self.tools.sink), Arc::clone(&self.tools.pacer), self.tools.clock);
        self.tasks.spawn(async move {
            clock.sleep(after).await;
            Event::Probed(match pacer.turn(Lane::General).await {
                Ok(()) => sink.probe().await,
                Err(error) => Err(SendError::Fatal(error)),
            })
        });
    }

    pub(super) fn probed(&mut self, result: Result<(), SendError>) -> Result<(), Error> {
        let failures = self.probing.unwrap_or_default() + 1;
        match result {
            Ok(()) => self.probing = None,
            Err(SendError::Fatal(error)) => {
                self.stop(error);
            }
            Err(SendError::Denied(cause)) if failures >= PROBES => {
                self.stop(revoked(&cause));
            }
            Err(SendError::Denied(_)) => {
                self.probing = Some(failures);
                self.probe(PROBE_EVERY);
            }
            // No word about the key: ask again without counting.
            Err(_) => self.probe(PROBE_EVERY),
        }
        Ok(())
    }

    /// Asks for the list where somebody waits for a word about it; returns when to look again.
    pub(super) fn ask_for_list(&mut self, now: Instant) -> Option<Instant> {
        if self.checking || !self.list_in_question {
            return None;
        }
        if self.check_due > now {
            return Some(self.check_due);
        }
        (self.checking, self.check_due) = (true, now + CHECK_EVERY);
        self.tally.calls.other += 1;
        let (sink, pacer) = (Arc::clone(&self.tools.sink), Arc::clone(&self.tools.pacer));
        self.tasks.spawn(async move { Event::Checked { asked: now, found: sink.check(&*pacer).await.map(|_| ()) } });
        None
    }

    pub(super) fn checked(&mut self, asked: Instant, found: Result<(), SendError>) -> Result<(), Error> {
        self.checking = false;
        match found {
            Ok(()) => {
                self.sound_at = Some(asked);
                let heard = self.pending.iter().filter_map(|(&intent, pending)| Some((intent, pending.refused_at?)));
                let (vouched, rest): (Vec<_>, Vec<_>) = heard.partition(|(_, heard)| *heard <= asked);
                self.list_in_question = !rest.is_empty();
                self.ask_at_once(vouched.into_iter().map(|(intent, _)| intent).collect());
                Ok(())
            }
            // No word about the list: it is asked for again.
            Err(cause) => self.heed(cause),
        }
    }

    /// What the failure of a question means for everybody, whatever was asked.
    pub(super) fn heed(&mut self, cause: SendError) -> Result<(), Error> {
        match cause {
            SendError::Throttled { retry_after } => return self.hold(Lane::General, retry_after),
            SendError::Denied(_) => self.question_access(),
            SendError::Fatal(error) => {
                self.stop(error);
            }
            _ => {}
        }
        Ok(())
    }
}

/// The error for a key that is refused for good.
pub(crate) fn revoked(cause: &str) -> Error {
    Error::new(ErrorKind::Access, "access::key", format!("the destination rejects the API key ({cause})"))
        .help("create or copy a valid key and put it where the configuration reads it, then run the same command again")
}
