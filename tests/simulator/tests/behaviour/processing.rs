use std::time::Duration;

use enlist_simulator::{Processing, Settings, Simulator, UnknownBatch};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::{contacts, get, import, info};

/// Answers at once, one hundred contacts a second, four seconds of delay.
fn slow(change: impl FnOnce(&mut Settings)) -> Simulator {
    let mut settings = Settings::prompt();
    settings.status_false = Duration::from_secs(1);
    settings.processing.delay = Duration::from_secs(4);
    settings.processing.contacts_per_second = 100.0;
    settings.limits.general_per_second = 1_000;
    change(&mut settings);
    Simulator::new(settings)
}

async fn wait(milliseconds: u64) {
    sleep(Duration::from_millis(milliseconds)).await;
}

#[tokio::test(start_paused = true)]
async fn an_import_goes_through_its_states_by_the_clock() {
    let sim = slow(|_| {});
    let id = import(&sim, &contacts("c", 200)).await;
    let mut seen = Vec::new();
    for step in [0, 999, 1, 999, 1, 1_999, 1, 1_999] {
        wait(step).await;
        seen.push(info(&sim, &id).await["status"].clone());
        assert!(sim.is_empty());
    }
    let states: [Value; 8] = [
        json!(false),
        json!(false),
        json!("waiting"),
        json!("waiting"),
        json!("claimed"),
        json!("claimed"),
        json!("active"),
        json!("active"),
    ];
    assert_eq!(seen, states);
    wait(1).await;
    assert_eq!(sim.len(), 200);
    assert_eq!(info(&sim, &id).await["status"], "completed");
}

#[tokio::test(start_paused = true)]
async fn imports_are_worked_off_one_after_the_other() {
    let sim = slow(|_| {});
    import(&sim, &contacts("a", 200)).await;
    import(&sim, &contacts("b", 100)).await;
    let (_, totals) = get(&sim, "/api/3/import/bulk_import").await;
    assert_eq!(
        (&totals["outstanding"][0]["batches"], &totals["outstanding"][0]["contacts"]),
        (&json!("2"), &json!("300"))
    );
    assert_eq!((totals["recentlyCompleted"].clone(), sim.backlog()), (json!([]), 2));
    wait(6_000).await;
    assert_eq!((sim.len(), sim.backlog()), (200, 1));
    wait(1_000).await;
    assert_eq!((sim.len(), sim.backlog()), (300, 0));
    let (_, totals) = get(&sim, "/api/3/import/bulk_import").await;
    assert_eq!(totals["outstanding"], json!([]));
    let done: u64 = totals["recentlyCompleted"]
        .as_array()
        .unwrap()
        .iter()
        .map(|day| day["batches"].as_str().unwrap().parse::<u64>().unwrap())
        .sum();
    assert_eq!(done, 2);
}

#[tokio::test(start_paused = true)]
async fn an_import_that_is_overtaken_is_applied_after_later_ones() {
    let sim = slow(|settings| settings.processing.out_of_order = 1.0);
    let named = |name: &str| json!({ "contacts": [{ "email": "a@example.com", "first_name": name }, { "email": "b@example.com" }] });
    let mut ids = Vec::new();
    for n in 0..20 {
        ids.push(import(&sim, &named(&n.to_string())).await);
    }
    let mut order = Vec::new();
    for _ in 0..900 {
        wait(100).await;
        for (n, id) in ids.iter().enumerate() {
            if !order.contains(&n) && info(&sim, id).await["status"] == "completed" {
                order.push(n);
            }
        }
    }
    assert_eq!(order.len(), 20, "all of them complete");
    assert!(!order.is_sorted());
    assert_eq!(sim.contact("a@example.com").unwrap().first_name, order[19].to_string(), "the last one wins");
}

#[tokio::test(start_paused = true)]
async fn imports_may_fail_stop_or_be_forgotten() {
    type Change = fn(&mut Processing);
    let cases: [(Change, &str, usize); 2] =
        [(|p| p.failed = 1.0, "failed", 0), (|p| p.interrupted = 1.0, "interrupted", 5)];
    for (change, status, applied) in cases {
        let sim = slow(|settings| change(&mut settings.processing));
        let id = import(&sim, &contacts("c", 10)).await;
        wait(4_099).await;
        assert_eq!(info(&sim, &id).await["status"], "active");
        wait(1).await;
        let answer = info(&sim, &id).await;
        assert_eq!((&answer["status"], sim.len()), (&json!(status), applied));
        assert_eq!(sim.report().failed_batches + sim.report().interrupted_batches, 1);
    }
    let sim = slow(|settings| settings.processing.forgotten = 1.0);
    let id = import(&sim, &contacts("c", 10)).await;
    assert_eq!(get(&sim, &format!("/api/3/import/info?batchId={id}")).await.0, 404);
    wait(60_000).await;
    assert_eq!((sim.len(), sim.backlog(), sim.report().forgotten_batches), (0, 0, 1));
}

#[tokio::test(start_paused = true)]
async fn an_import_nobody_knows_is_answered_as_the_switch_says() {
    for (switch, expected) in
        [(UnknownBatch::NotFound, 404), (UnknownBatch::BadRequest, 400), (UnknownBatch::False, 200)]
    {
        let sim = slow(|settings| settings.unknown_batch = switch);
        let (status, body) = get(&sim, "/api/3/import/info?batchId=no-such-import").await;
        assert_eq!(status, expected);
        assert_eq!(body["status"] == json!(false), switch == UnknownBatch::False);
        let (status, body) = get(&sim, "/api/3/import/info").await;
        assert_eq!((status, body), (400, json!({ "success": 0, "message": "'batchId' is a required field." })));
    }
}

#[tokio::test(start_paused = true)]
async fn the_status_of_an_import_is_kept_for_the_time_of_retention() {
    let sim = slow(|settings| settings.processing.retention = Duration::from_secs(60));
    let id = import(&sim, &contacts("c", 100)).await;
    let path = format!("/api/3/import/info?batchId={id}");
    wait(64_999).await;
    assert_eq!(get(&sim, &path).await.0, 200);
    wait(1).await;
    assert_eq!(get(&sim, &path).await.0, 404);
}

#[tokio::test(start_paused = true)]
async fn a_million_contacts_take_their_forty_minutes_of_virtual_time() {
    let sim = Simulator::new(Settings { bulk_latency: Settings::prompt().bulk_latency, ..Settings::default() });
    for batch in 0..4_000 {
        import(&sim, &contacts(&format!("b{batch}-"), 250)).await;
        wait(600).await;
    }
    wait(6_000).await;
    assert_eq!((sim.len(), sim.backlog()), (1_000_000, 0));
    let report = sim.report();
    assert_eq!((report.worst_minute, report.throttled), (100, 0));
    assert_eq!(sim.now(), Duration::from_millis(4_000 * 600 + 6_000));
}
