//! The merge: contacts of the segment and entries of the ledger, side by side in key order.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::iter::Peekable;
use std::path::Path;
use std::vec::IntoIter;

use super::emails::Emails;
use super::leave::Leaving;
use super::pack::Packer;
use super::queue::Queue;
use super::read::Segment;
use super::select::Selected;
use super::stage::{PARTITIONS, Staged};
use super::summary::Summary;
use super::{Fingerprint, Key};
use crate::{
    Departure, Digest, Encode, Entry, Error, Hasher, Keep, Ledger, Limits, Reason, Reject, Rejects, Stage, Standing,
    Suppression,
};

/// What decides between the contacts of one partition.
pub(crate) struct Merge<'a> {
    pub(crate) ledger: &'a dyn Ledger,
    pub(crate) generation: Digest,
    pub(crate) keep: &'a Keep,
    /// Send also what is confirmed or known to be refused.
    pub(crate) full: bool,
    /// Which of the contacts may be sent.
    pub(crate) selection: &'a Selected,
    /// What contacts are told that left, if anything.
    pub(crate) departure: Option<&'a Departure>,
    pub(crate) suppression: &'a Suppression,
    /// Contacts of jobs that are not known to have ended (R4).
    pub(crate) pending: &'a HashSet<Key>,
    pub(crate) encoder: &'a dyn Encode,
    pub(crate) hasher: &'a Hasher,
    pub(crate) limits: Limits,
}

/// Requests in the order in which they may be sent, and what is to be noted before.
pub(crate) struct Merged {
    /// Requests of rows.
    pub(crate) rows: Requests,
    /// Requests of contacts that left.
    pub(crate) leavers: Requests,
    /// Rows that are not sent because the destination is known to refuse their value (R9).
    pub(crate) known_bad: Rejects,
    /// Who left since the last run.
    pub(crate) left: Vec<Key>,
    /// Who had left and is back.
    pub(crate) back: Vec<Key>,
    /// Emails that are not kept yet.
    pub(crate) emails: Emails,
}

/// Requests that may be sent at once, and those that hold contacts of which another value may still land (R4, R5).
pub(crate) struct Requests {
    pub(crate) ready: Queue,
    pub(crate) blocked: Queue,
}

/// Requests that are being filled.
pub(super) struct Filling {
    ready: (Packer, Queue),
    blocked: (Packer, Queue),
}

/// What is to be done with a contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Add,
    Update,
    Unchanged,
    KnownBad(Reason),
    Skipped,
}

impl Merge<'_> {
    /// Merges all partitions; adds to `summary` what every contact and entry came to.
    pub(crate) fn run(&self, segment: &Segment, folder: &Path, summary: &mut Summary) -> Result<Merged, Error> {
        let mut rows = self.filling(folder)?;
        let mut leaving = Leaving::new(self, &segment.rejected, self.filling(folder)?);
        let (mut known_bad, mut back) = (Rejects::default(), Vec::new());
        let mut emails = Emails::create(folder)?;
        for partition in 0..PARTITIONS {
            let contacts = segment.partitions.read(partition)?;
            let (from, to) = bounds(partition);
            let entries = self.ledger.entries(&self.generation, from, to)?;
            summary.known += entries.iter().filter(|entry| !entry.left).count() as u64;
            let mut entries = entries.into_iter().peekable();
            let mut unkept = Vec::new();
            for group in groups(&contacts) {
                summary.duplicate += group.len() as u64 - 1;
                let winner = self.winner(&contacts, group);
                let (key, print, place) = (contacts.key(winner), contacts.fingerprint(winner), contacts.place(winner));
                let entry = self.catch_up(&mut entries, key, &mut leaving, summary)?;
                back.extend(entry.as_ref().filter(|entry| entry.left).map(|entry| entry.key));
                summary.known += u64::from(entry.as_ref().is_some_and(|entry| entry.left));
                let verdict = self.select(self.judge(entry.as_ref(), print), entry.as_ref(), place, summary);
                // Of nobody else there is anything at the destination that could have to be told.
                let sent = matches!(verdict, Verdict::Add | Verdict::Update | Verdict::Unchanged);
                let there = sent || entry.as_ref().is_some_and(|entry| entry.held.is_some());
                if let Some(email) = contacts.email(winner).filter(|_| there)
                    && entry.as_ref().is_none_or(|entry| entry.email.is_none())
                {
                    unkept.push((key, email.to_owned()));
                }
                match verdict {
                    Verdict::Unchanged => summary.unchanged += 1,
                    Verdict::Skipped => summary.skipped += 1,
                    Verdict::KnownBad(reason) => {
                        summary.reject(reason);
                        known_bad.push(known(reason, key, place));
                    }
                    Verdict::Add | Verdict::Update => {
                        *(if verdict == Verdict::Add { &mut summary.add } else { &mut summary.update }) += 1;
                        let unknown = entry.as_ref().is_some_and(|entry| entry.standing == Standing::Dirty);
                        summary.resend += u64::from(unknown);
                        let blocked = self.is_blocked(entry.as_ref(), key, print);
                        rows.push(blocked, key, print, place, contacts.payload(winner))?;
                    }
                }
            }
            entries.try_for_each(|entry| leaving.take(entry, summary))?;
            emails.push(&unkept)?;
        }
        let (leavers, left) = leaving.finish(summary)?;
        Ok(Merged { rows: rows.close()?, leavers, known_bad, left, back, emails: emails.finish()? })
    }

    /// The entry of `key`; those before it are of contacts that are not in the segment.
    fn catch_up(
        &self,
        entries: &mut Peekable<IntoIter<Entry>>,
        key: Key,
        leaving: &mut Leaving<'_>,
        summary: &mut Summary,
    ) -> Result<Option<Entry>, Error> {
        while let Some(entry) = entries.next_if(|entry| entry.key < key) {
            leaving.take(entry, summary)?;
        }
        Ok(entries.next_if(|entry| entry.key == key))
    }

    fn select(&self, verdict: Verdict, entry: Option<&Entry>, place: crate::Place, summary: &Summary) -> Verdict {
        let refused = entry.is_some_and(|entry| matches!(entry.standing, Standing::Rejected(..)));
        match verdict {
            Verdict::KnownBad(_) if self.selection.retries_refused() => {
                if self.selection.has_room(summary.changes()) {
                    Verdict::Update
                } else {
                    Verdict::Skipped
                }
            }
            Verdict::Add | Verdict::Update
                if !(self.selection.has_room(summary.changes()) && self.selection.takes(refused, place)) =>
            {
                Verdict::Skipped
            }
            _ => verdict,
        }
    }

    fn filling(&self, folder: &Path) -> Result<Filling, Error> {
        let ready = (self.packer(), Queue::create(folder)?);
        let blocked = (self.packer(), Queue::create(folder)?);
        Ok(Filling { ready, blocked })
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

    pub(super) fn is_blocked(&self, entry: Option<&Entry>, key: Key, print: Fingerprint) -> bool {
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

impl Filling {
    pub(super) fn push(
        &mut self,
        blocked: bool,
        key: Key,
        print: Fingerprint,
        place: crate::Place,
        payload: &[u8],
    ) -> Result<(), Error> {
        let (packer, queue) = if blocked { &mut self.blocked } else { &mut self.ready };
        packer.push(key, print, place, payload).map_or(Ok(()), |packed| queue.push(&packed))
    }

    pub(super) fn close(self) -> Result<Requests, Error> {
        Ok(Requests { ready: close(self.ready)?, blocked: close(self.blocked)? })
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
