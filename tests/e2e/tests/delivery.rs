//! Delivery against a simulated account, in virtual time.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::time::Duration;

use enlist_core::{ErrorKind, NoRejects, Observer, Progress, Reason, Report};
use enlist_kit::{People, World};
use enlist_simulator::{Complaints, Latency, Settings, Throttle};
use tokio::sync::watch;

/// An account that answers after `seconds`, with its true limits.
fn answering_after(seconds: f64) -> Settings {
    Settings { bulk_latency: Latency::Fixed(seconds), latency: Latency::Fixed(seconds.min(0.2)), ..Settings::default() }
}

/// Every row of `people` that can land is there with its values.
fn assert_landed(world: &World, people: &People) {
    let (landed, expected) = world.landed(people);
    assert_eq!(landed, expected);
}

fn assert_complete(report: &Report, confirmed: u64, rejected: u64, duplicate: u64) {
    assert_eq!(report.error, None, "{:?}", report.warnings);
    let outcome = &report.outcome;
    assert_eq!((outcome.confirmed, outcome.rejected, outcome.duplicate), (confirmed, rejected, duplicate));
    assert_eq!(outcome.deferred, 0);
    outcome.balance().unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_full_rate_is_kept_at_two_seconds_of_latency_without_a_throttle() {
    let world = World::new(answering_after(2.0));
    let people = People::clean(50_000);
    let report = world.run(people.source()).await.unwrap();
    assert_complete(&report, 50_000, 0, 0);
    assert_landed(&world, &people);
    let seen = world.simulator.report();
    assert_eq!((seen.bulk_requests, seen.single_requests, seen.throttled), (200, 0, 0));
    assert!(seen.worst_minute <= 100, "{} imports in a minute", seen.worst_minute);
    assert!(seen.worst_second <= 5, "{} calls in a second", seen.worst_second);
    // 200 requests at 99 a minute, and the time of the last import.
    assert!(report.elapsed < Duration::from_secs(121 + 20), "{:?}", report.elapsed);
}

#[tokio::test(start_paused = true)]
async fn every_landable_row_lands_and_each_other_row_has_a_reason() {
    for throttle in [Throttle::BadRequest, Throttle::TooManyRequests, Throttle::Unavailable] {
        let settings = Settings { throttle, throttle_every: Some(5), fail_async: 0.01, ..answering_after(0.15) };
        let world = World::new(settings);
        let people = People::dirty(10_000);
        let report = world.run(people.source()).await.unwrap();
        assert_eq!(report.error, None);
        let refused = world.simulator.report().failures.chosen;
        assert!(refused > 50, "the account refuses some on its own: {refused}");
        assert_eq!(report.rejected[&Reason::BadEmail], 100);
        assert_eq!(report.rejected[&Reason::Refused], refused);
        assert_eq!(report.outcome.duplicate, 200);
        assert_eq!(report.outcome.confirmed, 10_000 - 100 - 200 - refused);
        assert_eq!(world.simulator.len() as u64, report.outcome.confirmed);
        assert!(report.calls.throttled > 5);
    }
}

#[tokio::test(start_paused = true)]
async fn a_rerun_sends_nothing_and_a_change_sends_exactly_the_changed() {
    let world = World::new(answering_after(0.15));
    let mut people = People { changed_every: 20, ..People::dirty(10_000) };
    world.run(people.source()).await.unwrap();
    let first = world.simulator.report();

    let again = world.run(people.source()).await.unwrap();
    assert_eq!((again.calls.imports, again.outcome.unchanged), (0, 9_700));
    assert_eq!(world.simulator.report().bulk_requests, first.bulk_requests);

    people.edition = 1;
    let changed = (0..people.rows).filter(|&n| people.is_changed(n) && !people.is_malformed(n)).count() as u64;
    let report = world.run(people.source()).await.unwrap();
    assert_eq!((report.plan.update, report.outcome.confirmed), (changed, changed));
    assert_eq!(world.simulator.report().updated - first.updated, changed);
    assert_eq!(report.calls.imports, changed.div_ceil(250));
}

#[tokio::test(start_paused = true)]
async fn what_the_account_refuses_is_remembered_and_not_sent_again() {
    let world = World::new(Settings { fail_async: 0.05, ..answering_after(0.15) });
    let first = world.run(People::clean(2_000).source()).await.unwrap();
    let refused = first.rejected[&Reason::Refused];
    let again = world.run(People::clean(2_000).source()).await.unwrap();
    assert_eq!((again.calls.imports, again.rejected[&Reason::Refused]), (0, refused));
    assert_eq!(again.outcome.unchanged, 2_000 - refused);
}

#[tokio::test(start_paused = true)]
async fn contacts_the_importer_names_are_isolated_whatever_it_counts_from_and_however_many_it_names() {
    for first_index in [0, 1] {
        for complaints in [Complaints::All, Complaints::First] {
            let settings = Settings { first_index, complaints, fail_accept: 0.002, ..answering_after(0.15) };
            let people = People::clean(5_000);
            let bad = (0..people.rows).filter(|&n| settings.refuses(&people.person(n).email)).count() as u64;
            let world = World::new(settings);
            let report = world.run(people.source()).await.unwrap();
            assert_eq!(report.error, None);
            assert!(bad > 3, "{bad}");
            assert_eq!(report.rejected[&Reason::Invalid], bad);
            assert_eq!(world.simulator.len() as u64, 5_000 - bad);
            // Each costs at most two more for its isolation, once the base is known; bisection would cost sixteen.
            assert!(report.calls.imports <= 20 + 6 * bad, "{} for {bad}", report.calls.imports);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn failed_interrupted_and_forgotten_imports_end_in_full_delivery() {
    let mut settings = answering_after(0.15);
    settings.processing.failed = 0.05;
    settings.processing.interrupted = 0.05;
    settings.processing.forgotten = 0.05;
    settings.processing.out_of_order = 0.2;
    let world = World::new(settings);
    let people = People::clean(20_000);
    let report = world.run(people.source()).await.unwrap();
    assert_eq!(report.error, None, "{:?}", report.warnings);
    assert_landed(&world, &people);
    let seen = world.simulator.report();
    assert!(seen.failed_batches + seen.interrupted_batches + seen.forgotten_batches > 3);
}

#[tokio::test(start_paused = true)]
async fn faults_of_every_kind_end_in_full_delivery() {
    let mut settings = answering_after(0.5);
    settings.faults.throttle = 0.05;
    settings.faults.server_error = 0.05;
    settings.faults.html = 0.05;
    settings.faults.forbidden = 0.02;
    settings.faults.cut_before = 0.05;
    settings.faults.cut_after = 0.05;
    settings.faults.truncated = 0.05;
    for seed in 1..=5 {
        let world = World::new(Settings { seed, ..settings.clone() });
        let people = People::clean(10_000);
        let mut report = world.run(people.source()).await;
        // The checks before a run may meet their third fault in a row; then the run is started again.
        for _ in 0..5 {
            if report.as_ref().is_ok_and(|report| report.error.is_none()) {
                break;
            }
            report = world.run(people.source()).await;
        }
        assert_eq!(report.unwrap().error, None);
        assert_landed(&world, &people);
        let seen = world.simulator.report();
        assert!(seen.worst_minute <= 100);
        assert_eq!(seen.resubscribed, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_deadline_defers_what_is_left_and_the_next_run_finishes_it() {
    let mut world = World::new(answering_after(0.15));
    world.deadline = Duration::from_secs(30);
    let people = People::clean(20_000);
    let report = world.run(people.source()).await.unwrap();
    assert_eq!(report.error.as_ref().unwrap().kind(), ErrorKind::Unfinished);
    report.outcome.balance().unwrap();
    assert!(report.outcome.deferred > 5_000 && report.outcome.confirmed > 5_000);

    world.deadline = Duration::from_secs(5_400);
    let rest = world.run(people.source()).await.unwrap();
    assert_eq!(rest.error, None);
    assert!(rest.recovered.resolved > 0, "requests of the first run are taken up");
    assert!(rest.outcome.confirmed <= report.outcome.deferred, "nothing that was settled is sent again");
    assert_landed(&world, &people);
}

#[tokio::test(start_paused = true)]
async fn a_revoked_key_stops_the_run_and_a_valid_one_continues_it() {
    let world = World::new(answering_after(0.15));
    let people = People::clean(20_000);
    let revoke = async {
        tokio::time::sleep(Duration::from_secs(20)).await;
        world.simulator.revoke();
    };
    let (report, ()) = tokio::join!(world.run(people.source()), revoke);
    let report = report.unwrap();
    let error = report.error.as_ref().unwrap();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Access, "access::key"));
    assert!(error.help_text().is_some());
    report.outcome.balance().unwrap();

    assert_eq!(world.run(people.source()).await.unwrap_err().kind(), ErrorKind::Access, "and it is told at once");
    world.simulator.reinstate();
    assert_eq!(world.run(people.source()).await.unwrap().error, None);
    assert_landed(&world, &people);
}

#[tokio::test(start_paused = true)]
async fn a_stop_drains_and_the_same_run_again_converges() {
    let world = World::new(answering_after(1.0));
    let people = People::clean(20_000);
    let (told, stop) = watch::channel(false);
    let observer = Observer { progress: watch::Sender::new(Progress::default()), stop, rejects: Box::new(NoRejects) };
    let stopping = async {
        tokio::time::sleep(Duration::from_secs(15)).await;
        told.send(true).unwrap();
    };
    let (report, ()) = tokio::join!(world.run_observed(people.source(), observer), stopping);
    let report = report.unwrap();
    assert_eq!(report.error.as_ref().unwrap().kind(), ErrorKind::Interrupted);
    report.outcome.balance().unwrap();
    let rest = world.run(people.source()).await.unwrap();
    assert_eq!((rest.error, rest.recovered.unclear), (None, 0));
    assert_eq!(world.simulator.report().queued_batches, 80, "a drained stop sends nothing twice");
    assert_landed(&world, &people);
}

#[tokio::test(start_paused = true)]
async fn a_crash_at_any_moment_converges_also_when_the_source_went_back_meanwhile() {
    for crash_after in [2_500, 4_000, 5_100, 7_777, 8_600] {
        let world = World::new(answering_after(1.0));
        let a = People { changed_every: 2, ..People::clean(5_000) };
        let b = People { edition: 1, ..a };
        assert_eq!(world.run(a.source()).await.unwrap().error, None);
        let crashed = tokio::time::timeout(Duration::from_millis(crash_after), world.run(b.source())).await;
        assert!(crashed.is_err(), "the run is cut off");

        // The source is back at A: what the ledger calls confirmed may meanwhile be B at the destination.
        let report = world.run(a.source()).await.unwrap();
        assert_eq!(report.error, None, "crash after {crash_after} ms");
        let mut checked = 0;
        world.simulator.each_contact(|contact| {
            let n: u64 = contact.email[7..14].parse().unwrap();
            assert_eq!(contact.fields.get(&1), Some(&a.person(n).tier), "row {n}, crash after {crash_after} ms");
            checked += 1;
        });
        assert_eq!(checked, 5_000);
        let again = world.run(a.source()).await.unwrap();
        assert_eq!(again.calls.imports, 0, "and it stays so");
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_is_resubscribed_and_no_automation_runs() {
    let world = World::new(answering_after(0.15));
    for n in 0..20 {
        world.simulator.unsubscribe(&People::clean(1).person(n).email, 1);
    }
    let report = world.run(People::clean(1_000).source()).await.unwrap();
    assert_eq!((report.outcome.confirmed, report.rejected[&Reason::Refused]), (980, 20));
    let seen = world.simulator.report();
    assert_eq!((seen.resubscribed, seen.automations), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_change_set_of_one_is_one_request_in_the_lane_for_single_contacts() {
    let world = World::new(answering_after(0.15));
    let report = world.run(People::clean(1).source()).await.unwrap();
    assert_complete(&report, 1, 0, 0);
    let seen = world.simulator.report();
    assert_eq!((seen.bulk_requests, seen.single_requests), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_broken_guard_sends_nothing_and_defers_everything() {
    let mut world = World::new(answering_after(0.15));
    world.guards.max_adds = Some(999);
    let report = world.run(People::clean(1_000).source()).await.unwrap();
    assert_eq!(report.error.as_ref().unwrap().code(), "guard::max_adds");
    assert_eq!((report.calls.imports, report.outcome.deferred), (0, 1_000));
    report.outcome.balance().unwrap();
    assert_eq!(world.simulator.report().bulk_requests, 0);
}

#[tokio::test(start_paused = true)]
async fn a_plan_sends_nothing_and_says_what_a_run_would_do() {
    let world = World::new(answering_after(0.15));
    let plan = world.plan(People::dirty(10_000).source()).await.unwrap();
    assert_eq!((plan.summary.read, plan.summary.add, plan.summary.duplicate), (10_000, 9_700, 200));
    assert_eq!(plan.summary.requests, 39);
    assert_eq!(world.simulator.report().bulk_requests, 0);
    let report = world.run(People::dirty(10_000).source()).await.unwrap();
    assert_eq!((report.calls.imports, report.plan), (39, plan.summary));
}
