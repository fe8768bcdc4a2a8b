//! Ledgers that fail.

use std::sync::{Arc, Mutex};

use enlist_core::{
    Digest, Entry, Error, ErrorKind, Intent, IntentId, JobId, Key, Ledger, MemoryLedger, NewIntent, Observer,
    Settlement, WriteFault,
};
use enlist_kit::{People, World};
use enlist_simulator::{FaultScope, Lane, Settings};
use tokio::time::Instant;

use super::{assert_whole, quick};

/// A ledger that notes when it failed.
pub(super) struct Watched {
    pub(super) ledger: MemoryLedger,
    pub(super) failed: Arc<Mutex<Option<Instant>>>,
}

impl Watched {
    fn note<T>(&self, result: Result<T, Error>) -> Result<T, Error> {
        if result.is_err() {
            self.failed.lock().unwrap().get_or_insert_with(Instant::now);
        }
        result
    }
}

impl Ledger for Watched {
    fn generation(&self) -> Result<Option<Digest>, Error> {
        self.ledger.generation()
    }
    fn set_generation(&mut self, generation: Digest) -> Result<(), Error> {
        let result = self.ledger.set_generation(generation);
        self.note(result)
    }
    fn len(&self) -> Result<u64, Error> {
        self.ledger.len()
    }
    fn entries(&self, generation: &Digest, from: Key, to: Key) -> Result<Vec<Entry>, Error> {
        self.ledger.entries(generation, from, to)
    }
    fn intents(&self) -> Result<Vec<Intent>, Error> {
        self.ledger.intents()
    }
    fn record(&mut self, intents: &[NewIntent], now: i64) -> Result<Vec<IntentId>, Error> {
        let result = self.ledger.record(intents, now);
        self.note(result)
    }
    fn accept(&mut self, intent: IntentId, job: &JobId, in_doubt: bool) -> Result<(), Error> {
        let result = self.ledger.accept(intent, job, in_doubt);
        self.note(result)
    }
    fn settle(&mut self, intent: IntentId, settlement: &Settlement) -> Result<(), Error> {
        let result = self.ledger.settle(intent, settlement);
        self.note(result)
    }
    fn last_intent(&self) -> Result<IntentId, Error> {
        self.ledger.last_intent()
    }
    fn expire_late(&mut self, through: IntentId) -> Result<(), Error> {
        let result = self.ledger.expire_late(through);
        self.note(result)
    }
    fn clear_late(&mut self, through: IntentId) -> Result<u64, Error> {
        let result = self.ledger.clear_late(through);
        self.note(result)
    }
    fn note_absence(&mut self, left: &[Key], back: &[Key]) -> Result<(), Error> {
        let result = self.ledger.note_absence(left, back);
        self.note(result)
    }
    fn keep_emails(&mut self, emails: &[(Key, String)]) -> Result<(), Error> {
        let result = self.ledger.keep_emails(emails);
        self.note(result)
    }
    fn clear_emails(&mut self) -> Result<u64, Error> {
        let result = self.ledger.clear_emails();
        self.note(result)
    }
    fn suppressed(&self) -> Result<Vec<Key>, Error> {
        self.ledger.suppressed()
    }
}

#[tokio::test(start_paused = true)]
async fn after_a_ledger_fails_at_any_write_nothing_is_sent_and_the_next_run_converges() {
    let mut settings = Settings { fail_accept: 0.002, fail_async: 0.005, ..quick() };
    settings.processing.failed = 0.2;
    settings.faults.scope = FaultScope::Bulk;
    settings.faults.cut_after = 0.1;
    let people = People::clean(1_200);
    let dry = World::new(settings.clone());
    assert_whole(&dry.run(people.source()).await.unwrap());
    let writes = dry.ledger.writes();
    assert!(writes > 30, "{writes}");
    for fault in [WriteFault::Lost, WriteFault::Kept] {
        for nth in 1..=writes.min(60) {
            let world = World::new(settings.clone());
            world.ledger.fail_write(nth, fault);
            let failed = Arc::default();
            let began = Instant::now();
            let mut state = world.state().unwrap();
            state.ledger = Box::new(Watched { ledger: world.ledger.clone(), failed: Arc::clone(&failed) });
            let result = world.export(people.source()).unwrap().run(state, Observer::none()).await;
            let failed_at = failed.lock().unwrap().unwrap_or_else(|| panic!("write {nth} is made")) - began;
            match result {
                Ok(report) => {
                    assert_eq!(
                        report.error.as_ref().map(Error::kind),
                        Some(ErrorKind::State),
                        "write {nth}, {fault:?}: {:?}",
                        report.error
                    );
                    report.outcome.balance().unwrap();
                }
                Err(error) => assert_eq!(error.kind(), ErrorKind::State),
            }
            let late = world
                .simulator
                .records()
                .iter()
                .filter(|record| record.lane != Lane::General && record.at > failed_at)
                .count();
            assert_eq!(late, 0, "write {nth}, {fault:?}: nothing leaves after the failure");
            assert_whole(&world.run(people.source()).await.unwrap());
            let again = world.run(people.source()).await.unwrap();
            assert_eq!(again.calls.imports, 0, "write {nth}, {fault:?}: and it stays so");
            assert_eq!(world.simulator.len() as u64, again.outcome.unchanged);
        }
    }
}
