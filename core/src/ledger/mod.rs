//! What is known about the destination: confirmed values, requests under way, values that may still land.
//!
//! The rules (docs/delivery.md quotes them): R1 no request leaves before its intent is durable. R2 a value is
//! confirmed only by the destination's terminal answer. R3 a contact with an intent that was not confirmed is never
//! skipped. R4 a contact of a pending job is not sent with another value. R5 a value that may still land blocks
//! other values until the destination's backlog is empty, or for half an hour of a run where others never let it be
//! empty. R6 an email goes out once in a run, which the merge sees to. R7 a damaged ledger stops the run; it is never
//! reset. R8 after a failed write nothing more is sent. R9 a refused value is not sent again unchanged. R10 another
//! mapping, list, host or key starts another generation.

mod absence;
mod codec;
#[cfg(test)]
mod contract;
#[cfg(test)]
mod damage;
mod erase;
mod fault;
mod folder;
#[cfg(test)]
mod folder_tests;
mod inspect;
#[cfg(test)]
mod inspect_tests;
mod lock;
mod memory;
mod rows;
mod schema;
mod sqlite;
mod wal;

pub use erase::{Forgotten, forget, reset};
pub use folder::StateFolder;
pub use inspect::{Holding, LedgerFile, Record, Trace};
pub use lock::{ExportLock, Holder};
pub use memory::{MemoryLedger, WriteFault};
pub use sqlite::SqliteLedger;

use std::collections::BTreeSet;

use crate::{Error, ErrorKind, Fingerprint, JobId, Key, Reason};

/// 128 bits that name a generation: everything that changes what sending means.
pub type Digest = [u8; 16];

/// Whose contacts a ledger speaks of. One ledger file holds many scopes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scope {
    /// Name of the export.
    pub export: String,
    /// Host of the account.
    pub account: String,
    /// Id of the list.
    pub list: u64,
}

/// Names an intent within its ledger. Grows with each intent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IntentId(pub i64);

impl IntentId {
    /// Before every intent.
    pub const NONE: Self = Self(0);

    /// The error of a caller that speaks of an intent which was ended or never recorded.
    fn not_open(self) -> Error {
        Error::new(ErrorKind::State, "state::no_intent", format!("intent {} is not on record", self.0))
    }
}

/// Contacts about to be sent in one request, in the order of the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewIntent {
    /// Who, and with which value.
    pub contacts: Vec<(Key, Fingerprint)>,
}

/// How far an intent got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IntentState {
    /// No accepted answer is on record.
    Open,
    /// Accepted as this job, not known to have ended.
    Accepted(JobId),
}

/// An intent without a terminal record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    /// Its name.
    pub id: IntentId,
    /// Milliseconds since the Unix epoch when it was recorded.
    pub since: i64,
    /// How far it got.
    pub state: IntentState,
    /// Whether an attempt of it had no definite answer, so that another copy may still land.
    pub in_doubt: bool,
    /// Who, and with which value.
    pub contacts: Vec<(Key, Fingerprint)>,
}

/// How an intent ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settlement {
    /// Contacts the destination applied.
    pub confirmed: Vec<(Key, Fingerprint)>,
    /// Contacts it refused.
    pub rejected: Vec<(Key, Fingerprint, Reason)>,
    /// Contacts nobody knows about, or that were not applied: they must be sent again.
    pub dirty: Vec<(Key, Fingerprint)>,
    /// Whether a copy of the request may still land: its values join the late values.
    pub in_doubt: bool,
}

impl Settlement {
    /// What becomes of each contact, in the order to be written: dirty outweighs the rest. A contact of an intent in
    /// doubt that the settlement does not name is dirty (R3).
    fn standings(&self, intent: &Intent) -> Vec<(Key, Standing)> {
        let confirmed = self.confirmed.iter().map(|(key, fp)| (*key, Standing::Confirmed(*fp)));
        let rejected = self.rejected.iter();
        let rejected = rejected.map(|(key, fp, reason)| (*key, Standing::Rejected(*fp, *reason)));
        let dirty = self.dirty.iter().map(|(key, _)| (*key, Standing::Dirty));
        let mut standings: Vec<_> = confirmed.chain(rejected).chain(dirty).collect();
        if self.in_doubt || intent.in_doubt {
            let named: BTreeSet<Key> = standings.iter().map(|(key, _)| *key).collect();
            let all = intent.contacts.iter().map(|(key, _)| *key);
            standings.extend(all.filter(|key| !named.contains(key)).map(|key| (key, Standing::Dirty)));
        }
        standings
    }
}

/// What is on record about a contact's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The destination finished with this value.
    Confirmed(Fingerprint),
    /// The destination refused this value.
    Rejected(Fingerprint, Reason),
    /// The contact may be at the destination with an unknown value: it must be sent.
    Dirty,
}

impl Standing {
    /// Whether the last word on record is about this value.
    fn is_of(self, value: Fingerprint) -> bool {
        match self {
            Self::Confirmed(known) | Self::Rejected(known, _) => known == value,
            Self::Dirty => false,
        }
    }
}

/// One contact of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Who.
    pub key: Key,
    /// What is on record, seen from the present generation: a value of an earlier one is [`Standing::Dirty`].
    pub standing: Standing,
    /// Values that may still land from requests without a definite answer.
    pub late: Vec<Fingerprint>,
    /// What was on record under an earlier generation, where [`standing`](Self::standing) is dirty only because another
    /// one was declared since.
    pub earlier: Option<Standing>,
    /// The value that was confirmed last, where something else is on record since: the destination may still have it.
    pub held: Option<Fingerprint>,
    /// Whether an earlier run found that the contact had left the segment.
    pub left: bool,
    /// The email, where the export tells contacts that they left.
    pub email: Option<String>,
}

impl Entry {
    /// An entry of a contact in the segment, without late values.
    pub fn of(key: Key, standing: Standing) -> Self {
        Self { key, standing, late: Vec::new(), earlier: None, held: None, left: false, email: None }
    }

    /// What is on record, whatever the generation.
    pub(crate) fn last_word(&self) -> Standing {
        self.earlier.unwrap_or(self.standing)
    }

    /// The value that was confirmed last, whatever is on record since.
    pub(crate) fn confirmed_last(&self) -> Option<Fingerprint> {
        match self.last_word() {
            Standing::Confirmed(value) => Some(value),
            Standing::Rejected(..) | Standing::Dirty => self.held,
        }
    }
}

/// The journal of one [`Scope`]. Every writing method is durable when it returns, and one transaction.
///
/// # Errors
/// All methods fail with [`ErrorKind::State`](crate::ErrorKind::State); after a failed write the caller must not
/// send anything more (R8).
pub trait Ledger: Send {
    /// The generation last declared, if any.
    fn generation(&self) -> Result<Option<Digest>, Error>;

    /// Declares the present generation; entries of another one read as dirty from here on (R10).
    fn set_generation(&mut self, generation: Digest) -> Result<(), Error>;

    /// Number of entries.
    fn len(&self) -> Result<u64, Error>;

    /// Whether there is no entry.
    fn is_empty(&self) -> Result<bool, Error> {
        Ok(self.len()? == 0)
    }

    /// Entries with `from <= key <= to`, in key order, as seen from `generation`. Contacts that are only in an
    /// unfinished intent have no entry yet.
    fn entries(&self, generation: &Digest, from: Key, to: Key) -> Result<Vec<Entry>, Error>;

    /// Intents without a terminal record, oldest first.
    fn intents(&self) -> Result<Vec<Intent>, Error>;

    /// Records intents (R1), `now` in milliseconds since the Unix epoch; returns their names in order.
    fn record(&mut self, intents: &[NewIntent], now: i64) -> Result<Vec<IntentId>, Error>;

    /// Records that the destination accepted `intent` as `job`; `in_doubt` when an earlier attempt of it had no
    /// definite answer.
    fn accept(&mut self, intent: IntentId, job: &JobId, in_doubt: bool) -> Result<(), Error>;

    /// Ends `intent`: writes what became of its contacts under the present generation and forgets it. Contacts of
    /// `dirty` become [`Standing::Dirty`]; contacts the settlement does not name were not applied and keep their
    /// standing. When it was in doubt (here or when it was accepted), all its values become late values of this intent,
    /// and contacts that are not named are dirty.
    fn settle(&mut self, intent: IntentId, settlement: &Settlement) -> Result<(), Error>;

    /// The intent recorded last, ended or not; [`IntentId::NONE`] before the first.
    fn last_intent(&self) -> Result<IntentId, Error>;

    /// Forgets late values of intents up to `through`, and expired ones: they have landed or never will. Contacts of
    /// which another value than the one on record may have landed become [`Standing::Dirty`] (R5). Returns how many
    /// values were forgotten.
    fn clear_late(&mut self, through: IntentId) -> Result<u64, Error>;

    /// Marks late values of intents up to `through` as expired: any later [`clear_late`](Self::clear_late) forgets
    /// them. An expired value that becomes late again is late anew.
    fn expire_late(&mut self, through: IntentId) -> Result<(), Error>;

    /// Notes whom a run found to have `left` the segment, and who of those is `back`. Contacts without an entry are
    /// passed over. Forgets emails that were kept for contacts which never came to anything.
    fn note_absence(&mut self, left: &[Key], back: &[Key]) -> Result<(), Error>;

    /// Keeps emails of contacts that may have to be told that they left; they are kept before the contact is sent.
    fn keep_emails(&mut self, emails: &[(Key, String)]) -> Result<(), Error>;

    /// Forgets all of them. Returns how many there were.
    fn clear_emails(&mut self) -> Result<u64, Error>;

    /// Whoever was erased and must never be sent again, whatever the export; in key order.
    fn suppressed(&self) -> Result<Vec<Key>, Error>;
}
