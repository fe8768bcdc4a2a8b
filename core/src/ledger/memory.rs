//! The ledger in memory: same rules, no disk. It survives the crashes that tests stage, not those of the process.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Digest, Entry, Intent, IntentId, IntentState, Ledger, NewIntent, Scope, Settlement, Standing};
use crate::{Error, ErrorKind, Fingerprint, JobId, Key};

/// What becomes of the write that [`MemoryLedger::fail_write`] makes fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteFault {
    /// Nothing of it is on record.
    Lost,
    /// All of it is on record, and the caller is told that it failed.
    Kept,
}

#[derive(Clone, Debug, Default)]
struct Records {
    generation: Option<Digest>,
    contacts: BTreeMap<Key, (Option<Digest>, Standing)>,
    /// The value confirmed last of each contact of which something else is on record since.
    held: BTreeMap<Key, Fingerprint>,
    /// The last intent that may still bring each value of a contact; none for an expired one.
    late: BTreeMap<Key, BTreeMap<Fingerprint, IntentId>>,
    intents: BTreeMap<IntentId, Intent>,
    last: IntentId,
    left: BTreeSet<Key>,
    emails: BTreeMap<Key, String>,
    suppressed: BTreeSet<Key>,
}

#[derive(Debug, Default)]
struct Store {
    records: Records,
    writes: u64,
    fault: Option<(u64, WriteFault)>,
}

/// A [`Ledger`] in memory. Clones share their records.
#[derive(Clone, Debug)]
pub struct MemoryLedger {
    scope: Scope,
    store: Arc<Mutex<Store>>,
}

impl MemoryLedger {
    /// An empty ledger of `scope`.
    pub fn new(scope: Scope) -> Self {
        let store = Arc::default();
        Self { scope, store }
    }

    /// Whose contacts it speaks of.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// What a process that starts after a crash at this moment finds: a ledger of its own, which later writes to this
    /// one do not reach. A planned failure is not carried over.
    #[must_use]
    pub fn crash(&self) -> Self {
        let store = Store { records: self.store().records.clone(), ..Store::default() };
        Self { scope: self.scope.clone(), store: Arc::new(Mutex::new(store)) }
    }

    /// Erases people, as [`forget`](super::forget) does with a file.
    pub fn forget(&self, people: &[Key]) {
        let records = &mut self.store().records;
        for key in people {
            records.contacts.remove(key);
            records.held.remove(key);
            records.late.remove(key);
            records.emails.remove(key);
            records.left.remove(key);
            records.suppressed.insert(*key);
        }
    }

    /// Number of writing calls so far, failed ones included.
    pub fn writes(&self) -> u64 {
        self.store().writes
    }

    /// Makes one later writing call fail: the next one for `nth` 1.
    pub fn fail_write(&self, nth: u64, fault: WriteFault) {
        let mut store = self.store();
        store.fault = Some((store.writes + nth, fault));
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        // Records change as a whole or not at all, so a panic elsewhere leaves none half written.
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write<T>(&self, work: impl FnOnce(&mut Records) -> Result<T, Error>) -> Result<T, Error> {
        let mut store = self.store();
        store.writes += 1;
        let fault = store.fault.filter(|(at, _)| *at == store.writes).map(|(_, fault)| fault);
        let failure = || Error::new(ErrorKind::State, "state::unwritable", "a planned write failure");
        match fault {
            None => work(&mut store.records),
            Some(WriteFault::Lost) => Err(failure()),
            Some(WriteFault::Kept) => work(&mut store.records).and(Err(failure())),
        }
    }
}

impl Ledger for MemoryLedger {
    fn generation(&self) -> Result<Option<Digest>, Error> {
        Ok(self.store().records.generation)
    }

    fn set_generation(&mut self, generation: Digest) -> Result<(), Error> {
        self.write(|records| {
            records.generation = Some(generation);
            Ok(())
        })
    }

    fn len(&self) -> Result<u64, Error> {
        Ok(self.store().records.contacts.len() as u64)
    }

    fn entries(&self, generation: &Digest, from: Key, to: Key) -> Result<Vec<Entry>, Error> {
        if from > to {
            return Ok(Vec::new());
        }
        let store = self.store();
        let records = &store.records;
        let entry = |(key, (written, standing)): (&Key, &(Option<Digest>, Standing))| Entry {
            key: *key,
            standing: if written.as_ref() == Some(generation) { *standing } else { Standing::Dirty },
            late: records.late.get(key).into_iter().flat_map(BTreeMap::keys).copied().collect(),
            earlier: Some(*standing)
                .filter(|standing| written.as_ref() != Some(generation) && *standing != Standing::Dirty),
            held: records.held.get(key).copied(),
            left: records.left.contains(key),
            email: records.emails.get(key).cloned(),
        };
        Ok(records.contacts.range(from..=to).map(entry).collect())
    }

    fn intents(&self) -> Result<Vec<Intent>, Error> {
        Ok(self.store().records.intents.values().cloned().collect())
    }

    fn record(&mut self, intents: &[NewIntent], now: i64) -> Result<Vec<IntentId>, Error> {
        self.write(|records| Ok(records.record(intents, now)))
    }

    fn accept(&mut self, intent: IntentId, job: &JobId, in_doubt: bool) -> Result<(), Error> {
        self.write(|records| {
            let open = records.intents.get_mut(&intent).ok_or_else(|| intent.not_open())?;
            open.state = IntentState::Accepted(job.clone());
            open.in_doubt |= in_doubt;
            Ok(())
        })
    }

    fn settle(&mut self, intent: IntentId, settlement: &Settlement) -> Result<(), Error> {
        self.write(|records| {
            let intent = records.intents.remove(&intent).ok_or_else(|| intent.not_open())?;
            for (key, standing) in settlement.standings(&intent) {
                if !records.suppressed.contains(&key) {
                    records.put(key, standing);
                }
            }
            if settlement.in_doubt || intent.in_doubt {
                records.add_late(&intent);
            }
            Ok(())
        })
    }

    fn last_intent(&self) -> Result<IntentId, Error> {
        Ok(self.store().records.last)
    }

    fn clear_late(&mut self, through: IntentId) -> Result<u64, Error> {
        self.write(|records| {
            let (mut cleared, mut unclear) = (0, Vec::new());
            for (key, values) in &mut records.late {
                let standing = records.contacts.get(key).map(|(_, standing)| *standing);
                let gone: Vec<_> = values.extract_if(.., |_, intent| *intent <= through).map(|(fp, _)| fp).collect();
                if gone.iter().any(|&fp| !standing.is_some_and(|standing| standing.is_of(fp))) {
                    unclear.push(*key);
                }
                cleared += gone.len();
            }
            records.late.retain(|_, values| !values.is_empty());
            unclear.into_iter().for_each(|key| records.put(key, Standing::Dirty));
            Ok(cleared as u64)
        })
    }

    fn expire_late(&mut self, through: IntentId) -> Result<(), Error> {
        self.write(|records| {
            let intents = records.late.values_mut().flat_map(BTreeMap::values_mut);
            intents.filter(|intent| **intent <= through).for_each(|intent| *intent = IntentId::NONE);
            Ok(())
        })
    }

    fn note_absence(&mut self, left: &[Key], back: &[Key]) -> Result<(), Error> {
        self.write(|records| {
            records.left.extend(left.iter().filter(|key| records.contacts.contains_key(key)));
            records.left.retain(|key| !back.contains(key));
            if records.intents.is_empty() {
                let contacts = &records.contacts;
                records.emails.retain(|key, _| contacts.contains_key(key));
            }
            Ok(())
        })
    }

    fn keep_emails(&mut self, emails: &[(Key, String)]) -> Result<(), Error> {
        self.write(|records| {
            for (key, email) in emails.iter().filter(|(key, _)| !records.suppressed.contains(key)) {
                records.emails.entry(*key).or_insert_with(|| email.clone());
            }
            Ok(())
        })
    }

    fn clear_emails(&mut self) -> Result<u64, Error> {
        self.write(|records| Ok(std::mem::take(&mut records.emails).len() as u64))
    }

    fn suppressed(&self) -> Result<Vec<Key>, Error> {
        Ok(self.store().records.suppressed.iter().copied().collect())
    }
}

impl Records {
    fn record(&mut self, intents: &[NewIntent], now: i64) -> Vec<IntentId> {
        let mut ids = Vec::with_capacity(intents.len());
        for new in intents {
            let id = IntentId(self.last.0 + 1);
            self.last = id;
            let intent =
                Intent { id, since: now, state: IntentState::Open, in_doubt: false, contacts: new.contacts.clone() };
            self.intents.insert(id, intent);
            ids.push(id);
        }
        ids
    }

    fn put(&mut self, key: Key, standing: Standing) {
        let before = self.contacts.insert(key, (self.generation, standing));
        match (standing, before) {
            (Standing::Confirmed(_), _) => _ = self.held.remove(&key),
            (_, Some((_, Standing::Confirmed(value)))) => _ = self.held.insert(key, value),
            _ => {}
        }
    }

    fn add_late(&mut self, intent: &Intent) {
        for (key, fp) in intent.contacts.iter().filter(|(key, _)| !self.suppressed.contains(key)) {
            let last = self.late.entry(*key).or_default().entry(*fp).or_insert(intent.id);
            *last = intent.id.max(*last);
        }
    }
}
