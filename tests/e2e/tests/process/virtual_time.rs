//! Rows that would take hours, or another machine, in reality: in process, in virtual time.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use enlist_core::{
    Clock, Error, ErrorKind, Ledger, MemoryLedger, NoRejects, Observer, RejectWriter, Rejects, Report, Scope, State,
    WriteFault,
};
use enlist_kit::{People, World};
use enlist_simulator::{Lane, Latency, Settings};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

const DAY: Duration = Duration::from_secs(24 * 3_600);

fn quick() -> Settings {
    Settings { bulk_latency: Latency::Fixed(0.15), latency: Latency::Fixed(0.1), ..Settings::default() }
}

#[track_caller]
fn assert_whole(world: &World, people: &People, report: &Report) {
    assert_eq!(report.error, None, "{:?}", report.warnings);
    assert_eq!(report.outcome.deferred, 0);
    let (landed, expected) = world.landed(people);
    assert_eq!(landed, expected);
}

fn imports(world: &World) -> usize {
    world.simulator.records().iter().filter(|record| record.lane != Lane::General).count()
}

#[tokio::test(start_paused = true)]
async fn fault_48_a_write_that_the_disk_did_not_keep_stops_the_run_and_is_not_tried_again() {
    let people = People::clean(1_200);
    let writes = {
        let dry = World::new(quick());
        assert_whole(&dry, &people, &dry.run(people.source()).await.unwrap());
        dry.ledger.writes()
    };
    // What a failed fsync leaves on the disk is not known: all of it, or nothing.
    for fault in [WriteFault::Kept, WriteFault::Lost] {
        for nth in 1..=writes {
            let world = World::new(quick());
            world.ledger.fail_write(nth, fault);
            let error = match world.run(people.source()).await {
                Ok(report) => report.error.unwrap_or_else(|| panic!("write {nth} failed and nobody minds")),
                Err(error) => error,
            };
            assert_eq!((error.kind(), error.code()), (ErrorKind::State, "state::unwritable"), "write {nth}");
            let sent = imports(&world);
            assert!(sent <= 5, "write {nth}: {sent} requests");
            // The writes after it only record what had been under way: one answer for each request in flight.
            assert!(world.ledger.writes() <= nth + 2, "write {nth}: {} were made", world.ledger.writes());
            assert_whole(&world, &people, &world.run(people.source()).await.unwrap());
        }
    }
}

/// A writer of rejects with a defect.
struct Defective;

impl RejectWriter for Defective {
    fn write(&mut self, _: &[String], rejects: &Rejects) -> Result<(), Error> {
        assert!(rejects.is_empty(), "a defect");
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn fault_54_a_panic_in_the_middle_of_delivery_is_no_worse_than_a_kill() {
    let people = People::clean(3_000);
    let world = World::new(Settings { fail_async: 0.002, ..quick() });
    let (_, stop) = watch::channel(false);
    let observer = Observer { progress: watch::Sender::default(), stop, rejects: Box::new(Defective) };
    let (dying, source) = (world.clone(), people.source());
    let died = tokio::spawn(async move { dying.run_observed(source, observer).await }).await;
    assert!(died.is_err_and(|end| end.is_panic()), "the defect was not met");
    assert!(imports(&world) > 0 && !world.ledger.intents().unwrap().is_empty(), "it was met too early");
    let report = world.run(people.source()).await.unwrap();
    assert_eq!((report.error, report.outcome.deferred), (None, 0));
    assert!(report.outcome.rejected > 0);
    let (landed, expected) = world.landed(&people);
    assert_eq!(landed as u64, expected as u64 - report.outcome.rejected);
}

#[tokio::test(start_paused = true)]
async fn fault_55_a_wall_clock_that_jumps_by_days_between_runs_changes_neither_pace_nor_result() {
    let people = People { changed_every: 4, ..People::clean(4_000) };
    let now = SystemTime::now();
    for walls in [[now, now - DAY, now + DAY], [now, now + DAY, now - DAY]] {
        let world = World::new(quick());
        for (edition, wall) in (0..).zip(walls) {
            let people = People { edition, ..people };
            let state = || State { clock: Clock::at(wall), ..world.state().unwrap() };
            // A crash in the middle, then the same source again on the same wrong clock.
            let run = world.export(people.source()).unwrap();
            let crashed = timeout(Duration::from_secs(6), run.run(state(), Observer::none())).await;
            assert!(crashed.is_err(), "it was over before the crash");
            let report = run.run(state(), Observer::none()).await.unwrap();
            assert_whole(&world, &people, &report);
            assert!(report.elapsed < Duration::from_secs(300), "{:?}", report.elapsed);
        }
        assert!(world.simulator.report().worst_minute <= 100);
        assert_eq!(world.simulator.report().throttled, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn fault_58_two_machines_on_one_account_slow_down_and_both_finish() {
    let world = World::new(quick());
    let scope = Scope { export: "other".into(), account: "simulator".into(), list: 1 };
    let other = World { ledger: MemoryLedger::new(scope), ..world.clone() };
    // Each with a pacer of its own, as machines have that do not see each other.
    let (a, b) = (People::clean(30_000), People { malformed_every: 1_000, ..People::clean(35_000) });
    let ((one, two), backlog) =
        tokio::join!(async { tokio::join!(world.run(a.source()), other.run(b.source())) }, async {
            sleep(Duration::from_secs(30)).await;
            world.simulator.backlog()
        });
    assert!(backlog > 0);
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_whole(&world, &a, &one);
    assert_whole(&other, &b, &two);
    assert!(one.calls.throttled > 0 && two.calls.throttled > 0, "neither was slowed down");
    let told = |warnings: &[String]| warnings.iter().any(|warning| warning.starts_with("another importer is at work"));
    assert!(told(&one.warnings) || told(&two.warnings), "{:?} {:?}", one.warnings, two.warnings);
    let seen = world.simulator.report();
    let sent = one.calls.imports + two.calls.imports;
    assert!(seen.throttled * 4 < sent, "{} of {sent} requests were throttled", seen.throttled);
}

#[tokio::test(start_paused = true)]
async fn fault_58_two_exports_with_one_pacer_are_never_throttled() {
    let world = World::new(quick());
    let scope = Scope { export: "other".into(), account: "simulator".into(), list: 1 };
    let other = World { ledger: MemoryLedger::new(scope), ..world.clone() };
    let people = People::clean(15_000);
    let state = world.state().unwrap();
    let second = State { pacer: Arc::clone(&state.pacer), ..other.state().unwrap() };
    let observer = || Observer { rejects: Box::new(NoRejects), ..Observer::none() };
    let (first, then) = (world.export(people.source()).unwrap(), other.export(people.source()).unwrap());
    let (one, two) = tokio::join!(first.run(state, observer()), then.run(second, observer()));
    assert_whole(&world, &people, &one.unwrap());
    assert_whole(&other, &people, &two.unwrap());
    assert_eq!((world.simulator.report().throttled, world.simulator.report().worst_minute <= 100), (0, true));
}
