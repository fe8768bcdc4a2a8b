//! Contacts that are in the ledger and not in the segment.

use std::collections::HashSet;

use super::Key;
use super::merge::{Filling, Merge, Requests};
use super::summary::Summary;
use crate::{Entry, Error, Place, Standing};

/// The place of a contact without a row.
pub(crate) const NOWHERE: Place = Place { origin: u32::MAX, row: 0 };

/// Takes entries without a row, and decides what becomes of each.
pub(super) struct Leaving<'a> {
    merge: &'a Merge<'a>,
    /// Who is in the segment although the row was rejected.
    rejected: &'a HashSet<Key>,
    requests: Filling,
    left: Vec<Key>,
}

impl<'a> Leaving<'a> {
    pub(super) fn new(merge: &'a Merge<'a>, rejected: &'a HashSet<Key>, requests: Filling) -> Self {
        Self { merge, rejected, requests, left: Vec::new() }
    }

    /// Takes an entry whose contact has no row that counts.
    pub(super) fn take(&mut self, entry: Entry, summary: &mut Summary) -> Result<(), Error> {
        // A run over a part of the segment cannot tell who left. Somebody whose row was rejected did not leave.
        if !self.merge.selection.is_all() || self.rejected.contains(&entry.key) {
            return Ok(());
        }
        // Another mapping changes what a contact of the segment is sent, and nothing about who left.
        let standing = entry.last_word();
        if matches!(standing, Standing::Rejected(..)) && entry.held.is_none() && !entry.left {
            // The destination never took it.
            return Ok(());
        }
        if !entry.left {
            summary.leave += 1;
            self.left.push(entry.key);
        }
        self.tell(&entry, standing, summary)
    }

    fn tell(&mut self, entry: &Entry, standing: Standing, summary: &mut Summary) -> Result<(), Error> {
        let Some(departure) = self.merge.departure else { return Ok(()) };
        let Some(email) = &entry.email else {
            summary.leavers.unknown += 1;
            return Ok(());
        };
        // Whoever is suppressed is not sent, not even to be told.
        if self.merge.suppression.covers(email, entry.key) {
            return Ok(());
        }
        let payload = self.merge.encoder.encode_leaver(email, departure)?;
        let print = self.merge.hasher.fingerprint(&payload);
        let late = entry.late.iter().any(|&late| late != print);
        match standing {
            // Told is told, in a full run too: whoever has subscribed again since did so by himself.
            Standing::Confirmed(known) if known == print && !late && !self.merge.pending.contains(&entry.key) => {
                summary.leavers.told += 1;
            }
            Standing::Rejected(known, _) if known == print => summary.leavers.refused += 1,
            // Whoever left before it was ever taken, and came back for another refusal, is not there.
            Standing::Rejected(..) if entry.held.is_none() => {}
            _ => {
                summary.leavers.tell += 1;
                summary.leavers.resend += u64::from(standing == Standing::Dirty);
                let blocked = self.merge.is_blocked(Some(entry), entry.key, print);
                self.requests.push(blocked, entry.key, print, NOWHERE, &payload)?;
            }
        }
        Ok(())
    }

    /// The requests, and who left since the last run.
    pub(super) fn finish(self, summary: &mut Summary) -> Result<(Requests, Vec<Key>), Error> {
        let requests = self.requests.close()?;
        summary.leavers.requests = (requests.ready.len() + requests.blocked.len()) as u64;
        Ok((requests, self.left))
    }
}
