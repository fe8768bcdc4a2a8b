//! Delivery through faults that last, ledgers that fail and runs that take up after one another, in virtual time.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use enlist_core::{
    Digest, Entry, Error, ErrorKind, Export, Intent, IntentId, JobId, Key, Ledger, MemoryLedger, NewIntent, NoRejects,
    Observer, Phase, Progress, Reason, Report, Scope, Settlement, WriteFault,
};
use enlist_kit::{InProcess, KEY, People, World};
use enlist_simulator::{FaultScope, Lane, Latency, Oversize, Settings, Throttle, UnknownBatch};
use enlist_sink_activecampaign::ActiveCampaign;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);

fn quick() -> Settings {
    Settings {
        bulk_latency: Latency::Fixed(0.15),
        latency: Latency::Fixed(0.1),
        ..Settings::default()
    }
}

/// The account holds every landable person of `people` with this edition's tier, and nobody else of them.
fn assert_landed(world: &World, people: &People) {
    let mut expected = BTreeMap::new();
    for n in (0..people.rows).filter(|&n| !people.is_malformed(n)) {
        let person = people.person(n);
        expected.entry(person.email.clone()).or_insert(person);
    }
    let mut landed = 0;
    world.simulator.each_contact(|contact| {
        let Some(person) = expected.get(&contact.email) else {
            return;
        };
        landed += 1;
        assert_eq!(contact.fields.get(&1), Some(&person.tier), "{}", contact.email);
    });
    assert_eq!(landed, expected.len(), "every landable row is there");
}

fn assert_whole(report: &Report) {
    assert_eq!(report.error, None, "{:?}", report.warnings);
    assert_eq!(report.outcome.deferred, 0);
    report.outcome.balance().unwrap();
}

/// One in four changes from edition to edition.
fn changing(rows: u64) -> People {
    People {
        changed_every: 4,
        ..People::clean(rows)
    }
}

/// `people` with another tier of those who change.
fn edition(people: People, edition: u64) -> People {
    People { edition, ..people }
}

/// Leaves imports of another exporter under way that end hours later, and lets those that follow end as usual.
async fn keep_busy(world: &World) {
    world.simulator.change(|settings| {
        settings.processing.out_of_order = 1.0;
        settings.processing.held_back = 400 * HOUR;
    });
    let scope = Scope {
        export: "other".into(),
        account: "simulator".into(),
        list: 1,
    };
    let other = World {
        ledger: MemoryLedger::new(scope),
        ..world.clone()
    };
    let _ = timeout(Duration::from_secs(20), other.run(People::clean(50).source())).await;
    world
        .simulator
        .change(|settings| settings.processing.out_of_order = 0.0);
    assert!(world.simulator.backlog() > 0);
}

/// A ledger that notes when it failed.
struct Watched {
    ledger: MemoryLedger,
    failed: Arc<Mutex<Option<Instant>>>,
}

impl Watched {
    fn note<T>(&self, result: Result<T, Error>) -> Result<T, Error> {
        if result.is_err() {
            self.failed.lock().unwrap().get_or_insert_with(Instant::now);
        }
        result
    }
}

impl Ledger for Watched {
    fn generation(&self) -> Result<Option<Digest>, Error> {
        self.ledger.generation()
    }
    fn set_generation(&mut self, generation: Digest) -> Result<(), Error> {
        let result = self.ledger.set_generation(generation);
        self.note(result)
    }
    fn len(&self) -> Result<u64, Error> {
        self.ledger.len()
    }
    fn entries(&self, generation: &Digest, from: Key, to: Key) -> Result<Vec<Entry>, Error> {
        self.ledger.entries(generation, from, to)
    }
    fn intents(&self) -> Result<Vec<Intent>, Error> {
        self.ledger.intents()
    }
    fn record(&mut self, intents: &[NewIntent], now: i64) -> Result<Vec<IntentId>, Error> {
        let result = self.ledger.record(intents, now);
        self.note(result)
    }
    fn accept(&mut self, intent: IntentId, job: &JobId, in_doubt: bool) -> Result<(), Error> {
        let result = self.ledger.accept(intent, job, in_doubt);
        self.note(result)
    }
    fn settle(&mut self, intent: IntentId, settlement: &Settlement, now: i64) -> Result<(), Error> {
        let result = self.ledger.settle(intent, settlement, now);
        self.note(result)
    }
    fn clear_late(&mut self, before: i64) -> Result<u64, Error> {
        let result = self.ledger.clear_late(before);
        self.note(result)
    }
}

#[tokio::test(start_paused = true)]
async fn after_a_ledger_fails_at_any_write_nothing_is_sent_and_the_next_run_converges() {
    let mut settings = Settings {
        fail_accept: 0.002,
        fail_async: 0.005,
        ..quick()
    };
    settings.processing.failed = 0.2;
    settings.faults.scope = FaultScope::Bulk;
    settings.faults.cut_after = 0.1;
    let people = People::clean(1_200);
    let dry = World::new(settings.clone());
    assert_whole(&dry.run(people.source()).await.unwrap());
    let writes = dry.ledger.writes();
    assert!(writes > 30, "{writes}");
    for fault in [WriteFault::Lost, WriteFault::Kept] {
        for nth in 1..=writes.min(60) {
            let world = World::new(settings.clone());
            world.ledger.fail_write(nth, fault);
            let failed = Arc::default();
            let began = Instant::now();
            let mut state = world.state().unwrap();
            state.ledger = Box::new(Watched {
                ledger: world.ledger.clone(),
                failed: Arc::clone(&failed),
            });
            let result = world
                .export(people.source())
                .unwrap()
                .run(state, Observer::none())
                .await;
            let failed_at = failed.lock().unwrap().unwrap_or_else(|| panic!("write {nth} is made")) - began;
            match result {
                Ok(report) => {
                    assert_eq!(
                        report.error.as_ref().map(Error::kind),
                        Some(ErrorKind::State),
                        "write {nth}, {fault:?}: {:?}",
                        report.error
                    );
                    report.outcome.balance().unwrap();
                }
                Err(error) => assert_eq!(error.kind(), ErrorKind::State),
            }
            let late = world
                .simulator
                .records()
                .iter()
                .filter(|record| record.lane != Lane::General && record.at > failed_at)
                .count();
            assert_eq!(late, 0, "write {nth}, {fault:?}: nothing leaves after the failure");
            assert_whole(&world.run(people.source()).await.unwrap());
            let again = world.run(people.source()).await.unwrap();
            assert_eq!(again.calls.imports, 0, "write {nth}, {fault:?}: and it stays so");
            assert_eq!(world.simulator.len() as u64, again.outcome.unchanged);
        }
    }
}

/// A list at edition 0, of which a crashed run may have sent edition 1.
async fn in_doubt(people: People) -> World {
    let world = World::new(quick());
    assert_whole(&world.run(edition(people, 0).source()).await.unwrap());
    world.simulator.change(|settings| {
        settings.faults.scope = FaultScope::Bulk;
        settings.faults.cut_after = 1.0;
    });
    let crashed = timeout(Duration::from_secs(4), world.run(edition(people, 1).source())).await;
    assert!(crashed.is_err());
    world.simulator.change(|settings| settings.faults.cut_after = 0.0);
    world
}

#[tokio::test(start_paused = true)]
async fn a_value_that_went_back_and_forth_around_lost_answers_is_the_sources() {
    let people = changing(1_000);
    let world = in_doubt(people).await;
    let report = world.run(people.source()).await.unwrap();
    assert_whole(&report);
    assert!(report.recovered.unclear > 0);
    assert_landed(&world, &people);
    let again = world.run(people.source()).await.unwrap();
    assert_eq!((again.calls.imports, again.plan.blocked), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn another_exporter_that_never_rests_delays_an_uncertain_contact_by_the_quarantine_only() {
    let people = changing(1_000);
    let world = in_doubt(people).await;
    keep_busy(&world).await;
    let report = world.run(people.source()).await.unwrap();
    assert_whole(&report);
    assert!(report.elapsed < 35 * MINUTE, "{:?}", report.elapsed);
    assert_landed(&world, &people);
    // What was uncertain goes once more, and then counts as certain.
    let once_more = world.run(people.source()).await.unwrap();
    assert_whole(&once_more);
    assert!(once_more.elapsed < 5 * MINUTE, "{:?}", once_more.elapsed);
    assert_eq!(world.run(people.source()).await.unwrap().calls.imports, 0);
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_lands_after_its_request_was_refused_does_not_win_over_a_later_value() {
    let people = changing(1_000);
    let world = World::new(quick());
    assert_whole(&world.run(people.source()).await.unwrap());
    // Accepted without an answer, and worked off much later …
    world.simulator.change(|settings| {
        settings.faults.scope = FaultScope::Bulk;
        settings.faults.cut_after = 1.0;
        settings.processing.out_of_order = 1.0;
        settings.processing.held_back = 20 * MINUTE;
    });
    let refusing = async {
        sleep(Duration::from_secs(3)).await;
        // … while the next attempt is refused for one of its contacts.
        world.simulator.change(|settings| {
            settings.faults.cut_after = 0.0;
            settings.processing.out_of_order = 0.0;
            settings.fail_accept = 0.002;
        });
    };
    let (report, ()) = tokio::join!(world.run(edition(people, 1).source()), refusing);
    let report = report.unwrap();
    assert_whole(&report);
    assert!(report.rejected[&Reason::Invalid] > 0 && report.calls.in_doubt > 0);

    world.simulator.change(|settings| settings.fail_accept = 0.0);
    assert_whole(&world.run(edition(people, 2).source()).await.unwrap());
    sleep(HOUR).await;
    assert_landed(&world, &edition(people, 2));
}

#[tokio::test(start_paused = true)]
async fn forgotten_imports_are_sent_again_even_if_their_status_stays_pending() {
    let mut settings = Settings {
        unknown_batch: UnknownBatch::False,
        ..quick()
    };
    settings.processing.forgotten = 0.3;
    let world = World::new(settings);
    let people = People::clean(5_000);
    let report = world.run(people.source()).await.unwrap();
    assert_whole(&report);
    assert!(report.elapsed < 20 * MINUTE, "{:?}", report.elapsed);
    assert!(world.simulator.report().forgotten_batches > 3);
    assert_landed(&world, &people);
}

#[tokio::test(start_paused = true)]
async fn a_contact_whose_imports_are_forgotten_is_deferred_not_refused() {
    let mut settings = quick();
    settings.processing.forgotten = 1.0;
    let world = World::new(settings);
    let report = world.run(People::clean(1).source()).await.unwrap();
    assert_eq!(
        (report.outcome.rejected, report.outcome.deferred),
        (0, 1),
        "nobody refused it"
    );
    world.simulator.change(|settings| settings.processing.forgotten = 0.0);
    assert_whole(&world.run(People::clean(1).source()).await.unwrap());
    assert_landed(&world, &People::clean(1));
}

#[tokio::test(start_paused = true)]
async fn out_of_order_and_forgotten_imports_converge_across_runs() {
    for seed in 1..=4 {
        let mut settings = Settings { seed, ..quick() };
        settings.processing.forgotten = 0.2;
        settings.processing.out_of_order = 0.5;
        settings.faults.cut_after = 0.1;
        settings.faults.scope = FaultScope::Bulk;
        let mut world = World::new(settings);
        let people = changing(3_000);
        world.deadline = Duration::from_secs(8);
        for n in 0..4 {
            world
                .run(edition(people, n).source())
                .await
                .unwrap()
                .outcome
                .balance()
                .unwrap();
        }
        world.deadline = 2 * HOUR;
        assert_whole(&world.run(edition(people, 1).source()).await.unwrap());
        sleep(HOUR).await;
        assert_landed(&world, &edition(people, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn failed_imports_of_an_earlier_run_are_sent_again() {
    let mut settings = quick();
    settings.processing.failed = 1.0;
    let mut world = World::new(settings);
    world.deadline = Duration::from_secs(4);
    let people = People::clean(2_000);
    let first = world.run(people.source()).await.unwrap();
    assert_eq!(first.outcome.deferred, 2_000);
    world.simulator.change(|settings| settings.processing.failed = 0.0);
    world.deadline = HOUR;
    let report = world.run(people.source()).await.unwrap();
    assert_whole(&report);
    assert!(report.recovered.unclear > 0, "{:?}", report.recovered);
    assert_eq!(report.outcome.confirmed, 2_000);
    assert_landed(&world, &people);
}

#[tokio::test(start_paused = true)]
async fn a_partition_of_ten_minutes_is_survived_at_little_cost() {
    for latency in [0.15, 3.0] {
        let world = World::new(Settings {
            bulk_latency: Latency::Fixed(latency),
            ..quick()
        });
        let people = People::clean(20_000);
        let partition = async {
            sleep(Duration::from_secs(15)).await;
            world.simulator.change(|settings| settings.faults.cut_before = 1.0);
            sleep(10 * MINUTE).await;
            world.simulator.change(|settings| settings.faults.cut_before = 0.0);
        };
        let (report, ()) = tokio::join!(world.run(people.source()), partition);
        let report = report.unwrap();
        assert_whole(&report);
        assert_landed(&world, &people);
        assert!(report.elapsed < 14 * MINUTE, "{:?}", report.elapsed);
        // Requests that others overtook just before it began may go again in halves.
        let queued = world.simulator.report().queued_batches;
        assert!((80..90).contains(&queued), "{queued} requests, latency {latency}");
    }
}

#[tokio::test(start_paused = true)]
async fn five_minutes_of_unavailability_are_survived() {
    let world = World::new(Settings {
        throttle: Throttle::Unavailable,
        ..quick()
    });
    let people = People::clean(20_000);
    let storm = async {
        sleep(Duration::from_secs(15)).await;
        world.simulator.change(|settings| settings.faults.throttle = 1.0);
        sleep(5 * MINUTE).await;
        world.simulator.change(|settings| settings.faults.throttle = 0.0);
    };
    let (report, ()) = tokio::join!(world.run(people.source()), storm);
    let report = report.unwrap();
    assert_whole(&report);
    assert_landed(&world, &people);
    assert!(report.elapsed < 9 * MINUTE, "{:?}", report.elapsed);
    assert!(
        report.calls.imports < 80 + 40,
        "a storm is not met with more requests: {}",
        report.calls.imports
    );
}

#[tokio::test(start_paused = true)]
async fn throttling_until_the_deadline_defers_everything_and_leaves_nothing_open() {
    let mut world = World::new(quick());
    world.simulator.change(|settings| {
        settings.faults.scope = FaultScope::Bulk;
        settings.faults.throttle = 1.0;
    });
    world.deadline = 20 * MINUTE;
    let report = world.run(People::clean(1_000).source()).await.unwrap();
    assert_eq!(report.error.as_ref().unwrap().kind(), ErrorKind::Unfinished);
    assert_eq!(report.outcome.deferred, 1_000);
    report.outcome.balance().unwrap();
    assert!(report.calls.imports < 100, "{}", report.calls.imports);
    assert!(world.ledger.intents().unwrap().is_empty());
    assert_eq!(
        world.ledger.len().unwrap(),
        0,
        "nothing was accepted, so nobody is in doubt"
    );
}

#[tokio::test(start_paused = true)]
async fn contacts_beyond_the_accounts_limit_are_refused_and_the_others_land() {
    let mut settings = quick();
    settings.may_read_account = false;
    settings.subscriber_limit = Some(1_300);
    let world = World::new(settings);
    let report = world.run(People::clean(2_000).source()).await.unwrap();
    assert_whole(&report);
    assert_eq!(
        (report.outcome.confirmed, report.rejected[&Reason::Refused]),
        (1_300, 700)
    );
    assert_eq!(world.simulator.len(), 1_300);
}

#[tokio::test(start_paused = true)]
async fn an_account_with_a_smaller_limit_of_bytes_gets_smaller_requests() {
    for oversize in [Oversize::BadRequest, Oversize::PayloadTooLarge] {
        let mut settings = Settings { oversize, ..quick() };
        settings.limits.bytes = 15_000;
        let world = World::new(settings);
        let people = People::clean(5_000);
        let report = world.run(people.source()).await.unwrap();
        assert_whole(&report);
        assert_eq!(report.outcome.confirmed, 5_000);
        assert_landed(&world, &people);
        let refused = report.calls.imports - world.simulator.report().queued_batches;
        assert!(refused <= 10, "the limit is learned: {refused} refused");
    }
}

#[tokio::test(start_paused = true)]
async fn exporters_of_one_account_finish_and_share_its_window_if_they_share_a_pacer() {
    for shared in [true, false] {
        let world = World::new(quick());
        let scope = Scope {
            export: "other".into(),
            account: "simulator".into(),
            list: 1,
        };
        let other = World {
            ledger: MemoryLedger::new(scope),
            ..world.clone()
        };
        let (state, mut second) = (world.state().unwrap(), other.state().unwrap());
        if shared {
            second.pacer = Arc::clone(&state.pacer);
        }
        let (a, b) = (
            People::clean(20_000),
            People {
                malformed_every: 1_000,
                ..People::clean(25_000)
            },
        );
        let (first, then) = (world.export(a.source()).unwrap(), other.export(b.source()).unwrap());
        let (one, two) = tokio::join!(first.run(state, Observer::none()), then.run(second, Observer::none()));
        assert_whole(&one.unwrap());
        assert_whole(&two.unwrap());
        assert_landed(&world, &a);
        assert_landed(&world, &b);
        let seen = world.simulator.report();
        assert_eq!(seen.throttled > 0, !shared, "{} throttled", seen.throttled);
        assert!(seen.worst_minute <= 100);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stop_before_the_first_request_sends_none() {
    let world = World::new(quick());
    let (told, stop) = watch::channel(false);
    let progress = watch::Sender::new(Progress::default());
    let mut seen = progress.subscribe();
    let observer = Observer {
        progress,
        stop,
        rejects: Box::new(NoRejects),
    };
    let stopping = async {
        seen.wait_for(|progress| progress.phase == Phase::Merge).await.unwrap();
        told.send(true).unwrap();
    };
    let (report, ()) = tokio::join!(world.run_observed(People::clean(2_000).source(), observer), stopping);
    let report = report.unwrap();
    assert_eq!(report.error.as_ref().unwrap().kind(), ErrorKind::Interrupted);
    assert_eq!((report.calls.imports, report.outcome.deferred), (0, 2_000));
}

#[tokio::test(start_paused = true)]
async fn a_deadline_or_a_stop_while_the_key_is_in_question_ends_the_run() {
    for stopped in [true, false] {
        let mut world = World::new(quick());
        if !stopped {
            world.deadline = Duration::from_secs(20);
        }
        let (told, stop) = watch::channel(false);
        let observer = Observer {
            progress: watch::Sender::default(),
            stop,
            rejects: Box::new(NoRejects),
        };
        let people = People::clean(20_000);
        let revoking = async {
            sleep(Duration::from_secs(10)).await;
            world.simulator.revoke();
            sleep(Duration::from_secs(10)).await;
            told.send(stopped).unwrap();
        };
        let (report, ()) = tokio::join!(world.run_observed(people.source(), observer), revoking);
        let report = report.unwrap();
        let kind = if stopped {
            ErrorKind::Interrupted
        } else {
            ErrorKind::Unfinished
        };
        assert_eq!(report.error.as_ref().unwrap().kind(), kind);
        report.outcome.balance().unwrap();
        assert!(report.elapsed < Duration::from_secs(45), "{:?}", report.elapsed);
        world.simulator.reinstate();
        world.deadline = HOUR;
        assert_whole(&world.run(people.source()).await.unwrap());
        assert_landed(&world, &people);
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_of_other_settings_that_ends_during_a_run_confirms_nothing_under_the_present_ones() {
    for deadline in (585..640).step_by(5).map(Duration::from_secs) {
        let mut settings = quick();
        settings.processing.delay = 10 * MINUTE;
        let mut world = World::new(settings);
        world.deadline = Duration::from_secs(5);
        let people = People::clean(500);
        assert_eq!(world.run(people.source()).await.unwrap().outcome.deferred, 500);

        let automated = enlist_sink_activecampaign::Settings {
            host: "127.0.0.1:1".into(),
            allow_host: false,
            key: KEY.to_owned().into(),
            list: 1,
            tags: Vec::new(),
            automations: true,
            ca_file: None,
        };
        let sink = ActiveCampaign::new(automated, Arc::new(InProcess(world.simulator.clone()))).unwrap();
        let mut export = Export {
            sink: Arc::new(sink),
            deadline,
            ..world.export(people.source()).unwrap()
        };
        export
            .run(world.state().unwrap(), Observer::none())
            .await
            .unwrap()
            .outcome
            .balance()
            .unwrap();
        export.deadline = HOUR;
        assert_whole(&export.run(world.state().unwrap(), Observer::none()).await.unwrap());
        assert!(
            world.simulator.report().automations >= 500,
            "all were sent with automations, {deadline:?}"
        );
    }
}
