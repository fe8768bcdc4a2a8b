//! One exporter of the account: its source, what it remembers, and the processes that run it one after the other.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use enlist_core::{
    Clock, EmptyValues, Error, Export, Guards, Hasher, Keep, Key, Lane, Ledger, Mapping, MemoryPaceStore, Observer,
    Pacer, Progress, Reason, RejectWriter, Rejects, Report, Standing, State, on_one_thread,
};
use enlist_simulator::{DEFAULT_TOKEN, Simulator};
use enlist_sink_activecampaign::{ActiveCampaign, QUOTAS, Settings};
use fastrand::Rng;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use crate::broken::{ALIAS, Rule, breaking};
use crate::farewell::{self, Farewells, Policy};
use crate::journal::{Journal, Store};
use crate::process::Process;
use crate::scenario::End;
use crate::segment::Segment;
use crate::sink::SmallRequests;
use crate::trace::Trace;
use crate::wire::{Departures, Sent, Wire};

/// The list of the simulated account.
pub(crate) const LIST: u32 = 1;

/// The time of a run whose deadline is not the point.
const LONG: Duration = Duration::from_secs(90 * 60);

/// The time of a run in which every step fails from some point on.
const HOPELESS: Duration = Duration::from_secs(10 * 60);

/// What a run may take beyond its deadline: the preflight under throttling, and the answers under way at the end.
const OVERTIME: Duration = Duration::from_secs(10 * 60);

/// One exporter.
pub(crate) struct Party {
    pub(crate) name: &'static str,
    pub(crate) segment: Segment,
    pub(crate) store: Store,
    pub(crate) pacer: Arc<Pacer>,
    pub(crate) departures: Departures,
    pub(crate) sent: Sent,
    pub(crate) farewells: Farewells,
    pub(crate) simulator: Simulator,
    pub(crate) trace: Trace,
    pub(crate) clock: Clock,
    /// Contacts of a request.
    pub(crate) request: usize,
    pub(crate) way: Duration,
    pub(crate) chance: Rng,
    /// Whether the mapping leaves the custom field out.
    pub(crate) narrow: bool,
    /// The rule that is broken on purpose.
    pub(crate) broken: Option<Rule>,
}

/// How a run ended, and what it rejected, by row from 1.
pub(crate) struct Ended {
    /// Nothing if the process died.
    pub(crate) report: Option<Result<Report, Error>>,
    pub(crate) rejected: BTreeMap<u64, Reason>,
    pub(crate) steps: u64,
}

impl Ended {
    /// Whether the run may have planned before jobs of an earlier one had ended.
    pub(crate) fn left_jobs_open(&self) -> bool {
        let Some(Ok(report)) = &self.report else { return false };
        report.recovered.pending + report.recovered.unclear > 0
    }
}

/// A pace that nobody shares yet.
pub(crate) fn pacer() -> Arc<Pacer> {
    Arc::new(Pacer::new(Box::new(MemoryPaceStore::new()), QUOTAS.to_vec()))
}

/// The sink of the simulated list over `transport`.
pub(crate) fn sink(wire: Arc<Wire>, contacts: usize) -> Result<SmallRequests, Error> {
    let settings = Settings {
        host: "127.0.0.1:1".into(),
        allow_host: false,
        key: DEFAULT_TOKEN.to_owned().into(),
        list: u64::from(LIST),
        tags: Vec::new(),
        automations: false,
        ca_file: None,
    };
    Ok(SmallRequests { sink: ActiveCampaign::new(settings, wire)?, contacts })
}

impl Party {
    /// Runs one process to its end. `wall` is by how many seconds its wall clock is wrong.
    pub(crate) async fn run(&mut self, end: End, wall: i64) -> Result<Ended, Error> {
        let process = Arc::new(Process::new(if let End::Blow(blow) = end { Some(blow) } else { None }));
        let rejected = Arc::default();
        let (told, stop) = watch::channel(false);
        let observer = Observer {
            progress: watch::Sender::new(Progress::default()),
            stop,
            rejects: Box::new(Noted(Arc::clone(&rejected))),
        };
        self.trace.note(format_args!("{} runs {end:?}", self.name));
        self.farewells.begin(&self.segment);
        let deadline = match end {
            End::Deadline(deadline) => deadline,
            // Nothing gets better in such a run.
            End::Blow(blow) if blow.from_there_on => HOPELESS,
            _ => LONG,
        };
        let export = self.export(&process, deadline)?;
        let run = export.run(self.state(&process, wall), observer);
        let run = on_one_thread(timeout(deadline + OVERTIME, run));
        let report = tokio::select! {
            biased;
            () = process.death() => None,
            () = struck(end, &told) => None,
            report = run => match report {
                Ok(report) => Some(report),
                Err(_) => {
                    self.trace.wrong(format!("a run did not end within its deadline of {deadline:?}"));
                    None
                }
            },
        };
        process.die();
        self.note(&report);
        let rejected = std::mem::take(&mut *rejected.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(Ended { report, rejected, steps: process.steps() })
    }

    fn export(&mut self, process: &Arc<Process>, deadline: Duration) -> Result<Export, Error> {
        let repeats_hide = self.broken == Some(Rule::R6);
        let wire = Wire {
            simulator: self.simulator.clone(),
            process: Arc::clone(process),
            store: self.store.clone(),
            hasher: hasher(),
            trace: self.trace.clone(),
            clock: self.clock,
            departures: Arc::clone(&self.departures),
            sent: Arc::clone(&self.sent),
            farewells: self.farewells.clone(),
            alias: repeats_hide.then_some(ALIAS),
            way: self.way,
            chance: Mutex::new(self.chance.fork()),
        };
        let source = self.segment.source(|row| {
            let lower = row.email.to_lowercase();
            if repeats_hide && lower != row.email { format!("{ALIAS}{lower}") } else { row.email.clone() }
        });
        Ok(Export {
            mapping: Some(mapping(self.narrow, self.farewells.policy)),
            guards: Guards { max_change: None, max_rejects: None, max_leave: None, min_rows: 0, ..Guards::default() },
            deadline,
            ..Export::new(Arc::new(source), Arc::new(sink(Arc::new(wire), self.request)?))
        })
    }

    fn state(&self, process: &Arc<Process>, wall: i64) -> State {
        let journal = Journal {
            store: self.store.clone(),
            process: Arc::clone(process),
            trace: self.trace.clone(),
            farewells: self.farewells.clone(),
        };
        let ledger: Box<dyn Ledger> = match self.broken {
            Some(rule) => breaking(rule, journal),
            None => Box::new(journal),
        };
        let off = Duration::from_secs(wall.unsigned_abs());
        let wall = if wall < 0 { self.clock.wall() - off } else { self.clock.wall() + off };
        State {
            ledger,
            hasher: hasher(),
            pacer: Arc::clone(&self.pacer),
            spool: std::env::temp_dir(),
            clock: Clock::at(wall),
        }
    }

    /// Notes what a run said of itself, and what can be checked at once.
    fn note(&self, report: &Option<Result<Report, Error>>) {
        match report {
            None => self.trace.note(format_args!("{} died", self.name)),
            Some(Err(error)) => self.trace.note(format_args!("{} failed: {error}", self.name)),
            Some(Ok(report)) => {
                let (outcome, calls) = (&report.outcome, &report.calls);
                self.trace.note(format_args!("{} ended: {outcome:?} {calls:?} {:?}", self.name, report.error));
                self.check_leavers(report);
                if let Err(error) = outcome.balance() {
                    self.trace.wrong(format!("X-1: {error}"));
                }
                if outcome.read != self.segment.rows.len() as u64 {
                    self.trace.wrong(format!("{} rows of {} were read", outcome.read, self.segment.rows.len()));
                }
                if report.error.is_none() && outcome.deferred > 0 {
                    self.trace.wrong(format!("{} rows are deferred without an error", outcome.deferred));
                }
            }
        }
        let error = report.as_ref().and_then(|report| match report {
            Ok(report) => report.error.as_ref(),
            Err(error) => Some(error),
        });
        if let Some(bug) = error.filter(|error| error.code().starts_with("bug::")) {
            self.trace.wrong(format!("a run ended with a defect of its own: {bug}"));
        }
    }

    /// Checks that everybody who left is counted once.
    fn check_leavers(&self, report: &Report) {
        let (told, plan) = (report.leavers.unwrap_or_default(), &report.plan.leavers);
        if report.leavers.is_some() != (self.farewells.policy != Policy::Keep) {
            self.trace.wrong(format!("leavers are reported as {:?}", report.leavers));
        }
        let outcomes = told.confirmed + told.unchanged + told.rejected + told.deferred + told.unknown;
        if outcomes != plan.tell + plan.told + plan.refused + plan.unknown {
            self.trace.wrong(format!("leavers do not add up: {plan:?} became {told:?}"));
        }
        if told.unknown > 0 {
            self.trace.wrong(format!("{} leavers without an email, of whom all were kept", told.unknown));
        }
        if report.error.is_none() && told.deferred > 0 {
            self.trace.wrong(format!("{} leavers are deferred without an error", told.deferred));
        }
    }

    /// Counts what `other` sent as sent by this one too: they share one pace.
    pub(crate) fn add_departures(&self, other: &Self) {
        let others = other.departures.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut departures = self.departures.lock().unwrap_or_else(PoisonError::into_inner);
        for (lane, times) in others {
            departures.entry(lane).or_default().extend(times);
        }
    }

    /// Checks that whoever counts as confirmed, leavers included, is in the account with exactly that value.
    pub(crate) fn check_confirmed(&self) {
        let ledger = self.store.look();
        let Ok(Some(generation)) = ledger.generation() else { return };
        let entries = ledger.entries(&generation, Key([0; 16]), Key([0xff; 16])).unwrap_or_default();
        let sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        for entry in entries.iter().filter(|entry| entry.late.is_empty()) {
            let Standing::Confirmed(value) = entry.standing else { continue };
            let Some(payload) = sent.get(&(entry.key, value)) else {
                self.trace.wrong(format!("{} counts as confirmed with a value that was never sent", entry.key));
                continue;
            };
            let email = payload["email"].as_str().unwrap_or_default();
            let contact = self.simulator.contact(email);
            if !contact.is_some_and(|contact| farewell::applies(payload, &contact, LIST)) {
                self.trace.wrong(format!("{email} counts as confirmed with {payload}"));
            }
        }
    }

    /// Checks that no window of a quota saw more calls leave than the quota allows.
    pub(crate) fn check_pace(&self) {
        let departures = self.departures.lock().unwrap_or_else(PoisonError::into_inner);
        for quota in QUOTAS {
            let of_lane = |lane: Lane| departures.get(&lane).into_iter().flatten().copied();
            // An import of one contact counts in both quotas.
            let also = (quota.lane == Lane::Bulk).then_some(Lane::Single);
            let mut left: Vec<Duration> = of_lane(quota.lane).chain(also.into_iter().flat_map(of_lane)).collect();
            left.sort_unstable();
            let count = usize::try_from(quota.count).unwrap_or(usize::MAX);
            if left.windows(count + 1).any(|window| window[count] - window[0] < quota.window) {
                self.trace.wrong(format!("X-3: {} sent more than {quota:?}", self.name));
            }
        }
    }
}

pub(crate) fn hasher() -> Hasher {
    Hasher::new([7; 32])
}

fn mapping(narrow: bool, policy: Policy) -> Mapping {
    let tier = (!narrow).then(|| ("Tier".into(), "tier".into()));
    let here = (policy == Policy::Mark).then(|| (farewell::TITLE.into(), "here".into()));
    Mapping {
        email: "email".into(),
        first_name: Some("first_name".into()),
        last_name: None,
        phone: None,
        fields: tier.into_iter().chain(here).collect(),
        tags: Vec::new(),
        empty_values: EmptyValues::Keep,
        phone_region: None,
        keep: Keep::First,
        leavers: policy.leavers(),
    }
}

/// Waits until the process is to be killed; never returns for other ends. Tells a run to stop when that is its end.
async fn struck(end: End, told: &watch::Sender<bool>) {
    match end {
        End::Kill(after) => return sleep(after).await,
        End::Stop(after) => {
            sleep(after).await;
            // A run that has ended listens no more.
            let _ = told.send(true);
        }
        End::Whole | End::Blow(_) | End::Deadline(_) => {}
    }
    std::future::pending().await
}

/// Keeps rejects by row.
struct Noted(Arc<Mutex<BTreeMap<u64, Reason>>>);

impl RejectWriter for Noted {
    fn write(&mut self, _: &[String], rejects: &Rejects) -> Result<(), Error> {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        noted.extend(rejects.iter().map(|reject| (reject.place.row, reject.reason)));
        Ok(())
    }
}

/// The present of a history that begins at a fixed time of the wall.
pub(crate) fn beginning() -> Clock {
    Clock::at(SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000))
}
