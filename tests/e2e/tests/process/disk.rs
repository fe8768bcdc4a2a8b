//! A disk that is full at one step or another.
//!
//! A file that may not grow any more (`RLIMIT_FSIZE`) fails in the same place as one on a full disk. With the signal
//! that comes with it ignored, as the shell does here, the write fails with an error number. The limit is set from
//! outside while the proxy holds the process at the step in question.

use std::fs;
use std::process::{Child, Command};
use std::thread;
use std::time::Duration;

use super::process::{Ended, piped};
use super::proxy::{IMPORT, Moment, OUTCOME};
use super::site::{FILE, People, Site};

/// One request, two, and four.
const FEW: People = People::first(250);
const PEOPLE: People = People::first(500);
const MANY: People = People::first(1_000);

/// Starts a run under a shell that ignores the signal of the limit. `limit` is in blocks of 512 bytes, or `unlimited`.
fn start(site: &Site, limit: &str, more: &[&str]) -> Child {
    let script = format!("trap '' XFSZ; ulimit -f {limit}; exec \"$@\"");
    site.command(&["sh", "-c", &script, "sh"], "run", more).spawn().unwrap()
}

/// From here on the journal of `run` does not grow. What is written over, as the small pace file is, needs no room.
fn fill_disk(run: &Child) {
    let status = Command::new("prlimit").args(["--fsize=4096", "--pid", &run.id().to_string()]).status().unwrap();
    assert!(status.success());
}

/// Checks how a run on a full disk ends and that one with room then finishes.
fn assert_stopped(site: &mut Site, run: Child, sent: usize, file: &str, people: People) {
    let ended = Ended::of(run.wait_with_output().unwrap());
    assert_eq!(ended.code, 12, "{ended:?}");
    assert!(ended.stderr.contains("error[state::"), "{}", ended.stderr);
    assert!(ended.stderr.contains("cannot ") && ended.stderr.contains(file), "{}", ended.stderr);
    assert!(ended.stderr.contains("help: ") && ended.stderr.contains("space"), "{}", ended.stderr);
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
    assert_eq!(site.proxy.imports().len(), sent, "a request left after the disk was full");
    site.converge(&["--allow", "max_rejects"]);
    site.assert_landed(people);
}

#[test]
fn fault_47_after_an_intent_could_not_be_written_its_request_does_not_leave() {
    let mut site = Site::prompt();
    site.has(MANY);
    // With the first answer held, the next thing to write is the second intent.
    site.proxy.hold(Moment::Arrived, IMPORT, 1);
    let run = start(&site, "unlimited", &[]);
    site.proxy.wait_held();
    fill_disk(&run);
    let before = site.proxy.imports().len();
    // All slots pass by. One request more may have had its intent when the disk was full.
    thread::sleep(Duration::from_millis(2_500));
    let sent = site.proxy.imports().len();
    assert!(sent <= before + 1, "{} requests left", sent - before);
    site.proxy.release();
    assert_stopped(&mut site, run, sent, "ledger.db", MANY);
}

#[test]
fn fault_47_after_an_acceptance_could_not_be_written_nothing_leaves() {
    let mut site = Site::prompt();
    site.has(FEW);
    site.proxy.hold(Moment::Arrived, IMPORT, 1);
    let run = start(&site, "unlimited", &[]);
    site.proxy.wait_held();
    fill_disk(&run);
    site.proxy.release();
    assert_stopped(&mut site, run, 1, "ledger.db", FEW);
}

#[test]
fn fault_47_after_a_confirmation_could_not_be_written_the_run_ends_and_what_was_confirmed_stays() {
    let mut site = Site::prompt();
    site.has(PEOPLE);
    site.proxy.hold(Moment::Arrived, OUTCOME, 2);
    let run = start(&site, "unlimited", &[]);
    site.proxy.wait_held();
    fill_disk(&run);
    site.proxy.release();
    assert_stopped(&mut site, run, 2, "ledger.db", PEOPLE);
    assert_eq!(site.proxy.imports().len(), 2, "what had been accepted was sent again");
}

#[test]
fn fault_47_contacts_that_cannot_be_spooled_are_not_sent() {
    let mut site = Site::prompt();
    let people = People::first(30_000);
    site.has(people);
    // An empty ledger fits, the contacts do not.
    let run = start(&site, "1000", &[]);
    let ended = Ended::of(run.wait_with_output().unwrap());
    assert_eq!(ended.code, 12, "{ended:?}");
    assert!(ended.stderr.contains("error[state::spool]: cannot write a temporary file"), "{}", ended.stderr);
    assert!(ended.stderr.contains("help: free disk space"), "{}", ended.stderr);
    assert_eq!(site.proxy.imports().len(), 0);
    site.has(FEW);
    site.converge(&[]);
    site.assert_landed(FEW);
}

#[test]
fn fault_47_rejects_that_cannot_be_written_stop_the_run_before_anything_is_sent() {
    let mut site = Site::prompt();
    site.has(FEW);
    let path = site.world.folder().join(FILE);
    let bad: String = (0..20_000).map(|n| format!("nobody{n},No At\n")).collect();
    fs::write(&path, fs::read_to_string(&path).unwrap() + &bad).unwrap();
    let run = start(&site, "1000", &["--allow", "max_rejects"]);
    let ended = Ended::of(run.wait_with_output().unwrap());
    assert_eq!(ended.code, 12, "{ended:?}");
    assert!(ended.stderr.contains("error[state::rejects]: rejected rows cannot be written"), "{}", ended.stderr);
    assert!(ended.stderr.contains("help: make room"), "{}", ended.stderr);
    assert_eq!(site.proxy.imports().len(), 0);
    let left = fs::read_dir(site.world.folder().join("rejects")).map_or(0, Iterator::count);
    assert_eq!(left, 0, "half a reject file was left");
    site.has(FEW);
    site.converge(&[]);
    site.assert_landed(FEW);
}

#[test]
fn a_disk_of_any_size_is_enough_or_ends_the_run_with_the_reason() {
    let mut site = Site::prompt();
    site.has(FEW);
    let mut failures = 0;
    for blocks in ["0", "1", "64", "128", "160", "200", "240", "280"] {
        let full = Ended::of(start(&site, blocks, &[]).wait_with_output().unwrap());
        if full.code == 0 {
            continue;
        }
        assert_eq!(full.code, 12, "{blocks} blocks: {full:?}");
        assert!(full.stderr.contains("error[state::") && full.stderr.contains("help: "), "{}", full.stderr);
        failures += 1;
    }
    assert!(failures > 0, "the limit was never met");
    let done = Ended::of(piped(site.command(&[], "run", &[])).output().unwrap());
    assert_eq!(done.code, 0, "{done:?}");
    site.assert_landed(FEW);
}
