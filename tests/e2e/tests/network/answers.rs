//! Rows 6 to 12: answers that do not come, not whole, or say nothing.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use enlist_core::{Lane, Reason, Request, SendError, Sink};
use enlist_kit::{People, World};
use enlist_simulator::{Exclusion, Match, Settings, SuccessKey, SuccessValue};
use enlist_sink_activecampaign::{ActiveCampaign, HttpSettings, HttpTransport};

use super::server::{Reply, Server, Then};
use super::wire::{Call, Fate, Wire, answer, rows, settings};
use super::{HTML, MINUTE, SECOND, assert_landed, assert_whole, code, ended, quick};

fn changing(rows: u64, edition: u64) -> People {
    People { changed_every: 1, edition, ..People::clean(rows) }
}

#[tokio::test(start_paused = true)]
async fn fault_06_a_reset_after_the_request_sends_the_same_bytes_again_and_remembers_the_doubt() {
    let world = World::new(quick());
    let wire = Wire::importing(&world, |call| if call.nth == 1 { Fate::Lost } else { Fate::Pass });
    let report = wire.run(&world, changing(500, 0).source()).await.unwrap();
    assert_whole(&report);
    assert_eq!((report.calls.retries, report.calls.in_doubt, report.calls.imports), (1, 1, 3));
    let imports = wire.imports();
    let twice = imports.iter().filter(|call| call.body == imports[0].body).count();
    assert_eq!((twice, world.simulator.report().queued_batches), (2, 3), "the account takes in both copies");

    // A copy may still land: another value of these contacts waits, and then wins.
    let next = world.run(changing(500, 1).source()).await.unwrap();
    assert_whole(&next);
    assert_eq!(next.plan.blocked, 250);
    assert_landed(&world, &changing(500, 1));
}

#[tokio::test(start_paused = true)]
async fn fault_07_an_answer_cut_after_any_byte_is_in_doubt_and_its_batch_is_never_guessed() {
    // Bytes of an answer to a full request.
    const CUTS: usize = 118;
    let world = World::new(quick());
    let people = People::clean(15_000);
    let wire = Wire::importing(&world, |call| if call.nth <= CUTS { Fate::Cut(call.nth - 1) } else { Fate::Pass });
    let report = wire.run(&world, people.source()).await.unwrap();
    assert_whole(&report);
    assert_landed(&world, &people);
    let answers: Vec<String> = wire.arrived().into_iter().filter(|(call, _)| call.import).map(text).collect();
    assert!(answers[..CUTS].iter().enumerate().all(|(cut, answer)| answer.len() == cut));
    assert_eq!(answers[CUTS].len(), CUTS);
    assert_eq!(report.calls.in_doubt, CUTS as u64);
    for call in wire.calls().iter().filter_map(Call::job) {
        assert!(answers[CUTS..].iter().any(|answer| answer.contains(call)), "{call} was given by no whole answer");
    }
}

fn text((_, body): (Call, bytes::Bytes)) -> String {
    String::from_utf8(body.to_vec()).unwrap()
}

/// A log to read.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn fault_08_a_success_without_json_is_in_doubt_and_only_its_length_and_hash_are_logged() {
    let log = Log::default();
    let writer = log.clone();
    // For the whole process: whether an event is wanted is decided on the thread that first meets it, which may be that of
    // another test. What others log must keep to the same.
    let logs = tracing_subscriber::fmt().with_env_filter("enlist=trace").with_ansi(false);
    logs.with_writer(move || writer.clone()).init();

    let world = World::new(quick());
    let people = People::clean(1_000);
    let wire = Wire::importing(&world, |call| match call.nth {
        1 => Fate::Replaced(answer(200, &[], "")),
        2 => Fate::Replaced(answer(200, &["Content-Type: text/html"], HTML)),
        3 => Fate::Replaced(answer(200, &[], "queued, Ada Lovelace")),
        4 => Fate::Answered(answer(200, &[], "null")),
        _ => Fate::Pass,
    });
    let report = wire.run(&world, people.source()).await.unwrap();
    assert_whole(&report);
    assert_eq!((report.calls.in_doubt, report.calls.retries), (4, 4));
    assert_landed(&world, &people);

    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains(&format!("body_bytes={}", HTML.len())) && log.contains("body_hash="), "{log}");
    for kept in ["sign in", "Lovelace", "@example.com", enlist_kit::KEY] {
        assert!(!log.contains(kept), "{kept} is in the log");
    }
}

#[tokio::test(start_paused = true)]
async fn fault_09_a_success_without_a_batch_is_not_accepted_and_goes_again() {
    let world = World::new(quick());
    let people = People::clean(1_000);
    let wire = Wire::importing(&world, |call| match call.nth {
        1 => Fate::Answered(answer(200, &[], r#"{"success":1,"queued_contacts":250}"#)),
        2 => Fate::Answered(answer(200, &[], r#"{"success":0,"message":"Contact import failed"}"#)),
        _ => Fate::Pass,
    });
    let report = wire.run(&world, people.source()).await.unwrap();
    assert_whole(&report);
    assert_eq!((report.calls.retries, world.simulator.report().queued_batches), (2, 4));
    assert_landed(&world, &people);
}

#[tokio::test(start_paused = true)]
async fn fault_09_a_contact_that_is_never_answered_for_is_isolated_and_deferred_not_refused() {
    let world = World::new(quick());
    let people = People::clean(1_000);
    let culprit = people.person(77).email;
    let wire = Wire::importing(&world, move |call| {
        let failure = r#"{"success":0,"message":"Contact import failed"}"#;
        if call.imports(&culprit) { Fate::Answered(answer(200, &[], failure)) } else { Fate::Pass }
    });
    let report = wire.run(&world, people.source()).await.unwrap();
    let (code, error) = ended(&report);
    assert_eq!((code, error.code()), (5, "send::deferred"), "nobody said a word against the contact");
    assert_eq!((report.outcome.confirmed, report.outcome.deferred, report.outcome.rejected), (999, 1, 0));
    assert!(report.warnings.iter().any(|warning| warning.contains("given up")), "{:?}", report.warnings);
    assert_whole(&world.run(people.source()).await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn fault_09_a_failure_that_names_a_contact_rejects_it_whatever_the_status() {
    let world = World::new(quick());
    let people = People::clean(1_000);
    let culprit = people.person(77).email;
    let wire = Wire::importing(&world, move |call| {
        let body = r#"{"success":0,"failureReasons":[{"contact":1,"failureReason":"Field 'email' incorrect format"}]}"#;
        if call.imports(&culprit) { Fate::Answered(answer(200, &[], body)) } else { Fate::Pass }
    });
    let (report, rejects) = wire.run_with_rejects(&world, people.source()).await;
    assert_eq!((code(&report), rows(&rejects)), (3, vec![78]));
    assert_eq!((report.outcome.confirmed, report.outcome.deferred), (999, 0));
}

#[tokio::test(start_paused = true)]
async fn fault_09_the_batch_of_another_request_is_no_batch_of_this_one() {
    // As a cache or a mixed-up connection on the way answers.
    for moment in [2, 20] {
        let world = World::new(quick());
        let people = People::clean(6_000);
        let wire = Wire::importing(&world, move |call| if call.nth == moment { Fate::Repeated } else { Fate::Pass });
        let report = wire.run(&world, people.source()).await.unwrap();
        assert_whole(&report);
        let (landed, expected) = world.landed(&people);
        assert_eq!(landed, expected, "contacts count as confirmed that the account never heard of");
    }
}

#[tokio::test(start_paused = true)]
async fn fault_10_success_is_read_in_every_form_it_has_been_seen_in() {
    for success_key in [SuccessKey::Lower, SuccessKey::Capital] {
        for success_value in [SuccessValue::One, SuccessValue::Count] {
            let world = World::new(Settings { success_key, success_value, ..quick() });
            let people = People::clean(1_000);
            let report = world.run(people.source()).await.unwrap();
            assert_whole(&report);
            assert_eq!(report.calls.imports, 4);
            assert_landed(&world, &people);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn fault_10_an_import_that_queues_fewer_than_were_sent_confirms_only_who_was_applied() {
    let world = World::new(Settings { success_value: SuccessValue::Count, ..quick() });
    let people = People::clean(500);
    world.simulator.exclude(Exclusion { text: people.person(4).email, matching: Match::Exact, lists: vec![1] });
    let wire = Wire::new(&world, |_| Fate::Pass);
    let (report, rejects) = wire.run_with_rejects(&world, people.source()).await;
    assert!(wire.arrived().into_iter().map(text).any(|body| body.contains("\"queued_contacts\":249")));
    assert_eq!((code(&report), rows(&rejects)), (3, vec![5]));
    assert_eq!((report.outcome.confirmed, report.calls.imports), (499, 2));
}

#[tokio::test(start_paused = true)]
async fn fault_11_an_answer_after_more_than_a_minute_is_in_doubt() {
    assert_eq!(HttpSettings::default().timeout, MINUTE);
    let world = World::new(quick());
    let people = People::clean(1_000);
    let wire = Wire::importing(&world, |call| if call.nth == 2 { Fate::Slow(90 * SECOND) } else { Fate::Pass });
    let report = wire.run(&world, people.source()).await.unwrap();
    assert_whole(&report);
    assert_eq!((report.calls.in_doubt, report.calls.retries, report.calls.imports), (1, 1, 5));
    let imports = wire.imports();
    assert_eq!(imports[1].body, imports[4].body);
    assert!(imports[4].at - imports[1].at >= MINUTE);
    assert_landed(&world, &people);
}

#[tokio::test]
async fn fault_12_an_answer_that_drips_ends_at_the_total_time_out_not_at_an_idle_one() {
    let body = r#"{"success":1,"batchId":"b1"}"#;
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
    // The line is never silent for longer than a seventh of the time-out, and the body takes more than three times as long as it.
    let drip = Then::Drip(head.len(), Duration::from_millis(140));
    let server = Server::always(Reply::new(head + body, drip)).await;
    let http = HttpSettings { loopback: true, timeout: Duration::from_secs(1), ..HttpSettings::default() };
    let transport = Arc::new(HttpTransport::new(&http).unwrap());
    let sink = ActiveCampaign::new(settings(&format!("127.0.0.1:{}", server.port), 1), transport).unwrap();
    let request = Request { lane: Lane::Bulk, body: r#"{"contacts":[]}"#.into(), contacts: 2 };
    let result = sink.send(&request).await;
    assert!(matches!(result, Err(SendError::InDoubt(_))), "{result:?}");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn fault_12_a_run_of_which_every_third_answer_drips_delivers_everything() {
    let world = World::new(quick());
    let people = People::clean(2_000);
    let wire = Wire::importing(&world, |call| if call.nth % 3 == 0 { Fate::Slow(300 * SECOND) } else { Fate::Pass });
    let report = wire.run(&world, people.source()).await.unwrap();
    assert_whole(&report);
    assert!(report.calls.in_doubt > 0 && !report.rejected.contains_key(&Reason::Invalid));
    assert_landed(&world, &people);
}
