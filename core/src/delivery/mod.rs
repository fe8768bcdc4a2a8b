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
pub(crate) use tally::Tally;
use work::{Backlog, Whose};

use crate::plan::Queue;
use crate::{Error, Ledger, MemoryLedger, Rejects, Scope};

/// The deadline itself stops a run; this only bounds a defect in the stopping.
const DRAIN_SLACK: Duration = Duration::from_secs(60);

impl Delivery {
    /// Sends what a merge found, in its order, until nothing is left or the run is stopped.
    pub(crate) async fn deliver(&mut self, ready: Queue, blocked: Queue) {
        self.backlog = Some(Backlog::new(ready, blocked));
        self.work(self.tools.deadline + DRAIN_SLACK).await;
    }

    /// Keeps everything unsent because of `error`.
    pub(crate) fn withhold(&mut self, ready: Queue, blocked: Queue, error: Error) {
        self.backlog = Some(Backlog::new(ready, blocked));
        self.error = Some(error);
    }

    /// Puts rejects on record that are not this delivery's own.
    pub(crate) fn reject_known(&mut self, rejects: &Rejects) -> Result<(), Error> {
        self.tools.rejects.write(&self.tools.origins, rejects)
    }

    /// Ends the run: what has no verdict is released for the next one. Returns the counts and why it stopped early.
    pub(crate) fn finish(mut self) -> (Tally, Option<Error>) {
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
        (self.tally, self.error)
    }

    /// Lends the ledger to `work` on a thread that may block.
    pub(crate) async fn with_ledger<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&dyn Ledger) -> T + Send + 'static,
    ) -> Result<T, Error> {
        let nowhere = Scope { export: String::new(), account: String::new(), list: 0 };
        let ledger = std::mem::replace(&mut self.tools.ledger, Box::new(MemoryLedger::new(nowhere)));
        let (ledger, result) = crate::cpu::run(move || {
            let result = work(&*ledger);
            (ledger, result)
        })
        .await?;
        self.tools.ledger = ledger;
        Ok(result)
    }
}
