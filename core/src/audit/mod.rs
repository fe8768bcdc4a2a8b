//! The list as it is, against what the ledger has on record of it and what the segment says today.

mod judge;
#[cfg(test)]
mod judge_tests;
mod roll;
#[cfg(test)]
mod roll_tests;
mod spans;

use std::time::Duration;

use tokio::sync::watch;

use crate::delivery::check_destination;
use crate::plan::{PARTITIONS, Selected};
use crate::report::{Calls, Phase};
use crate::{Destination, Error, ErrorKind, Export, Key, Observer, Place, State, Summary, Suppression};
use judge::Court;
use roll::Roll;

/// What is wrong with a contact that the list should hold as it is in the segment: the destination once confirmed
/// exactly this value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FindingKind {
    /// Not on the list: the contact is gone, or it is there and its membership is neither of the below.
    Missing,
    /// Unsubscribed from the list since.
    Unsubscribed,
    /// On the list, but waiting for a confirmation.
    Unconfirmed,
    /// The address bounced.
    Bounced,
    /// On the list with other values.
    Different,
}

impl FindingKind {
    /// All kinds, in the order in which they are told.
    pub const ALL: [Self; 5] = [Self::Missing, Self::Unsubscribed, Self::Unconfirmed, Self::Bounced, Self::Different];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Unsubscribed => "unsubscribed",
            Self::Unconfirmed => "unconfirmed",
            Self::Bounced => "bounced",
            Self::Different => "different",
        }
    }
}

/// One contact that is not as it was confirmed. Holds no personal data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What is wrong.
    pub kind: FindingKind,
    /// Who.
    pub key: Key,
    /// The destination's id of the contact, where it has one on the list.
    pub contact: Option<u64>,
    /// The row of the segment.
    pub place: Place,
    /// What is [`Different`](FindingKind::Different): `first_name`, `last_name`, `phone`, titles of custom fields.
    pub parts: Vec<String>,
}

/// Every contact that the segment, the ledger or the list knows, counted once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Classes {
    /// Confirmed, and on the list with the values of the segment.
    pub agree: u64,
    /// As [`FindingKind::Missing`].
    pub missing: u64,
    /// As [`FindingKind::Unsubscribed`].
    pub unsubscribed: u64,
    /// As [`FindingKind::Unconfirmed`].
    pub unconfirmed: u64,
    /// As [`FindingKind::Bounced`].
    pub bounced: u64,
    /// As [`FindingKind::Different`].
    pub different: u64,
    /// In the segment, and the next run sends it: nothing is expected of the list yet.
    pub pending: u64,
    /// In the segment with a value that the destination is known to refuse; not sent.
    pub refused: u64,
    /// Not in the segment any more, and still subscribed.
    pub left: u64,
    /// Subscribed, and neither in the segment nor on record: others put it on the list.
    pub unknown: u64,
    /// Neither in the segment nor subscribed.
    pub gone: u64,
}

impl Classes {
    /// Contacts that are not as they were confirmed.
    pub fn findings(&self) -> u64 {
        FindingKind::ALL.into_iter().map(|kind| self.of(kind)).sum()
    }

    /// Contacts with this finding.
    pub fn of(&self, kind: FindingKind) -> u64 {
        match kind {
            FindingKind::Missing => self.missing,
            FindingKind::Unsubscribed => self.unsubscribed,
            FindingKind::Unconfirmed => self.unconfirmed,
            FindingKind::Bounced => self.bounced,
            FindingKind::Different => self.different,
        }
    }

    /// Contacts that the segment holds.
    pub fn in_segment(&self) -> u64 {
        self.agree + self.findings() + self.pending + self.refused
    }

    fn count(&mut self, kind: FindingKind) {
        *match kind {
            FindingKind::Missing => &mut self.missing,
            FindingKind::Unsubscribed => &mut self.unsubscribed,
            FindingKind::Unconfirmed => &mut self.unconfirmed,
            FindingKind::Bounced => &mut self.bounced,
            FindingKind::Different => &mut self.different,
        } += 1;
    }
}

/// What an audit found.
#[derive(Clone, Debug)]
pub struct Audit {
    /// What the destination is.
    pub destination: Destination,
    /// The segment in numbers; of what has to be sent, only [`Classes::pending`] is counted.
    pub segment: Summary,
    /// Every contact in one class.
    pub classes: Classes,
    /// Contacts read from the list, of all standings.
    pub listed: u64,
    /// Pages they came in.
    pub pages: u64,
    /// Calls made, those of the check left out.
    pub calls: Calls,
    /// Whether mapping, key or settings changed since the last run: then nothing is confirmed, and all is pending.
    pub changed_generation: bool,
    /// Time spent altogether.
    pub elapsed: Duration,
}

/// Takes findings as they are made, in no order that means anything; their places index the origins.
pub type TakeFinding<'a> = dyn FnMut(&[String], &Finding) -> Result<(), Error> + Send + 'a;

impl Export {
    /// Reads the list back and finds the contacts that are not as the destination confirmed them. Writes nothing to the
    /// ledger and sends no contact.
    ///
    /// Only a contact that is confirmed with exactly the value it has in the segment can be a finding; what the next
    /// [`run`](Self::run) would send is pending. Takes one call a page, paced like all calls.
    ///
    /// # Errors
    /// When source, destination or state cannot be read, the mapping does not fit, the destination cannot list its
    /// contacts, the deadline passes, or `take` fails. What was found by then is void.
    pub async fn audit(
        &self,
        state: State,
        mut observer: Observer,
        take: &mut TakeFinding<'_>,
    ) -> Result<Audit, Error> {
        let State { ledger, hasher, pacer, spool, clock } = state;
        let deadline = clock.now() + self.deadline.saturating_sub(clock.elapsed());
        let destination = check_destination(&*self.sink, &pacer, &clock).await?;
        let compare = self.sink.compare(&destination)?;
        let bound = self.bind(&destination).await?;
        let mut segment = Summary::default();
        let suppression = self.suppression(ledger.suppressed()?, &hasher).await?;
        let staging = self.staging(&bound, &hasher, &suppression);
        let (read, origins) = self.read(&bound, staging, &spool, &mut observer, &mut segment).await?;

        observer.progress.send_modify(|progress| progress.phase = Phase::List);
        let roll = Roll { sink: &*self.sink, pacer: &pacer, clock, hasher: &hasher, progress: &observer.progress };
        let list = tokio::select! {
            list = roll.read(&spool) => list?,
            () = stopped(&mut observer.stop) => return Err(interrupted()),
            () = clock.sleep_until(deadline) => return Err(past_deadline()),
        };

        observer.progress.send_modify(|progress| progress.phase = Phase::Merge);
        let generation = self.generation(&bound);
        let known = ledger.generation()?;
        let pending = ledger.intents()?.iter().flat_map(|intent| intent.contacts.iter().map(|&(key, _)| key)).collect();
        let court = Court {
            ledger,
            generation,
            keep: bound.written.keep.clone(),
            pending,
            rejected: read.rejected,
            encoder: self.sink.encoder(),
            hasher: hasher.clone(),
            limits: self.sink.limits(),
            selection: Selected::default(),
            suppression: Suppression::default(),
            compare,
            contacts: read.partitions,
            members: list.members,
        };
        let classes = judge(court, &observer.stop, &mut segment, &mut |finding| take(&origins, finding)).await?;
        balance(&segment, &classes)?;
        let calls = observer.progress.borrow().calls.clone();
        Ok(Audit {
            destination,
            segment,
            classes,
            listed: list.listed,
            pages: list.pages,
            calls,
            changed_generation: known.is_some_and(|known| known != generation),
            elapsed: clock.elapsed(),
        })
    }
}

/// Judges all partitions; adds what is known of duplicates and entries to `segment`.
async fn judge(
    mut court: Court,
    stop: &watch::Receiver<bool>,
    segment: &mut Summary,
    take: &mut (dyn FnMut(&Finding) -> Result<(), Error> + Send),
) -> Result<Classes, Error> {
    let mut classes = Classes::default();
    for partition in 0..PARTITIONS {
        if *stop.borrow() {
            return Err(interrupted());
        }
        let judged;
        (court, judged) = crate::cpu::run(move || {
            let judged = court.judge(partition, classes);
            (court, judged)
        })
        .await?;
        let judged = judged?;
        classes = judged.classes;
        segment.duplicate += judged.duplicate;
        segment.known += judged.known;
        judged.findings.iter().try_for_each(&mut *take)?;
    }
    Ok(classes)
}

/// Returns when the run is to stop: never where nobody is left to say so.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    if stop.wait_for(|&stop| stop).await.is_err() {
        std::future::pending().await
    }
}

/// Every row of the segment ends in one class, as a reject or as a duplicate.
fn balance(segment: &Summary, classes: &Classes) -> Result<(), Error> {
    let sum = classes.in_segment() + segment.rejected_total() + segment.duplicate;
    if sum == segment.read {
        return Ok(());
    }
    let message = format!("the audit does not add up: {} rows read, {sum} classes", segment.read);
    Err(Error::new(ErrorKind::Bug, "bug::balance", message).help("report this with the run's log"))
}

fn interrupted() -> Error {
    Error::new(ErrorKind::Interrupted, "run::stopped", "stopped by a signal before the whole list was compared")
        .help("run the same command again: an audit begins anew")
}

fn past_deadline() -> Error {
    Error::new(ErrorKind::Unfinished, "audit::deadline", "the deadline passed before the whole list was read")
        .help("run it again with a longer --deadline: at most 450 contacts are read a second")
}
