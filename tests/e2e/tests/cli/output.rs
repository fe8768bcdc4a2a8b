//! Results for programs, and readers that go away.

use serde_json::Value;

use super::process::Ended;
use super::world::{World, people};

/// Every key of `enlist.run/1`, in the order of the alphabet.
const KEYS: [&str; 26] = [
    "destination",
    "error",
    "exit_code",
    "export",
    "finished_at",
    "latency_ms",
    "leavers",
    "outcome",
    "plan",
    "rate",
    "reject_examples",
    "rejected_by_reason",
    "rejects_file",
    "requests",
    "resumed_from",
    "retryable",
    "run_id",
    "schema",
    "seconds",
    "source",
    "started_at",
    "status",
    "target",
    "timeline",
    "version",
    "warnings",
];

#[test]
fn the_document_of_a_run_is_one_line_whose_rows_add_up() {
    let world = World::prompt();
    let twice = "PERSON1@example.com,Twice\n";
    world.write("people.csv", people(30, "person") + twice + "nobody,No At\n");
    for confirmed in [30, 0] {
        let ended = world.run("people.csv", &["--json", "--allow", "max_rejects"]);
        assert_eq!(ended.stdout.lines().count(), 1, "{}", ended.stdout);
        let run = ended.document();
        let keys: Vec<&str> = run.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, KEYS);
        let outcome = run["outcome"].as_object().unwrap();
        assert_eq!(outcome.values().map(|rows| rows.as_u64().unwrap()).sum::<u64>(), 32, "{run}");
        assert_eq!(run["source"]["rows"], 32);
        let of = |name: &str| run["outcome"][name].as_u64().unwrap();
        assert_eq!((of("confirmed"), of("unchanged"), of("duplicate")), (confirmed, 30 - confirmed, 1), "{run}");
        assert_eq!(run["exit_code"], ended.code);
        assert_eq!(run["error"], Value::Null);
    }
}

#[test]
fn a_plan_says_what_the_run_then_does_and_sends_nothing() {
    let mut world = World::prompt();
    world.write("people.csv", people(300, "person"));
    let arguments = world.to_list_7("plan", "people.csv", &["--json"]);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let plan = world.enlist(&arguments).document();
    assert!(!world.folder().join(".enlist").exists(), "a plan leaves no state");
    assert_eq!(world.contacts().len(), 0, "something was sent");
    let run = world.run_json("people.csv", &[], 0);
    assert_eq!(plan["plan"], run["plan"]);
    assert_eq!(plan["requests"]["count"], run["requests"]["bulk"]);
}

#[test]
fn a_reader_that_went_away_changes_no_exit_code() {
    let world = World::prompt();
    world.write("people.csv", people(10, "person"));
    world.write("empty.csv", "email\n");
    for (file, code) in [("people.csv", 0), ("empty.csv", 8)] {
        for more in [&["--json"][..], &[]] {
            let mut run = world.start(file, more);
            drop(run.stdout.take());
            let ended = Ended::of(run.wait_with_output().unwrap());
            assert_eq!(ended.code, code, "{file} {more:?}: {ended:?}");
            assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
        }
    }
}
