//! The ledger of a process that may die at any write: what is written survives, what is not never was.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use enlist_core::{Digest, Entry, Error, ErrorKind, Intent, IntentId, JobId, Key, Ledger, NewIntent, Settlement};

use crate::farewell::Farewells;
use crate::process::{Process, Strike};
use crate::trace::Trace;

/// A ledger that outlives processes, and that others may look into.
#[derive(Clone)]
pub(crate) struct Store {
    ledger: Arc<Mutex<Box<dyn Ledger>>>,
    expired: Arc<AtomicBool>,
}

impl Store {
    pub(crate) fn new(ledger: Box<dyn Ledger>) -> Self {
        Self { ledger: Arc::new(Mutex::new(ledger)), expired: Arc::default() }
    }

    pub(crate) fn look(&self) -> MutexGuard<'_, Box<dyn Ledger>> {
        // A write that panicked has been rolled back or has happened.
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store {
    /// Whether late values were marked as expired.
    pub(crate) fn has_expired(&self) -> bool {
        self.expired.load(Ordering::Relaxed)
    }

    /// The same, for the last time.
    pub(crate) fn forget_expired(&self) -> bool {
        self.expired.swap(false, Ordering::Relaxed)
    }
}

/// One process's way to the [`Store`].
pub(crate) struct Journal {
    pub(crate) store: Store,
    pub(crate) process: Arc<Process>,
    pub(crate) trace: Trace,
    pub(crate) farewells: Farewells,
}

impl Journal {
    fn write<T>(&self, what: &str, work: impl FnOnce(&mut dyn Ledger) -> Result<T, Error>) -> Result<T, Error> {
        let strike = self.process.step().map_err(|_| failure())?;
        let happens = !matches!(strike, Some(Strike::DieBefore | Strike::FailBefore));
        let done = if happens { Some(work(&mut **self.store.look())) } else { None };
        self.trace.note(format_args!("ledger {what} {strike:?}"));
        if matches!(strike, Some(Strike::DieBefore | Strike::DieAfter)) {
            self.process.die();
        }
        match (strike, done) {
            (None, Some(done)) => done,
            _ => Err(failure()),
        }
    }

    fn read<T>(&self, work: impl FnOnce(&dyn Ledger) -> Result<T, Error>) -> Result<T, Error> {
        if self.process.is_dead() {
            return Err(failure());
        }
        work(&**self.store.look())
    }
}

fn failure() -> Error {
    Error::new(ErrorKind::State, "state::unwritable", "a simulated write failure")
}

impl Ledger for Journal {
    fn generation(&self) -> Result<Option<Digest>, Error> {
        self.read(|ledger| ledger.generation())
    }

    fn set_generation(&mut self, generation: Digest) -> Result<(), Error> {
        self.write("generation", |ledger| ledger.set_generation(generation))
    }

    fn len(&self) -> Result<u64, Error> {
        self.read(|ledger| ledger.len())
    }

    fn entries(&self, generation: &Digest, from: Key, to: Key) -> Result<Vec<Entry>, Error> {
        self.read(|ledger| ledger.entries(generation, from, to))
    }

    fn intents(&self) -> Result<Vec<Intent>, Error> {
        self.read(|ledger| ledger.intents())
    }

    fn last_intent(&self) -> Result<IntentId, Error> {
        self.read(|ledger| ledger.last_intent())
    }

    fn record(&mut self, intents: &[NewIntent], now: i64) -> Result<Vec<IntentId>, Error> {
        self.write("record", |ledger| ledger.record(intents, now))
    }

    fn accept(&mut self, intent: IntentId, job: &JobId, in_doubt: bool) -> Result<(), Error> {
        self.write(&format!("accept {} {in_doubt}", intent.0), |ledger| ledger.accept(intent, job, in_doubt))
    }

    fn settle(&mut self, intent: IntentId, settlement: &Settlement) -> Result<(), Error> {
        let Settlement { confirmed, rejected, dirty, in_doubt } = settlement;
        let counts = (confirmed.len(), rejected.len(), dirty.len());
        self.write(&format!("settle {} {counts:?} {in_doubt}", intent.0), |ledger| {
            let ends = ledger.intents()?.into_iter().find(|known| known.id == intent);
            ledger.settle(intent, settlement)?;
            self.farewells.settled(ends.as_ref(), settlement);
            Ok(())
        })
    }

    fn clear_late(&mut self, through: IntentId) -> Result<u64, Error> {
        self.write(&format!("clear_late {}", through.0), |ledger| ledger.clear_late(through))
    }

    fn expire_late(&mut self, through: IntentId) -> Result<(), Error> {
        self.store.expired.store(true, Ordering::Relaxed);
        self.write(&format!("expire_late {}", through.0), |ledger| ledger.expire_late(through))
    }

    fn note_absence(&mut self, left: &[Key], back: &[Key]) -> Result<(), Error> {
        let what = format!("note_absence {} {}", left.len(), back.len());
        self.write(&what, |ledger| ledger.note_absence(left, back))
    }

    fn keep_emails(&mut self, emails: &[(Key, String)]) -> Result<(), Error> {
        self.write(&format!("keep_emails {}", emails.len()), |ledger| ledger.keep_emails(emails))
    }

    fn clear_emails(&mut self) -> Result<u64, Error> {
        self.write("clear_emails", |ledger| ledger.clear_emails())
    }

    fn suppressed(&self) -> Result<Vec<Key>, Error> {
        self.read(|ledger| ledger.suppressed())
    }
}
