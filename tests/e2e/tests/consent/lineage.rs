//! What Dagster and whoever keeps lineage hear of a run.

use std::env;
use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use super::listener::Listener;
use super::process::{Ended, piped};
use super::world::{World, people};

/// A world with an export of a file, one of a statement, and one whose source is gone.
fn world(telemetry: &str) -> World {
    let world = World::prompt();
    world.write("people.csv", people(3, "person"));
    let host = world.host();
    world.write(
        "enlist.yaml",
        format!(
            "version: 1\nconnections: {{ a: {{ host: \"{host}\", api_key: \"${{file:key}}\" }} }}\n{telemetry}\
             sources: {{ lake: {{ path: people.csv }} }}\nexports:\n  x: {{ list: 7, source: people.csv }}\n  \
             asked: {{ list: 7, sql: \"select email from lake where email <> $who\", params: {{ who: nobody }} }}\n  \
             gone: {{ list: 7, source: gone.csv }}\n"
        ),
    );
    world
}

/// The events that were heard, in their order.
fn events(listener: &Listener) -> Vec<Value> {
    let heard = listener.heard();
    heard.iter().map(|request| serde_json::from_str(request.split_once("\r\n\r\n").unwrap().1).unwrap()).collect()
}

fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["eventType"].as_str().unwrap()).collect()
}

#[test]
fn lineage_knows_the_columns_and_the_statement_of_a_run_at_its_start_and_at_its_end() {
    let listener = Listener::answering("200 OK", "");
    let world = world(&format!("telemetry: {{ openlineage: \"{}\" }}\n", listener.url()));
    assert_eq!(world.enlist(&["run", "x"]).code, 0);
    let file = events(&listener);
    assert_eq!(kinds(&file), ["START", "COMPLETE"]);
    assert_eq!(file[0]["run"]["runId"], file[1]["run"]["runId"]);
    assert_eq!(file[0]["outputs"][0]["namespace"], file[1]["outputs"][0]["namespace"]);
    for event in &file {
        let fields = &event["inputs"][0]["facets"]["schema"]["fields"];
        let expected = json!([{ "name": "email", "type": "Utf8" }, { "name": "first_name", "type": "Utf8" }]);
        assert_eq!(*fields, expected, "{event}");
        assert!(event["job"]["facets"]["sql"].is_null(), "{event}");
    }
    assert_eq!(world.enlist(&["run", "asked"]).code, 0);
    for event in events(&listener) {
        let sql = event["job"]["facets"]["sql"]["query"].as_str().unwrap();
        assert!(sql.contains("$who") && !sql.contains("nobody"), "values are no part of a statement: {sql}");
    }
}

#[test]
fn a_run_that_was_refused_before_it_read_anything_has_one_start_and_one_end() {
    let listener = Listener::answering("200 OK", "");
    let world = world(&format!("telemetry: {{ openlineage: \"{}\" }}\n", listener.url()));
    assert_eq!(world.enlist(&["run", "gone"]).code, 7);
    let events = events(&listener);
    assert_eq!(kinds(&events), ["START", "FAIL"]);
    assert_eq!(events[0]["run"]["runId"], events[1]["run"]["runId"]);
    assert_eq!(events[0]["eventTime"].as_str().map(str::len), Some("2026-11-22T07:33:29Z".len()));
}

/// A parameter as Dagster writes it: JSON, packed, in base64.
fn param(value: &Value) -> String {
    let python = env::var("ENLIST_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let script = "import base64, sys, zlib; print(base64.b64encode(zlib.compress(sys.argv[1].encode())).decode())";
    let output = Command::new(&python).args(["-c", script, &value.to_string()]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// `enlist run` as a step of Dagster, and the messages in the file that it named.
fn step(world: &World, context: &str, arguments: &[&str]) -> (Ended, Vec<Value>) {
    let messages = world.folder().join("messages");
    let mut command = world.command(&[&["run"], arguments].concat());
    command.env("DAGSTER_PIPES_CONTEXT", context);
    command.env("DAGSTER_PIPES_MESSAGES", param(&json!({ "path": messages })));
    let ended = Ended::of(piped(command).output().unwrap());
    let text = fs::read_to_string(&messages).unwrap_or_default();
    let _ = fs::remove_file(&messages);
    (ended, text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

fn methods(messages: &[Value]) -> Vec<&str> {
    messages.iter().map(|message| message["method"].as_str().unwrap()).collect()
}

#[test]
fn dagster_hears_what_became_of_its_asset() {
    let world = world("");
    let context = json!({ "asset_keys": ["crm/vip"], "run_id": "0", "extras": {} });
    let (ended, messages) = step(&world, &param(&json!({ "data": context })), &["x"]);
    assert_eq!((ended.code, ended.stderr.contains("warning")), (0, false), "{ended:?}");
    assert_eq!(methods(&messages), ["opened", "report_asset_materialization", "closed"]);
    let params = &messages[1]["params"];
    assert_eq!((&params["asset_key"], &params["metadata"]["confirmed"]["raw_value"]), (&json!("crm/vip"), &json!(3)));
    assert_eq!(messages[2]["params"], json!({}));
    assert!(!format!("{messages:?}").contains("@example.com"), "a person is in it: {messages:?}");

    // The context of a large step is in a file; of several runs each speaks for the asset of its name.
    world.write("context.json", json!({ "asset_keys": ["crm/asked", "crm/other"] }).to_string());
    let file = param(&json!({ "path": world.folder().join("context.json") }));
    let (_, messages) = step(&world, &file, &["x", "asked"]);
    assert_eq!(methods(&messages), ["opened", "report_asset_materialization", "closed"]);
    assert_eq!(messages[1]["params"]["asset_key"], "crm/asked");
}

#[test]
fn dagster_hears_why_a_run_failed_and_of_no_asset() {
    let world = world("");
    let context = param(&json!({ "data": { "asset_keys": ["vip"] } }));
    let (ended, messages) = step(&world, &context, &["gone"]);
    assert_eq!(ended.code, 7, "{ended:?}");
    assert_eq!(methods(&messages), ["opened", "closed"]);
    assert!(messages[1]["params"]["exception"]["name"].as_str().unwrap().contains("::"), "{messages:?}");
    let (ended, messages) = step(&world, &context, &["nobody"]);
    assert_eq!((ended.code, methods(&messages)), (2, vec!["opened", "closed"]), "{ended:?}");
    assert_eq!(messages[1]["params"]["exception"]["name"], "config::unknown_export");
}

#[test]
fn a_context_that_cannot_be_read_is_a_warning_and_the_run_goes_on() {
    let mut world = world("");
    for context in ["broken", "", &param(&json!({ "path": "/nowhere/context.json" }))] {
        let (ended, messages) = step(&world, context, &["x", "--full"]);
        assert_eq!((ended.code, messages.len()), (0, 0), "{ended:?}");
        assert_eq!(ended.stderr.lines().filter(|line| line.starts_with("warning: Dagster")).count(), 1, "{ended:?}");
    }
    assert_eq!(world.contacts().len(), 3);
}
