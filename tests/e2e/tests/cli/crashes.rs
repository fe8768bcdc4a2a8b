//! A run that ends early loses nothing and repeats nothing it need not.

use std::thread;
use std::time::Duration;

use serde_json::json;

use super::process::{Ended, signal, wait_for};
use super::world::{World, people};

/// Contacts of the file: five requests, of which the account works off one a second.
const CONTACTS: usize = 1_250;

/// Logged with the first request that was accepted.
const ACCEPTED: &str = "method=POST path=\"/import/bulk_import\" status=200";

fn slow() -> World {
    let world = World::with(json!({
        "bulk_latency": { "fixed": 0.2 },
        "processing": { "delay": 0.5, "contacts_per_second": 400.0 },
    }));
    world.write("people.csv", people(CONTACTS, "person"));
    world
}

#[test]
#[expect(clippy::disallowed_methods, reason = "nothing waits for these moments: a kill may come at any")]
fn after_kills_at_any_moment_the_same_command_finishes() {
    let mut world = slow();
    for moment in [30, 300, 900, 1_500, 700, 2_200] {
        let mut run = world.start("people.csv", &[]);
        thread::sleep(Duration::from_millis(moment));
        signal(&run, "KILL");
        run.wait().unwrap();
    }
    let done = world.run_json("people.csv", &[], 0);
    assert_eq!(done["outcome"]["deferred"], 0, "{done}");
    let again = world.run_json("people.csv", &[], 0);
    assert_eq!((&again["requests"]["bulk"], &again["outcome"]["unchanged"]), (&json!(0), &json!(CONTACTS)), "{again}");
    let contacts = world.contacts();
    assert_eq!(contacts.len(), CONTACTS);
    let named = |n: usize| contacts[&format!("person{n}@example.com")]["first_name"] == format!("Name {n}");
    assert!((1..=CONTACTS).all(named));
}

fn drains(name: &str, code: i32) {
    let mut world = slow();
    let mut run = world.start("people.csv", &["--json", "-vv"]);
    wait_for(&mut run, ACCEPTED);
    signal(&run, name);
    let ended = Ended::of(run.wait_with_output().unwrap());
    let stopped = ended.document();
    assert_eq!((ended.code, &stopped["status"], &stopped["exit_code"]), (code, &json!("stopped"), &json!(code)));
    let deferred = stopped["outcome"]["deferred"].as_u64().unwrap();
    assert!(deferred > 0, "{stopped}");

    let done = world.run_json("people.csv", &[], 0);
    assert_eq!(done["outcome"]["deferred"], 0, "{done}");
    let requests = |run: &serde_json::Value| run["requests"]["bulk"].as_u64().unwrap();
    assert_eq!(requests(&stopped) + requests(&done), 5, "a request was repeated: {stopped} {done}");
    assert_eq!(world.contacts().len(), CONTACTS);
}

#[test]
fn sigterm_drains_and_the_next_run_sends_the_rest_only() {
    drains("TERM", 143);
}

#[test]
fn sigint_drains_and_the_next_run_sends_the_rest_only() {
    drains("INT", 130);
}

#[test]
fn a_signal_before_anything_is_sent_has_its_own_exit_code_too() {
    let mut world = slow();
    for (name, code) in [("TERM", 143), ("INT", 130)] {
        let mut run = world.start("people.csv", &["--json"]);
        wait_for(&mut run, "phase=check");
        signal(&run, name);
        let ended = Ended::of(run.wait_with_output().unwrap());
        let stopped = ended.document();
        assert_eq!((ended.code, &stopped["exit_code"], &stopped["status"]), (code, &json!(code), &json!("stopped")));
        assert_eq!(stopped["retryable"], true, "{stopped}");
    }
    assert_eq!(world.contacts().len(), 0, "something was sent");
}

#[test]
fn a_signal_ends_all_exports() {
    let mut world = slow();
    let (host, people) = (world.host(), people(3, "other"));
    world.write("other.csv", people);
    world.write(
        "enlist.yaml",
        format!(
            "version: 1\nconnections: {{ a: {{ host: \"{host}\", api_key: \"${{file:key}}\" }} }}\n\
             exports:\n  one: {{ list: 7, source: people.csv }}\n  two: {{ list: 7, source: other.csv }}\n"
        ),
    );
    let mut run = world.background(&["run", "--json", "-vv"]);
    wait_for(&mut run, ACCEPTED);
    signal(&run, "TERM");
    let ended = Ended::of(run.wait_with_output().unwrap());
    assert_eq!(ended.code, 143, "{ended:?}");
    assert_eq!(ended.stdout.lines().count(), 1, "the second export was begun: {}", ended.stdout);
    assert!(!world.contacts().contains_key("other1@example.com"));
}

#[test]
fn a_second_run_of_an_export_is_told_who_runs_it() {
    let world = slow();
    let mut first = world.start("people.csv", &["-vv"]);
    wait_for(&mut first, ACCEPTED);
    let second = world.run("people.csv", &[]);
    assert_eq!(second.code, 11, "{second:?}");
    assert!(second.stderr.contains("error[state::locked]"), "{}", second.stderr);
    assert!(second.stderr.contains(&format!("pid {}", first.id())), "{}", second.stderr);
    let first = Ended::of(first.wait_with_output().unwrap());
    assert_eq!(first.code, 0, "{first:?}");
}

#[test]
fn a_disk_that_fills_up_stops_the_run_and_room_lets_it_finish() {
    let mut world = World::prompt();
    world.write("people.csv", people(600, "person"));
    let arguments = world.to_list_7("run", "people.csv", &[]);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut failures = 0;
    // A file that may not grow fails like one on a full disk. Blocks have 512 bytes.
    for blocks in [1, 64, 160, 240, 280, 320] {
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"");
        let mut command = world.wrapped(&["sh", "-c", &script, "sh"], &arguments);
        let full = Ended::of(command.output().unwrap());
        if full.code == 0 {
            continue;
        }
        assert_eq!(full.code, 12, "{blocks} blocks: {full:?}");
        assert!(full.stderr.contains("error[state::"), "{}", full.stderr);
        assert!(full.stderr.contains("help: "), "{}", full.stderr);
        failures += 1;
    }
    assert!(failures > 0, "the limit was never met");
    let done = world.run_json("people.csv", &[], 0);
    assert_eq!(done["outcome"]["deferred"], 0, "{done}");
    assert_eq!(world.contacts().len(), 600);
}
