use std::time::Duration;

use enlist_simulator::{Lane, Limits, Settings, Simulator, Throttle, WindowForm};
use serde_json::json;
use tokio::time::sleep;

use crate::{IMPORT, contacts, get, import, info, post, request};

fn prompt(change: impl FnOnce(&mut Settings)) -> Simulator {
    let mut settings = Settings::prompt();
    change(&mut settings);
    Simulator::new(settings)
}

async fn status(sim: &Simulator, contacts_in_it: usize) -> u16 {
    post(sim, IMPORT, &contacts("c", contacts_in_it)).await.0
}

#[tokio::test(start_paused = true)]
async fn a_rolling_minute_takes_a_hundred_imports_and_frees_places_one_by_one() {
    let sim = prompt(|_| {});
    for _ in 0..100 {
        assert_eq!(status(&sim, 2).await, 200);
        sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(status(&sim, 2).await, 400, "the 101st");
    sleep(Duration::from_millis(59_899)).await;
    assert_eq!(status(&sim, 2).await, 400, "a millisecond early");
    sleep(Duration::from_millis(1)).await;
    assert_eq!(status(&sim, 2).await, 200, "a minute after the first");
    assert_eq!(status(&sim, 2).await, 400, "one place was free");
    let report = sim.report();
    assert_eq!((report.throttled, report.queued_batches, report.bulk_requests), (3, 101, 104));
    assert_eq!(sim.worst_counted(Lane::Bulk, Duration::from_secs(60)), 100);
    assert_eq!(report.worst_minute, 103, "throttled ones are arrivals too");
}

#[tokio::test(start_paused = true)]
async fn a_fixed_minute_begins_anew_at_its_boundary() {
    let sim = prompt(|settings| settings.window = WindowForm::Fixed);
    sleep(Duration::from_millis(59_999)).await;
    for _ in 0..100 {
        assert_eq!(status(&sim, 2).await, 200);
    }
    assert_eq!(status(&sim, 2).await, 400);
    sleep(Duration::from_millis(1)).await;
    for _ in 0..100 {
        assert_eq!(status(&sim, 2).await, 200);
    }
    assert_eq!(status(&sim, 2).await, 400);
    assert_eq!(sim.worst_counted(Lane::Bulk, Duration::from_secs(60)), 200);
}

#[tokio::test(start_paused = true)]
async fn throttled_imports_are_answered_in_the_form_of_the_switch() {
    for (form, expected) in
        [(Throttle::BadRequest, 400), (Throttle::TooManyRequests, 429), (Throttle::Unavailable, 503)]
    {
        let sim = prompt(|settings| {
            settings.throttle = form;
            settings.limits.bulk_per_minute = 1;
        });
        assert_eq!(status(&sim, 2).await, 200);
        sleep(Duration::from_millis(10_500)).await;
        let response = sim.call(request("POST", IMPORT, contacts("c", 2).to_string())).await.unwrap();
        let header = |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        let retry_after = (form == Throttle::TooManyRequests).then(|| "50".to_owned());
        assert_eq!((response.status().as_u16(), header("retry-after")), (expected, retry_after), "{form:?}");
        if form == Throttle::BadRequest {
            let (_, body) = crate::read(response);
            assert_eq!((&body["success"], &body["message"]), (&json!(0), &json!("Rate limit exceeded.")));
            let reason = body["failureReasons"][0].as_str().unwrap();
            assert!(reason.starts_with("Up to 100 imports may be requested per minute.Please batch"), "{reason}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn imports_of_one_contact_have_a_limit_of_their_own_and_use_the_common_one() {
    for (shared, accepted_after) in [(true, 80), (false, 100)] {
        let sim = prompt(|settings| settings.limits.single_counts_as_bulk = shared);
        for _ in 0..20 {
            assert_eq!(status(&sim, 1).await, 200);
        }
        assert_eq!(status(&sim, 1).await, 400);
        let mut accepted = 0;
        while status(&sim, 2).await == 200 {
            accepted += 1;
        }
        assert_eq!(accepted, accepted_after, "shared: {shared}");
        assert_eq!(sim.report().single_requests, 21);
    }
}

#[tokio::test(start_paused = true)]
async fn other_calls_have_five_places_a_second() {
    let sim = prompt(|_| {});
    for _ in 0..5 {
        assert_eq!(get(&sim, "/api/3/users/me").await.0, 200);
    }
    assert_eq!(status(&sim, 2).await, 200, "imports have a limit of their own");
    let response = sim.call(request("GET", "/api/3/users/me", "")).await.unwrap();
    assert_eq!(response.status(), 429);
    for (name, value) in [("retry-after", "1"), ("ratelimit-limit", "5"), ("ratelimit-remaining", "0")] {
        assert_eq!(response.headers()[name], value);
    }
    sleep(Duration::from_secs(1)).await;
    assert_eq!(get(&sim, "/api/3/users/me").await.0, 200);
    let report = sim.report();
    assert_eq!((report.general_requests, report.throttled_general, report.worst_second), (7, 1, 6));
}

#[tokio::test(start_paused = true)]
async fn imports_may_count_as_other_calls() {
    let sim = prompt(|settings| settings.bulk_in_general = true);
    for _ in 0..5 {
        assert_eq!(status(&sim, 2).await, 200);
    }
    assert_eq!(status(&sim, 2).await, 429);
    assert_eq!(get(&sim, "/api/3/users/me").await.0, 429);
}

#[tokio::test(start_paused = true)]
async fn every_nth_import_is_throttled_whatever_the_window_says() {
    let sim = prompt(|settings| settings.throttle_every = Some(3));
    let mut statuses = Vec::new();
    for _ in 0..6 {
        statuses.push(status(&sim, 2).await);
    }
    assert_eq!(statuses, [200, 200, 400, 200, 200, 400]);
    assert_eq!((sim.report().throttled_by_chance, sim.report().throttled), (2, 0));
    assert_eq!(sim.records().iter().filter(|record| record.counted).count(), 4);
}

#[tokio::test(start_paused = true)]
async fn time_lapse_raises_limits_and_shortens_delays() {
    let settings = Settings { speed: 10.0, bulk_latency: Settings::prompt().bulk_latency, ..Settings::default() };
    let sim = Simulator::new(Settings { limits: Limits { bulk_per_minute: 10, ..Limits::default() }, ..settings });
    let id = import(&sim, &contacts("c", 2)).await;
    for _ in 1..100 {
        assert_eq!(status(&sim, 2).await, 200);
    }
    assert_eq!(status(&sim, 2).await, 400);
    assert!(sim.is_empty());
    sleep(Duration::from_millis(501)).await;
    assert_eq!(info(&sim, &id).await["status"], "completed", "a tenth of five seconds and two milliseconds");
}
