//! The merge: contacts of the segment and entries of the ledger, side by side in key order.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::path::Path;

use super::pack::Packer;
use super::queue::Queue;
use super::stage::{PARTITIONS, Partitions, Staged};
use super::summary::Summary;
use super::{Fingerprint, Key};
use crate::{Digest, Encode, Entry, Error, Keep, Ledger, Limits, Reason, Reject, Rejects, Stage, Standing};

/// What decides between the contacts of one partition.
pub(crate) struct Merge<'a> {
    pub(crate) ledger: &'a dyn Ledger,
    pub(crate) generation: Digest,
    pub(crate) keep: &'a Keep,
    /// Send also what is confirmed or known to be refused.
    pub(crate) full: bool,
    /// Contacts of jobs that are not known to have ended (R4).
    pub(crate) pending: &'a HashSet<Key>,
    pub(crate) encoder: &'a dyn Encode,
    pub(crate) limits: Limits,
}

/// Requests in the order in which they may be sent.
pub(crate) struct Merged {
    /// May be sent at once.
    pub(crate) ready: Queue,
    /// Hold contacts of which another value may still land (R4, R5).
    pub(crate) blocked: Queue,
    /// Rows that are not sent because the destination is known to refuse their value (R9).
    pub(crate) known_bad: Rejects,
}

/// What is to be done with a contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Add,
    Update,
    Unchanged,
    KnownBad(Reason),
}

impl Merge<'_> {
    /// Merges all partitions; adds to `summary` what every contact and entry came to.
    pub(crate) fn run(&self, partitions: &Partitions, folder: &Path, summary: &mut Summary) -> Result<Merged, Error> {
        let mut ready = (self.packer(), Queue::create(folder)?);
        let mut blocked = (self.packer(), Queue::create(folder)?);
        let mut known_bad = Rejects::default();
        for partition in 0..PARTITIONS {
            let contacts = partitions.read(partition)?;
            let (from, to) = bounds(partition);
            let entries = self.ledger.entries(&self.generation, from, to)?;
            summary.known += entries.len() as u64;
            let mut entries = entries.into_iter().peekable();
            for group in groups(&contacts) {
                summary.duplicate += group.len() as u64 - 1;
                let winner = self.winner(&contacts, group);
                let (key, print, place) = (contacts.key(winner), contacts.fingerprint(winner), contacts.place(winner));
                while let Some(entry) = entries.next_if(|entry| entry.key < key) {
                    count_leaver(&entry, summary);
                }
                let entry = entries.next_if(|entry| entry.key == key);
                let verdict = self.judge(entry.as_ref(), print);
                match verdict {
                    Verdict::Unchanged => summary.unchanged += 1,
                    Verdict::KnownBad(reason) => {
                        summary.reject(reason);
                        known_bad.push(known(reason, key, place));
                    }
                    Verdict::Add | Verdict::Update => {
                        *(if verdict == Verdict::Add { &mut summary.add } else { &mut summary.update }) += 1;
                        let unknown = entry.as_ref().is_some_and(|entry| entry.standing == Standing::Dirty);
                        summary.resend += u64::from(unknown);
                        let (packer, queue) =
                            if self.is_blocked(entry.as_ref(), key, print) { &mut blocked } else { &mut ready };
                        if let Some(packed) = packer.push(key, print, place, contacts.payload(winner)) {
                            queue.push(&packed)?;
                        }
                    }
                }
            }
            entries.for_each(|entry| count_leaver(&entry, summary));
        }
        Ok(Merged { ready: close(ready)?, blocked: close(blocked)?, known_bad })
    }

    fn packer(&self) -> Packer {
        Packer::new(self.encoder.envelope(), self.limits)
    }

    /// R2, R3, R9: skipped only when the destination's last word on exactly this value is known, and no other value
    /// may still land.
    pub(crate) fn judge(&self, entry: Option<&Entry>, print: Fingerprint) -> Verdict {
        let Some(entry) = entry else { return Verdict::Add };
        let settled = !self.full && entry.late.iter().all(|&late| late == print) && !self.pending.contains(&entry.key);
        match entry.standing {
            Standing::Confirmed(known) if settled && known == print => Verdict::Unchanged,
            Standing::Rejected(known, reason) if settled && known == print => Verdict::KnownBad(reason),
            _ => Verdict::Update,
        }
    }

    fn is_blocked(&self, entry: Option<&Entry>, key: Key, print: Fingerprint) -> bool {
        self.pending.contains(&key) || entry.is_some_and(|entry| entry.late.iter().any(|&late| late != print))
    }

    /// The contact that stands for all of one email: independent of the order in which they arrived.
    pub(crate) fn winner(&self, contacts: &Staged, group: std::ops::Range<usize>) -> usize {
        let first = group.start;
        group.skip(1).fold(first, |best, row| if self.beats(contacts, row, best) { row } else { best })
    }

    fn beats(&self, contacts: &Staged, row: usize, best: usize) -> bool {
        let by_place = contacts.place(best).cmp(&contacts.place(row));
        let order = match self.keep {
            Keep::First => by_place,
            Keep::Latest { .. } => (contacts.rank(row).cmp(&contacts.rank(best)))
                .then(contacts.fingerprint(row).0.cmp(&contacts.fingerprint(best).0))
                .then(by_place),
        };
        order == Ordering::Greater
    }
}

fn close((packer, mut queue): (Packer, Queue)) -> Result<Queue, Error> {
    for packed in packer.finish() {
        queue.push(&packed)?;
    }
    Ok(queue)
}

/// The first and last key of a partition.
pub(crate) fn bounds(partition: usize) -> (Key, Key) {
    let (mut from, mut to) = ([0; 16], [0xff; 16]);
    // There are exactly as many partitions as values of a byte.
    let first = u8::try_from(partition).unwrap_or(u8::MAX);
    from[0] = first;
    to[0] = first;
    (Key(from), Key(to))
}

/// Rows of equal key, in key order.
pub(crate) fn groups(contacts: &Staged) -> impl Iterator<Item = std::ops::Range<usize>> {
    let mut start = 0;
    std::iter::from_fn(move || {
        if start >= contacts.len() {
            return None;
        }
        let key = contacts.key(start);
        let end = (start + 1..contacts.len()).find(|&row| contacts.key(row) != key).unwrap_or(contacts.len());
        let group = start..end;
        start = end;
        Some(group)
    })
}

/// An entry without a row left the segment, unless the destination never took it.
fn count_leaver(entry: &Entry, summary: &mut Summary) {
    if !matches!(entry.standing, Standing::Rejected(..)) {
        summary.leave += 1;
    }
}

fn known(reason: Reason, key: Key, place: crate::Place) -> Reject {
    Reject {
        place,
        stage: Stage::Import,
        field: None,
        reason,
        message: "refused before with the same values; not sent again".into(),
        key: Some(key),
    }
}
