use std::time::Duration;

use enlist_simulator::{Cut, FaultScope, Faults, Latency, Settings, Simulator};

use crate::{IMPORT, contacts, get, request};

fn faulty(faults: Faults) -> Simulator {
    Simulator::new(Settings { faults, ..Settings::prompt() })
}

#[tokio::test(start_paused = true)]
async fn a_cut_loses_the_call_or_its_answer() {
    let cases = [
        (Faults { cut_before: 1.0, ..Faults::default() }, 0, None),
        (Faults { cut_after: 1.0, ..Faults::default() }, 2, Some(200)),
        (Faults { truncated: 1.0, ..Faults::default() }, 2, Some(200)),
    ];
    for (faults, applied, status) in cases {
        let sim = faulty(faults);
        let cut = sim.call(request("POST", IMPORT, contacts("c", 2).to_string())).await.unwrap_err();
        assert_eq!(sim.len(), applied, "{cut:?}");
        let record = sim.records()[0];
        assert_eq!((record.status, record.processed, record.counted), (status, applied > 0, applied > 0));
        assert_eq!((record.contacts, record.faulty, sim.report().faults), (2, true, 1));
        match cut {
            Cut::BeforeCommit => assert_eq!(applied, 0),
            Cut::AfterCommit => assert_eq!(applied, 2),
            Cut::Truncated(part) => {
                let length: usize = part.headers()["content-length"].to_str().unwrap().parse().unwrap();
                assert!(part.status() == 200 && part.body().len() < length, "{part:?}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn faults_answer_in_place_of_the_account() {
    let mut processed = [0, 0];
    for (which, faults) in [
        Faults { server_error: 1.0, ..Faults::default() },
        Faults { html: 1.0, ..Faults::default() },
        Faults { forbidden: 1.0, ..Faults::default() },
        Faults { throttle: 1.0, ..Faults::default() },
    ]
    .into_iter()
    .enumerate()
    {
        let sim = faulty(faults);
        for n in 0..40 {
            let body = contacts(&format!("c{n}-"), 2).to_string();
            let response = sim.call(request("POST", IMPORT, body)).await.unwrap();
            let status = response.status().as_u16();
            let html = response.headers()["content-type"].to_str().unwrap().starts_with("text/html");
            match which {
                0 => assert!((500..=599).contains(&status) && html, "{status}"),
                1 => assert!(status == 200 && html),
                2 => assert!(status == 403 && !html),
                _ => assert!(status == 400 && response.body().starts_with(b"{")),
            }
        }
        let records = sim.records();
        assert_eq!(sim.len(), 2 * records.iter().filter(|record| record.processed).count());
        if which < 2 {
            processed[which] = sim.len();
        } else {
            assert!(sim.is_empty());
        }
    }
    assert!(
        processed.iter().all(|&count| count > 0 && count < 80),
        "some were carried out all the same: {processed:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn faults_keep_to_their_scope_and_chance_to_its_seed() {
    let outcomes = async |seed, scope| {
        let faults = Faults { scope, cut_after: 0.5, ..Faults::default() };
        let sim = Simulator::new(Settings { seed, faults, ..Settings::prompt() });
        let mut outcomes = Vec::new();
        for _ in 0..50 {
            outcomes.push(sim.call(request("POST", IMPORT, contacts("c", 2).to_string())).await.is_err());
        }
        outcomes
    };
    let one = outcomes(1, FaultScope::All).await;
    assert_eq!(one, outcomes(1, FaultScope::Bulk).await);
    assert_ne!(one, outcomes(2, FaultScope::All).await);
    assert!(one.contains(&true) && one.contains(&false));
    assert!(!outcomes(1, FaultScope::General).await.contains(&true));
}

#[tokio::test(start_paused = true)]
async fn latency_and_jitter_pass_in_virtual_time() {
    let sim = Simulator::new(Settings {
        latency: Latency::Fixed(0.25),
        jitter: Duration::from_millis(100),
        faults: Faults { slow: 1.0, slow_by: Duration::from_secs(30), ..Faults::default() },
        ..Settings::prompt()
    });
    assert_eq!(get(&sim, "/api/3/users/me").await.0, 200);
    let (arrived, answered) = (sim.records()[0].at, sim.now());
    assert!(arrived <= Duration::from_millis(101), "{arrived:?}");
    assert_eq!(answered - arrived, Duration::from_millis(30_250));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_given_up_has_been_carried_out() {
    let sim = Simulator::new(Settings { bulk_latency: Latency::Fixed(30.0), ..Settings::prompt() });
    let call = sim.call(request("POST", IMPORT, contacts("c", 2).to_string()));
    assert!(tokio::time::timeout(Duration::from_secs(10), call).await.is_err());
    assert_eq!(sim.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn only_the_token_opens_the_account_until_it_is_revoked() {
    let sim = Simulator::new(Settings::prompt());
    let mut wrong = request("GET", "/api/3/users/me", "");
    wrong.headers_mut().insert("api-token", "wrong".parse().unwrap());
    assert_eq!(sim.call(wrong).await.unwrap().status(), 403);
    assert_eq!(get(&sim, "/api/3/users/me").await.0, 200);
    sim.revoke();
    assert_eq!(get(&sim, "/api/3/users/me").await.0, 403);
    sim.reinstate();
    assert_eq!(get(&sim, "/api/3/users/me").await.0, 200);
    assert_eq!(sim.report().denied, 2);
}
