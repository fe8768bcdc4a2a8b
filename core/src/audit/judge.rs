//! Rows of the segment, entries of the ledger and contacts of the list, side by side in key order.

use std::collections::HashSet;
use std::sync::Arc;

use super::roll::membership;
use super::{Classes, Finding, FindingKind};
use crate::plan::{Merge, Partitions, Selected, Staged, Verdict, bounds, groups};
use crate::{
    Compare, Digest, Encode, Entry, Error, Hasher, Keep, Key, Ledger, Limits, Membership, Standing, Suppression,
};

/// Everything that decides about the contacts of an audit.
pub(super) struct Court {
    pub(super) ledger: Box<dyn Ledger>,
    pub(super) generation: Digest,
    pub(super) keep: Keep,
    /// Contacts of jobs that are not known to have ended.
    pub(super) pending: HashSet<Key>,
    /// Who is in the segment although the row was rejected: counted there, and nobody of them left.
    pub(super) rejected: HashSet<Key>,
    pub(super) encoder: Arc<dyn Encode>,
    pub(super) hasher: Hasher,
    pub(super) limits: Limits,
    /// Every contact counts, and nobody is suppressed any more: those who are were rejected when they were read.
    pub(super) selection: Selected,
    pub(super) suppression: Suppression,
    pub(super) compare: Arc<dyn Compare>,
    /// The segment.
    pub(super) contacts: Partitions,
    /// The list, as [`Roll`](super::roll::Roll) stages it.
    pub(super) members: Partitions,
}

/// What became of one partition.
#[derive(Debug, Default)]
pub(super) struct Judged {
    pub(super) classes: Classes,
    pub(super) duplicate: u64,
    pub(super) known: u64,
    pub(super) findings: Vec<Finding>,
}

/// One contact, wherever it is known; at least at one place.
struct Case<'a> {
    key: Key,
    contact: Option<usize>,
    entry: Option<&'a Entry>,
    member: Option<usize>,
}

impl Court {
    /// Judges the contacts of one partition, and adds them to the `classes` of those before it.
    pub(super) fn judge(&self, partition: usize, classes: Classes) -> Result<Judged, Error> {
        let (from, to) = bounds(partition);
        let entries = self.ledger.entries(&self.generation, from, to)?;
        let merge = self.merge();
        let contacts = self.contacts.read(partition)?;
        let winners: Vec<usize> = groups(&contacts).map(|group| merge.winner(&contacts, group)).collect();
        let members = self.members.read(partition)?;
        // An address is one contact; should the list hold it twice, the one that is subscribed stands for both.
        let present: Vec<usize> =
            groups(&members).filter_map(|group| group.min_by_key(|&row| members.place(row))).collect();

        let (duplicate, known) = ((contacts.len() - winners.len()) as u64, entries.len() as u64);
        let mut judged = Judged { classes, duplicate, known, findings: Vec::new() };
        let mut winners = winners.into_iter().peekable();
        let mut entries = entries.iter().peekable();
        let mut present = present.into_iter().peekable();
        loop {
            let contact = winners.peek().map(|&row| contacts.key(row));
            let member = present.peek().map(|&row| members.key(row));
            let known = entries.peek().map(|entry| entry.key);
            let Some(key) = [contact, known, member].into_iter().flatten().min() else { return Ok(judged) };
            let case = Case {
                key,
                contact: winners.next_if(|&row| contacts.key(row) == key),
                entry: entries.next_if(|entry| entry.key == key),
                member: present.next_if(|&row| members.key(row) == key),
            };
            self.decide(&merge, &contacts, &members, &case, &mut judged)?;
        }
    }

    /// What a run would make of the segment; nothing is packed with it.
    fn merge(&self) -> Merge<'_> {
        Merge {
            ledger: &*self.ledger,
            generation: self.generation,
            keep: &self.keep,
            full: false,
            selection: &self.selection,
            departure: None,
            suppression: &self.suppression,
            pending: &self.pending,
            encoder: &*self.encoder,
            hasher: &self.hasher,
            limits: self.limits,
        }
    }

    fn decide(
        &self,
        merge: &Merge<'_>,
        contacts: &Staged,
        members: &Staged,
        case: &Case<'_>,
        judged: &mut Judged,
    ) -> Result<(), Error> {
        let classes = &mut judged.classes;
        let Some(row) = case.contact else {
            self.outside(case, case.member.map(|row| membership(members.place(row).origin)), classes);
            return Ok(());
        };
        match merge.judge(case.entry, contacts.fingerprint(row)) {
            Verdict::Add | Verdict::Update | Verdict::Skipped => classes.pending += 1,
            Verdict::KnownBad(_) => classes.refused += 1,
            Verdict::Unchanged => match self.confirmed(contacts.payload(row), members, case.member)? {
                None => classes.agree += 1,
                Some((kind, parts)) => {
                    classes.count(kind);
                    let contact = case.member.map(|row| members.place(row).row);
                    judged.findings.push(Finding { kind, key: case.key, contact, place: contacts.place(row), parts });
                }
            },
        }
        Ok(())
    }

    /// What is wrong with a contact that was confirmed as it is in the segment, if anything.
    fn confirmed(
        &self,
        payload: &[u8],
        members: &Staged,
        member: Option<usize>,
    ) -> Result<Option<(FindingKind, Vec<String>)>, Error> {
        let Some(row) = member else { return Ok(Some((FindingKind::Missing, Vec::new()))) };
        let kind = match membership(members.place(row).origin) {
            Membership::Unsubscribed => FindingKind::Unsubscribed,
            Membership::Unconfirmed => FindingKind::Unconfirmed,
            Membership::Bounced => FindingKind::Bounced,
            Membership::Other(_) => FindingKind::Missing,
            Membership::Subscribed => {
                let parts = self.compare.differences(payload, members.payload(row))?;
                return Ok((!parts.is_empty()).then_some((FindingKind::Different, parts)));
            }
        };
        Ok(Some((kind, Vec::new())))
    }

    /// A contact without a row. An entry of a refused value alone is nobody's trace at the destination.
    fn outside(&self, case: &Case<'_>, member: Option<Membership>, classes: &mut Classes) {
        if self.rejected.contains(&case.key) {
            return;
        }
        let applied = case.entry.is_some_and(|entry| !matches!(entry.standing, Standing::Rejected(..)));
        let ours = applied || self.pending.contains(&case.key);
        match member {
            Some(Membership::Subscribed) if ours => classes.left += 1,
            Some(Membership::Subscribed) => classes.unknown += 1,
            Some(_) => classes.gone += 1,
            None if applied => classes.gone += 1,
            None => {}
        }
    }
}
