//! What waits to be sent, and what waits to be settled.

use std::collections::VecDeque;

use tokio::time::Instant;

use crate::plan::Queue;
use crate::{Encode, Fingerprint, IntentId, JobId, Key, Lane};

/// Which contacts of which spooled request: small, so that many can wait. Bodies are read when they are sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Parcel {
    /// Whether the request lies in the queue that had to wait for other values to land.
    pub(crate) blocked: bool,
    /// Index in that queue.
    pub(crate) index: usize,
    /// Positions within the request; all if absent.
    pub(crate) picks: Option<Vec<usize>>,
}

impl Parcel {
    /// The part of this parcel at `positions` (of this parcel, not of the spooled request).
    pub(crate) fn part(&self, positions: &[usize]) -> Self {
        let picks = match &self.picks {
            Some(picks) => positions.iter().filter_map(|&position| picks.get(position).copied()).collect(),
            None => positions.to_vec(),
        };
        Self { picks: Some(picks), ..self.clone() }
    }
}

/// A request on its way through its attempts.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) parcel: Parcel,
    pub(crate) contacts: usize,
    pub(crate) lane: Lane,
    /// The durable record of it; absent until just before the first attempt.
    pub(crate) intent: Option<IntentId>,
    /// Not before this.
    pub(crate) due: Instant,
    /// Attempts without an answer that says what became of them.
    pub(crate) attempts: u32,
    /// Attempts that were answered with "access denied".
    pub(crate) denied: u32,
    /// Whether a copy of an earlier attempt may still land.
    pub(crate) in_doubt: bool,
    /// Imports of these contacts that were accepted and then failed as a whole.
    pub(crate) failures: u32,
    /// Imports of these contacts that were accepted and then forgotten.
    pub(crate) forgotten: u32,
    /// Requests that were accepted before the first attempt: tells whether others overtake it.
    pub(crate) overtaken_from: u64,
    /// The trial this contact is sent alone for, and its position there.
    pub(crate) trial: Option<(u64, usize)>,
}

impl Item {
    pub(crate) fn new(parcel: Parcel, contacts: usize, encoder: &dyn Encode, due: Instant, accepted: u64) -> Self {
        Self {
            parcel,
            contacts,
            lane: encoder.lane(contacts),
            intent: None,
            due,
            attempts: 0,
            denied: 0,
            in_doubt: false,
            failures: 0,
            forgotten: 0,
            overtaken_from: accepted,
            trial: None,
        }
    }
}

/// Requests that were never attempted, in plan order.
pub(crate) struct Backlog {
    pub(crate) ready: Queue,
    pub(crate) blocked: Queue,
    ready_next: usize,
    blocked_next: usize,
    /// Whether the blocked ones may go.
    pub(crate) open: bool,
}

impl Backlog {
    pub(crate) fn new(ready: Queue, blocked: Queue) -> Self {
        Self { ready, blocked, ready_next: 0, blocked_next: 0, open: false }
    }

    /// The next request, if it may go, and its number of contacts.
    pub(crate) fn peek(&self) -> Option<(Parcel, usize)> {
        let (blocked, index, queue) = if self.ready_next < self.ready.len() {
            (false, self.ready_next, &self.ready)
        } else if self.open && self.blocked_next < self.blocked.len() {
            (true, self.blocked_next, &self.blocked)
        } else {
            return None;
        };
        Some((Parcel { blocked, index, picks: None }, queue.contacts(index)))
    }

    /// Takes what [`peek`](Self::peek) showed.
    pub(crate) fn advance(&mut self, parcel: &Parcel) {
        if parcel.blocked {
            self.blocked_next += 1;
        } else {
            self.ready_next += 1;
        }
    }

    /// Whether only blocked requests are left, and they may not go yet.
    pub(crate) fn is_barred(&self) -> bool {
        self.ready_next >= self.ready.len() && self.blocked_next < self.blocked.len() && !self.open
    }

    /// Whether nothing is left.
    pub(crate) fn is_empty(&self) -> bool {
        self.ready_next >= self.ready.len() && self.blocked_next >= self.blocked.len()
    }

    /// Contacts that were never attempted.
    pub(crate) fn contacts(&self) -> u64 {
        let ready = (self.ready_next..self.ready.len()).map(|index| self.ready.contacts(index));
        let blocked = (self.blocked_next..self.blocked.len()).map(|index| self.blocked.contacts(index));
        ready.chain(blocked).sum::<usize>() as u64
    }
}

/// Requests that wait for another attempt, by due time; few, bounded by the requests in flight.
#[derive(Default)]
pub(crate) struct Waiting(VecDeque<Item>);

impl Waiting {
    pub(crate) fn push(&mut self, item: Item) {
        let at = self.0.partition_point(|other| other.due <= item.due);
        self.0.insert(at, item);
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// When the first one of `lane` is due.
    pub(crate) fn due(&self, lane: Lane) -> Option<Instant> {
        self.0.iter().find(|item| item.lane == lane).map(|item| item.due)
    }

    pub(crate) fn take(&mut self, lane: Lane) -> Option<Item> {
        let at = self.0.iter().position(|item| item.lane == lane)?;
        self.0.remove(at)
    }

    pub(crate) fn drain(&mut self) -> impl Iterator<Item = Item> + '_ {
        self.0.drain(..)
    }
}

/// A job that is not known to have ended.
pub(crate) struct Pending {
    pub(crate) job: JobId,
    pub(crate) whose: Whose,
    pub(crate) accepted: Instant,
    /// Questions asked.
    pub(crate) asked: u32,
    /// Answers in a row that the job is not known, or lost.
    pub(crate) unknown: u32,
    /// Whether a question is under way.
    pub(crate) asking: bool,
    /// When it was first heard that all of its contacts were refused.
    pub(crate) refused_at: Option<Instant>,
}

/// Whose contacts a job holds.
pub(crate) enum Whose {
    /// This run's.
    Own(Item),
    /// An earlier run's, as its intent recorded them.
    Earlier { contacts: Vec<(Key, Fingerprint)>, in_doubt: bool },
}
