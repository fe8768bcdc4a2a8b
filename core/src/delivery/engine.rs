//! The loop of delivery: one task owns all state, calls run beside it.
//!
//! Each turn launches whatever may go, then waits for the first of: an answer, the next due time, a stop.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::isolate::Trial;
use super::pacer::Pacer;
use super::retry;
use super::tally::Tally;
use super::work::{Backlog, Item, Pending, Waiting};
use crate::plan::Packed;
use crate::report::{Progress, RejectWriter};
use crate::{
    Clock, Error, ErrorKind, Hasher, IntentId, JobId, JobState, Lane, Ledger, NewIntent, Receipt, Request, SendError,
    Sink,
};

/// Most imports waiting for an answer: at a latency of 18 s this still reaches 100 a minute.
const IN_FLIGHT: usize = 32;

/// Most accepted requests of this run that are not known to have ended: four minutes of work at the full rate.
const PENDING: usize = 400;

/// How long answers are awaited after a stop.
const DRAIN: Duration = Duration::from_secs(20);

/// What a finished call brings.
pub(super) enum Event {
    Answered { item: Box<Item>, latency: Duration, answer: Result<Receipt, SendError> },
    Outcome { intent: IntentId, state: Result<JobState, SendError> },
    Outstanding { asked: Instant, jobs: Result<u64, SendError> },
    Probed(Result<(), SendError>),
    Checked { asked: Instant, found: Result<(), SendError> },
}

/// What delivery works with.
pub(crate) struct Tools {
    pub(crate) sink: Arc<dyn Sink>,
    pub(crate) pacer: Arc<Pacer>,
    pub(crate) clock: Clock,
    pub(crate) hasher: Hasher,
    pub(crate) ledger: Box<dyn Ledger>,
    pub(crate) rejects: Box<dyn RejectWriter>,
    pub(crate) origins: Arc<[String]>,
    pub(crate) progress: watch::Sender<Progress>,
    pub(crate) stop: watch::Receiver<bool>,
    pub(crate) deadline: Instant,
}

/// Delivery of one run.
pub(crate) struct Delivery {
    pub(super) tools: Tools,
    pub(super) backlog: Option<Backlog>,
    pub(super) waiting: Waiting,
    pub(super) pending: BTreeMap<IntentId, Pending>,
    pub(super) questions: BTreeSet<(Instant, IntentId)>,
    pub(super) tasks: JoinSet<Event>,
    pub(super) sending: usize,
    /// Contacts of requests that wait for an answer.
    pub(super) in_flight: u64,
    /// Bodies of this size and more were refused for their size.
    pub(super) too_large_from: usize,
    pub(super) asking: usize,
    slots: BTreeMap<Lane, Instant>,
    /// Lanes whose last slot passed unused.
    overslept: BTreeSet<Lane>,
    /// The end of the latest hold, so that overlapping ones are not counted twice.
    held_until: Instant,
    pub(super) backlog_due: Instant,
    pub(super) backlog_asked: bool,
    /// When the question was asked that last found the account's backlog empty.
    pub(super) empty_at: Option<Instant>,
    pub(super) started: Instant,
    /// The last intent of earlier runs.
    pub(super) last_before: IntentId,
    /// Probes of the credentials that failed in a row; absent while access is not in question.
    pub(super) probing: Option<u32>,
    /// Whether somebody waits for a word about the list.
    pub(super) list_in_question: bool,
    /// Whether the list is being asked for.
    pub(super) checking: bool,
    /// Not before this is the list asked for again.
    pub(super) check_due: Instant,
    /// When the question was asked that last found the list.
    pub(super) sound_at: Option<Instant>,
    /// Jobs of this run and those it took up: an answer that names one again is not an answer to its request.
    pub(super) jobs: HashSet<JobId>,
    pub(super) base: Option<u64>,
    pub(super) trials: HashMap<u64, Trial>,
    pub(super) next_trial: u64,
    /// Imports in a row that failed as a whole.
    pub(super) failed_in_a_row: u32,
    pub(super) tally: Tally,
    stopped: Option<Stopped>,
    /// Why the run ends early.
    pub(super) error: Option<Error>,
    chance: fastrand::Rng,
}

struct Stopped {
    drain_until: Instant,
}

impl Delivery {
    pub(crate) fn new(tools: Tools) -> Self {
        let now = tools.clock.now();
        Self {
            tools,
            backlog: None,
            waiting: Waiting::default(),
            pending: BTreeMap::new(),
            questions: BTreeSet::new(),
            tasks: JoinSet::new(),
            sending: 0,
            in_flight: 0,
            too_large_from: usize::MAX,
            asking: 0,
            slots: BTreeMap::new(),
            overslept: BTreeSet::new(),
            held_until: now,
            backlog_due: now,
            backlog_asked: false,
            empty_at: None,
            started: now,
            last_before: IntentId::NONE,
            probing: None,
            list_in_question: false,
            checking: false,
            check_due: now,
            sound_at: None,
            jobs: HashSet::new(),
            base: None,
            trials: HashMap::new(),
            next_trial: 0,
            failed_in_a_row: 0,
            tally: Tally::default(),
            stopped: None,
            error: None,
            // Jitter only spreads retries; the same seed keeps simulated runs repeatable.
            chance: fastrand::Rng::with_seed(7),
        }
    }

    /// Runs until everything is settled, the run is stopped, or `until` has passed.
    pub(super) async fn work(&mut self, until: Instant) {
        let mut stop = self.tools.stop.clone();
        self.stop_if_told(*stop.borrow_and_update());
        loop {
            let wake = self.launch().unwrap_or_else(|error| self.stop(error));
            self.publish();
            if self.is_finished(until) {
                return;
            }
            tokio::select! {
                biased;
                Some(event) = self.tasks.join_next() => match event {
                    Ok(event) => self.handle(event).unwrap_or_else(|error| { self.stop(error); }),
                    Err(_) => { self.stop(Error::new(ErrorKind::Bug, "bug::call", "a call to the destination panicked")); }
                },
                // A closed channel means that nobody can stop the run any more.
                Ok(()) = stop.changed(), if self.stopped.is_none() => self.stop_if_told(*stop.borrow_and_update()),
                () = self.tools.clock.sleep_until(wake.min(until)) => {}
            }
        }
    }

    fn is_finished(&self, until: Instant) -> bool {
        let now = self.tools.clock.now();
        match &self.stopped {
            Some(stopped) => self.sending == 0 || now >= stopped.drain_until,
            None => {
                let idle = self.sending == 0 && self.waiting.len() == 0;
                now >= until || (idle && self.is_through(now))
            }
        }
    }

    /// Sends nothing more; answers under way are awaited for a while. Returns until when.
    pub(super) fn stop(&mut self, error: Error) -> Instant {
        let drain_until = self.tools.clock.now() + DRAIN;
        self.error.get_or_insert(error);
        self.stopped.get_or_insert(Stopped { drain_until }).drain_until
    }

    fn stop_if_told(&mut self, told: bool) {
        if told {
            self.stop(
                Error::new(ErrorKind::Interrupted, "run::stopped", "stopped by a signal")
                    .help("run the same command again to continue"),
            );
        }
    }

    /// Starts every call that may start; returns when to look again.
    fn launch(&mut self) -> Result<Instant, Error> {
        let now = self.tools.clock.now();
        if let Some(stopped) = &self.stopped {
            return Ok(stopped.drain_until);
        }
        if now >= self.tools.deadline && self.backlog.is_some() {
            return Ok(self.stop(past_deadline()));
        }
        let mut wake = self.tools.deadline;
        if self.probing.is_none() {
            self.open_after_quarantine(now)?;
            for lane in [Lane::Bulk, Lane::Single] {
                wake = wake.min(self.launch_imports(lane, now)?.unwrap_or(wake));
            }
            wake = wake.min(self.ask_for_list(now).unwrap_or(wake));
            wake = wake.min(self.ask_outcomes(now).unwrap_or(wake));
            wake = wake.min(self.ask_backlog(now).unwrap_or(wake));
        }
        Ok(wake)
    }

    /// Sends what may be sent in `lane`; returns when the next one may be.
    fn launch_imports(&mut self, lane: Lane, now: Instant) -> Result<Option<Instant>, Error> {
        loop {
            if self.sending >= IN_FLIGHT || self.own_pending() + self.sending >= PENDING {
                return Ok(None);
            }
            let Some(due) = self.next_due(lane, now) else {
                return Ok(None);
            };
            if due > now {
                return Ok(Some(due));
            }
            let slot = match self.slots.get(&lane) {
                Some(&slot) => slot,
                None => *self.slots.entry(lane).or_insert(self.tools.pacer.reserve(lane)?),
            };
            if slot > now {
                return Ok(Some(slot));
            }
            self.slots.remove(&lane);
            if now.saturating_duration_since(slot) > self.tools.pacer.slack(lane) {
                // Used so late, it would crowd those that follow. A machine that is late every time would never send:
                // it pays with the following slot instead.
                if self.overslept.insert(lane) {
                    continue;
                }
                self.tools.pacer.reserve(lane)?;
            }
            self.overslept.remove(&lane);
            // A slot taken before the destination asked to slow down is void.
            if let Some(until) = self.tools.pacer.held_until(lane)?.filter(|&until| until > now) {
                return Ok(Some(until));
            }
            let Some(item) = self.take_next(lane, now) else {
                return Ok(None);
            };
            let (contacts, imports) = (item.contacts, self.tally.calls.imports);
            let sent = self.send(item);
            self.account(contacts, sent)?;
            if self.tally.calls.imports == imports {
                // Nothing left: the slot is for the next one.
                self.slots.insert(lane, slot);
            }
        }
    }

    /// Attempts that wait come first; nothing fresh starts while they fill the window, so that a dead network is not
    /// met with ever more requests.
    fn next_due(&self, lane: Lane, now: Instant) -> Option<Instant> {
        let fresh = self.fresh(lane).map(|_| now);
        self.waiting.due(lane).into_iter().chain(fresh).min()
    }

    fn fresh(&self, lane: Lane) -> Option<(super::work::Parcel, usize)> {
        let next = self.backlog.as_ref()?.peek()?;
        let room = self.sending + self.waiting.len() < IN_FLIGHT;
        (room && self.tools.sink.encoder().lane(next.1) == lane).then_some(next)
    }

    fn take_next(&mut self, lane: Lane, now: Instant) -> Option<Item> {
        if self.waiting.due(lane).is_some_and(|due| due <= now) {
            return self.waiting.take(lane);
        }
        let (parcel, contacts) = self.fresh(lane)?;
        self.backlog.as_mut()?.advance(&parcel);
        Some(Item::new(parcel, contacts, &*self.tools.sink.encoder(), now, self.tally.accepted))
    }

    /// Records the intent (R1), then lets the request leave.
    fn send(&mut self, item: Item) -> Result<(), Error> {
        let Some(mut item) = self.still_to_send(item)? else { return Ok(()) };
        let packed = self.load(&item)?;
        if packed.body.len() >= self.too_large_from && item.contacts > 1 {
            return self.halve(item);
        }
        if item.intent.is_none() {
            let contacts = packed.contacts.iter().map(|contact| (contact.key, contact.fingerprint)).collect();
            let now = self.tools.clock.unix_millis();
            // R8: without the record nothing leaves.
            item.intent = self.tools.ledger.record(&[NewIntent { contacts }], now)?.first().copied();
        } else {
            self.tally.calls.retries += 1;
        }
        self.tally.calls.imports += 1;
        self.sending += 1;
        self.in_flight += item.contacts as u64;
        let request = Request { lane: item.lane, body: packed.body, contacts: item.contacts };
        let (sink, clock) = (Arc::clone(&self.tools.sink), self.tools.clock);
        self.tasks.spawn(async move {
            let sent = clock.now();
            let answer = sink.send(&request).await;
            Event::Answered { item: Box::new(item), latency: clock.now() - sent, answer }
        });
        Ok(())
    }

    pub(super) fn load(&self, item: &Item) -> Result<Packed, Error> {
        let missing = || Error::new(ErrorKind::Bug, "bug::backlog", "a request without a plan");
        let backlog = self.backlog.as_ref().ok_or_else(missing)?;
        let queue = if item.parcel.blocked { &backlog.blocked } else { &backlog.ready };
        let packed = queue.load(item.parcel.index)?;
        let envelope = self.tools.sink.encoder().envelope();
        Ok(item.parcel.picks.as_ref().map_or_else(|| packed.clone(), |picks| packed.pick(&envelope, picks)))
    }

    fn handle(&mut self, event: Event) -> Result<(), Error> {
        match event {
            Event::Answered { item, latency, answer } => {
                self.sending -= 1;
                self.in_flight -= item.contacts as u64;
                self.tally.answered(self.tools.clock.now(), latency);
                let contacts = item.contacts;
                let taken_in = self.answered(*item, answer);
                self.account(contacts, taken_in)
            }
            Event::Outcome { intent, state } => {
                self.asking -= 1;
                self.told(intent, state)
            }
            Event::Outstanding { asked, jobs } => {
                self.backlog_asked = false;
                self.outstanding(asked, jobs)
            }
            Event::Probed(result) => self.probed(result),
            Event::Checked { asked, found } => self.checked(asked, found),
        }
    }

    /// Counts the contacts of an item as deferred when it could not be dealt with. Whoever takes an item and
    /// fails must not have counted any of it.
    pub(super) fn account(&mut self, contacts: usize, dealt: Result<(), Error>) -> Result<(), Error> {
        if dealt.is_err() {
            self.tally.deferred += contacts as u64;
        }
        dealt
    }

    /// The destination asked to slow down: `lane` waits, for this process and all others of the account.
    pub(super) fn hold(&mut self, lane: Lane, retry_after: Option<Duration>) -> Result<(), Error> {
        self.tally.calls.throttled += 1;
        self.tools.pacer.hold(lane, retry_after)?;
        let from = self.tools.clock.now().max(self.held_until);
        if let Some(until) = self.tools.pacer.held_until(lane)?.filter(|&until| until > from) {
            self.tally.calls.throttle_time += until - from;
            self.held_until = until;
        }
        Ok(())
    }

    /// A wait before the next attempt, with jitter.
    pub(super) fn after_backoff(&mut self, attempt: u32) -> Instant {
        self.tools.clock.now() + retry::backoff(attempt, self.chance.f64())
    }

    fn publish(&mut self) {
        let (pending, now) = (self.pending.len() as u64, self.tools.clock.now());
        self.tools.progress.send_modify(|progress| self.tally.show(progress, pending, now));
    }
}

fn past_deadline() -> Error {
    Error::new(ErrorKind::Unfinished, "send::deadline", "the deadline passed before everything was sent and confirmed")
        .help("run the same command again: it sends what is left; a longer --deadline helps if the account is shared")
}
