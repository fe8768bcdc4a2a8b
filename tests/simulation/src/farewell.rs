//! Who left the segment of an exporter, who was told so, and how often: kept beside the ledger, and not by its rules.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use enlist_core::{Fingerprint, Intent, Key, Leavers, Settlement};
use serde_json::Value;

use crate::segment::Segment;

/// Number of the field that says who left, in the simulated account.
pub(crate) const FIELD: u32 = 7;

/// Its title there.
pub(crate) const TITLE: &str = "City";

/// Its value for whoever is in the segment.
pub(crate) const HERE: &str = "here";

/// Its value for whoever left.
const GONE: &str = "gone";

/// What people who left are told, in all runs of a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Policy {
    /// Nothing.
    Keep,
    /// A field says so.
    Mark,
    /// The end of their subscription.
    Unsubscribe,
}

impl Policy {
    /// As a mapping has it.
    pub(crate) fn leavers(self) -> Leavers {
        match self {
            Self::Keep => Leavers::Keep,
            Self::Mark => Leavers::Mark { field: TITLE.into(), value: GONE.into() },
            Self::Unsubscribe => Leavers::Unsubscribe,
        }
    }
}

#[derive(Debug, Default)]
struct Book {
    /// Who is in the segment that the present run reads.
    here: BTreeSet<String>,
    /// How often each person left.
    leavings: BTreeMap<String, u64>,
    /// Messages to people who left: whose, and after which leaving it was sent last.
    messages: BTreeMap<(Key, Fingerprint), (String, u64)>,
    /// The latest leaving that each person was told of, as the ledger was made to remember.
    told: BTreeMap<String, u64>,
    /// Who was on the list for certain at some time.
    members: BTreeSet<Key>,
    /// Who was in a request whose fate was unclear at some time: these may be told again, also after a later leaving,
    /// since a value of before may still land.
    unclear: BTreeSet<Key>,
}

/// The record of one exporter. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Farewells {
    pub(crate) policy: Policy,
    book: Arc<Mutex<Book>>,
}

impl Farewells {
    pub(crate) fn new(policy: Policy) -> Self {
        Self { policy, book: Arc::default() }
    }

    /// A run begins that reads `segment`.
    pub(crate) fn begin(&self, segment: &Segment) {
        let here: BTreeSet<String> = segment.winners().into_keys().collect();
        let book = &mut *self.book();
        for gone in book.here.difference(&here) {
            *book.leavings.entry(gone.clone()).or_default() += 1;
        }
        book.here = here;
    }

    /// A contact leaves in an import. Returns what is wrong with that.
    pub(crate) fn leaves(&self, contact: (Key, Fingerprint), payload: &Value) -> Option<String> {
        let email = payload["email"].as_str().unwrap_or_default();
        if payload.get("subscribe").is_some() {
            return None;
        }
        let book = &mut *self.book();
        let leaving = book.leavings.get(email).copied().unwrap_or_default();
        book.messages.insert(contact, (email.to_owned(), leaving));
        if self.policy == Policy::Keep {
            return Some(format!("{email} was told that it left, which nobody asked for"));
        }
        if book.here.contains(email) {
            return Some(format!("{email} was told that it left, and is in the segment"));
        }
        let again = book.told.get(email) == Some(&leaving) && !book.unclear.contains(&contact.0);
        again.then(|| format!("{email} was told twice that it left"))
    }

    /// The ledger was told how an intent ended.
    pub(crate) fn settled(&self, intent: Option<&Intent>, settlement: &Settlement) {
        let book = &mut *self.book();
        for contact in &settlement.confirmed {
            match book.messages.get(contact) {
                Some((email, leaving)) => _ = book.told.insert(email.clone(), *leaving),
                None => _ = book.members.insert(contact.0),
            }
        }
        book.unclear.extend(settlement.dirty.iter().map(|(key, _)| *key));
        let doubted = intent.filter(|intent| intent.in_doubt || settlement.in_doubt);
        book.unclear.extend(doubted.into_iter().flat_map(|intent| &intent.contacts).map(|(key, _)| *key));
    }

    /// Whether a value was a message to somebody who left.
    pub(crate) fn sent(&self, contact: (Key, Fingerprint)) -> bool {
        self.book().messages.contains_key(&contact)
    }

    /// Whether the account may refuse to take a person back.
    pub(crate) fn may_have_unsubscribed(&self, person: &str) -> bool {
        self.policy == Policy::Unsubscribe && self.book().messages.values().any(|(email, _)| email == person)
    }

    /// Who left and did not come back, of those who were on the list for certain. `key` makes keys of emails.
    pub(crate) fn gone(&self, key: impl Fn(&str) -> Key) -> Vec<String> {
        let book = self.book();
        let gone = book.leavings.keys().filter(|email| !book.here.contains(*email));
        gone.filter(|email| book.members.contains(&key(email))).cloned().collect()
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a contact of the account has everything that `payload` says.
pub(crate) fn applies(payload: &Value, contact: &enlist_simulator::Contact, list: u32) -> bool {
    let named = payload["first_name"].as_str().is_none_or(|name| name == contact.first_name);
    let fields = payload["fields"].as_array().into_iter().flatten();
    let mut written =
        fields.filter_map(|field| Some((u32::try_from(field["id"].as_u64()?).ok()?, field["value"].as_str()?)));
    let has_all = written.all(|(id, value)| contact.fields.get(&id).is_some_and(|has| has == value));
    let told = payload.get("unsubscribe").is_some();
    named && has_all && (!told || contact.lists.get(&list) == Some(&enlist_simulator::Status::Unsubscribed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::party::hasher;
    use crate::segment::{Edit, email};
    use serde_json::json;

    fn message(person: u16) -> ((Key, Fingerprint), Value) {
        let value = json!({"email": email(person), "unsubscribe": [{"listid": 1}]});
        ((hasher().key(&email(person)), hasher().fingerprint(value.to_string().as_bytes())), value)
    }

    #[test]
    fn a_person_may_be_told_once_a_leaving_and_again_after_an_unclear_request() {
        let (farewells, mut segment) = (Farewells::new(Policy::Unsubscribe), Segment::of(2, 0));
        let (contact, payload) = message(1);
        let confirmed = Settlement { confirmed: vec![contact], ..Settlement::default() };
        farewells.begin(&segment);
        assert!(farewells.leaves(contact, &payload).is_some_and(|wrong| wrong.ends_with("is in the segment")));
        for _ in 0..2 {
            segment.apply(Edit::Remove(1));
            farewells.begin(&segment);
            assert_eq!(farewells.leaves(contact, &payload), None);
            farewells.settled(None, &confirmed);
            assert!(farewells.leaves(contact, &payload).is_some_and(|wrong| wrong.contains("told twice")));
            segment.apply(Edit::Set(1, 0));
            farewells.begin(&segment);
        }
        segment.apply(Edit::Remove(1));
        farewells.begin(&segment);
        assert_eq!(farewells.leaves(contact, &payload), None);
        farewells.settled(None, &Settlement { dirty: vec![contact], ..confirmed });
        assert_eq!(farewells.leaves(contact, &payload), None, "nobody knows whether it was told");
    }
}
