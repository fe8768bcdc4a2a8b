//! What the end of a job means for its contacts.

use std::collections::HashSet;

use super::answer::unrecorded;
use super::engine::Delivery;
use super::work::{Item, Pending, Whose};
use crate::contact::normalise_email;
use crate::{Error, ErrorKind, IntentId, JobState, Key, Reason, SendError, Settlement, Stage};

/// Answers in a row that a job is unknown, or unfinished although nothing is under way, after which it counts as
/// forgotten. With the pauses between questions this takes half a minute at least, far longer than the second for
/// which a fresh job may be unknown.
const FORGOTTEN_AFTER: u32 = 5;

/// Imports of the same contacts that were forgotten one after the other, after which they are left to the next run.
const FORGOTTEN_FOR_GOOD: u32 = 5;

/// Imports that fail one after the other, with none in between that finishes, after which the destination itself is
/// in question.
const FAILED_IN_A_ROW: u32 = 10;

/// Failed imports in a row after which the run stops, even if the list is still there.
const FAILED_FOR_GOOD: u32 = 3 * FAILED_IN_A_ROW;

/// One refused contact in so many of a request is suspicious; a list loses about one in a hundred by itself.
const SUSPICIOUS_SHARE: usize = 10;

const REFUSED: &str = "the destination finished the import without this contact and gives no reason";
const FAILED: &str = "the destination failed the import of this contact, sent alone";

impl Delivery {
    /// Takes in the answer to a question about a job.
    pub(super) fn told(&mut self, intent: IntentId, state: Result<JobState, SendError>) -> Result<(), Error> {
        match state {
            Ok(JobState::Working) if self.is_lost(intent) => self.unknown(intent),
            Ok(JobState::Working) => {
                if let Some(pending) = self.pending.get_mut(&intent) {
                    pending.unknown = 0;
                }
                self.ask_again(intent);
                Ok(())
            }
            Ok(JobState::Finished { refused }) => {
                self.failed_in_a_row = 0;
                if self.needs_the_list(intent, refused.len()) {
                    self.ask_again(intent);
                    return Ok(());
                }
                let Some(pending) = self.pending.remove(&intent) else { return Ok(()) };
                match pending.whose {
                    Whose::Own(item) => {
                        let contacts = item.contacts;
                        let settled = self.finished(item, &refused);
                        self.account(contacts, settled)
                    }
                    Whose::Earlier { contacts, in_doubt } => {
                        self.finished_earlier(intent, contacts, in_doubt, &refused)
                    }
                }
            }
            Ok(JobState::Failed) => self.failed(intent, false),
            Ok(JobState::Unknown) => self.unknown(intent),
            // A question that failed is asked again; the deadline bounds it.
            Err(cause) => {
                self.ask_again(intent);
                self.heed(cause)
            }
        }
    }

    /// Whether refusals have to wait for a word about the list: one that was deleted refuses everybody, and that says
    /// nothing about the contacts.
    fn needs_the_list(&mut self, intent: IntentId, refused: usize) -> bool {
        let Some(pending) = self.pending.get_mut(&intent) else { return false };
        pending.unknown = 0;
        let Whose::Own(item) = &pending.whose else { return false };
        if !is_suspicious(refused, item.contacts) {
            return false;
        }
        let heard = *pending.refused_at.get_or_insert(self.tools.clock.now());
        let waits = self.sound_at.is_none_or(|sound| sound < heard);
        self.list_in_question |= waits;
        waits
    }

    /// R2: confirmed is who is not listed as refused.
    fn finished(&mut self, item: Item, refused: &[String]) -> Result<(), Error> {
        let packed = self.load(&item)?;
        if item.contacts == 1 && !refused.is_empty() {
            return self.reject(item, &[(0, REFUSED.to_owned())], Stage::Import, Reason::Refused, &[]);
        }
        let named = self.keys_of(refused);
        let (out, rest): (Vec<usize>, Vec<usize>) =
            (0..packed.contacts.len()).partition(|&position| named.keys.contains(&packed.contacts[position].key));
        let culprits: Vec<_> = out.iter().map(|&position| (position, REFUSED.to_owned())).collect();
        if named.unreadable || out.len() < named.keys.len() {
            // Somebody was refused under a name that fits no contact: nobody else of this request may count as
            // confirmed. The halves go again until the one is alone.
            self.tally.warn("the destination listed refused contacts under emails that were not sent; their requests went again in parts");
            let middle = rest.len() / 2;
            let parts = [rest[..middle].to_vec(), rest[middle..].to_vec()];
            return self.reject(Item { in_doubt: true, ..item }, &culprits, Stage::Import, Reason::Refused, &parts);
        }
        self.write_rejects(&packed, &culprits, Stage::Import, Reason::Refused)?;
        let (sent, refused) = (rest.len() as u64, out.len() as u64);
        let identity = |&position: &usize| (packed.contacts[position].key, packed.contacts[position].fingerprint);
        let confirmed: Vec<_> = rest.iter().map(identity).collect();
        let rejected = out.iter().map(identity).map(|(key, print)| (key, print, Reason::Refused)).collect();
        self.end(&item, Settlement { confirmed, rejected, dirty: Vec::new(), in_doubt: item.in_doubt })?;
        self.tally.confirmed += sent;
        self.tally.reject(Reason::Refused, refused);
        Ok(())
    }

    /// Ended without an outcome for each contact: failed as a whole, or forgotten.
    pub(super) fn failed(&mut self, intent: IntentId, forgotten: bool) -> Result<(), Error> {
        let Some(Pending { whose, .. }) = self.pending.remove(&intent) else { return Ok(()) };
        self.question_destination();
        match whose {
            Whose::Own(item) => {
                let contacts = item.contacts;
                let dealt = self.failed_own(item, forgotten);
                self.account(contacts, dealt)
            }
            Whose::Earlier { contacts, in_doubt } => self.failed_earlier(intent, contacts, in_doubt || forgotten),
        }
    }

    /// A failed import goes again once, then in halves, and a contact that fails alone is rejected. A forgotten one goes
    /// again whole. Some of the contacts may have been applied, so all of them are dirty meanwhile.
    fn failed_own(&mut self, mut item: Item, forgotten: bool) -> Result<(), Error> {
        if forgotten {
            // Nobody said a word against the contacts.
            item.in_doubt = true;
            item.forgotten += 1;
            return if item.forgotten < FORGOTTEN_FOR_GOOD { self.send_again(item) } else { self.give_up(item) };
        }
        item.failures += 1;
        if item.failures == 1 {
            return self.send_again(item);
        }
        if item.contacts > 1 {
            return self.halve(item);
        }
        self.reject(item, &[(0, FAILED.to_owned())], Stage::Import, Reason::ImportFailed, &[])
    }

    /// The same bytes under another intent, since the first one has ended.
    fn send_again(&mut self, mut item: Item) -> Result<(), Error> {
        if item.intent.is_none() {
            return Err(unrecorded());
        }
        let unsettled = self.unsettled(&item)?;
        self.end(&item, unsettled)?;
        item.intent = None;
        item.in_doubt = false;
        item.due = self.tools.clock.now();
        self.tally.calls.retries += 1;
        self.waiting.push(item);
        Ok(())
    }

    fn unknown(&mut self, intent: IntentId) -> Result<(), Error> {
        let Some(pending) = self.pending.get_mut(&intent) else { return Ok(()) };
        pending.unknown += 1;
        if pending.unknown < FORGOTTEN_AFTER {
            self.ask_again(intent);
            return Ok(());
        }
        self.tally.warn("the destination forgot accepted imports; their contacts were sent again");
        self.failed(intent, true)
    }

    /// Many imports that fail in a row point to the list or the account rather than to contacts.
    fn question_destination(&mut self) {
        self.failed_in_a_row += 1;
        if self.failed_in_a_row >= FAILED_FOR_GOOD {
            let message = format!("the destination failed {FAILED_FOR_GOOD} imports in a row");
            let help = "look at the imports in the account (or ask its support), then run the same command again";
            self.stop(Error::new(ErrorKind::Destination, "destination::imports_fail", message).help(help));
        } else if self.failed_in_a_row.is_multiple_of(FAILED_IN_A_ROW) {
            self.list_in_question = true;
        }
    }

    /// Keys of the emails a destination lists, each once, and whether something it lists is no email.
    pub(super) fn keys_of(&self, emails: &[String]) -> Named {
        let mut named = Named { keys: HashSet::new(), unreadable: false };
        for email in emails {
            match normalise_email(email) {
                Ok(email) => {
                    named.keys.insert(self.tools.hasher.key(&email));
                }
                Err(_) => named.unreadable = true,
            }
        }
        named
    }
}

/// Whether so many refusals of one request may have another cause than the contacts.
pub(super) fn is_suspicious(refused: usize, contacts: usize) -> bool {
    refused > 0 && refused * SUSPICIOUS_SHARE >= contacts
}

pub(super) struct Named {
    pub(super) keys: HashSet<Key>,
    pub(super) unreadable: bool,
}
