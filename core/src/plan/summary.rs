//! A plan in numbers.

use std::collections::BTreeMap;

use crate::Reason;

/// What a plan found. Rows and contacts, not requests, unless it says so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Rows of the segment.
    pub read: u64,
    /// Contacts without an entry in the ledger.
    pub add: u64,
    /// Contacts whose value differs from what is confirmed, or is not known for certain.
    pub update: u64,
    /// Those of them that are sent again only because nobody knows what became of them in an earlier run.
    pub resend: u64,
    /// Contacts that are confirmed with exactly this value.
    pub unchanged: u64,
    /// Contacts of the ledger that left the segment since the run before this one.
    pub leave: u64,
    /// What contacts that left are told, if they are told anything.
    pub leavers: LeaverSummary,
    /// Rows left out on request.
    pub skipped: u64,
    /// Rows with the email of another row that won.
    pub duplicate: u64,
    /// Rows rejected before anything is sent, by reason; includes values the destination is known to refuse.
    pub rejected: BTreeMap<Reason, u64>,
    /// Entries of the ledger before this run, without those that had left before.
    pub known: u64,
    /// Requests needed.
    pub requests: u64,
    /// Contacts whose sending must wait until another value of theirs can no longer land.
    pub blocked: u64,
    /// Body bytes of the largest request.
    pub largest_request: u64,
}

/// Contacts that are not in the segment any more, now or since an earlier run, where they are told so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeaverSummary {
    /// To be told by this run.
    pub tell: u64,
    /// Those of them that are told again only because nobody knows what became of them in an earlier run.
    pub resend: u64,
    /// Told, and confirmed.
    pub told: u64,
    /// Refused by the destination before; not told again.
    pub refused: u64,
    /// Cannot be told: they left before their emails were kept.
    pub unknown: u64,
    /// Requests needed, besides those of the rows.
    pub requests: u64,
}

impl Summary {
    /// Rows rejected, for whatever reason.
    pub fn rejected_total(&self) -> u64 {
        self.rejected.values().sum()
    }

    /// Rows rejected against somebody's intention: those who are suppressed are meant to be.
    pub fn faulty_total(&self) -> u64 {
        self.rejected_total() - self.rejected.get(&Reason::Suppressed).copied().unwrap_or(0)
    }

    /// Contacts to send.
    pub fn changes(&self) -> u64 {
        self.add + self.update
    }

    pub(crate) fn reject(&mut self, reason: Reason) {
        *self.rejected.entry(reason).or_default() += 1;
    }
}
