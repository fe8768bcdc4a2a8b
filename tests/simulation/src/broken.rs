//! Rules broken on purpose, to see that the simulation notices. The ledger tells lies, the core is the real one.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use enlist_core::{
    Digest, Entry, Error, Fingerprint, Intent, IntentId, IntentState, JobId, Key, Ledger, NewIntent, Settlement,
    Standing,
};

use crate::journal::Journal;

/// A rule of the ledger (docs/delivery.md), or what it says of leavers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Intents are written when the answer has come, not before the request leaves.
    R1,
    /// A value is confirmed when its request is accepted.
    R2,
    /// What was confirmed last decides, whatever was sent since.
    R3,
    /// Jobs of earlier runs are not waited for.
    R4,
    /// A value that may still land holds back no other.
    R5,
    /// A person may be in the segment twice.
    R6,
    /// Whom an earlier run told that they left is forgotten.
    Told,
}

impl Rule {
    /// All of them.
    pub const ALL: [Self; 7] = [Self::R1, Self::R2, Self::R3, Self::R4, Self::R5, Self::R6, Self::Told];
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl FromStr for Rule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let named = |rule: &Self| rule.to_string().eq_ignore_ascii_case(text);
        Self::ALL.into_iter().find(named).ok_or_else(|| format!("{text} is none of R1 to R6 and Told"))
    }
}

/// What hides from the core, for a broken R6, that an email is there twice. The account never sees it.
pub(crate) const ALIAS: &str = "another.";

/// Names of intents that are not written yet.
const UNWRITTEN: i64 = 1 << 40;

/// A ledger that keeps all rules but one.
pub(crate) fn breaking(rule: Rule, journal: Journal) -> Box<dyn Ledger> {
    Box::new(Broken { rule, journal, unwritten: BTreeMap::new(), names: BTreeMap::new(), ended: BTreeSet::new() })
}

struct Broken {
    rule: Rule,
    journal: Journal,
    unwritten: BTreeMap<IntentId, (NewIntent, i64)>,
    /// Names that were given out before the intent was written, and the names it has in the journal.
    names: BTreeMap<IntentId, IntentId>,
    ended: BTreeSet<IntentId>,
}

impl Broken {
    /// The name under which the journal knows an intent, which is written at last.
    fn written(&mut self, intent: IntentId) -> Result<IntentId, Error> {
        if let Some((new, now)) = self.unwritten.remove(&intent) {
            let name = self.journal.record(&[new], now)?.first().copied().unwrap_or(intent);
            self.names.insert(intent, name);
        }
        Ok(self.names.get(&intent).copied().unwrap_or(intent))
    }

    fn contacts(&self, intent: IntentId) -> Result<Vec<(Key, Fingerprint)>, Error> {
        let intents = self.journal.intents()?;
        Ok(intents.into_iter().find(|known| known.id == intent).map_or_else(Vec::new, |known| known.contacts))
    }
}

impl Ledger for Broken {
    fn generation(&self) -> Result<Option<Digest>, Error> {
        self.journal.generation()
    }

    fn set_generation(&mut self, generation: Digest) -> Result<(), Error> {
        self.journal.set_generation(generation)
    }

    fn len(&self) -> Result<u64, Error> {
        self.journal.len()
    }

    fn entries(&self, generation: &Digest, from: Key, to: Key) -> Result<Vec<Entry>, Error> {
        let mut entries = self.journal.entries(generation, from, to)?;
        if self.rule == Rule::R5 {
            entries.iter_mut().for_each(|entry| entry.late.clear());
        }
        if self.rule == Rule::Told {
            let told = entries.iter_mut().filter(|entry| entry.left);
            told.for_each(|entry| (entry.standing, entry.earlier) = (Standing::Dirty, None));
        }
        Ok(entries)
    }

    fn intents(&self) -> Result<Vec<Intent>, Error> {
        let mut intents = self.journal.intents()?;
        if self.rule == Rule::R4 {
            intents.retain(|intent| intent.state == IntentState::Open);
        }
        Ok(intents)
    }

    fn last_intent(&self) -> Result<IntentId, Error> {
        self.journal.last_intent()
    }

    fn record(&mut self, intents: &[NewIntent], now: i64) -> Result<Vec<IntentId>, Error> {
        if self.rule != Rule::R1 {
            return self.journal.record(intents, now);
        }
        let mut names = Vec::new();
        for new in intents {
            let given = self.unwritten.len() + self.names.len();
            let name = IntentId(UNWRITTEN + i64::try_from(given).unwrap_or(i64::MAX - UNWRITTEN));
            names.push(name);
            self.unwritten.insert(name, (new.clone(), now));
        }
        Ok(names)
    }

    fn accept(&mut self, intent: IntentId, job: &JobId, in_doubt: bool) -> Result<(), Error> {
        let name = self.written(intent)?;
        if self.rule == Rule::R2 {
            let confirmed = self.contacts(name)?;
            self.ended.insert(intent);
            return self.journal.settle(name, &Settlement { confirmed, ..Settlement::default() });
        }
        self.journal.accept(name, job, in_doubt)
    }

    fn settle(&mut self, intent: IntentId, settlement: &Settlement) -> Result<(), Error> {
        if self.ended.contains(&intent) {
            return Ok(());
        }
        let name = self.written(intent)?;
        if self.rule == Rule::R3 {
            // Nothing is dirty and nothing is late: the last confirmed value stands.
            let sound = Settlement { dirty: Vec::new(), in_doubt: false, ..settlement.clone() };
            return self.journal.settle(name, &sound);
        }
        self.journal.settle(name, settlement)
    }

    fn clear_late(&mut self, through: IntentId) -> Result<u64, Error> {
        if self.rule == Rule::R4 && through == IntentId::NONE {
            // A run begins: what is pending is given up at once.
            for intent in self.journal.intents()? {
                self.journal.settle(intent.id, &Settlement { dirty: intent.contacts, ..Settlement::default() })?;
            }
        }
        self.journal.clear_late(through)
    }

    fn expire_late(&mut self, through: IntentId) -> Result<(), Error> {
        self.journal.expire_late(through)
    }

    fn note_absence(&mut self, left: &[Key], back: &[Key]) -> Result<(), Error> {
        self.journal.note_absence(left, back)
    }

    fn keep_emails(&mut self, emails: &[(Key, String)]) -> Result<(), Error> {
        self.journal.keep_emails(emails)
    }

    fn clear_emails(&mut self) -> Result<u64, Error> {
        self.journal.clear_emails()
    }

    fn suppressed(&self) -> Result<Vec<Key>, Error> {
        self.journal.suppressed()
    }
}
