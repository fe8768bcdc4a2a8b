//! What an earlier run left open.

use std::collections::HashSet;
use std::time::Duration;

use tokio::time::Instant;

use super::engine::Delivery;
use super::settle::is_suspicious;
use super::work::{Item, Whose};
use crate::{Digest, Entry, Error, Fingerprint, IntentId, IntentState, Key, Reason, Settlement, Standing};

/// Time after which a job of an earlier run counts as forgotten, whatever the destination says.
const GIVEN_UP_AFTER: Duration = Duration::from_secs(24 * 3600);

impl Delivery {
    /// Takes up what an earlier run left open (R3): jobs are watched, requests without an answer become late values.
    pub(crate) async fn recover(&mut self, until: Instant) -> Result<(), Error> {
        let now = self.tools.clock.unix_millis();
        self.last_before = self.tools.ledger.last_intent()?;
        for intent in self.tools.ledger.intents()? {
            match intent.state {
                IntentState::Accepted(job) if !is_given_up(intent.since, now) => {
                    let whose = Whose::Earlier { contacts: intent.contacts, in_doubt: intent.in_doubt };
                    self.watch(intent.id, job, whose);
                }
                IntentState::Accepted(_) | IntentState::Open => {
                    self.failed_earlier(intent.id, intent.contacts, true)?;
                }
            }
        }
        // What an earlier run waited for in vain has landed by now, if it ever does.
        self.tools.ledger.clear_late(IntentId::NONE)?;
        self.work(until).await;
        self.tally.recovered.pending = self.pending.len() as u64;
        self.error.take().map_or(Ok(()), Err)
    }

    /// Contacts of jobs that are not known to have ended.
    pub(crate) fn pending_keys(&self) -> HashSet<Key> {
        let earlier = self.pending.values().filter_map(|pending| match &pending.whose {
            Whose::Earlier { contacts, .. } => Some(contacts.iter().map(|&(key, _)| key)),
            Whose::Own(_) => None,
        });
        earlier.flatten().collect()
    }

    /// R2, for a job of an earlier run: its contacts are not this run's to count.
    pub(super) fn finished_earlier(
        &mut self,
        intent: IntentId,
        contacts: Vec<(Key, Fingerprint)>,
        in_doubt: bool,
        refused: &[String],
    ) -> Result<(), Error> {
        let named = self.keys_of(refused);
        let (out, rest): (Vec<_>, Vec<_>) = contacts.into_iter().partition(|(key, _)| named.keys.contains(key));
        let unclear = named.unreadable || out.len() < named.keys.len();
        let mut settlement = Settlement { in_doubt, ..Settlement::default() };
        if is_suspicious(out.len(), out.len() + rest.len()) {
            // The list may have been gone meanwhile: this run asks for a verdict of its own.
            settlement.dirty = out;
        } else {
            settlement.rejected = out.into_iter().map(|(key, print)| (key, print, Reason::Refused)).collect();
        }
        self.tally.recovered.resolved += 1;
        if unclear {
            settlement.dirty.extend(rest);
        } else {
            self.tally.recovered.confirmed += rest.len() as u64;
            settlement.confirmed = rest;
        }
        self.tools.ledger.settle(intent, &settlement)
    }

    /// What of a request still has to be sent that had to wait for jobs of an earlier run: such a job may have brought
    /// exactly the same values, and then nobody is told the same again.
    pub(super) fn still_to_send(&mut self, item: Item) -> Result<Option<Item>, Error> {
        let waited = item.parcel.blocked && item.parcel.picks.is_none() && item.intent.is_none();
        if !waited || self.tally.recovered.resolved == 0 {
            return Ok(Some(item));
        }
        let contacts = self.load(&item)?.contacts;
        let generation = self.tools.ledger.generation()?.unwrap_or_default();
        let mut rest = Vec::new();
        for (position, contact) in contacts.iter().enumerate() {
            let known = self.tools.ledger.entries(&generation, contact.key, contact.key)?.pop();
            let here = |entry: &Entry| {
                let late = entry.late.iter().any(|&late| late != contact.fingerprint);
                entry.standing == Standing::Confirmed(contact.fingerprint) && !late
            };
            if !known.as_ref().is_some_and(here) {
                rest.push(position);
            }
        }
        if rest.len() == contacts.len() {
            return Ok(Some(item));
        }
        self.tally.confirmed += (contacts.len() - rest.len()) as u64;
        if !rest.is_empty() {
            self.enqueue_part(&item, &rest, None);
        }
        Ok(None)
    }

    /// A job of an earlier run that failed or was forgotten: its contacts are sent again.
    pub(super) fn failed_earlier(
        &mut self,
        intent: IntentId,
        contacts: Vec<(Key, Fingerprint)>,
        in_doubt: bool,
    ) -> Result<(), Error> {
        self.tally.recovered.unclear += 1;
        self.tally.recovered.unclear_contacts += contacts.len() as u64;
        let settlement = Settlement { dirty: contacts, in_doubt, ..Settlement::default() };
        self.tools.ledger.settle(intent, &settlement)
    }

    /// Whether runs so far were of another generation.
    pub(crate) fn changes_generation(&self, generation: Digest) -> Result<bool, Error> {
        Ok(self.tools.ledger.generation()?.is_some_and(|known| known != generation))
    }

    /// Declares the generation of this run (R10). What jobs of another one bring is not worth a confirmation any more:
    /// their values may still land, and that is all.
    pub(crate) fn declare(&mut self, generation: Digest) -> Result<(), Error> {
        if self.tools.ledger.generation()? == Some(generation) {
            return Ok(());
        }
        for (intent, pending) in std::mem::take(&mut self.pending) {
            if let Whose::Earlier { contacts, .. } = pending.whose {
                self.failed_earlier(intent, contacts, true)?;
            }
        }
        self.tally.recovered.pending = 0;
        self.tools.ledger.set_generation(generation)
    }
}

/// Jobs of an earlier run that are older than any retention are no longer waited for.
fn is_given_up(since: i64, now: i64) -> bool {
    u128::try_from(now.saturating_sub(since)).is_ok_and(|age| age >= GIVEN_UP_AFTER.as_millis())
}
