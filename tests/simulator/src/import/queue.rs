//! Accepted imports. Nothing ticks: when an import is due is known as soon as it is accepted, and it is applied when
//! somebody looks at the account at that time or later.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use fastrand::Rng;

use super::apply::{Applied, apply};
use crate::account::Account;
use crate::calendar::Wall;
use crate::record::Report;
use crate::settings::Settings;

/// How an import ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Completed,
    Failed,
    Interrupted,
}

/// Where an import stands.
#[derive(Debug)]
pub(crate) enum Stage<'a> {
    /// So fresh that the status is the boolean `false`.
    TooEarly,
    Waiting,
    Claimed,
    Active,
    Ended(Fate, &'a Applied),
}

impl Stage<'_> {
    /// The API's word, and `accepted` where it says `false`.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::TooEarly => "accepted",
            Self::Waiting => "waiting",
            Self::Claimed => "claimed",
            Self::Active => "active",
            Self::Ended(Fate::Completed, _) => "completed",
            Self::Ended(Fate::Failed, _) => "failed",
            Self::Ended(Fate::Interrupted, _) => "interrupted",
        }
    }
}

/// An import as it is listed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Glance {
    pub(crate) id: u128,
    pub(crate) contacts: usize,
    pub(crate) accepted: Duration,
    /// As [`Stage::word`].
    pub(crate) state: &'static str,
    /// Contacts in `failure`.
    pub(crate) refused: usize,
}

/// Imports and contacts of one day.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) batches: u64,
    pub(crate) contacts: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Importer {
    batches: HashMap<u128, Batch>,
    /// By time, then by the order of arrival.
    due: BinaryHeap<Reverse<(Duration, u64, u128)>>,
    arrivals: u64,
    /// When the import that was accepted last leaves the worker free.
    free_at: Duration,
    outstanding: BTreeMap<u64, Tally>,
    completed: BTreeMap<u64, Tally>,
    /// Those that ended, the latest first, at most [`ENDED`].
    ended: VecDeque<u128>,
}

/// Ended imports that are listed.
const ENDED: usize = 20;

#[derive(Debug)]
struct Batch {
    accepted: Duration,
    starts: Duration,
    ends: Duration,
    contacts: usize,
    fate: Fate,
    /// Read again when it is applied: a body is smaller than the contacts in it.
    body: Bytes,
    applied: Applied,
}

impl Importer {
    /// Queues a checked body and names the import.
    pub(crate) fn accept(
        &mut self,
        body: Bytes,
        contacts: usize,
        now: Duration,
        wall: Wall,
        (settings, rng, report): (&Settings, &mut Rng, &mut Report),
    ) -> u128 {
        let processing = &settings.processing;
        let id = uuid(rng);
        // The same number of draws for every import, whatever comes of them.
        let (fate, held, delay) = (rng.f64(), rng.f64(), rng.f64());
        report.queued_batches += 1;
        report.queued_contacts += contacts as u64;
        let forgotten = fate >= 1.0 - processing.forgotten;
        if forgotten {
            report.forgotten_batches += 1;
            return id;
        }
        let starts = self.free_at.max(now + settings.lapse(processing.delay));
        let rate = processing.contacts_per_second * settings.pace();
        let work = if rate > 0.0 { contacts as f64 / rate } else { 0.0 };
        let mut ends = starts + Duration::try_from_secs_f64(work).unwrap_or(Duration::MAX / 4);
        self.free_at = ends;
        if held < processing.out_of_order {
            ends += settings.lapse(processing.held_back).mul_f64(delay);
        }
        let fate = match fate {
            share if share < processing.failed => Fate::Failed,
            share if share < processing.failed + processing.interrupted => Fate::Interrupted,
            _ => Fate::Completed,
        };
        self.arrivals += 1;
        self.due.push(Reverse((ends, self.arrivals, id)));
        let tally = self.outstanding.entry(wall.day(now)).or_default();
        tally.batches += 1;
        tally.contacts += contacts as u64;
        let applied = Applied::default();
        self.batches.insert(id, Batch { accepted: now, starts, ends, contacts, fate, body, applied });
        id
    }

    /// Applies what is due, in the order of completion.
    pub(crate) fn advance(
        &mut self,
        now: Duration,
        wall: Wall,
        (account, settings, report): (&mut Account, &Settings, &mut Report),
    ) {
        while let Some(Reverse((ends, _, id))) = self.due.peek().copied()
            && ends <= now
        {
            self.due.pop();
            let Some(batch) = self.batches.get_mut(&id) else {
                continue;
            };
            let most = match batch.fate {
                Fate::Completed => batch.contacts,
                Fate::Interrupted => batch.contacts / 2,
                Fate::Failed => 0,
            };
            let body = std::mem::take(&mut batch.body);
            batch.applied = apply(account, settings, report, &body, most, wall.seconds(ends));
            match batch.fate {
                Fate::Completed => report.completed_batches += 1,
                Fate::Interrupted => report.interrupted_batches += 1,
                Fate::Failed => report.failed_batches += 1,
            }
            let moved = Tally { batches: 1, contacts: batch.contacts as u64 };
            let begun = wall.day(batch.accepted);
            if let Some(tally) = self.outstanding.get_mut(&begun) {
                tally.batches -= moved.batches;
                tally.contacts -= moved.contacts;
            }
            let tally = self.completed.entry(wall.day(ends)).or_default();
            tally.batches += moved.batches;
            tally.contacts += moved.contacts;
            self.ended.truncate(ENDED - 1);
            self.ended.push_front(id);
        }
        self.outstanding.retain(|_, tally| tally.batches > 0);
    }

    /// Where an import stands; `None` if nobody knows it (any more).
    pub(crate) fn stage(&self, id: u128, now: Duration, settings: &Settings) -> Option<Stage<'_>> {
        let batch = self.batches.get(&id)?;
        let claimed = batch.accepted + settings.lapse(settings.processing.delay) / 2;
        Some(match now {
            _ if now >= batch.ends + settings.processing.retention => return None,
            _ if now < batch.accepted + settings.lapse(settings.status_false) => Stage::TooEarly,
            _ if now >= batch.ends => Stage::Ended(batch.fate, &batch.applied),
            _ if now >= batch.starts => Stage::Active,
            _ if now >= claimed => Stage::Claimed,
            _ => Stage::Waiting,
        })
    }

    /// Imports that have not ended, in the order of completion, at most `most`.
    pub(crate) fn pending(&self, now: Duration, settings: &Settings, most: usize) -> Vec<Glance> {
        let mut due: Vec<_> = self.due.iter().map(|Reverse(due)| *due).collect();
        due.sort_unstable();
        due.iter().take(most).filter_map(|(_, _, id)| self.glance(*id, now, settings)).collect()
    }

    /// Imports that ended lately, the latest first.
    pub(crate) fn ended(&self, now: Duration, settings: &Settings) -> Vec<Glance> {
        self.ended.iter().filter_map(|id| self.glance(*id, now, settings)).collect()
    }

    fn glance(&self, id: u128, now: Duration, settings: &Settings) -> Option<Glance> {
        let (batch, stage) = (self.batches.get(&id)?, self.stage(id, now, settings)?);
        let refused = batch.applied.failure.len();
        Some(Glance { id, contacts: batch.contacts, accepted: batch.accepted, state: stage.word(), refused })
    }

    /// Imports that have not ended, by the day they were accepted (in days since the Unix epoch).
    pub(crate) fn outstanding(&self) -> &BTreeMap<u64, Tally> {
        &self.outstanding
    }

    /// Imports that ended within the last seven days.
    pub(crate) fn recently_completed(&self, today: u64) -> impl Iterator<Item = (&u64, &Tally)> {
        self.completed.range(today.saturating_sub(6)..)
    }
}

/// A random id with the marks of version 4.
fn uuid(rng: &mut Rng) -> u128 {
    let version = 0x4_u128 << 76;
    let variant = 0x2_u128 << 62;
    (rng.u128(..) & !(0xf << 76) & !(0x3 << 62)) | version | variant
}
