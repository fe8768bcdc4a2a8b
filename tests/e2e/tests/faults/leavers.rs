//! Contacts that leave the segment are told so, and nobody else is.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use enlist_core::{Batches, Hasher, Leavers, Ledger, Report, Selection, normalise_email};
use enlist_kit::{People, World};
use enlist_simulator::{FaultScope, Settings, Status};
use tokio::time::{Duration, timeout};

use super::{assert_whole, quick};

/// The custom field of the simulated account that is called "Tier", and the list of a world.
const TIER: u32 = 1;
const LIST: u32 = 1;
const MARK: &str = "Bronze";

fn world(leavers: Leavers, settings: Settings) -> World {
    World { leavers, ..World::new(settings) }
}

fn mark() -> Leavers {
    Leavers::Mark { field: "Tier".into(), value: MARK.into() }
}

/// The first `rows` people, all of them Gold.
fn gold(rows: u64) -> Batches {
    all_of(rows, "Gold")
}

fn all_of(rows: u64, tier: &str) -> Batches {
    let people = People::clean(rows).batch(0, rows);
    let mut columns: Vec<ArrayRef> = people.columns().to_vec();
    columns[4] = Arc::new(StringArray::from(vec![tier; people.num_rows()]));
    let batch = RecordBatch::try_new(people.schema(), columns).unwrap();
    Batches::new("people", batch.schema(), vec![batch])
}

/// Tiers of the first `rows` people in the account.
fn tiers(world: &World, rows: u64) -> BTreeMap<u64, String> {
    let tier = |n| {
        let contact = world.simulator.contact(&People::clean(rows).person(n).email)?;
        Some((n, contact.fields.get(&TIER).cloned().unwrap_or_default()))
    };
    (0..rows).filter_map(tier).collect()
}

fn assert_tiers(world: &World, members: u64, all: u64) {
    for (n, tier) in tiers(world, all) {
        assert_eq!(tier, if n < members { "Gold" } else { MARK }, "person {n}");
    }
}

fn leavers(report: &Report) -> (u64, u64, u64, u64, u64) {
    let it = report.leavers.unwrap();
    (it.confirmed, it.unchanged, it.rejected, it.deferred, it.unknown)
}

#[tokio::test(start_paused = true)]
async fn fault_67_who_leaves_is_marked_once_and_who_comes_back_has_the_segments_value() {
    let world = world(mark(), quick());
    assert_whole(&world.run(gold(500)).await.unwrap());

    let report = world.run(gold(400)).await.unwrap();
    assert_whole(&report);
    assert_eq!((report.plan.leave, leavers(&report)), (100, (100, 0, 0, 0, 0)));
    assert_eq!(report.outcome.unchanged, 400);
    assert_tiers(&world, 400, 500);

    let again = world.run(gold(400)).await.unwrap();
    assert_eq!((again.calls.imports, again.plan.leave, leavers(&again)), (0, 0, (0, 100, 0, 0, 0)));

    let back = world.run(gold(450)).await.unwrap();
    assert_whole(&back);
    assert_eq!((back.outcome.confirmed, leavers(&back)), (50, (0, 50, 0, 0, 0)));
    assert_tiers(&world, 450, 500);

    let gone = world.run(gold(400)).await.unwrap();
    assert_eq!((gone.plan.leave, leavers(&gone)), (50, (50, 50, 0, 0, 0)));
    assert_tiers(&world, 400, 500);
}

#[tokio::test(start_paused = true)]
async fn whoever_is_unsubscribed_by_leaving_stays_unsubscribed() {
    let world = world(Leavers::Unsubscribe, quick());
    assert_whole(&world.run(gold(60)).await.unwrap());
    assert_whole(&world.run(gold(50)).await.unwrap());
    let left = |n| world.simulator.contact(&People::clean(60).person(n).email).unwrap().lists[&LIST];
    assert!((0..50).all(|n| left(n) == Status::Active) && (50..60).all(|n| left(n) == Status::Unsubscribed));

    let back = world.run(gold(60)).await.unwrap();
    assert_eq!(back.outcome.rejected, 10, "no import subscribes them again: {:?}", back.rejected);
    assert!((50..60).all(|n| left(n) == Status::Unsubscribed));
}

#[tokio::test(start_paused = true)]
async fn whoever_is_on_the_list_is_told_even_if_the_last_value_was_refused() {
    let world = world(mark(), quick());
    assert_whole(&world.run(gold(300)).await.unwrap());
    let someone = People::clean(300).person(299).email;
    world.simulator.unsubscribe(&someone, LIST);
    let refusing = world.run(all_of(300, "Silver")).await.unwrap();
    assert_eq!((refusing.outcome.rejected, refusing.outcome.confirmed), (1, 299), "{:?}", refusing.error);

    let report = world.run(all_of(299, "Silver")).await.unwrap();
    assert_eq!((report.plan.leave, leavers(&report)), (1, (1, 0, 0, 0, 0)));
    assert_eq!(world.simulator.contact(&someone).unwrap().fields[&TIER], MARK);
    let again = world.run(all_of(299, "Silver")).await.unwrap();
    assert_eq!((again.calls.imports, leavers(&again)), (0, (0, 1, 0, 0, 0)));
}

#[tokio::test(start_paused = true)]
async fn what_a_slow_import_of_an_earlier_run_told_is_not_told_again() {
    let world = world(mark(), quick());
    assert_whole(&world.run(gold(200)).await.unwrap());
    world.simulator.change(|settings| settings.processing.delay = Duration::from_secs(600));
    let _ = timeout(Duration::from_secs(30), world.run(gold(150))).await;
    let report = world.run(gold(150)).await.unwrap();
    assert_whole(&report);
    assert_eq!((report.calls.imports, leavers(&report)), (0, (50, 0, 0, 0, 0)));
    assert_tiers(&world, 150, 200);
}

#[tokio::test(start_paused = true)]
async fn leavers_are_told_through_faults_and_a_crash_between_the_two() {
    for crash_after in [1, 3, 6, 12] {
        let world = world(mark(), quick());
        assert_whole(&world.run(gold(3_000)).await.unwrap());
        world.simulator.change(|settings| {
            settings.faults.scope = FaultScope::Bulk;
            (settings.faults.throttle, settings.faults.cut_before, settings.faults.cut_after) = (0.1, 0.1, 0.2);
        });
        let _ = timeout(Duration::from_secs(crash_after), world.run(gold(1_000))).await;
        // Half of those who left come back before anything was cleared up.
        let mut report = world.run(gold(2_000)).await.unwrap();
        for _ in 0..3 {
            if report.error.is_some() {
                report = world.run(gold(2_000)).await.unwrap();
            }
        }
        assert_whole(&report);
        assert_tiers(&world, 2_000, 3_000);
        world.simulator.change(|settings| settings.faults = Settings::default().faults);
        let again = world.run(gold(2_000)).await.unwrap();
        assert_eq!((again.calls.imports, leavers(&again)), (0, (0, 1_000, 0, 0, 0)), "after {crash_after} s");
    }
}

#[tokio::test(start_paused = true)]
async fn only_who_was_sent_since_the_policy_began_can_be_told_and_its_end_forgets_emails() {
    let mut world = world(Leavers::Keep, quick());
    assert_whole(&world.run(gold(100)).await.unwrap());
    assert_whole(&world.run(gold(90)).await.unwrap());
    world.leavers = mark();
    let report = world.run(gold(80)).await.unwrap();
    assert_eq!(leavers(&report), (0, 0, 0, 0, 20), "their emails were never kept");
    let report = world.run(gold(70)).await.unwrap();
    assert_eq!(leavers(&report), (10, 0, 0, 0, 20));
    world.leavers = Leavers::Keep;
    assert_whole(&world.run(gold(60)).await.unwrap());
    let mut ledger = world.ledger.clone();
    assert_eq!(ledger.clear_emails().unwrap(), 0, "none is kept any longer");
}

#[tokio::test(start_paused = true)]
async fn a_row_that_is_rejected_or_left_out_is_no_leaver() {
    let mut world = world(mark(), quick());
    assert_whole(&world.run(gold(100)).await.unwrap());
    // The tier of person 7 breaks a rule of the field: the person is in the segment all the same.
    let people = People::clean(100).batch(0, 100);
    let mut columns: Vec<ArrayRef> = people.columns().to_vec();
    columns[4] =
        Arc::new(StringArray::from_iter_values((0..100).map(|n| if n == 7 { "no such tier" } else { "Gold" })));
    let batch = RecordBatch::try_new(people.schema(), columns).unwrap();
    let report = world.run(Batches::new("people", batch.schema(), vec![batch])).await.unwrap();
    assert_eq!((report.outcome.rejected, report.plan.leave), (1, 0));
    assert_tiers(&world, 100, 100);

    world.selection = Selection { limit: Some(5), ..Selection::default() };
    let report = world.run(gold(50)).await.unwrap();
    assert_eq!((report.plan.leave, report.calls.imports), (0, 0), "a part of the segment tells nothing about the rest");
}

#[tokio::test(start_paused = true)]
async fn whoever_is_suppressed_is_neither_sent_nor_told() {
    let mut world = world(mark(), quick());
    assert_whole(&world.run(gold(40)).await.unwrap());
    let email = |n| People::clean(100).person(n).email;
    let list: ArrayRef = Arc::new(StringArray::from(vec![email(5).to_uppercase(), email(45)]));
    let batch = RecordBatch::try_from_iter([("email", list)]).unwrap();
    world.suppress = vec![Arc::new(Batches::new("suppressed", batch.schema(), vec![batch]))];
    let report = world.run(gold(50)).await.unwrap();
    assert_eq!(report.rejected.values().sum::<u64>(), 2);
    assert!(world.simulator.contact(&email(45)).is_none(), "nobody sent a suppressed person");
    assert_eq!(report.plan.leave, 0);
    // Suppressed and gone from the segment: not even told.
    let batch = People::clean(5).batch(0, 5);
    let five = Batches::new("people", batch.schema(), vec![batch]);
    world.run(five).await.unwrap();
    assert_eq!(tiers(&world, 6)[&5], "Gold");
}

#[tokio::test(start_paused = true)]
async fn whoever_is_erased_is_not_sent_again_whatever_was_under_way() {
    let world = world(mark(), quick());
    let email = normalise_email(&People::clean(10).person(3).email).unwrap();
    let key = Hasher::new([7; 32]).key(&email);
    // Dies with its imports under way, so that the next run takes them up.
    let _ = timeout(Duration::from_millis(200), world.run(gold(10))).await;
    world.ledger.forget(&[key]);
    let report = world.run(gold(10)).await.unwrap();
    assert_eq!((report.outcome.rejected, report.outcome.deferred), (1, 0), "{:?}", report.rejected);
    let entries = world.ledger.entries(&world.ledger.generation().unwrap().unwrap(), key, key).unwrap();
    assert!(entries.is_empty(), "what was under way brings nobody back");
}

#[tokio::test(start_paused = true)]
async fn a_limited_run_sends_so_many_and_the_next_ones_the_rest() {
    let mut world = world(Leavers::Keep, quick());
    world.selection.limit = Some(30);
    for (sent, skipped) in [(30, 70), (30, 40), (30, 10), (10, 0)] {
        let report = world.run(gold(100)).await.unwrap();
        assert_whole(&report);
        assert_eq!((report.outcome.confirmed, report.outcome.skipped), (sent, skipped));
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_refused_is_tried_again_alone() {
    let mut world = world(Leavers::Keep, quick());
    let email = |n| People::clean(200).person(n).email;
    (0..20).for_each(|n| world.simulator.bounce(&email(n)));
    let report = world.run(gold(100)).await.unwrap();
    assert_eq!(report.outcome.rejected, 20);
    (0..20).for_each(|n| world.simulator.unbounce(&email(n)));
    world.selection.rejects = Some([("people".to_owned(), [150].into())].into());
    let report = world.run(gold(200)).await.unwrap();
    assert_whole(&report);
    assert_eq!((report.outcome.confirmed, report.outcome.unchanged, report.outcome.skipped), (21, 80, 99));
    assert!(world.simulator.contact(&email(149)).is_some() && world.simulator.contact(&email(150)).is_none());
}
