//! Carries a scenario out and judges it: whatever happened, the account ends as the source says.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use enlist_core::{Error, Ledger, MemoryLedger, Pacer, Reason, Scope, Standing};
use enlist_simulator::{Settings, Simulator, Status};
use fastrand::Rng;
use tokio::runtime::Builder;
use tokio::time::sleep;

use crate::broken::Rule;
use crate::farewell::{FIELD, Farewells, HERE, Policy};
use crate::journal::Store;
use crate::party::{Ended, LIST, Party, beginning, hasher};
use crate::scenario::{End, Leg, Scenario};
use crate::segment::{Row, Segment, email};
use crate::trace::Trace;
use crate::weather;

/// Clean runs within which everything has to be whole: the first takes up what was left, and what it gave up after
/// repeated attempts without an answer is the second's.
const CLEAN_RUNS: usize = 3;

/// For how long imports of a neighbour may keep the importer busy.
const BUSY: Duration = Duration::from_secs(70 * 60);

/// Time after which nothing is on its way any more.
const SETTLED: Duration = Duration::from_secs(3 * 3_600);

/// What came of a history.
#[derive(Debug)]
pub struct Verdict {
    /// Broken promises; none if all is well.
    pub wrongs: Vec<String>,
    /// Everything that happened, in order.
    pub trace: String,
    /// Runs, the clean ones at the end included.
    pub runs: u64,
    /// Import requests that arrived at the account.
    pub imports: u64,
    /// Whether a run waited in vain for the importer to rest (R5).
    pub quarantined: bool,
    /// Ledger writes and calls of the longest run: where a blow can strike.
    pub steps: u64,
}

/// Where the ledgers of a history are kept.
pub type Open = dyn Fn(&Scope) -> Result<Box<dyn Ledger>, Error> + Sync;

/// Ledgers in memory.
///
/// # Errors
/// Never.
pub fn in_memory(scope: &Scope) -> Result<Box<dyn Ledger>, Error> {
    Ok(Box::new(MemoryLedger::new(scope.clone())))
}

/// Carries `scenario` out on one thread, in virtual time. `broken` is a rule that is broken on purpose.
///
/// # Errors
/// When the history cannot be set up, which is no verdict.
pub(crate) fn carry_out(scenario: &Scenario, broken: Option<Rule>, open: &Open) -> Result<Verdict, Error> {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime
        .map_err(|e| Error::new(enlist_core::ErrorKind::Bug, "simulation::runtime", format!("no runtime: {e}")))?;
    runtime.block_on(async { Box::pin(History::begin(scenario, broken, open)?.carry_out(scenario)).await })
}

struct History {
    simulator: Simulator,
    trace: Trace,
    /// The exporter that is tried.
    own: Party,
    /// Another one on the same account, with people of its own, that is left in peace.
    neighbour: Party,
    left: BTreeSet<String>,
    runs: u64,
    steps: u64,
}

impl History {
    fn begin(scenario: &Scenario, broken: Option<Rule>, open: &Open) -> Result<Self, Error> {
        let clock = beginning();
        let trace = Trace::new(clock);
        let simulator = Simulator::new(scenario.settings.clone());
        let mut chance = Rng::with_seed(scenario.seed ^ 0x5eed);
        let mut party = |name: &'static str, segment: Segment, pacer: Option<&Arc<Pacer>>| -> Result<Party, Error> {
            let scope = Scope { export: name.into(), account: "simulator".into(), list: LIST.into() };
            Ok(Party {
                name,
                segment,
                store: Store::new(open(&scope)?),
                pacer: pacer.map_or_else(crate::party::pacer, Arc::clone),
                departures: Arc::default(),
                sent: Arc::default(),
                farewells: Farewells::new(Policy::Keep),
                simulator: simulator.clone(),
                trace: trace.clone(),
                clock,
                request: scenario.request,
                way: scenario.way,
                chance: chance.fork(),
                narrow: false,
                broken,
            })
        };
        let mut own = party("people", Segment::of(scenario.people, 0), None)?;
        own.farewells = Farewells::new(scenario.policy);
        // Persons from 500 on, so that the two have nobody in common.
        let rows = (500..500 + scenario.people).map(|person| Row { email: email(person), value: 1 }).collect();
        let mut neighbour = party("others", Segment { rows }, scenario.shares_pace.then_some(&own.pacer))?;
        neighbour.broken = None;
        Ok(Self { simulator, trace, own, neighbour, left: BTreeSet::new(), runs: 0, steps: 0 })
    }

    async fn carry_out(mut self, scenario: &Scenario) -> Result<Verdict, Error> {
        let mut neighbours = false;
        for leg in scenario.legs.iter().flatten() {
            neighbours |= leg.neighbour || leg.busy;
            if leg.busy {
                self.keep_busy(&scenario.settings).await?;
            }
            Box::pin(self.leg(leg)).await?;
        }
        self.own.narrow = false;
        self.simulator.change(weather::clear_up);
        let mut ended = clean_runs(&mut self.own, &mut self.runs).await?;
        sleep(SETTLED).await;
        let tells = scenario.policy != Policy::Keep;
        if tells && ended.as_ref().is_some_and(Ended::left_jobs_open) {
            // Who came by one of them and left meanwhile is known to the next run.
            ended = clean_runs(&mut self.own, &mut self.runs).await?;
            sleep(SETTLED).await;
        }
        let other = if neighbours { clean_runs(&mut self.neighbour, &mut self.runs).await? } else { None };
        sleep(SETTLED).await;
        let quarantined = self.own.store.has_expired();
        self.compare(&self.own, ended.as_ref(), &scenario.settings);
        self.own.check_confirmed();
        self.check_gone();
        if neighbours {
            self.compare(&self.neighbour, other.as_ref(), &scenario.settings);
            self.neighbour.check_confirmed();
        }
        self.once_more().await?;
        if scenario.shares_pace {
            self.own.add_departures(&self.neighbour);
        }
        for party in [&self.own, &self.neighbour] {
            party.check_pace();
        }
        let report = self.simulator.report();
        if report.resubscribed > 0 {
            self.trace.wrong(format!("{} people were subscribed again", report.resubscribed));
        }
        if report.automations > 0 {
            self.trace.wrong(format!("{} contacts ran through automations", report.automations));
        }
        let (trace, mut wrongs) = self.trace.take();
        // What a person would miss first.
        wrongs.sort_by_key(|wrong| !wrong.starts_with("person."));
        let imports = report.bulk_requests + report.single_requests;
        Ok(Verdict { wrongs, trace, runs: self.runs, imports, steps: self.steps, quarantined })
    }

    /// Leaves imports of the neighbour under way that end within the next hour or so.
    async fn keep_busy(&mut self, usual: &Settings) -> Result<(), Error> {
        // What we sent is not to be held back so long: R5 waits for half an hour.
        sleep(self.own.way).await;
        self.simulator.change(|settings| {
            (settings.processing.out_of_order, settings.processing.held_back) = (1.0, BUSY);
        });
        self.neighbour.segment.rows.iter_mut().for_each(|row| row.value = (row.value + 1) % 3);
        self.neighbour.run(End::Deadline(Duration::from_secs(20)), 0).await?;
        let usual = (usual.processing.out_of_order, usual.processing.held_back);
        self.simulator.change(|settings| {
            (settings.processing.out_of_order, settings.processing.held_back) = usual;
        });
        Ok(())
    }

    async fn leg(&mut self, leg: &Leg) -> Result<(), Error> {
        sleep(leg.pause).await;
        self.trace.note(format_args!("edits {:?}", leg.edits));
        leg.edits.iter().for_each(|&edit| self.own.segment.apply(edit));
        for person in leg.unsubscribe.iter().map(|&person| email(person)) {
            let status = self.simulator.contact(&person).and_then(|contact| contact.lists.get(&LIST).copied());
            if status == Some(Status::Active) {
                self.simulator.unsubscribe(&person, LIST);
                self.trace.note(format_args!("{person} leaves the list"));
                self.left.insert(person);
            }
        }
        self.own.narrow = leg.narrow;
        let ended = if leg.neighbour {
            let (own, other) = tokio::join!(self.own.run(leg.end, leg.wall), self.neighbour.run(End::Whole, 0));
            other?;
            own?
        } else {
            self.own.run(leg.end, leg.wall).await?
        };
        self.runs += 1;
        self.steps = self.steps.max(ended.steps);
        Ok(())
    }

    /// A run that finds everything as it left it sends nothing.
    async fn once_more(&mut self) -> Result<(), Error> {
        if self.own.store.forget_expired() {
            // What was waited for in vain is sent once more (R5).
            clean_runs(&mut self.own, &mut self.runs).await?;
            sleep(SETTLED).await;
        }
        let ended = self.own.run(End::Whole, 0).await?;
        self.runs += 1;
        match ended.report {
            Some(Ok(report)) if report.error.is_some() => {
                self.trace.wrong(format!("a run with nothing to do ended with {:?}", report.error));
            }
            Some(Ok(report)) if report.calls.imports > 0 => {
                self.trace.wrong(format!("a run with nothing to do sent {} imports", report.calls.imports));
            }
            Some(Ok(_)) => {}
            other => self.trace.wrong(format!("a run with nothing to do failed: {other:?}")),
        }
        Ok(())
    }

    /// Every contact that counts is in the account as the source says, or was refused for a reason of its own.
    fn compare(&self, party: &Party, ended: Option<&Ended>, settings: &Settings) {
        let rows = &party.segment.rows;
        let row = |number: u64| usize::try_from(number).ok().and_then(|number| rows.get(number.checked_sub(1)?));
        let rejected = ended.map(|ended| &ended.rejected).into_iter().flatten();
        let rejected: BTreeMap<String, Reason> =
            rejected.filter_map(|(&number, &reason)| Some((row(number)?.email.to_lowercase(), reason))).collect();
        for (person, row) in party.segment.winners() {
            let found = self.simulator.contact(&person);
            if let Some(reason) = rejected.get(&person) {
                if !self.may_refuse(party, &person, *reason, settings) {
                    self.trace.wrong(format!("{person} was rejected as {} without a cause", reason.code()));
                }
                continue;
            }
            let Some(contact) = found else {
                self.trace.wrong(format!("{person} is missing"));
                continue;
            };
            let tier = contact.fields.get(&1).map(String::as_str);
            if contact.first_name != row.first_name() || tier != Some(row.tier()) {
                let has = &contact.first_name;
                self.trace.wrong(format!("{person} has {has:?} and {tier:?}, the source {row:?}"));
            }
            if party.farewells.policy == Policy::Mark && contact.fields.get(&FIELD).is_none_or(|it| it != HERE) {
                self.trace.wrong(format!("{person} is in the segment and marked as gone"));
            }
            let status = contact.lists.get(&LIST);
            if status != Some(&Status::Active) && !self.left.contains(&person) {
                self.trace.wrong(format!("{person} is on the list as {status:?}"));
            }
        }
    }

    /// Whoever was on the list and left was told, unless the account refused it.
    fn check_gone(&self) {
        let policy = self.own.farewells.policy;
        let ledger = self.own.store.look();
        let generation = ledger.generation().ok().flatten().unwrap_or_default();
        for person in self.own.farewells.gone(|email| hasher().key(email)) {
            let key = hasher().key(&person);
            let entry = ledger.entries(&generation, key, key).unwrap_or_default().pop();
            let refused = entry.is_some_and(|entry| {
                let last = entry.earlier.unwrap_or(entry.standing);
                matches!(last, Standing::Rejected(message, Reason::ImportFailed) if self.own.farewells.sent((key, message)))
            });
            let contact = self.simulator.contact(&person).filter(|_| !refused);
            let told = contact.is_none_or(|contact| match policy {
                Policy::Keep => true,
                Policy::Mark => contact.fields.get(&FIELD).is_some_and(|it| it != HERE),
                Policy::Unsubscribe => contact.lists.get(&LIST) == Some(&Status::Unsubscribed),
            });
            if !told {
                self.trace.wrong(format!("{person} left and was not told"));
            }
        }
    }

    fn may_refuse(&self, party: &Party, person: &str, reason: Reason, settings: &Settings) -> bool {
        match reason {
            Reason::Invalid => settings.refuses(person),
            Reason::Refused => {
                let unsubscribed = self.left.contains(person) || party.farewells.may_have_unsubscribed(person);
                settings.fails(person) || unsubscribed
            }
            Reason::ImportFailed => settings.processing.failed + settings.processing.interrupted > 0.0,
            _ => false,
        }
    }
}

/// Runs until a run is whole, which has to happen soon.
async fn clean_runs(party: &mut Party, runs: &mut u64) -> Result<Option<Ended>, Error> {
    let mut last = String::new();
    for _ in 0..CLEAN_RUNS {
        let ended = party.run(End::Whole, 0).await?;
        *runs += 1;
        match &ended.report {
            Some(Ok(report)) if report.error.is_none() => return Ok(Some(ended)),
            Some(Ok(report)) => last = format!("{:?}", report.error),
            Some(Err(error)) => last = error.to_string(),
            None => last = "it died".into(),
        }
    }
    party.trace.wrong(format!("{CLEAN_RUNS} runs without faults are not whole: {last}"));
    Ok(None)
}
