//! The slow, paced half: sending changes and believing nothing until the destination says that it finished.

mod access;
mod answer;
mod check;
mod engine;
mod isolate;
mod limit;
#[cfg(test)]
mod pace_tests;
mod pacer;
mod questions;
mod recovery;
mod retry;
mod settle;
mod tally;
mod work;

use std::time::Duration;

pub use check::check_destination;
pub(crate) use check::out_of_reach;
pub(crate) use engine::{Delivery, Tools};
pub use limit::PaceState;
pub use pacer::{FilePaceStore, MemoryPaceStore, PaceStore, Pacer};
pub(crate) use retry::backoff;
pub(crate) use tally::{Tally, Verdicts};
use work::{Backlog, Whose};

use crate::plan::{Emails, Requests};
use crate::{Error, Key, Ledger, MemoryLedger, Rejects, Scope};

/// The deadline itself stops a run; this only bounds a defect in the stopping.
const DRAIN_SLACK: Duration = Duration::from_secs(60);

impl Delivery {
    /// Sends what a merge found, in its order, until nothing is left or the run is stopped.
    pub(crate) async fn deliver(&mut self, requests: Requests) {
        self.backlog = Some(Backlog::new(requests.ready, requests.blocked));
        if self.error.is_none() {
            self.work(self.tools.deadline + DRAIN_SLACK).await;
        }
    }

    /// Sends nothing from here on because of `error`.
    pub(crate) fn withhold(&mut self, error: Error) {
        self.error.get_or_insert(error);
    }

    /// Writes down what has to be on record before anything is sent: who left and who is back, and the emails of those
    /// who may have to be told that they left; without `emails` none is kept any longer.
    pub(crate) async fn note(&mut self, left: Vec<Key>, back: Vec<Key>, emails: Option<Emails>) -> Result<(), Error> {
        if !left.is_empty() || !back.is_empty() || emails.is_some() {
            self.with_ledger_mut(move |ledger| ledger.note_absence(&left, &back)).await??;
        }
        self.with_ledger_mut(move |ledger| {
            let Some(emails) = emails else { return ledger.clear_emails().map(drop) };
            (0..emails.len()).try_for_each(|block| ledger.keep_emails(&emails.load(block)?))
        })
        .await?
    }

    /// Puts rejects on record that are not this delivery's own.
    pub(crate) fn reject_known(&mut self, rejects: &Rejects) -> Result<(), Error> {
        self.tools.rejects.write(&self.tools.origins, rejects)
    }

    /// Ends what was delivered so far: what has no verdict is released for the next run, and counted as deferred.
    /// Returns the contacts counted since the last close.
    pub(crate) fn close(&mut self) -> Verdicts {
        let waiting: Vec<_> = self.waiting.drain().collect();
        for item in waiting {
            let contacts = item.contacts;
            let released = self.give_up(item);
            if let Err(error) = self.account(contacts, released) {
                self.error.get_or_insert(error);
            }
        }
        let own = self.pending.values().filter_map(|pending| match &pending.whose {
            Whose::Own(item) => Some(item.contacts as u64),
            Whose::Earlier { .. } => None,
        });
        let unsent = self.backlog.as_ref().map_or(0, Backlog::contacts);
        self.tally.deferred += own.sum::<u64>() + unsent + self.in_flight;
        self.pending.retain(|_, pending| matches!(pending.whose, Whose::Earlier { .. }));
        (self.backlog, self.in_flight) = (None, 0);
        self.tally.close()
    }

    /// Ends the run. Returns the counts and why it stopped early.
    pub(crate) fn finish(mut self) -> (Tally, Option<Error>) {
        debug_assert!(self.backlog.is_none(), "what was delivered is closed first");
        (std::mem::take(&mut self.tally), self.error.take())
    }

    /// Lends the ledger to `work` on a thread that may block.
    pub(crate) async fn with_ledger<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&dyn Ledger) -> T + Send + 'static,
    ) -> Result<T, Error> {
        self.with_ledger_mut(move |ledger| work(&*ledger)).await
    }

    /// The same for work that writes.
    async fn with_ledger_mut<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut dyn Ledger) -> T + Send + 'static,
    ) -> Result<T, Error> {
        let nowhere = Scope { export: String::new(), account: String::new(), list: 0 };
        let mut ledger = std::mem::replace(&mut self.tools.ledger, Box::new(MemoryLedger::new(nowhere)));
        let (ledger, result) = crate::cpu::run(move || {
            let result = work(&mut *ledger);
            (ledger, result)
        })
        .await?;
        self.tools.ledger = ledger;
        Ok(result)
    }
}
