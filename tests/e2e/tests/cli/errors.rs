//! Whatever is wrong: one error with its code, its help and its exit code, and nothing sent.

use std::fs;

use serde_json::json;

use super::process::Ended;
use super::world::{World, people};

/// Checks what ended a command, said to people and to programs.
fn is(ended: &Ended, code: i32, error: &str) {
    assert_eq!(ended.code, code, "{error}: {ended:?}");
    let lines = ended.stderr.lines().filter(|line| line.starts_with("error["));
    let lines: Vec<&str> = lines.collect();
    assert!(lines.len() == 1 && lines[0].starts_with(&format!("error[{error}]: ")), "{error}: {}", ended.stderr);
    assert!(ended.stderr.lines().any(|line| line.starts_with("  help: ")), "{error}: {}", ended.stderr);
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
    if ended.stdout.starts_with('{') {
        let document = ended.document();
        assert_eq!(document["exit_code"], code, "{document}");
        assert_eq!(document["error"]["code"], error, "{document}");
        assert!(document["error"]["help"].is_string(), "{document}");
    }
}

#[test]
fn mistakes_of_the_command_line_are_told_and_nothing_is_sent() {
    let mut world = World::prompt();
    let parquet = "pq.write_table(pa.table({'email': [f'p{i}@example.com' for i in range(999)]}), 'whole.parquet')";
    world.python(parquet);
    let whole = fs::read(world.folder().join("whole.parquet")).unwrap();
    world.write("half.parquet", &whole[..whole.len() / 2]);
    world.write("people.csv", people(20, "person"));
    world.write("empty.csv", "email,first_name\n");
    world.write("rejects.csv", people(20, "person") + "nobody,No At\n");
    world.write("wrong", "not-the-key");
    let host = world.host();
    let to = |file: &'static str, more: &[&'static str]| world.to_list_7("run", file, more);
    let at = |file: &str, list: &str, host: &str, key: &str| {
        ["run", file, "--list", list, "--host", host, "--key-file", key].map(str::to_owned).to_vec()
    };
    let cases = [
        (to("people.csv", &["--map", "email=mail"]), 7, "source::column_missing"),
        (to("people.csv", &["--field", "Teir=first_name"]), 6, "destination::field_missing"),
        (to("nowhere.parquet", &[]), 7, "source::file_missing"),
        (to("half.parquet", &[]), 7, "parquet::cut_off"),
        (to("people.csv", &["--allow", "max_reject"]), 2, "usage::guard"),
        (to("empty.csv", &[]), 8, "guard::min_rows"),
        (to("rejects.csv", &[]), 8, "guard::max_rejects"),
        (at("people.csv", "99", &host, "key"), 6, "ac::list_missing"),
        (at("people.csv", "7", &host, "wrong"), 4, "access::key"),
        (at("people.csv", "7", "127.0.0.1:1", "key"), 5, "network::unreachable"),
    ];
    for (mut arguments, code, error) in cases {
        arguments.push("--json".to_owned());
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let ended = world.enlist(&arguments);
        is(&ended, code, error);
        assert!(ended.stdout.starts_with('{'), "{error}: no document");
    }
    assert_eq!(world.contacts().len(), 0, "something was sent");
}

#[test]
fn mistakes_of_the_configuration_are_shown_where_they_stand() {
    let mut world = World::prompt();
    world.write("people.csv", people(20, "person"));
    let config = |key: &str, mapping: &str| {
        let host = world.host();
        format!(
            "version: 1\nconnections:\n  a:\n    host: \"{host}\"\n    api_key: {key}\nexports:\n  x:\n    list: 7\n    \
             source: people.csv\n    map:\n      {mapping}: email\n"
        )
    };
    let cases = [
        (config("${ENLIST_TEST_UNSET}", "email"), "config::variable", "enlist.yaml:5:14"),
        (config("${file:key}", "e_mail"), "config::unknown_key", "enlist.yaml:11:7"),
    ];
    for (text, error, place) in cases {
        world.write("enlist.yaml", text);
        let ended = world.enlist(&["run"]);
        is(&ended, 2, error);
        assert!(ended.stderr.contains(place), "{}", ended.stderr);
    }
    assert_eq!(world.contacts().len(), 0, "something was sent");
}

#[test]
fn an_export_that_fails_does_not_keep_the_others_from_running() {
    let mut world = World::prompt();
    world.write("people.csv", people(20, "person"));
    let host = world.host();
    world.write(
        "enlist.yaml",
        format!(
            "version: 1\nconnections: {{ a: {{ host: \"{host}\", api_key: \"${{file:key}}\" }} }}\n\
             exports:\n  one: {{ list: 7, source: nowhere.csv }}\n  two: {{ list: 7, source: people.csv }}\n"
        ),
    );
    let ended = world.enlist(&["run", "--all", "--json"]);
    assert_eq!(ended.code, 7, "{ended:?}");
    assert_eq!(ended.stdout.lines().count(), 2, "a document for each export: {}", ended.stdout);
    assert!(ended.stdout.lines().next().unwrap().contains("\"export\":\"one\""), "{}", ended.stdout);
    assert_eq!(ended.document()["outcome"]["confirmed"], 20);
    assert_eq!(world.contacts().len(), 20);
}

#[test]
fn rejects_above_the_bound_need_leave_and_are_told_in_the_end() {
    let mut world = World::prompt();
    world.write("people.csv", people(20, "person") + "nobody,No At\n");
    is(&world.run("people.csv", &[]), 8, "guard::max_rejects");
    assert_eq!(world.contacts().len(), 0, "something was sent");
    let allowed = world.run_json("people.csv", &["--allow", "max_rejects"], 3);
    let outcome =
        json!({ "confirmed": 20, "unchanged": 0, "rejected": 1, "duplicate": 0, "deferred": 0, "skipped": 0 });
    assert_eq!((&allowed["outcome"], &allowed["status"]), (&outcome, &json!("rejects")));
    assert_eq!(world.contacts().len(), 20);
    let rejects = fs::read_to_string(world.folder().join(allowed["rejects_file"].as_str().unwrap())).unwrap();
    let line: serde_json::Value = serde_json::from_str(rejects.trim()).unwrap();
    assert_eq!((&line["row"], &line["reason"]), (&json!(21), &json!("bad_email")));
}
