//! What the answer to an import means for its contacts.

use super::engine::Delivery;
use super::isolate::{Isolation, Trial, isolate};
use super::retry::SUSPECT_AFTER;
use super::work::{Item, Whose};
use crate::plan::{NOWHERE, Packed};
use crate::{
    Complaint, Error, ErrorKind, Fingerprint, Key, Reason, Receipt, Reject, Rejects, SendError, Settlement, Stage,
};

/// Attempts answered with "access denied", each followed by a successful probe, after which it is the import itself
/// that is not permitted.
const DENIED_FOR_GOOD: u32 = 3;

impl Delivery {
    pub(super) fn answered(&mut self, mut item: Item, answer: Result<Receipt, SendError>) -> Result<(), Error> {
        match answer {
            Ok(receipt) => self.accepted(item, receipt),
            Err(SendError::Throttled { retry_after }) => {
                self.hold(item.lane, retry_after)?;
                item.due = self.tools.clock.now();
                self.waiting.push(item);
                Ok(())
            }
            Err(SendError::Undelivered(cause)) => {
                self.tally.trouble(cause);
                self.try_again(item);
                Ok(())
            }
            Err(SendError::InDoubt(cause)) => {
                self.tally.calls.in_doubt += 1;
                self.tally.trouble(cause);
                item.in_doubt = true;
                self.doubted(item)
            }
            Err(SendError::Invalid(complaints)) => self.refused(item, &complaints),
            Err(SendError::TooLarge) => self.too_large(item),
            Err(SendError::Denied(_)) => self.denied(item),
            Err(SendError::Malformed(cause)) => {
                self.waiting.push(item);
                let message = format!("the destination does not understand a request: {cause}");
                self.stop(Error::new(ErrorKind::Bug, "bug::request", message).help("report this"));
                Ok(())
            }
            Err(SendError::Fatal(error)) => {
                self.waiting.push(item);
                self.stop(error);
                Ok(())
            }
        }
    }

    fn accepted(&mut self, item: Item, receipt: Receipt) -> Result<(), Error> {
        self.tools.pacer.success(item.lane)?;
        let Some(intent) = item.intent else {
            return Err(unrecorded());
        };
        match receipt {
            // A cache, or a connection that was mixed up: what became of this request nobody knows.
            Receipt::Queued(job) if self.jobs.contains(&job) => {
                // The request that was told so first may be the one it does not belong to.
                let first = self.pending.iter().find(|(_, pending)| pending.job == job).map(|(&intent, _)| intent);
                first.map_or(Ok(()), |first| self.failed(first, true))?;
                self.tally.calls.in_doubt += 1;
                self.tally.trouble("an answer named the import of another request".into());
                self.doubted(Item { in_doubt: true, ..item })
            }
            Receipt::Queued(job) => {
                self.counts_as_accepted(&item);
                self.tools.ledger.accept(intent, &job, item.in_doubt)?;
                self.watch(intent, job, Whose::Own(item));
                Ok(())
            }
            Receipt::Done => {
                self.counts_as_accepted(&item);
                let contacts = self.load(&item)?.contacts;
                let confirmed = contacts.iter().map(|contact| (contact.key, contact.fingerprint)).collect();
                self.end(&item, Settlement { confirmed, in_doubt: item.in_doubt, ..Settlement::default() })?;
                self.tally.confirmed += item.contacts as u64;
                Ok(())
            }
        }
    }

    fn counts_as_accepted(&mut self, item: &Item) {
        self.tally.accepted += 1;
        self.tally.accepted_contacts += item.contacts as u64;
        self.note_trial(item, false);
    }

    fn try_again(&mut self, mut item: Item) {
        item.attempts += 1;
        item.due = self.after_backoff(item.attempts);
        self.waiting.push(item);
    }

    /// Identical bytes go again. A request that others overtake again and again may carry the fault itself.
    fn doubted(&mut self, item: Item) -> Result<(), Error> {
        let overtaken = self.tally.accepted > item.overtaken_from;
        if item.attempts + 1 < SUSPECT_AFTER || !overtaken {
            self.try_again(item);
            return Ok(());
        }
        if item.contacts > 1 {
            return self.halve(item);
        }
        self.tally.warn("a contact was given up after repeated attempts without an answer; the next run sends it");
        self.give_up(item)
    }

    /// Ends an item without a verdict: its contacts are deferred.
    pub(super) fn give_up(&mut self, item: Item) -> Result<(), Error> {
        let unsettled = self.unsettled(&item)?;
        self.end(&item, unsettled)?;
        self.tally.deferred += item.contacts as u64;
        Ok(())
    }

    /// The end of an item's intent that says nothing about its contacts: they are dirty where some of them may have
    /// been applied, and late where a copy may still land (R3, R5).
    pub(super) fn unsettled(&self, item: &Item) -> Result<Settlement, Error> {
        let landed = item.in_doubt || item.failures > 0;
        let dirty = if landed { self.identities(item)? } else { Vec::new() };
        Ok(Settlement { dirty, in_doubt: item.in_doubt, ..Settlement::default() })
    }

    /// Refused as a whole for some of its contacts; nothing was queued.
    fn refused(&mut self, item: Item, complaints: &[Complaint]) -> Result<(), Error> {
        self.tools.pacer.success(item.lane)?;
        if item.contacts == 1 {
            self.note_trial(&item, true);
            let words = complaints.first().map_or_else(String::new, |complaint| complaint.reason.clone());
            return self.reject(item, &[(0, words)], Stage::Accept, Reason::Invalid, &[]);
        }
        let (base, isolation) = isolate(item.contacts, complaints, self.base);
        self.base = base;
        match isolation {
            Isolation::Convict { culprits, rest } => {
                self.reject(item, &culprits, Stage::Accept, Reason::Invalid, &[rest])
            }
            Isolation::Suspect { suspects, rest, named } => {
                let trial = named.filter(|_| suspects.len() == 2).map(|named| {
                    self.next_trial += 1;
                    self.trials.insert(self.next_trial, Trial::new(named));
                    self.next_trial
                });
                let unsettled = self.unsettled(&item)?;
                self.replace(&item, &[rest], unsettled)?;
                for suspect in suspects {
                    self.enqueue_part(&item, &[suspect], trial.map(|trial| (trial, suspect)));
                }
                Ok(())
            }
            Isolation::Halve => self.halve(item),
        }
    }

    fn note_trial(&mut self, item: &Item, refused: bool) {
        let Some((trial, position)) = item.trial else { return };
        if let Some(base) = self.trials.get_mut(&trial).and_then(|trial| trial.note(position, refused)) {
            self.base = self.base.or(Some(base));
            self.trials.remove(&trial);
        }
    }

    fn too_large(&mut self, item: Item) -> Result<(), Error> {
        if item.contacts > 1 {
            self.too_large_from = self.too_large_from.min(self.load(&item)?.body.len());
            return self.halve(item);
        }
        let words = "the destination refuses the contact for its size".to_owned();
        self.reject(item, &[(0, words)], Stage::Accept, Reason::TooLarge, &[])
    }

    /// Both halves go again, each a request of its own.
    pub(super) fn halve(&mut self, item: Item) -> Result<(), Error> {
        let middle = item.contacts / 2;
        let halves = [(0..middle).collect(), (middle..item.contacts).collect()];
        let unsettled = self.unsettled(&item)?;
        self.replace(&item, &halves, unsettled)
    }

    /// Rejects contacts of an item, confirms nothing, and sends `parts` of it again.
    pub(super) fn reject(
        &mut self,
        item: Item,
        culprits: &[(usize, String)],
        stage: Stage,
        reason: Reason,
        parts: &[Vec<usize>],
    ) -> Result<(), Error> {
        let packed = self.load(&item)?;
        self.write_rejects(&packed, culprits, stage, reason)?;
        let convicted = culprits.iter().filter_map(|(position, _)| packed.contacts.get(*position));
        let rejected = convicted.map(|contact| (contact.key, contact.fingerprint, reason)).collect();
        let dirty = if item.in_doubt {
            let rest = parts.iter().flatten().filter_map(|&position| packed.contacts.get(position));
            rest.map(|contact| (contact.key, contact.fingerprint)).collect()
        } else {
            Vec::new()
        };
        let settlement = Settlement { rejected, dirty, in_doubt: item.in_doubt, ..Settlement::default() };
        self.replace(&item, parts, settlement)?;
        self.tally.reject(reason, culprits.len() as u64);
        Ok(())
    }

    /// Puts rejected contacts on record for the user. They count when the ledger knows of them.
    pub(super) fn write_rejects(
        &mut self,
        packed: &Packed,
        culprits: &[(usize, String)],
        stage: Stage,
        reason: Reason,
    ) -> Result<(), Error> {
        let mut rejects = Rejects::default();
        for (position, message) in culprits {
            let Some(contact) = packed.contacts.get(*position) else {
                continue;
            };
            if contact.place == NOWHERE {
                continue;
            }
            rejects.push(Reject {
                place: contact.place,
                stage,
                field: None,
                reason,
                message: message.clone(),
                key: Some(contact.key),
            });
        }
        self.tools.rejects.write(&self.tools.origins, &rejects)
    }

    /// Ends an item's intent and puts parts of it in its place.
    fn replace(&mut self, item: &Item, parts: &[Vec<usize>], settlement: Settlement) -> Result<(), Error> {
        self.end(item, settlement)?;
        for part in parts.iter().filter(|part| !part.is_empty()) {
            self.enqueue_part(item, part, None);
        }
        Ok(())
    }

    pub(super) fn enqueue_part(&mut self, item: &Item, positions: &[usize], trial: Option<(u64, usize)>) {
        let now = self.tools.clock.now();
        let parcel = item.parcel.part(positions);
        let mut part = Item::new(parcel, positions.len(), &*self.tools.sink.encoder(), now, self.tally.accepted);
        part.failures = item.failures;
        part.trial = trial;
        self.waiting.push(part);
    }

    fn denied(&mut self, mut item: Item) -> Result<(), Error> {
        item.denied += 1;
        let denied = item.denied;
        item.due = self.tools.clock.now();
        self.waiting.push(item);
        if denied >= DENIED_FOR_GOOD {
            let message = "the key works, but the destination does not permit it to import contacts";
            let help = "give the key's user the permission to import contacts, then run the same command again";
            self.stop(Error::new(ErrorKind::Access, "access::import", message).help(help));
        } else {
            self.question_access();
        }
        Ok(())
    }

    /// Writes how an item ended and forgets its intent.
    pub(super) fn end(&mut self, item: &Item, settlement: Settlement) -> Result<(), Error> {
        match item.intent {
            Some(intent) => self.tools.ledger.settle(intent, &settlement),
            None => Ok(()),
        }
    }

    pub(super) fn identities(&self, item: &Item) -> Result<Vec<(Key, Fingerprint)>, Error> {
        Ok(self.load(item)?.contacts.iter().map(|contact| (contact.key, contact.fingerprint)).collect())
    }
}

pub(super) fn unrecorded() -> Error {
    Error::new(ErrorKind::Bug, "bug::intent", "a request left without a record")
}
