//! Rows 21 to 28: the destination refuses a request, a contact, the key or the account.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use enlist_core::{Reason, Stage};
use enlist_kit::{People, World};
use enlist_simulator::{Complaints, Oversize, Settings};

use super::wire::{Fate, Wire, answer, rows};
use super::{HTML, MINUTE, SECOND, assert_landed, assert_whole, code, code_of, ended, quick};

#[tokio::test(start_paused = true)]
async fn fault_21_a_500_in_passing_is_tried_again() {
    for status in [500, 502, 504, 511, 520, 524] {
        let world = World::new(quick());
        let people = People::clean(1_000);
        let wire = Wire::importing(&world, move |call| match call.nth {
            2 => Fate::Answered(answer(status, &[], HTML)),
            _ => Fate::Pass,
        });
        let report = wire.run(&world, people.source()).await.unwrap();
        assert_whole(&report);
        assert_eq!((report.calls.retries, report.calls.imports), (1, 5), "{status}");
        assert_landed(&world, &people);
    }
}

#[tokio::test(start_paused = true)]
async fn fault_21_a_500_for_always_the_same_contact_isolates_it_and_everybody_else_lands() {
    let world = World::new(quick());
    let people = People::clean(2_000);
    let culprit = people.person(1_234).email;
    let wire = Wire::importing(&world, move |call| {
        if call.imports(&culprit) { Fate::Answered(answer(500, &[], HTML)) } else { Fate::Pass }
    });
    let report = wire.run(&world, people.source()).await.unwrap();
    // Nobody refused the contact, and a copy may have landed: it is deferred, not rejected.
    let (code, error) = ended(&report);
    assert_eq!((code, error.code()), (5, "send::deferred"));
    assert_eq!((report.outcome.confirmed, report.outcome.deferred), (1_999, 1));
    // Five attempts at each of the nine sizes from 250 down to one contact, and the other halves.
    assert!(report.calls.imports <= 8 + 5 * 9 + 8, "{} requests", report.calls.imports);
}

#[tokio::test(start_paused = true)]
async fn fault_22_a_validation_error_quarantines_the_culprits_however_they_are_named() {
    for first_index in [0, 1] {
        for complaints in [Complaints::All, Complaints::First] {
            let settings = Settings { first_index, complaints, fail_accept: 0.002, ..quick() };
            let people = People::clean(3_000);
            let bad: Vec<u64> =
                (0..3_000).filter(|&n| settings.refuses(&people.person(n).email)).map(|n| n + 1).collect();
            assert!(bad.len() > 2, "{bad:?}");
            let world = World::new(settings);
            let wire = Wire::new(&world, |_| Fate::Pass);
            let (report, rejects) = wire.run_with_rejects(&world, people.source()).await;
            assert_eq!((code(&report), rows(&rejects)), (3, bad.clone()), "{first_index} {complaints:?}");
            assert_eq!(report.outcome.confirmed, 3_000 - bad.len() as u64);
            assert_eq!(world.simulator.len() as u64, report.outcome.confirmed);
            for reject in &rejects {
                let said = (reject.stage, reject.reason, reject.message.as_str());
                assert_eq!(said, (Stage::Accept, Reason::Invalid, "Field 'email' incorrect format"));
            }
            assert!(report.calls.imports <= 12 + 8 * bad.len() as u64, "{} requests", report.calls.imports);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn fault_23_a_body_that_is_not_understood_stops_the_run_as_a_defect_with_its_hash() {
    let world = World::new(quick());
    let people = People::clean(2_000);
    let wire = Wire::importing(&world, |call| match call.nth {
        3 => Fate::Answered(answer(400, &[], r#"{"success":0,"failureReasons":["Invalid or unparsable json"]}"#)),
        _ => Fate::Pass,
    });
    let report = wire.run(&world, people.source()).await.unwrap();
    let (code, error) = ended(&report);
    assert_eq!((code, error.code(), report.outcome.rejected), (1, "bug::request", 0));
    let imports = wire.imports();
    let hash = &blake3::hash(&imports[2].body).to_hex()[..8];
    let message = error.to_string();
    assert!(message.contains("Invalid or unparsable json") && message.contains(hash), "{message}");
    assert!(!message.contains("@example.com") && error.help_text() == Some("report this"));
    assert_eq!(imports.len(), 3, "nothing is sent after it");

    assert_whole(&world.run(people.source()).await.unwrap());
    assert_landed(&world, &people);
}

#[tokio::test(start_paused = true)]
async fn fault_24_a_request_refused_for_its_size_is_halved_and_the_size_remembered() {
    for oversize in [Oversize::BadRequest, Oversize::PayloadTooLarge] {
        let mut settings = Settings { oversize, ..quick() };
        settings.limits.bytes = 15_000;
        let world = World::new(settings);
        let people = People::clean(5_000);
        let report = world.run(people.source()).await.unwrap();
        assert_whole(&report);
        assert_landed(&world, &people);
        let refused = world.simulator.report().refused_requests;
        assert!((1..=10).contains(&refused), "{refused} of {} were too large", report.calls.imports);
    }
}

#[tokio::test(start_paused = true)]
async fn fault_25_a_403_in_passing_probes_the_key_and_goes_on() {
    let world = World::new(quick());
    let people = People::clean(2_000);
    let wire = Wire::importing(&world, |call| match call.nth {
        3 => Fate::Answered(answer(403, &[], r#"{"message":"Forbidden"}"#)),
        _ => Fate::Pass,
    });
    let report = wire.run(&world, people.source()).await.unwrap();
    assert_whole(&report);
    assert_landed(&world, &people);
    let probes = wire.calls().iter().filter(|call| call.path == "/users/me").count();
    assert_eq!((probes, report.calls.retries), (2, 1), "one in the preflight, one after the 403");
}

#[tokio::test(start_paused = true)]
async fn fault_26_a_key_revoked_in_mid_run_is_probed_three_times_and_stops_the_run() {
    let world = World::new(quick());
    let people = People::clean(20_000);
    let wire = Wire::new(&world, |_| Fate::Pass);
    let revoking = async {
        tokio::time::sleep(20 * SECOND).await;
        world.simulator.revoke();
    };
    let (report, ()) = tokio::join!(wire.run(&world, people.source()), revoking);
    let report = report.unwrap();
    let (code, error) = ended(&report);
    assert_eq!((code, error.code()), (4, "access::key"));
    assert!(error.to_string().contains("rejects the API key (403"), "{error}");
    assert!(error.help_text().unwrap().contains("the same command"), "{:?}", error.help_text());
    let calls = wire.calls();
    let revoked = |call: &&super::wire::Call| call.at > 20 * SECOND;
    let probes: Vec<_> = calls.iter().filter(revoked).filter(|call| call.path == "/users/me").collect();
    assert_eq!(probes.len(), 3);
    assert!((MINUTE..MINUTE + 5 * SECOND).contains(&(probes[2].at - probes[0].at)));
    let sent = calls.iter().filter(|call| call.import && call.at > probes[0].at).count();
    assert_eq!(sent, 0, "nothing is sent while the key is in question");
    assert!(report.outcome.deferred > 10_000 && report.outcome.rejected == 0, "{:?}", report.outcome);

    world.simulator.reinstate();
    assert_whole(&world.run(people.source()).await.unwrap());
    assert_landed(&world, &people);
}

#[tokio::test(start_paused = true)]
async fn fault_27_a_key_that_may_not_view_lists_or_fields_is_told_before_anything_is_read() {
    for (path, action) in [("/lists/", "view lists"), ("/fields", "view custom fields")] {
        let world = World::new(quick());
        let refusal =
            r#"{"errors":[{"status":403,"title":"Forbidden","detail":"You do not have permission to view."}]}"#;
        let wire = Wire::new(&world, move |call| {
            if call.path.starts_with(path) { Fate::Answered(answer(403, &[], refusal)) } else { Fate::Pass }
        });
        let error = wire.run(&world, People::clean(20).source()).await.unwrap_err();
        assert_eq!((code_of(&error), error.code()), (4, "ac::permission"));
        assert!(error.to_string().contains(&format!("may not {action}")), "{error}");
        assert!(error.help_text().unwrap().contains("Settings > Groups"));
        assert!(wire.imports().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn fault_27_a_key_that_may_not_import_is_told_by_the_first_import() {
    let world = World::new(quick());
    let people = People::clean(2_000);
    let wire = Wire::importing(&world, |_| Fate::Answered(answer(403, &[], r#"{"message":"Forbidden"}"#)));
    let report = wire.run(&world, people.source()).await.unwrap();
    let (code, error) = ended(&report);
    assert_eq!((code, error.code(), report.outcome.deferred), (4, "access::import", 2_000));
    assert!(error.help_text().unwrap().contains("permission to import contacts"));
    assert!(wire.imports().len() <= 10, "{}", wire.imports().len());
    assert_whole(&world.run(people.source()).await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn fault_28_an_unpaid_account_stops_the_run_at_its_start_or_in_its_middle() {
    let world = World::new(quick());
    let people = People::clean(2_000);
    let unpaid = Wire::new(&world, |_| Fate::Answered(answer(402, &[], "")));
    let error = unpaid.run(&world, people.source()).await.unwrap_err();
    assert_eq!((code_of(&error), error.code(), unpaid.calls().len()), (6, "ac::unpaid", 1));

    let calls = Arc::new(AtomicUsize::new(0));
    let later = Wire::new(&world, move |_| match calls.fetch_add(1, Ordering::Relaxed) {
        0..12 => Fate::Pass,
        _ => Fate::Answered(answer(402, &[], "")),
    });
    let report = later.run(&world, people.source()).await.unwrap();
    let (code, error) = ended(&report);
    assert_eq!((code, error.code()), (6, "ac::unpaid"));
    assert!(error.help_text().unwrap().contains("billing") && report.outcome.deferred > 0);
    assert_whole(&world.run(people.source()).await.unwrap());
    assert_landed(&world, &people);
}
