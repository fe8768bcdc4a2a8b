//! Rows 29 to 33: the list, a field or the room for contacts is not there, or not any more.

use std::sync::Arc;

use enlist_core::{Export, Observer, Reason};
use enlist_kit::{InProcess, People, World};
use enlist_simulator::{Field, FieldType};
use enlist_sink_activecampaign::ActiveCampaign;
use tokio::time::sleep;

use super::wire::{Fate, Wire, rows, settings};
use super::{SECOND, assert_landed, assert_whole, code, code_of, ended, quick};

/// The demo list and the field "Tier" of the simulated account.
const LIST: u32 = 1;
const TIER: u32 = 1;

#[tokio::test(start_paused = true)]
async fn fault_29_a_list_that_is_not_there_is_answered_with_those_that_are() {
    let world = World::new(quick());
    world.simulator.add_list(9, "VIP");
    let sink = ActiveCampaign::new(settings("127.0.0.1:1", 8), Arc::new(InProcess(world.simulator.clone()))).unwrap();
    let export = Export { sink: Arc::new(sink), ..world.export(People::clean(20).source()).unwrap() };
    let error = export.run(world.state().unwrap(), Observer::none()).await.unwrap_err();
    assert_eq!((code_of(&error), error.to_string().as_str()), (6, "list 8 not found"));
    let lists = r#"lists you can use: 1 "Demo list", 7 "VIP customers", 9 "VIP""#;
    assert_eq!((error.code(), error.help_text()), ("ac::list_missing", Some(lists)));
    assert!(world.simulator.is_empty());
}

#[tokio::test(start_paused = true)]
async fn fault_30_a_list_deleted_in_mid_run_ends_the_run_before_everybody_counts_as_refused() {
    let world = World::new(quick());
    let people = People::clean(20_000);
    let deleting = async {
        sleep(15 * SECOND).await;
        world.simulator.remove_list(LIST);
    };
    let (report, ()) = tokio::join!(world.run(people.source()), deleting);
    let report = report.unwrap();
    let (code, error) = ended(&report);
    assert_eq!((code, error.code()), (6, "ac::list_missing"));
    let refused = report.rejected.get(&Reason::Refused).copied().unwrap_or_default();
    assert_eq!(refused, 0, "contacts count as refused because their list is gone");

    world.simulator.add_list(LIST, "Demo list");
    assert_whole(&world.run(people.source()).await.unwrap());
    assert_landed(&world, &people);
}

#[tokio::test(start_paused = true)]
async fn fault_30_what_a_deleted_list_refuses_is_reported_row_by_row_and_the_rest_stays_confirmed() {
    let world = World::new(quick());
    let people = People::clean(10_000);
    let deleting = async {
        sleep(15 * SECOND).await;
        world.simulator.remove_list(LIST);
    };
    let wire = Wire::new(&world, |_| Fate::Pass);
    let ((report, rejects), ()) = tokio::join!(wire.run_with_rejects(&world, people.source()), deleting);
    report.outcome.balance().unwrap();
    let landed = world.simulator.len() as u64;
    assert!(landed > 0 && report.outcome.confirmed <= landed, "{:?}", report.outcome);
    assert_eq!(rows(&rejects).len() as u64, report.outcome.rejected);
    // The list is asked for before anything else, so the next run says what is wrong.
    let error = world.run(people.source()).await.unwrap_err();
    assert_eq!((code_of(&error), error.code()), (6, "ac::list_missing"));
}

#[tokio::test(start_paused = true)]
async fn fault_31_a_field_deleted_or_renamed_before_the_run_is_named_and_nothing_is_sent() {
    for renamed in [false, true] {
        let world = World::new(quick());
        world.simulator.remove_field(TIER);
        if renamed {
            world.simulator.add_field(Field::new(TIER, "Tiers", FieldType::Text, &[]));
        }
        let error = world.run(People::clean(20).source()).await.unwrap_err();
        assert_eq!((code_of(&error), error.code()), (6, "destination::field_missing"));
        assert_eq!(error.to_string(), "the account has no custom field `Tier`");
        let help = error.help_text().unwrap();
        assert_eq!(renamed, help.contains("did you mean `Tiers`"), "{help}");
        assert_eq!(world.simulator.report().bulk_requests, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn fault_31_a_field_of_another_type_means_that_everything_is_sent_again() {
    let world = World::new(quick());
    let people = People::clean(500);
    assert_whole(&world.run(people.source()).await.unwrap());
    world.simulator.add_field(Field::new(TIER, "Tier", FieldType::Text, &[]));
    let plan = world.plan(people.source()).await.unwrap();
    assert!(plan.changed_generation);
    assert_eq!((plan.summary.update, plan.summary.unchanged), (500, 0));
}

#[tokio::test(start_paused = true)]
async fn fault_31_a_field_deleted_in_mid_run_shows_in_the_next_run() {
    // The importer drops values of a field that is gone without a word, so nothing can be known before.
    let world = World::new(quick());
    let people = People::clean(10_000);
    let deleting = async {
        sleep(15 * SECOND).await;
        world.simulator.remove_field(TIER);
    };
    let (report, ()) = tokio::join!(world.run(people.source()), deleting);
    assert_whole(&report.unwrap());
    assert!(world.simulator.report().unknown_fields > 0);
    let error = world.run(people.source()).await.unwrap_err();
    assert_eq!((code_of(&error), error.code()), (6, "destination::field_missing"));
}

#[tokio::test(start_paused = true)]
async fn fault_32_more_adds_than_the_account_has_room_for_are_planned_as_such_and_not_sent() {
    let mut settings = quick();
    settings.subscriber_limit = Some(1_300);
    let world = World::new(settings);
    for n in 0..100 {
        world.simulator.subscribe(&format!("someone{n}@example.org"), LIST);
    }
    let people = People::clean(2_000);
    let message = "this run would create up to 2000 contacts, 1200 are left in the account's plan";
    let plan = world.plan(people.source()).await.unwrap();
    assert_eq!(plan.broken.iter().map(ToString::to_string).collect::<Vec<_>>(), [message]);
    let report = world.run(people.source()).await.unwrap();
    let (code, error) = ended(&report);
    assert_eq!((code, error.code(), error.to_string().as_str()), (8, "guard::contact_limit", message));
    assert_eq!((report.calls.imports, report.outcome.deferred), (0, 2_000));
}

#[tokio::test(start_paused = true)]
async fn fault_33_contacts_beyond_the_limit_are_refused_by_row_and_the_others_land() {
    let mut settings = quick();
    settings.subscriber_limit = Some(1_300);
    // Only administrators may see the limit.
    settings.may_read_account = false;
    let world = World::new(settings);
    let people = People::clean(2_000);
    let wire = Wire::new(&world, |_| Fate::Pass);
    let (report, rejects) = wire.run_with_rejects(&world, people.source()).await;
    report.outcome.balance().unwrap();
    assert_eq!(code(&report), 3);
    assert_eq!((report.outcome.confirmed, report.rejected[&Reason::Refused]), (1_300, 700));
    let missing = |&n: &u64| world.simulator.contact(&people.person(n).email).is_none();
    let absent: Vec<u64> = (0..2_000).filter(missing).map(|n| n + 1).collect();
    assert_eq!(rows(&rejects), absent);
    assert!(world.simulator.report().failures.over_limit >= 700);

    // With room again, a full run delivers what was refused.
    world.simulator.change(|settings| settings.subscriber_limit = None);
    let full = World { full: true, ..world.clone() };
    assert_whole(&full.run(people.source()).await.unwrap());
    assert_landed(&world, &people);
}
