//! Rows 15 to 20: a destination that is away for a while, or asks to slow down.

use std::time::Duration;

use enlist_core::Ledger;
use enlist_kit::{People, World};

use super::wire::{Fate, Wire, answer};
use super::{HOUR, HTML, MINUTE, SECOND, assert_landed, assert_whole, ended, quick};

/// The importer's own words, with the status it says them with.
const IMPORT_LIMIT: &str = r#"{"success":0,"message":"Rate limit exceeded.","failureReasons":["Up to 100 imports may be requested per minute.Please batch contacts into larger requests, or retry this request in a minute."]}"#;

/// The gap after the fifth import, which is answered with `status` and `headers`; nothing goes lost.
async fn pause_after(status: u16, headers: &'static [&'static str], body: &'static str) -> (Duration, Duration) {
    let world = World::new(quick());
    let people = People::clean(3_000);
    let wire =
        Wire::importing(
            &world,
            move |call| {
                if call.nth == 5 { Fate::Answered(answer(status, headers, body)) } else { Fate::Pass }
            },
        );
    let report = wire.run(&world, people.source()).await.unwrap();
    assert_whole(&report);
    assert_landed(&world, &people);
    assert_eq!((report.calls.throttled, report.calls.in_doubt, report.outcome.rejected), (1, 0, 0), "{headers:?}");
    let imports = wire.imports();
    assert_eq!(imports.len(), 13, "the throttled request goes again, once");
    (imports[5].at - imports[4].at, report.calls.throttle_time)
}

#[tokio::test(start_paused = true)]
async fn fault_15_ten_minutes_without_a_network_lose_nothing() {
    let world = World::new(quick());
    let people = People::clean(20_000);
    let apart = 15 * SECOND..15 * SECOND + 10 * MINUTE;
    let wire = Wire::new(&world, move |call| if apart.contains(&call.at) { Fate::Dropped } else { Fate::Pass });
    let report = wire.run(&world, people.source()).await.unwrap();
    assert_whole(&report);
    assert_landed(&world, &people);
    assert!(report.elapsed < 14 * MINUTE, "{:?}", report.elapsed);
    let queued = world.simulator.report().queued_batches;
    assert!((80..90).contains(&queued), "{queued}");
}

#[tokio::test(start_paused = true)]
async fn fault_16_a_429_with_retry_after_holds_all_imports_for_as_long_as_it_says() {
    let (pause, told) =
        pause_after(429, &["Retry-After: 30", "RateLimit-Limit: 5", "RateLimit-Remaining: 0"], "").await;
    assert!((30 * SECOND..32 * SECOND).contains(&pause), "{pause:?}");
    assert_eq!(told, 30 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn fault_17_a_retry_after_in_any_form_is_read_or_replaced_and_never_believed_beyond_five_minutes() {
    const DATE: &str = "Date: Sun, 22 Nov 2026 10:00:00 GMT";
    let table: [(&[&str], u64); 9] = [
        (&[], 5),
        (&["Retry-After: soon"], 5),
        (&["Retry-After: -30"], 5),
        (&["Retry-After: 1.5"], 5),
        (&["Retry-After: "], 5),
        (&["Retry-After: Sun, 22 Nov 2026 10:00:45 GMT", DATE], 45),
        (&["Retry-After: Sun, 22 Nov 2026 09:00:00 GMT", DATE], 5),
        (&["Retry-After: 1000000000"], 300),
        (&["Retry-After: 99999999999999999999999"], 5),
    ];
    for (headers, seconds) in table {
        let (pause, _) = pause_after(429, headers, "").await;
        let expected = Duration::from_secs(seconds);
        assert!((expected..expected + 2 * SECOND).contains(&pause), "{headers:?}: {pause:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn fault_18_a_400_that_says_rate_limit_is_a_throttle_not_bad_data() {
    let (pause, _) = pause_after(400, &[], IMPORT_LIMIT).await;
    assert!((5 * SECOND..7 * SECOND).contains(&pause), "{pause:?}");
}

#[tokio::test(start_paused = true)]
async fn fault_19_a_storm_of_503_is_waited_out_with_few_requests() {
    let world = World::new(quick());
    let people = People::clean(20_000);
    let storm = 15 * SECOND..15 * SECOND + 5 * MINUTE;
    let wire =
        Wire::new(
            &world,
            move |call| {
                if storm.contains(&call.at) { Fate::Answered(answer(503, &[], HTML)) } else { Fate::Pass }
            },
        );
    let report = wire.run(&world, people.source()).await.unwrap();
    assert_whole(&report);
    assert_landed(&world, &people);
    assert!(report.elapsed < 9 * MINUTE, "{:?}", report.elapsed);
    assert!(report.calls.imports <= 80 + 20, "{} requests", report.calls.imports);
}

#[tokio::test(start_paused = true)]
async fn fault_20_a_429_until_the_deadline_defers_everything_and_hints_at_a_shared_account() {
    let mut world = World::new(quick());
    world.deadline = 20 * MINUTE;
    let people = People::clean(2_000);
    let wire = Wire::importing(&world, |_| Fate::Answered(answer(429, &[], "")));
    let report = wire.run(&world, people.source()).await.unwrap();
    let (code, error) = ended(&report);
    assert_eq!((code, error.code(), report.outcome.deferred), (5, "send::deadline", 2_000));
    assert!(error.help_text().unwrap().contains("shared"), "{:?}", error.help_text());
    assert!(wire.imports().len() < 100, "{} requests into a storm", wire.imports().len());
    assert!(world.ledger.intents().unwrap().is_empty(), "nothing was accepted, so nothing is in doubt");

    world.deadline = HOUR;
    assert_whole(&world.run(people.source()).await.unwrap());
    assert_landed(&world, &people);
}
