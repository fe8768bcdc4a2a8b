//! Slips of the command line, several exports in one command, and an output that cannot be written.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::process::{Ended, piped};
use super::world::{World, people};

/// A configuration of two exports to the simulator of `world`; the first one's source is `first`.
fn two_exports(world: &World, first: &str) {
    let host = world.host();
    let exports = format!("{{ first: {{ list: 7, source: {first} }}, second: {{ list: 7, source: people.csv }} }}");
    let key = r#""${file:key}""#;
    let text = format!(
        "version: 1\nconnections: {{ it: {{ host: \"{host}\", api_key: {key} }} }}\ndefaults: {{ connection: it }}\nexports: {exports}\n"
    );
    world.write("enlist.yaml", text);
    world.write("people.csv", people(3, "p"));
}

fn lines(ended: &Ended) -> Vec<Value> {
    ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_slip_of_the_command_line_is_a_document_too() {
    let world = World::prompt();
    for (words, code) in [
        (&["pln", "--json"][..], "usage::command"),
        (&["run", "--lsit", "7", "--json=lines"], "usage::option"),
        (&["run", "--list", "seven", "--json"], "usage::value"),
    ] {
        let ended = world.enlist(words);
        let document = ended.document();
        assert_eq!((ended.code, &document["error"]["code"]), (2, &json!(code)), "{ended:?}");
        assert!(document["error"]["help"].as_str().is_some_and(|help| !help.is_empty()), "{document}");
        assert!(ended.stderr.starts_with(&format!("error[{code}]: ")), "{}", ended.stderr);
    }
}

#[test]
fn a_slip_in_a_guard_is_no_run_and_is_told_before_anything_is_asked() {
    let world = World::prompt();
    world.write("people.csv", people(3, "p"));
    let ended = world.enlist(&[
        "run",
        "people.csv",
        "--list",
        "7",
        "--host",
        "acme.api-us1.com",
        "--key-file",
        "key",
        "--allow",
        "max_rejcts",
    ]);
    assert!(ended.code == 2 && ended.stderr.contains("did you mean --allow max_rejects?"), "{ended:?}");
    assert!(!world.folder().join(".enlist").exists(), "nothing was run");
}

#[test]
fn of_several_exports_each_is_called_by_its_name_and_one_that_fails_keeps_no_other_from_being_planned() {
    let world = World::prompt();
    two_exports(&world, "gone.csv");
    let ended = world.enlist(&["plan"]);
    assert_eq!(ended.code, 7, "{ended:?}");
    assert!(ended.stderr.contains("export: first"), "{}", ended.stderr);
    assert!(ended.stdout.contains("second -> list 7"), "{}", ended.stdout);
    let documents = lines(&world.enlist(&["plan", "--json"]));
    assert_eq!((&documents[0]["export"], &documents[1]["export"]), (&json!("first"), &json!("second")));

    let ended = world.enlist(&["run", "--all"]);
    assert!(ended.code == 7 && ended.stderr.contains("export: first"), "{ended:?}");
    assert!(ended.stdout.contains("3 confirmed") && ended.stdout.contains("second -> list 7"), "{}", ended.stdout);
}

#[test]
fn of_several_exports_one_without_rejects_has_nothing_to_repeat() {
    let world = World::prompt();
    two_exports(&world, "other.csv");
    world.write("other.csv", people(5, "o") + "nobody,\n");
    world.enlist(&["run", "--all"]);
    let ended = world.enlist(&["run", "--all", "--only-rejects", "--json"]);
    let exports: Vec<Value> = lines(&ended).iter().map(|run| run["export"].clone()).collect();
    assert_eq!(exports, [json!("first")], "{ended:?}");
    assert!(ended.stderr.contains("the last run of second rejected nothing"), "{}", ended.stderr);
}

#[test]
fn the_steps_of_a_run_are_lines_before_its_document() {
    let world = World::prompt();
    world.write("people.csv", people(300, "p"));
    let ended = world.run("people.csv", &["--json=lines"]);
    let (document, steps) = (ended.document(), lines(&ended));
    assert_eq!((&document["schema"], &document["type"]), (&json!("enlist.run/1"), &Value::Null));
    let kinds: Vec<&str> = steps[..steps.len() - 1].iter().map(|step| step["type"].as_str().unwrap()).collect();
    assert!(kinds.len() >= 2 && kinds[0] == "run_started" && kinds[1..].contains(&"phase"), "{kinds:?}");
    assert!(steps[..steps.len() - 1].iter().all(|step| step["run_id"] == document["run_id"]), "{ended:?}");
}

#[test]
fn a_result_that_cannot_be_written_is_no_success_and_the_run_is_remembered() {
    let world = World::prompt();
    world.write("people.csv", people(3, "p"));
    for more in [&[][..], &["--json"]] {
        let arguments = world.to_list_7("run", "people.csv", more);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let full = world.wrapped(&["sh", "-c", r#"exec "$0" "$@" > /dev/full"#], &arguments);
        let ended = Ended::of(piped(full).output().unwrap());
        assert!(ended.code == 12 && ended.stderr.contains("error[output::lost]"), "{ended:?}");
    }
    assert!(world.enlist(&["status"]).stdout.contains("people"), "the run is in the history");
}

#[test]
fn a_run_waits_for_another_one_as_long_as_it_is_told() {
    let world = World::prompt();
    world.write("people.csv", people(3, "p"));
    world.run_json("people.csv", &[], 0);
    let held = ["flock", ".enlist/people.lock", "sh", "-c", "echo held; read released"];
    let mut holder = Command::new(held[0]);
    holder.args(&held[1..]).current_dir(world.folder()).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut holder = holder.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(holder.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let ended = world.run("people.csv", &[]);
    assert!(ended.code == 11 && ended.stderr.contains("--lock-timeout"), "{ended:?}");
    let mut waiting = world.start("people.csv", &["--lock-timeout", "1m", "--json"]);
    thread::park_timeout(Duration::from_millis(500));
    assert!(waiting.try_wait().unwrap().is_none(), "it waits");
    drop(holder.stdin.take());
    let ended = Ended::of(waiting.wait_with_output().unwrap());
    assert_eq!((ended.code, &ended.document()["outcome"]["unchanged"]), (0, &json!(3)), "{ended:?}");
    assert!(!holder.wait().unwrap().success(), "it was let go");
}
