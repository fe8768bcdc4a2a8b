//! `enlist schedule`: what was missed is run at once, and a signal loses nothing.

use std::fs::{self, DirBuilder, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::process::Child;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::process::{Ended, free_port, signal, wait_for};
use super::world::{World, people};

/// One export that is due once a year, and was last run long ago.
fn scheduled(settings: Value, count: usize) -> World {
    let world = World::with(settings);
    world.write("people.csv", people(count, "person"));
    world.write("enlist.yaml", configuration(&world, "schedule: \"0 6 1 1 *\", time_zone: Europe/Helsinki"));
    let state = world.folder().join(".enlist");
    DirBuilder::new().mode(0o700).create(&state).unwrap();
    let run = json!({
        "schema": "enlist.run/1", "run_id": "r_20200101_000000_000", "export": "people", "status": "ok",
        "started_at": "2020-01-01T00:00:00Z", "finished_at": "2020-01-01T00:00:01Z",
    });
    File::options().write(true).create_new(true).mode(0o600).open(state.join("runs.jsonl")).unwrap();
    world.write(".enlist/runs.jsonl", format!("{run}\n"));
    world
}

fn configuration(world: &World, schedule: &str) -> String {
    let host = world.host();
    format!(
        "version: 1\n\
         connections: {{ here: {{ host: \"{host}\", api_key: \"${{file:key}}\" }} }}\n\
         exports:\n  people: {{ list: 7, source: people.csv, {schedule} }}\n"
    )
}

/// Waits until the schedule has nothing to do, asks it to stop, and returns how it ended.
fn stopped(mut schedule: Child, idle: &str) -> Ended {
    wait_for(&mut schedule, idle);
    signal(&schedule, "TERM");
    Ended::of(schedule.wait_with_output().unwrap())
}

#[test]
fn what_was_missed_is_run_at_once_and_a_signal_ends_the_wait() {
    let mut world = scheduled(json!({}), 30);
    let mut schedule = world.background(&["schedule"]);
    wait_for(&mut schedule, "people was missed at ");
    wait_for(&mut schedule, "people ended with exit code 0");
    let ended = stopped(schedule, "people is due next at ");
    assert_eq!(ended.code, 143, "{ended:?}");
    assert!(ended.stdout.lines().any(|line| line.starts_with("Done")), "{ended:?}");
    assert_eq!(world.contacts().len(), 30);
}

#[test]
fn programs_read_each_event_as_a_line_and_the_result_of_the_run_between_them() {
    let world = scheduled(json!({}), 30);
    let mut schedule = world.background(&["schedule", "--json"]);
    let mut lines = BufReader::new(schedule.stdout.take().unwrap()).lines();
    let mut next = || serde_json::from_str::<Value>(&lines.next().unwrap().unwrap()).unwrap();
    let mut events = Vec::new();
    let result = loop {
        let line = next();
        match line["schema"].as_str().unwrap() {
            "enlist.schedule/1" => events.push(line),
            schema => {
                assert_eq!((schema, &line["outcome"]["confirmed"]), ("enlist.run/1", &json!(30)), "{line}");
                break line;
            }
        }
    };
    events.extend([next(), next()]);
    let kinds: Vec<&str> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(kinds[kinds.len() - 4..], ["missed", "started", "ended", "due"], "{events:?}");
    let ended = &events[events.len() - 2];
    assert_eq!((&ended["exit_code"], &ended["export"]), (&result["exit_code"], &json!("people")));
    signal(&schedule, "INT");
    assert_eq!(Ended::of(schedule.wait_with_output().unwrap()).code, 130);
}

#[test]
fn a_signal_lets_the_run_under_way_finish_its_requests_and_the_next_run_continues() {
    let mut world = scheduled(json!({ "bulk_latency": { "fixed": 1.0 } }), 1_250);
    let mut schedule = world.background(&["schedule", "-vv"]);
    wait_for(&mut schedule, "path=\"/import/bulk_import\"");
    signal(&schedule, "TERM");
    let ended = Ended::of(schedule.wait_with_output().unwrap());
    assert_eq!(ended.code, 143, "{ended:?}");
    assert!(ended.stderr.contains("people ended with exit code 143"), "{ended:?}");
    assert!(ended.stdout.contains("deferred"), "the run was not waited for: {ended:?}");
    assert_eq!(world.enlist(&["run", "people"]).code, 0);
    assert_eq!(world.contacts().len(), 1_250);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "waits for a process")]
fn a_second_signal_ends_the_run_under_way_too() {
    let world = scheduled(json!({ "bulk_latency": { "fixed": 25.0 } }), 30);
    let mut schedule = world.background(&["schedule", "--progress-every", "1s"]);
    // Lines of sending come every second: by the third the request has left.
    for _ in 0..3 {
        wait_for(&mut schedule, "phase=send");
    }
    signal(&schedule, "INT");
    // The second may come before the first was noticed; a later one may not.
    let status = loop {
        thread::sleep(Duration::from_millis(100));
        match schedule.try_wait().unwrap() {
            Some(status) => break status,
            None => signal(&schedule, "TERM"),
        }
    };
    assert_eq!(status.code(), Some(143));
    let ended = Ended::of(schedule.wait_with_output().unwrap());
    assert!(ended.stderr.contains("people ended with exit code 137"), "{ended:?}");
    assert_eq!(ended.stdout, "", "a summary is the end of a run that was waited for");
}

#[test]
fn a_run_that_fails_does_not_end_the_schedule() {
    let world = scheduled(json!({}), 30);
    world.write("people.csv", "nothing\nat all\n");
    let mut schedule = world.background(&["schedule"]);
    wait_for(&mut schedule, "people ended with exit code 2");
    assert_eq!(stopped(schedule, "people is due next at ").code, 143);
}

#[test]
fn what_was_missed_stays_missed_when_nobody_wants_to_catch_up() {
    let mut world = scheduled(json!({}), 30);
    let ended = stopped(world.background(&["schedule", "--no-catch-up"]), "people is due next at ");
    assert_eq!((ended.code, ended.stdout.as_str()), (143, ""), "{ended:?}");
    assert_eq!(world.contacts().len(), 0);
}

#[test]
fn metrics_of_every_export_are_served_for_as_long_as_the_schedule_runs() {
    let world = scheduled(json!({}), 30);
    let port = free_port();
    let host = world.host();
    let due = "list: 7, source: people.csv, schedule: \"0 6 1 1 *\"";
    world.write(
        "enlist.yaml",
        format!(
            "version: 1\nconnections: {{ here: {{ host: \"{host}\", api_key: \"${{file:key}}\" }} }}\n\
             telemetry: {{ metrics_addr: \"127.0.0.1:{port}\" }}\nexports:\n  people: {{ {due} }}\n  more: {{ {due} }}\n"
        ),
    );
    let runs = fs::read_to_string(world.folder().join(".enlist/runs.jsonl")).unwrap();
    world.write(".enlist/runs.jsonl", runs.clone() + &runs.replace("people", "more"));
    let mut schedule = world.background(&["schedule"]);
    let mut stderr = BufReader::new(schedule.stderr.take().unwrap());
    let mut said = String::new();
    while said.matches(" ended with exit code 0").count() < 2 {
        assert!(stderr.read_line(&mut said).unwrap() > 0, "{said}");
    }
    assert!(!said.contains("metrics are not served"), "{said}");
    let mut connection = TcpStream::connect(("127.0.0.1", port)).unwrap();
    connection.write_all(b"GET /metrics HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\r\n").unwrap();
    let mut metrics = String::new();
    connection.read_to_string(&mut metrics).unwrap();
    for export in ["people", "more"] {
        let rows = format!("enlist_rows_total{{export=\"{export}\"");
        assert!(metrics.contains(&rows), "nobody answers for {export} between runs: {metrics}");
    }
    signal(&schedule, "TERM");
    assert_eq!(schedule.wait().unwrap().code(), Some(143));
}

#[test]
fn without_a_schedule_there_is_nothing_to_wait_for() {
    let world = World::prompt();
    for (schedule, code) in [
        ("enabled: on", "config::no_schedule"),
        ("enabled: off, schedule: \"@daily\"", "config::no_schedule"),
        ("schedule: \"0 25 * * *\"", "config::cron"),
        ("schedule: \"@daily\", time_zone: Europe/Helsinky", "config::time_zone"),
    ] {
        world.write("enlist.yaml", configuration(&world, schedule));
        let ended = world.enlist(&["schedule"]);
        assert_eq!(ended.code, 2, "{ended:?}");
        assert!(ended.stderr.contains(&format!("error[{code}]")) && ended.stderr.contains("help: "), "{ended:?}");
    }
}
