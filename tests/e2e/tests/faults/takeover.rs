//! Runs that take up what others left, while values change.

use std::sync::Arc;
use std::time::Duration;

use enlist_core::{Export, MemoryLedger, Observer, Reason, Scope};
use enlist_kit::{InProcess, KEY, People, World};
use enlist_simulator::{FaultScope, Latency, Settings};
use enlist_sink_activecampaign::ActiveCampaign;
use tokio::time::{sleep, timeout};

use super::{HOUR, MINUTE, assert_landed, assert_whole, quick};

/// One in four changes from edition to edition.
fn changing(rows: u64) -> People {
    People { changed_every: 4, ..People::clean(rows) }
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
    let scope = Scope { export: "other".into(), account: "simulator".into(), list: 1 };
    let other = World { ledger: MemoryLedger::new(scope), ..world.clone() };
    let _ = timeout(Duration::from_secs(20), other.run(People::clean(50).source())).await;
    world.simulator.change(|settings| settings.processing.out_of_order = 0.0);
    assert!(world.simulator.backlog() > 0);
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
    // It goes once more, at once, and then counts as certain.
    let once_more = world.run(people.source()).await.unwrap();
    assert_whole(&once_more);
    assert_eq!((once_more.outcome.confirmed, once_more.plan.blocked), (250, 0));
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
async fn a_contact_whose_imports_are_forgotten_is_deferred_not_refused() {
    let mut settings = quick();
    settings.processing.forgotten = 1.0;
    let world = World::new(settings);
    let report = world.run(People::clean(1).source()).await.unwrap();
    assert_eq!((report.outcome.rejected, report.outcome.deferred), (0, 1), "nobody refused it");
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
            world.run(edition(people, n).source()).await.unwrap().outcome.balance().unwrap();
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
        let mut export = Export { sink: Arc::new(sink), deadline, ..world.export(people.source()).unwrap() };
        export.run(world.state().unwrap(), Observer::none()).await.unwrap().outcome.balance().unwrap();
        export.deadline = HOUR;
        assert_whole(&export.run(world.state().unwrap(), Observer::none()).await.unwrap());
        assert!(world.simulator.report().automations >= 500, "all were sent with automations, {deadline:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_crash_at_any_moment_and_another_while_it_is_taken_up_converge_under_faults() {
    for moment in 1..=40 {
        let mut settings = Settings { seed: moment, ..quick() };
        settings.bulk_latency = Latency::Fixed(0.7);
        settings.processing.forgotten = 0.1;
        settings.processing.failed = 0.05;
        settings.processing.interrupted = 0.05;
        settings.processing.out_of_order = 0.3;
        settings.processing.held_back = 10 * MINUTE;
        settings.faults.scope = FaultScope::Bulk;
        settings.faults.cut_before = 0.1;
        settings.faults.cut_after = 0.2;
        settings.faults.throttle = 0.1;
        let people = changing(3_000);
        let world = World::new(settings);
        assert_whole(&world.run(people.source()).await.unwrap());
        let crashes = [(1, moment * 211), (2, moment * 617 % 9_000), (0, moment * 1_013 % 9_000)];
        for (n, after) in crashes {
            let _ = timeout(Duration::from_millis(after), world.run(edition(people, n).source())).await;
        }
        let mut report = world.run(people.source()).await.unwrap();
        // A contact may be deferred after repeated attempts without an answer; the next run sends it.
        if report.error.is_some() {
            report = world.run(people.source()).await.unwrap();
        }
        assert_whole(&report);
        sleep(HOUR).await;
        assert_landed(&world, &people);
        assert_eq!(
            world.run(people.source()).await.unwrap().calls.imports,
            0,
            "moment {moment}: nothing is sent twice"
        );
    }
}
