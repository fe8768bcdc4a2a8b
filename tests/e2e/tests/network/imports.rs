//! Rows 34 to 42: what becomes of an import after it was accepted.

use std::sync::atomic::{AtomicUsize, Ordering};

use enlist_core::{Reason, Stage};
use enlist_kit::{People, World};
use enlist_simulator::{Exclusion, Latency, Match, Settings, Status, UnknownBatch, Unsubscribed};
use tokio::time::sleep;

use super::wire::{Fate, Wire, answer, rows};
use super::{HOUR, HTML, MINUTE, SECOND, assert_landed, assert_whole, code, ended, quick};

/// Rows of `people` that the account does not have.
fn absent(world: &World, people: &People) -> Vec<u64> {
    let missing = |&n: &u64| world.simulator.contact(&people.person(n).email).is_none();
    (0..people.rows).filter(missing).map(|n| n + 1).collect()
}

#[tokio::test(start_paused = true)]
async fn fault_34_an_import_is_followed_through_all_its_states_to_an_outcome_for_each_row() {
    let mut settings = Settings { fail_async: 0.05, status_false: 6 * SECOND, ..quick() };
    settings.processing.delay = MINUTE;
    settings.processing.contacts_per_second = 10.0;
    let world = World::new(settings);
    let people = People::clean(250);
    let wire = Wire::new(&world, |_| Fate::Pass);
    let (report, rejects) = wire.run_with_rejects(&world, people.source()).await;
    let told: Vec<String> = wire
        .arrived()
        .into_iter()
        .filter(|(call, _)| call.job().is_some())
        .map(|(_, body)| String::from_utf8(body.to_vec()).unwrap())
        .collect();
    let states = [r#""status":false"#, "waiting", "claimed", "active", "completed"];
    assert_eq!(told.len(), states.len());
    assert!(told.iter().zip(states).all(|(body, state)| body.contains(state)), "{told:?}");
    assert_eq!((code(&report), rows(&rejects)), (3, absent(&world, &people)));
    assert!(!rejects.is_empty() && rejects.iter().all(|reject| reject.stage == Stage::Import));
    assert_eq!(report.outcome.confirmed, world.simulator.len() as u64);
}

#[tokio::test(start_paused = true)]
async fn fault_35_a_question_without_a_clear_answer_is_asked_again_and_nothing_is_sent_twice() {
    let world = World::new(quick());
    let people = People::clean(250);
    let asked = AtomicUsize::new(0);
    let wire = Wire::new(&world, move |call| {
        if call.job().is_none() {
            return Fate::Pass;
        }
        match asked.fetch_add(1, Ordering::Relaxed) {
            0 => Fate::Answered(answer(200, &[], r#"{"status":false}"#)),
            1 => Fate::Answered(answer(404, &[], r#"{"message":"No Result found"}"#)),
            2 => Fate::Answered(answer(500, &[], HTML)),
            3 => Fate::Answered(answer(200, &[], HTML)),
            4 => Fate::Cut(20),
            5 => Fate::Lost,
            6 => Fate::Answered(answer(429, &["Retry-After: 20"], "")),
            7 => Fate::Answered(answer(403, &[], "")),
            _ => Fate::Pass,
        }
    });
    let report = wire.run(&world, people.source()).await.unwrap();
    assert_whole(&report);
    assert_eq!((report.calls.imports, wire.calls().iter().filter(|call| call.job().is_some()).count()), (1, 9));
    assert_landed(&world, &people);
}

#[tokio::test(start_paused = true)]
async fn fault_35_a_forgotten_import_is_sent_again_in_whatever_way_it_is_denied() {
    for unknown_batch in [UnknownBatch::NotFound, UnknownBatch::BadRequest, UnknownBatch::False] {
        let mut settings = Settings { unknown_batch, ..quick() };
        settings.processing.forgotten = 1.0;
        let world = World::new(settings);
        let people = People::clean(1_000);
        let remembering = async {
            sleep(5 * SECOND).await;
            world.simulator.change(|settings| settings.processing.forgotten = 0.0);
        };
        let (report, ()) = tokio::join!(world.run(people.source()), remembering);
        let report = report.unwrap();
        assert_whole(&report);
        assert_landed(&world, &people);
        let seen = world.simulator.report();
        assert_eq!((seen.forgotten_batches, seen.completed_batches), (4, 4), "{unknown_batch:?}");
        assert!(report.warnings.iter().any(|warning| warning.contains("forgot")), "{:?}", report.warnings);
    }
}

#[tokio::test(start_paused = true)]
async fn fault_36_an_import_that_fails_goes_once_more_and_then_in_halves_to_the_one_at_fault() {
    for status in ["failed", "interrupted"] {
        let world = World::new(quick());
        let people = People::clean(1_000);
        let culprit = people.person(600).email;
        let ended = format!(r#"{{"status":"{status}","success":[],"failure":[]}}"#);
        let wire = Wire::new(&world, move |call| {
            if call.imports(&culprit) {
                let accepted = format!(r#"{{"success":1,"queued_contacts":2,"batchId":"poisoned-{}"}}"#, call.nth);
                return Fate::Answered(answer(200, &[], accepted));
            }
            match call.job() {
                Some(job) if job.starts_with("poisoned") => Fate::Answered(answer(200, &[], ended.clone())),
                _ => Fate::Pass,
            }
        });
        let (report, rejects) = wire.run_with_rejects(&world, people.source()).await;
        assert_eq!((code(&report), rows(&rejects)), (3, vec![601]), "{status}: {:?}", report.error);
        assert_eq!((rejects[0].stage, rejects[0].reason), (Stage::Import, Reason::ImportFailed));
        assert_eq!((report.outcome.confirmed, report.outcome.deferred), (999, 0));
        assert_eq!(absent(&world, &people), [601]);
        let imports = wire.imports();
        let whole: Vec<_> = imports.iter().filter(|call| call.imports(&people.person(600).email)).collect();
        assert_eq!(whole[0].body, whole[1].body, "once more as a whole");
        assert!(report.calls.imports <= 4 + 1 + 2 * 8, "{} requests", report.calls.imports);
    }
}

#[tokio::test(start_paused = true)]
async fn fault_37_an_import_that_does_not_end_is_deferred_and_taken_up_first_by_the_next_run() {
    let mut settings = quick();
    settings.processing.delay = HOUR;
    let mut world = World::new(settings);
    world.deadline = 5 * MINUTE;
    let people = People::clean(2_000);
    let report = world.run(people.source()).await.unwrap();
    let (code, error) = ended(&report);
    assert_eq!((code, error.code(), report.outcome.deferred), (5, "send::deadline", 2_000));

    sleep(HOUR).await;
    let wire = Wire::new(&world, |_| Fate::Pass);
    let next = wire.run(&world, people.source()).await.unwrap();
    assert_whole(&next);
    assert_eq!((next.recovered.resolved, next.recovered.confirmed), (8, 2_000));
    assert_eq!((next.outcome.unchanged, wire.imports().len()), (2_000, 0), "nothing is sent again");
    assert_landed(&world, &people);
}

#[tokio::test(start_paused = true)]
async fn fault_38_who_unsubscribed_is_refused_by_row_and_never_subscribed_again() {
    let world = World::new(quick());
    let people = People::clean(1_000);
    for n in 0..20 {
        world.simulator.unsubscribe(&people.person(n).email, 1);
    }
    let wire = Wire::new(&world, |_| Fate::Pass);
    let (report, rejects) = wire.run_with_rejects(&world, people.source()).await;
    assert_eq!((code(&report), rows(&rejects)), (3, (1..=20).collect::<Vec<_>>()));
    assert!(rejects.iter().all(|reject| reject.reason == Reason::Refused && reject.message.contains("no reason")));
    assert_eq!(report.outcome.confirmed, 980);
    let still = || (world.simulator.members(1, Status::Unsubscribed), world.simulator.report().resubscribed);
    assert_eq!(still(), (20, 0));
    // Neither a later run nor a full one changes that.
    assert_eq!(world.run(people.source()).await.unwrap().calls.imports, 0);
    World { full: true, ..world.clone() }.run(people.source()).await.unwrap().outcome.balance().unwrap();
    assert_eq!(still(), (20, 0));
}

#[tokio::test(start_paused = true)]
async fn fault_38_where_the_importer_updates_but_does_not_subscribe_they_stay_unsubscribed() {
    let world = World::new(Settings { unsubscribed: Unsubscribed::FieldsOnly, ..quick() });
    let people = People::clean(1_000);
    for n in 0..20 {
        world.simulator.unsubscribe(&people.person(n).email, 1);
    }
    assert_whole(&world.run(people.source()).await.unwrap());
    assert_eq!((world.simulator.members(1, Status::Unsubscribed), world.simulator.report().resubscribed), (20, 0));
}

#[tokio::test(start_paused = true)]
async fn fault_39_who_unsubscribes_between_plan_and_import_is_refused_just_so() {
    let world = World::new(quick());
    let people = People::clean(1_000);
    assert_eq!(world.plan(people.source()).await.unwrap().summary.add, 1_000);
    let leaving = async {
        // The first requests have been accepted and not yet been worked off.
        sleep(4 * SECOND).await;
        for n in 0..20 {
            world.simulator.unsubscribe(&people.person(n).email, 1);
        }
    };
    let wire = Wire::new(&world, |_| Fate::Pass);
    let ((report, rejects), ()) = tokio::join!(wire.run_with_rejects(&world, people.source()), leaving);
    assert_eq!((code(&report), rows(&rejects)), (3, (1..=20).collect::<Vec<_>>()));
    assert_eq!((world.simulator.members(1, Status::Unsubscribed), world.simulator.report().resubscribed), (20, 0));
}

#[tokio::test(start_paused = true)]
async fn fault_40_who_is_excluded_or_bounced_is_refused_by_row_and_everybody_else_lands() {
    let world = World::new(quick());
    let people = People::clean(1_000);
    let exclude = |text: &str, matching| {
        world.simulator.exclude(Exclusion { text: text.to_owned(), matching, lists: Vec::new() });
    };
    exclude(&people.person(3).email, Match::Exact);
    exclude("person.000012", Match::Begins);
    exclude("777@example.com", Match::Ends);
    world.simulator.bounce(&people.person(500).email);
    let wire = Wire::new(&world, |_| Fate::Pass);
    let (report, rejects) = wire.run_with_rejects(&world, people.source()).await;
    let expected: Vec<u64> = [4].into_iter().chain(121..=130).chain([501, 778]).collect();
    assert_eq!((code(&report), rows(&rejects)), (3, expected));
    assert!(rejects.iter().all(|reject| reject.reason == Reason::Refused));
    assert_eq!((report.outcome.confirmed, world.simulator.len()), (987, 987));
}

#[tokio::test(start_paused = true)]
async fn fault_41_an_account_slower_than_we_send_is_never_given_more_than_400_imports_at_a_time() {
    let mut settings = quick();
    settings.processing.contacts_per_second = 25.0;
    let mut world = World::new(settings);
    world.deadline = 3 * HOUR;
    let people = People::clean(115_000);
    let mut most = 0;
    let run = world.run(people.source());
    tokio::pin!(run);
    let report = loop {
        tokio::select! {
            report = &mut run => break report.unwrap(),
            () = sleep(5 * SECOND) => most = most.max(world.simulator.backlog()),
        }
    };
    assert_whole(&report);
    assert_landed(&world, &people);
    assert!((390..=400).contains(&most), "{most} imports at a time");
    assert_eq!((report.calls.imports, report.calls.throttled), (460, 0));
}

#[tokio::test(start_paused = true)]
async fn fault_42_imports_applied_out_of_order_end_with_the_values_of_the_source() {
    for seed in 1..=3 {
        let mut settings = Settings { seed, bulk_latency: Latency::Fixed(0.5), ..quick() };
        settings.processing.out_of_order = 0.5;
        settings.processing.held_back = 5 * MINUTE;
        let mut world = World::new(settings);
        let people = |edition| People { changed_every: 2, edition, ..People::clean(3_000) };
        // Each of these runs leaves imports under way when its source has changed already.
        world.deadline = 20 * SECOND;
        for edition in [0, 1, 2] {
            world.run(people(edition).source()).await.unwrap().outcome.balance().unwrap();
        }
        world.deadline = 3 * HOUR;
        assert_whole(&world.run(people(1).source()).await.unwrap());
        sleep(HOUR).await;
        assert_landed(&world, &people(1));
        assert_eq!(world.run(people(1).source()).await.unwrap().calls.imports, 0, "and it stays so");
    }
}
