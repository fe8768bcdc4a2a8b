//! Asked to stop, or stopped in the middle and woken again.

use std::process::Child;
use std::thread;
use std::time::Duration;

use serde_json::json;

use super::process::{Ended, signal, wait_for};
use super::proxy::{IMPORT, Moment, SLOT, assert_spaced};
use super::site::{People, Site};

/// One request, and five.
const FEW: People = People::first(250);
const PEOPLE: People = People::first(1_250);

/// How each signal ends the process.
const SIGNALS: [(&str, i32); 2] = [("TERM", 143), ("INT", 130)];

fn site() -> Site {
    let site = Site::prompt();
    site.has(PEOPLE);
    site
}

/// A run whose first request has left and has no answer.
fn sending(site: &Site, more: &[&str]) -> Child {
    site.proxy.hold(Moment::Done, IMPORT, 1);
    let run = site.start(more);
    site.proxy.wait_held();
    run
}

#[test]
fn fault_45_after_sigterm_or_sigint_nothing_leaves_and_answers_under_way_are_recorded() {
    let drains = |name: &str, code: i32| {
        let mut site = site();
        let run = sending(&site, &[]);
        signal(&run, name);
        let before = site.proxy.imports().len();
        // Two slots pass by unused. What left until the signal got there is one request more at most.
        thread::sleep(Duration::from_millis(1_500));
        let sent = site.proxy.imports().len();
        assert!(sent <= before + 1, "{} requests left after {name}", sent - before);
        site.proxy.release();
        let ended = Ended::of(run.wait_with_output().unwrap());
        assert_eq!(ended.code, code, "{ended:?}");
        assert_eq!(site.proxy.imports().len(), sent, "a request left after {name}");
        for said in ["error[run::stopped]: stopped by a signal", "help: run the same command again to continue"] {
            assert!(ended.stderr.contains(said), "{}", ended.stderr);
        }
        assert!(ended.stdout.contains("the next run sends the 1,250 deferred"), "{}", ended.stdout);
        site.converge(&[]);
        assert_eq!(site.proxy.imports().len(), 5, "what was answered during the stop was sent again");
        site.assert_landed(PEOPLE);
    };
    thread::scope(|scope| {
        for (name, code) in SIGNALS {
            scope.spawn(move || drains(name, code));
        }
    });
}

#[test]
fn fault_45_the_document_of_a_stopped_run_says_so() {
    for (name, code) in SIGNALS {
        let site = site();
        let run = sending(&site, &["--json"]);
        signal(&run, name);
        site.proxy.release();
        let ended = Ended::of(run.wait_with_output().unwrap());
        let stopped = ended.document();
        assert_eq!((ended.code, &stopped["status"], &stopped["exit_code"]), (code, &json!("stopped"), &json!(code)));
        assert_eq!(
            (&stopped["retryable"], &stopped["outcome"]["deferred"]),
            (&json!(true), &json!(1_250)),
            "{stopped}"
        );
    }
}

#[test]
fn fault_45_an_answer_that_does_not_come_is_awaited_for_a_while_only() {
    let mut site = Site::prompt();
    site.has(FEW);
    let run = sending(&site, &[]);
    signal(&run, "TERM");
    // The answer is held until after the end.
    let ended = Ended::of(run.wait_with_output().unwrap());
    assert_eq!(ended.code, 143, "{ended:?}");
    assert!(ended.stdout.contains("the next run sends the 250 deferred"), "{}", ended.stdout);
    site.proxy.release();
    site.converge(&[]);
    site.assert_landed(FEW);
}

#[test]
fn fault_45_a_second_signal_ends_the_process_at_once() {
    let mut site = Site::prompt();
    site.has(FEW);
    let mut run = sending(&site, &[]);
    signal(&run, "INT");
    // An impatient user: the second may come before the first was noticed, a later one may not.
    let status = loop {
        thread::sleep(Duration::from_millis(100));
        if let Some(status) = run.try_wait().unwrap() {
            break status;
        }
        signal(&run, "TERM");
    };
    assert_eq!(status.code(), Some(143));
    let ended = Ended::of(run.wait_with_output().unwrap());
    assert_eq!(ended.stdout, "", "a summary is the end of a run that was waited for");
    site.proxy.release();
    site.converge(&[]);
    site.assert_landed(FEW);
}

#[test]
fn fault_46_a_stopped_process_that_wakes_sends_no_burst() {
    let mut site = Site::prompt();
    let people = People::first(2_000);
    site.has(people);
    let run = site.start(&[]);
    site.proxy.wait_answered(1);
    signal(&run, "STOP");
    // Seven slots pass by.
    thread::sleep(Duration::from_millis(4_500));
    let asleep = site.proxy.imports().len();
    assert!(asleep <= 3, "nothing was left for a burst");
    signal(&run, "CONT");
    let ended = Ended::of(run.wait_with_output().unwrap());
    assert_eq!(ended.code, 0, "{ended:?}");
    let imports = site.proxy.imports();
    assert_eq!(imports.len(), 8);
    let woken = imports[asleep + 2].arrived - imports[asleep].arrived;
    assert!(woken >= SLOT, "three requests within {woken:?} of waking");
    assert_spaced(&imports[1..]);
    site.assert_landed(people);
}

#[test]
fn a_signal_before_anything_is_sent_has_its_own_exit_code_too() {
    // The questions before the first request take their time.
    let site = Site::with(json!({ "latency": { "fixed": 2.0 } }));
    site.has(PEOPLE);
    for (name, code) in SIGNALS {
        let mut run = site.start(&["--json"]);
        wait_for(&mut run, "phase=check");
        signal(&run, name);
        let ended = Ended::of(run.wait_with_output().unwrap());
        let stopped = ended.document();
        assert_eq!((ended.code, &stopped["exit_code"], &stopped["status"]), (code, &json!(code), &json!("stopped")));
        assert_eq!(stopped["retryable"], true, "{stopped}");
    }
    assert_eq!(site.proxy.imports().len(), 0, "something was sent");
}

#[test]
fn a_signal_ends_all_exports() {
    let mut site = site();
    let host = site.proxy.host();
    site.world.write("other.csv", "email\nother1@example.com\nother2@example.com\n");
    site.world.write(
        "enlist.yaml",
        format!(
            "version: 1\nconnections: {{ a: {{ host: \"{host}\", api_key: \"${{file:key}}\" }} }}\n\
             exports:\n  one: {{ list: 7, source: people.csv }}\n  two: {{ list: 7, source: other.csv }}\n"
        ),
    );
    site.proxy.hold(Moment::Done, IMPORT, 1);
    let run = site.world.background(&["run", "--all", "--json"]);
    site.proxy.wait_held();
    signal(&run, "TERM");
    site.proxy.release();
    let ended = Ended::of(run.wait_with_output().unwrap());
    assert_eq!(ended.code, 143, "{ended:?}");
    assert_eq!(ended.stdout.lines().count(), 1, "the second export was begun: {}", ended.stdout);
    assert!(!site.world.contacts().contains_key("other1@example.com"));
}
