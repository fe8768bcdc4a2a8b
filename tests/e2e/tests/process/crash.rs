//! Death at a chosen step, loss of power, lack of memory, and the locks the dead leave.

use std::fs;
use std::process::Command;
use std::thread;

use serde_json::json;

use super::process::{Ended, signal};
use super::proxy::{BACKLOG, IMPORT, Moment, OUTCOME};
use super::site::{People, Site};

/// One request, and two.
const FEW: People = People::first(250);
const PEOPLE: People = People::first(500);

/// A simulator that takes a moment for an import, so that its end has to be asked for.
fn site() -> Site {
    let site = Site::with(json!({ "processing": { "delay": 0.3, "contacts_per_second": 0.0 } }));
    site.has(PEOPLE);
    site
}

/// Leaves a run dead at `moment` of the `nth` call `line`.
fn killed_at(site: &Site, moment: Moment, line: &'static str, nth: usize) {
    site.proxy.hold(moment, line, nth);
    let mut run = site.start(&[]);
    site.proxy.wait_held();
    signal(&run, "KILL");
    run.wait().unwrap();
}

#[test]
fn fault_43_after_a_kill_at_each_step_the_next_run_converges_and_repeats_one_request_at_most() {
    // The last number: whether what was held still reaches the simulator after the process is gone.
    let steps = [
        ("before the plan", Moment::Done, "GET /api/3/settings/account", 1, true),
        ("in the first POST", Moment::Begun, IMPORT, 1, false),
        ("after the first POST, which is lost", Moment::Arrived, IMPORT, 1, false),
        ("after the first POST, which lands later", Moment::Arrived, IMPORT, 1, true),
        ("before the first answer", Moment::Done, IMPORT, 1, true),
        ("while the first answer is recorded", Moment::Answered, IMPORT, 1, true),
        ("after the second POST, which is lost", Moment::Arrived, IMPORT, 2, false),
        ("before the second answer", Moment::Done, IMPORT, 2, true),
        ("while the backlog is asked for", Moment::Arrived, BACKLOG, 1, true),
        ("while an outcome is asked for", Moment::Arrived, OUTCOME, 1, true),
        ("before the outcome is heard", Moment::Done, OUTCOME, 1, true),
        ("while the outcome is recorded", Moment::Answered, OUTCOME, 1, true),
        ("while the last outcome is recorded", Moment::Answered, OUTCOME, 2, true),
    ];
    thread::scope(|scope| {
        for (step, moment, line, nth, lands) in steps {
            scope.spawn(move || {
                let mut site = site();
                killed_at(&site, moment, line, nth);
                if lands {
                    site.proxy.release()
                } else {
                    site.proxy.cut()
                }
                site.converge(&[]);
                let again = site.converge(&[]);
                assert_eq!(again["requests"]["bulk"], 0, "{step}: {again}");
                let sent = site.proxy.imports().len();
                assert!(sent <= 3, "{step}: {sent} requests for two");
                site.assert_landed(PEOPLE);
            });
        }
    });
}

#[test]
fn fault_44_after_power_loss_at_any_byte_of_the_log_the_next_run_converges() {
    // So many bytes of the log had not reached the disk, and whether a page was on its way there.
    let losses = [(1, true), (200, true), (4_000, true), (4_200, false), (20_000, true), (usize::MAX, false)];
    thread::scope(|scope| {
        for (lost, torn) in losses {
            scope.spawn(move || {
                let mut site = site();
                killed_at(&site, Moment::Arrived, OUTCOME, 1);
                site.proxy.release();
                let path = site.state_file("ledger.db-wal");
                let mut log = fs::read(&path).unwrap();
                assert!(log.len() > 20_000, "the journal was folded in already");
                log.truncate(log.len().saturating_sub(lost));
                if torn {
                    log.extend([0xa5; 150]);
                }
                fs::write(path, log).unwrap();
                site.converge(&[]);
                site.assert_landed(PEOPLE);
            });
        }
    });
}

#[test]
fn fault_54_a_process_that_gets_no_more_memory_dies_like_a_killed_one() {
    let mut site = Site::prompt();
    site.has(FEW);
    site.proxy.hold(Moment::Done, IMPORT, 1);
    let run = site.start(&["-v"]);
    site.proxy.wait_held();
    let limited = Command::new("prlimit").args(["--as=1", "--pid", &run.id().to_string()]).status().unwrap();
    assert!(limited.success());
    site.proxy.release();
    let ended = Ended::of(run.wait_with_output().unwrap());
    assert!(!ended.stderr.contains("@example.com") && !ended.stderr.contains("Name 1"), "{}", ended.stderr);
    site.converge(&[]);
    assert!(site.proxy.imports().len() <= 2, "more than what was under way was sent again");
    site.assert_landed(FEW);
}

#[test]
fn fault_59_the_lock_of_a_dead_process_is_taken_and_its_journal_recovered() {
    let mut site = site();
    killed_at(&site, Moment::Arrived, IMPORT, 2);
    site.proxy.cut();
    let lock = fs::read_to_string(site.state_file("people.lock")).unwrap();
    assert!(lock.starts_with("pid "), "the dead left no lock: {lock:?}");
    // As it looks on a shared disk when the whole machine died.
    fs::write(site.state_file("people.lock"), "pid 4711 on etl-3 since 2026-08-01T10:02:00Z (run r_x)\n").unwrap();
    let done = site.run(&[]);
    assert_eq!(done.code, 0, "{done:?}");
    assert!(done.stdout.starts_with("Recovered r_"), "it names the dead: {}", done.stdout);
    assert_eq!(site.proxy.imports().len(), 3, "only the request without an answer goes again");
    site.assert_landed(PEOPLE);
}
