//! Questions to the destination: what became of a job, and whether anything is under way at all.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::engine::{Delivery, Event};
use super::retry;
use super::work::{Backlog, Pending, Whose};
use crate::{Error, IntentId, JobId, Lane, SendError};

/// Most questions about jobs under way.
const ASKING: usize = 8;

/// Time between two questions about the account's backlog.
const BACKLOG_EVERY: Duration = Duration::from_secs(10);

/// How long after the start of a run a request of the run before may still be on its way (its time-out).
const STRAY: Duration = Duration::from_secs(60);

/// Jobs that may end between an answer about the backlog and its arrival.
const PENDING_ENDS: u64 = 32;

/// After this time a value that might still land is taken to have landed (R5).
const QUARANTINE: Duration = Duration::from_secs(30 * 60);

/// Age of a job from which an empty backlog outweighs the job's own word that it is not finished: such a word is also
/// said of jobs that the destination lost.
const LOST_AFTER: Duration = Duration::from_secs(10 * 60);

impl Delivery {
    /// Keeps an accepted job in view.
    pub(super) fn watch(&mut self, intent: IntentId, job: JobId, whose: Whose) {
        let now = self.tools.clock.now();
        let first = match whose {
            Whose::Own(_) => now + retry::question(0),
            Whose::Earlier { .. } => now,
        };
        self.jobs.insert(job.clone());
        let pending = Pending { job, whose, accepted: now, asked: 0, unknown: 0, asking: false, refused_at: None };
        self.pending.insert(intent, pending);
        self.questions.insert((first, intent));
    }

    /// Asks again about a job later.
    pub(super) fn ask_again(&mut self, intent: IntentId) {
        if let Some(pending) = self.pending.get_mut(&intent) {
            pending.asking = false;
            self.questions.insert((self.tools.clock.now() + retry::question(pending.asked), intent));
        }
    }

    /// Asks about jobs without the pause that is due, unless a question is under way.
    pub(super) fn ask_at_once(&mut self, mut intents: Vec<IntentId>) {
        let now = self.tools.clock.now();
        intents.retain(|intent| self.pending.get(intent).is_some_and(|pending| !pending.asking));
        self.questions.retain(|(_, intent)| !intents.contains(intent));
        self.questions.extend(intents.into_iter().map(|intent| (now, intent)));
    }

    pub(super) fn ask_outcomes(&mut self, now: Instant) -> Option<Instant> {
        while let Some(&(due, intent)) = self.questions.first() {
            if due > now {
                return Some(due);
            }
            if self.asking >= ASKING {
                return None;
            }
            self.questions.pop_first();
            let Some(pending) = self.pending.get_mut(&intent) else { continue };
            pending.asked += 1;
            pending.asking = true;
            self.asking += 1;
            self.tally.calls.other += 1;
            let (sink, pacer, job) = (Arc::clone(&self.tools.sink), Arc::clone(&self.tools.pacer), pending.job.clone());
            self.tasks.spawn(async move {
                let state = match pacer.turn(Lane::General).await {
                    Ok(()) => sink.outcome(&job).await,
                    Err(error) => Err(SendError::Fatal(error)),
                };
                Event::Outcome { intent, state }
            });
        }
        None
    }

    /// One cheap call tells whether anything is under way at all.
    pub(super) fn ask_backlog(&mut self, now: Instant) -> Option<Instant> {
        let barred = self.backlog.as_ref().is_some_and(Backlog::is_barred);
        if self.backlog_asked || (self.pending.is_empty() && !barred) {
            return None;
        }
        if self.backlog_due > now {
            return Some(self.backlog_due);
        }
        self.backlog_due = now + BACKLOG_EVERY;
        self.backlog_asked = true;
        self.tally.calls.other += 1;
        let (sink, pacer, clock) = (Arc::clone(&self.tools.sink), Arc::clone(&self.tools.pacer), self.tools.clock);
        self.tasks.spawn(async move {
            let turn = pacer.turn(Lane::General).await;
            let asked = clock.now();
            let jobs = match turn {
                Ok(()) => sink.backlog().await,
                Err(error) => Err(SendError::Fatal(error)),
            };
            Event::Outstanding { asked, jobs }
        });
        None
    }

    pub(super) fn outstanding(&mut self, asked: Instant, jobs: Result<u64, SendError>) -> Result<(), Error> {
        match jobs {
            Ok(0) => {
                self.empty_at = Some(asked);
                // Nothing is under way: every job accepted before the question has ended.
                let ended = self.pending.iter().filter(|(_, pending)| pending.accepted < asked);
                self.ask_at_once(ended.map(|(&intent, _)| intent).collect());
                self.open_barrier(asked)
            }
            Ok(jobs) => {
                self.empty_at = None;
                self.note_others(jobs);
                Ok(())
            }
            // The call is a hint; its failure ends nothing.
            Err(SendError::Fatal(_)) => Ok(()),
            Err(cause) => self.heed(cause),
        }
    }

    /// Tells of imports under way that cannot be ours, not even by a lost answer.
    fn note_others(&mut self, jobs: u64) {
        let unclear = self.tally.calls.in_doubt + self.tally.recovered.unclear;
        // Jobs that ended while the answer was on its way were counted as well.
        let ended = self.tally.accepted.saturating_sub(self.own_pending() as u64).min(PENDING_ENDS);
        let ours = (self.pending.len() + self.sending) as u64 + unclear + ended;
        if jobs > ours {
            self.tally.warn("another importer is at work on this account; it counts in the same limits");
        }
    }

    /// R5: with an empty backlog, and no request of an earlier run on its way, no other value can land any more.
    fn open_barrier(&mut self, asked: Instant) -> Result<(), Error> {
        if asked < self.started + STRAY || self.earlier_pending() {
            return Ok(());
        }
        self.tools.ledger.clear_late(self.last_before)?;
        self.bar_open();
        Ok(())
    }

    /// R5: an account that others keep busy does not hold back a value for ever. What may land later than this stays
    /// on record as expired, so that the next run sends the contact once more. Measured within one run: a wall clock
    /// that jumps must not release a value early.
    pub(super) fn open_after_quarantine(&mut self, now: Instant) -> Result<(), Error> {
        let barred = self.backlog.as_ref().is_some_and(|backlog| !backlog.open);
        if barred && now >= self.started + QUARANTINE && !self.earlier_pending() {
            self.tools.ledger.expire_late(self.last_before)?;
            self.bar_open();
        }
        Ok(())
    }

    /// Whether nothing was under way long after a job was accepted that is not finished by its own account.
    pub(super) fn is_lost(&self, intent: IntentId) -> bool {
        let accepted = self.pending.get(&intent).map(|pending| pending.accepted);
        self.empty_at.zip(accepted).is_some_and(|(empty, accepted)| accepted + LOST_AFTER < empty)
    }

    /// Whether no contact of this run can be brought further. Jobs of an earlier run do not keep a run from ending;
    /// contacts that wait for them are deferred after the quarantine.
    pub(super) fn is_through(&self, now: Instant) -> bool {
        let Some(backlog) = &self.backlog else { return self.pending.is_empty() };
        let own = self.own_pending() > 0;
        let hopeless = || backlog.is_barred() && self.earlier_pending() && now >= self.started + QUARANTINE;
        !own && (backlog.is_empty() || hopeless())
    }

    fn bar_open(&mut self) {
        if let Some(backlog) = &mut self.backlog {
            backlog.open = true;
        }
    }

    pub(super) fn own_pending(&self) -> usize {
        self.pending.values().filter(|pending| matches!(pending.whose, Whose::Own(_))).count()
    }

    pub(super) fn earlier_pending(&self) -> bool {
        self.pending.values().any(|pending| matches!(pending.whose, Whose::Earlier { .. }))
    }
}
