//! Delivery through faults that last, in virtual time.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod journal;
mod leavers;
mod takeover;

use std::sync::Arc;
use std::time::Duration;

use enlist_core::{ErrorKind, Ledger, MemoryLedger, NoRejects, Observer, Phase, Progress, Reason, Report, Scope};
use enlist_kit::{People, World};
use enlist_simulator::{FaultScope, Latency, Oversize, Settings, Throttle, UnknownBatch};
use tokio::sync::watch;
use tokio::time::sleep;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);

fn quick() -> Settings {
    Settings { bulk_latency: Latency::Fixed(0.15), latency: Latency::Fixed(0.1), ..Settings::default() }
}

/// Every row of `people` that can land is there with its values.
fn assert_landed(world: &World, people: &People) {
    let (landed, expected) = world.landed(people);
    assert_eq!(landed, expected);
}

fn assert_whole(report: &Report) {
    assert_eq!(report.error, None, "{:?}", report.warnings);
    assert_eq!(report.outcome.deferred, 0);
    report.outcome.balance().unwrap();
}

#[tokio::test(start_paused = true)]
async fn forgotten_imports_are_sent_again_even_if_their_status_stays_pending() {
    let mut settings = Settings { unknown_batch: UnknownBatch::False, ..quick() };
    settings.processing.forgotten = 0.3;
    let world = World::new(settings);
    let people = People::clean(5_000);
    let report = world.run(people.source()).await.unwrap();
    assert_whole(&report);
    assert!(report.elapsed < HOUR, "{:?}", report.elapsed);
    assert!(world.simulator.report().forgotten_batches > 3);
    assert_landed(&world, &people);
}

#[tokio::test(start_paused = true)]
async fn a_partition_of_ten_minutes_is_survived_at_little_cost() {
    for latency in [0.15, 3.0] {
        let world = World::new(Settings { bulk_latency: Latency::Fixed(latency), ..quick() });
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
    let world = World::new(Settings { throttle: Throttle::Unavailable, ..quick() });
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
    assert!(report.calls.imports < 80 + 40, "a storm is not met with more requests: {}", report.calls.imports);
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
    assert_eq!(world.ledger.len().unwrap(), 0, "nothing was accepted, so nobody is in doubt");
}

#[tokio::test(start_paused = true)]
async fn an_account_that_takes_no_call_at_all_is_named_with_the_cause() {
    let world = World::new(quick());
    world.simulator.change(|settings| (settings.faults.scope, settings.faults.throttle) = (FaultScope::All, 1.0));
    let error = world.run(People::clean(10).source()).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Unfinished, "network::throttled"));
    let said = error.to_string();
    assert!(said.starts_with("the account ") && said.contains("took no call for 2 minutes"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn contacts_beyond_the_accounts_limit_are_refused_and_the_others_land() {
    let mut settings = quick();
    settings.may_read_account = false;
    settings.subscriber_limit = Some(1_300);
    let world = World::new(settings);
    let report = world.run(People::clean(2_000).source()).await.unwrap();
    assert_whole(&report);
    assert_eq!((report.outcome.confirmed, report.rejected[&Reason::Refused]), (1_300, 700));
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
        let scope = Scope { export: "other".into(), account: "simulator".into(), list: 1 };
        let other = World { ledger: MemoryLedger::new(scope), ..world.clone() };
        let (state, mut second) = (world.state().unwrap(), other.state().unwrap());
        if shared {
            second.pacer = Arc::clone(&state.pacer);
        }
        let (a, b) = (People::clean(20_000), People { malformed_every: 1_000, ..People::clean(25_000) });
        let (first, then) = (world.export(a.source()).unwrap(), other.export(b.source()).unwrap());
        let (one, two) = tokio::join!(first.run(state, Observer::none()), then.run(second, Observer::none()));
        assert_whole(&one.unwrap());
        assert_whole(&two.unwrap());
        assert_landed(&world, &a);
        assert_landed(&world, &b);
        let seen = world.simulator.report();
        assert_eq!(seen.throttled > 0, !shared, "{} throttled", seen.throttled);
        assert!(!shared || seen.worst_minute <= 100);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stop_before_the_first_request_sends_none() {
    let world = World::new(quick());
    let (told, stop) = watch::channel(false);
    let progress = watch::Sender::new(Progress::default());
    let mut seen = progress.subscribe();
    let observer = Observer { progress, stop, rejects: Box::new(NoRejects) };
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
        let observer = Observer { progress: watch::Sender::default(), stop, rejects: Box::new(NoRejects) };
        let people = People::clean(20_000);
        let revoking = async {
            sleep(Duration::from_secs(10)).await;
            world.simulator.revoke();
            sleep(Duration::from_secs(10)).await;
            // At the deadline nobody may listen any more.
            let _ = told.send(stopped);
        };
        let (report, ()) = tokio::join!(world.run_observed(people.source(), observer), revoking);
        let report = report.unwrap();
        let kind = if stopped { ErrorKind::Interrupted } else { ErrorKind::Unfinished };
        assert_eq!(report.error.as_ref().unwrap().kind(), kind);
        report.outcome.balance().unwrap();
        assert!(report.elapsed < Duration::from_secs(45), "{:?}", report.elapsed);
        world.simulator.reinstate();
        world.deadline = HOUR;
        assert_whole(&world.run(people.source()).await.unwrap());
        assert_landed(&world, &people);
    }
}
