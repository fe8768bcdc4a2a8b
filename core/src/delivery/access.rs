//! Is it us or them: questions about the key and the list when answers go wrong.

use std::sync::Arc;
use std::time::Duration;

use super::engine::{Delivery, Event};
use crate::{Error, ErrorKind, Lane, SendError};

/// Probes that must fail before the key counts as revoked: the destination is known to answer 403 now and then to a
/// valid key.
const PROBES: u32 = 3;

/// Pause before each probe but the first; three probes take about a minute.
const PROBE_EVERY: Duration = Duration::from_secs(30);

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

    /// Asks whether list and fields are still there; nothing is sent meanwhile.
    pub(super) fn check_destination(&mut self) {
        if std::mem::replace(&mut self.checking, true) {
            return;
        }
        let (sink, pacer) = (Arc::clone(&self.tools.sink), Arc::clone(&self.tools.pacer));
        self.tasks.spawn(async move { Event::Checked(sink.check(&*pacer).await.map(|_| ())) });
    }

    pub(super) fn checked(&mut self, result: Result<(), SendError>) -> Result<(), Error> {
        self.checking = false;
        match result {
            Ok(()) => self.sound_at = Some(self.tools.clock.now()),
            Err(SendError::Fatal(error)) => {
                self.stop(error);
            }
            // No word about the list: whoever needs to know asks again.
            Err(_) => {}
        }
        Ok(())
    }
}

/// The error for a key that is refused for good.
pub(crate) fn revoked(cause: &str) -> Error {
    Error::new(ErrorKind::Access, "access::key", format!("the destination rejects the API key ({cause})"))
        .help("create or copy a valid key and put it where the configuration reads it, then run the same command again")
}
