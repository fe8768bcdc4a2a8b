//! The key, addresses and values stay where they belong.

use std::fs;
use std::path::Path;

use serde_json::json;

use super::process::Ended;
use super::world::{KEY, World};

/// What must not be found: the key, parts of addresses, a value.
const CANARIES: [&str; 5] = [KEY, "canary.person", "canary..person", "Kanarienvogel", "canary.refused"];

fn people() -> String {
    let mut rows = "email,first_name\n".to_owned();
    for n in 0..300 {
        rows.push_str(&format!("canary.person{n}@example.com,Kanarienvogel {n}\n"));
    }
    rows + "canary..person@example.com,Kanarienvogel\ncanary.person1@example.com,Kanarienvogel\n"
}

fn is_clean(what: &str, content: &[u8]) {
    let text = String::from_utf8_lossy(content);
    for canary in CANARIES {
        let found = text.lines().find(|line| line.contains(canary));
        assert!(found.is_none(), "{what} holds {canary}: {}", found.unwrap());
    }
}

/// Looks through everything `enlist` wrote.
fn all_is_clean(world: &World, ended: &Ended) {
    is_clean("standard output", ended.stdout.as_bytes());
    is_clean("standard error", ended.stderr.as_bytes());
    for folder in [".enlist", "rejects", "home"] {
        let files = folder_is_clean(&world.folder().join(folder));
        assert!(files > 0, "nothing was written to {folder}");
    }
}

fn folder_is_clean(folder: &Path) -> usize {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .map(|path| {
            if path.is_dir() {
                return folder_is_clean(&path);
            }
            is_clean(&path.display().to_string(), &fs::read(&path).unwrap());
            1
        })
        .sum()
}

#[test]
fn neither_key_nor_person_is_in_what_a_run_writes() {
    let world = World::with(json!({ "fail_async": 0.1, "faults": { "cut_after": 0.1, "html": 0.1 } }));
    world.write("people.csv", people());
    for log in [&["-vv"][..], &["-vv", "--log-format", "json", "--full", "--json"]] {
        let ended = world.run("people.csv", &[&["--allow", "max_rejects", "--allow", "max_change"], log].concat());
        assert!(ended.stderr.len() > 200, "nothing is logged: {ended:?}");
        all_is_clean(&world, &ended);
    }
}

#[test]
fn neither_key_nor_person_is_in_what_a_refused_run_writes() {
    // The first check names contacts by their address.
    let world = World::with(json!({ "fail_accept": 0.02 }));
    world.write("people.csv", people());
    let ended = world.run("people.csv", &["-vv", "--allow", "max_rejects"]);
    all_is_clean(&world, &ended);
}

#[test]
fn a_key_that_is_refused_or_written_out_is_not_shown() {
    let world = World::with(json!({ "token": "another" }));
    world.write("people.csv", people());
    let refused = world.run("people.csv", &["-vv"]);
    assert_eq!(refused.code, 4, "{refused:?}");
    is_clean("standard error", refused.stderr.as_bytes());
    let config = format!("version: 1\nconnections: {{ a: {{ host: h, api_key: {KEY}, oops: 1 }} }}\n");
    world.write("enlist.yaml", config);
    let shown = world.enlist(&["plan", "-vv"]);
    assert_eq!(shown.code, 2, "{shown:?}");
    is_clean("standard error", shown.stderr.as_bytes());
}
