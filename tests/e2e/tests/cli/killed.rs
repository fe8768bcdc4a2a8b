//! What a run that was killed leaves for whoever looks, and for the next run.

use std::fs;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::process::{Ended, signal};
use super::world::{World, people};

/// Starts a run whose imports do not end for a while, and kills it once one was accepted. Returns its name.
fn killed(world: &World) -> String {
    world.write("people.csv", people(1_000, "p"));
    let mut run = world.start("people.csv", &[]);
    let position = world.folder().join(".enlist/people.progress");
    let name = loop {
        let said: Option<Value> = fs::read(&position).ok().and_then(|text| serde_json::from_slice(&text).ok());
        match said {
            Some(said) if !said["line"].as_str().unwrap().contains("accepted=0/") => {
                break said["run_id"].as_str().unwrap().to_owned();
            }
            _ => assert!(run.try_wait().unwrap().is_none(), "it ended"),
        }
        thread::park_timeout(Duration::from_millis(20));
    };
    signal(&run, "KILL");
    run.wait().unwrap();
    name
}

#[test]
fn a_run_that_was_killed_is_in_the_history_and_the_next_one_takes_it_up_by_name() {
    let world = World::with(json!({ "processing": { "delay": 4.0, "contacts_per_second": 0.0 } }));
    let dead = killed(&world);
    assert!(world.enlist(&["status", "--watch"]).stdout.contains("No run is under way"), "a dead run is not under way");

    let arguments = world.to_list_7("plan", "people.csv", &[]);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let plan = world.enlist(&arguments);
    assert!(plan.stdout.contains("whose end is not known"), "{plan:?}");

    // One that cannot even open the source finds the dead, and takes nothing up.
    fs::rename(world.folder().join("people.csv"), world.folder().join("away.csv")).unwrap();
    world.write("people.csv", "given\nAda\n");
    assert_eq!(world.run("people.csv", &[]).code, 2);
    fs::rename(world.folder().join("away.csv"), world.folder().join("people.csv")).unwrap();

    let next = world.run_json("people.csv", &[], 0);
    assert_eq!(next["resumed_from"], json!(dead));
    let runs: Ended = world.enlist(&["status", "--json"]);
    let runs: Vec<Value> = runs.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((runs.len(), &runs[0]["run_id"], &runs[0]["error"]["code"]), (3, &json!(dead), &json!("run::killed")));
    assert_eq!(
        (&runs[0]["outcome"], runs[0]["started_at"].as_str() < runs[1]["started_at"].as_str()),
        (&Value::Null, true)
    );
}
