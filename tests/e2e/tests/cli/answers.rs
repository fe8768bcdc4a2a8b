//! What `audit`, `state`, `init` and `generate` answer to what cannot be meant, and to programs.

use std::fs;

use serde_json::json;

use super::world::{World, people};

/// A world in which `customers` has run once.
fn world() -> World {
    let world = World::prompt();
    world.write("people.csv", people(3, "p"));
    let host = world.host();
    world.write(
        "enlist.yaml",
        format!(
            "version: 1\nconnections: {{ a: {{ host: \"{host}\", api_key: \"${{file:key}}\" }} }}\n\
             exports:\n  customers: {{ list: 7, source: people.csv }}\n  other: {{ list: 7, source: people.csv }}\n"
        ),
    );
    assert_eq!(world.enlist(&["run", "customers"]).code, 0);
    world
}

#[test]
fn findings_decide_the_exit_code_where_that_is_asked_for() {
    let mut world = world();
    assert_eq!(world.enlist(&["audit", "customers", "--exit-code"]).code, 0);
    world.edit_account(|account| {
        account["contacts"].as_array_mut().unwrap().retain(|contact| contact["email"] != "p2@example.com");
    });
    let ended = world.enlist(&["audit", "customers", "--exit-code"]);
    assert_eq!(ended.code, 3, "{ended:?}");
    assert!(ended.stdout.contains("1 missing"), "{ended:?}");
    assert_eq!(world.enlist(&["audit", "customers"]).code, 0, "findings are no failure by themselves");
}

#[test]
fn findings_that_cannot_be_written_are_refused_by_the_name_of_their_file() {
    let ended = world().enlist(&["audit", "customers", "--out", "nowhere/findings.jsonl"]);
    assert_eq!(ended.code, 2, "{ended:?}");
    assert!(ended.stderr.contains("nowhere/findings.jsonl") && !ended.stderr.contains(".findings-"), "{ended:?}");
}

#[test]
fn an_export_that_nobody_knows_is_told_so_by_every_verb_of_state() {
    let world = world();
    for verb in ["export", "unlock", "reset"] {
        let ended = world.enlist(&["state", verb, "custommers"]);
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{verb}: {ended:?}");
        assert!(ended.stderr.contains("config::unknown_export"), "{verb}: {ended:?}");
        assert!(ended.stderr.contains("did you mean `customers`?"), "{verb}: {ended:?}");
        assert!(!world.folder().join(".enlist/custommers.lock").exists(), "{verb} leaves nothing behind");
    }
    // One that has not run yet is an export all the same.
    assert_eq!(world.enlist(&["state", "unlock", "other"]).code, 0);
    assert_eq!(world.enlist(&["state", "export", "other"]).code, 0);
    let ended = world.enlist(&["state", "unlock", "customers"]);
    assert!(ended.code == 0 && ended.stdout.contains("customers is not locked"), "{ended:?}");
}

#[test]
fn a_reset_where_nothing_is_known_says_why() {
    let world = World::prompt();
    world.write("people.csv", people(3, "p"));
    world.run("people.csv", &[]);
    for known in ["people", "vip"] {
        world.enlist(&["state", "reset", "people", "--yes"]);
        let ended = world.enlist(&["state", "reset", known, "--yes"]);
        assert_eq!(ended.code, 2, "{ended:?}");
        let help = ended.stderr.lines().find_map(|line| line.trim().strip_prefix("help: ")).unwrap();
        assert!(help.contains("first run"), "{help}");
    }
}

#[test]
fn programs_are_told_what_init_wrote_and_which_part_of_the_work_failed() {
    let world = World::prompt();
    let first = world.enlist(&["init", "--demo", "--json"]);
    let document = first.document();
    assert_eq!(
        document,
        json!({
            "schema": "enlist.init/1", "config": "enlist.yaml", "people": "data/people.parquet", "next": "enlist plan",
        })
    );
    let again = world.enlist(&["init", "--json"]);
    let error = &again.document()["error"];
    assert_eq!((again.code, &error["code"], &error["stage"]), (2, &json!("init::exists"), &json!("config")));
}

#[test]
fn programs_get_what_is_generated_in_a_document() {
    let world = World::prompt();
    for arguments in [&["systemd", "vip"][..], &["completions", "bash"], &["man"], &["schema"], &["dbt", "vip"]] {
        let plain = world.enlist(&[&["generate"], arguments].concat());
        let ended = world.enlist(&[&["generate", "--json"], arguments].concat());
        let document = ended.document();
        assert_eq!((ended.code, ended.stdout.lines().count()), (0, 1), "{arguments:?}: {ended:?}");
        assert_eq!((&document["what"], &document["text"]), (&json!(arguments[0]), &json!(plain.stdout)));
    }
    let document = world.enlist(&["generate", "man", "share", "--json"]).document();
    assert_eq!((&document["file"], &document["text"]), (&json!("share/enlist.1"), &json!(null)));
    assert!(fs::exists(world.folder().join("share/enlist.1")).unwrap());
}
