//! `doctor` tells what a run would stumble over, and sends nothing.

use super::process::Ended;
use super::world::{World, people};

fn doctor(world: &World, key: &str, list: u32, map: &str) -> Ended {
    world.write("people.csv", people(3, "person"));
    world.write("wrong", "not-the-key");
    let host = world.host();
    world.write(
        "enlist.yaml",
        format!(
            "version: 1\nconnections: {{ a: {{ host: \"{host}\", api_key: \"${{file:{key}}}\" }} }}\n\
             exports: {{ x: {{ list: {list}, source: people.csv, map: {map} }} }}\n"
        ),
    );
    world.enlist(&["doctor"])
}

const MAP: &str = "{ email: email, fields: { City: first_name }, tags: [vip, brand-new] }";

/// The verdict and the name of each line.
fn verdicts(ended: &Ended) -> Vec<String> {
    let lines = ended.stdout.lines();
    lines.map(|line| line.split_whitespace().take(2).collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn a_sound_export_is_found_sound_from_end_to_end() {
    let mut world = World::prompt();
    let ended = doctor(&world, "key", 7, MAP);
    assert_eq!(ended.code, 0, "{ended:?}");
    let expected = [
        "ok configuration",
        "ok user",
        "ok key",
        "ok source",
        "ok columns",
        "ok destination",
        "ok list",
        "ok mapping",
        "ok sample",
        "warn tags",
        "ok room",
        "ok state",
    ];
    assert_eq!(verdicts(&ended), expected, "{}", ended.stdout);
    for words in [
        "people: about 3 rows, 2 columns",
        "email Utf8",
        "first 3 rows: 3 contacts",
        "7 \"VIP customers\"",
        "2 parts",
        "brand-new",
    ] {
        assert!(ended.stdout.contains(words), "{}", ended.stdout);
    }
    assert!(!world.folder().join(".enlist").exists(), "doctor leaves no state");
    assert_eq!(world.contacts().len(), 0);
}

#[test]
fn the_first_failed_check_decides_the_exit_code() {
    let world = World::prompt();
    let cases = [
        ("wrong", 7, MAP, 4, "fail destination"),
        ("key", 99, MAP, 6, "fail destination"),
        ("key", 7, "{ email: email, fields: { Nowhere: first_name } }", 6, "fail mapping"),
        ("key", 7, "{ email: mail }", 7, "fail mapping"),
    ];
    for (key, list, map, code, line) in cases {
        let ended = doctor(&world, key, list, map);
        assert_eq!(ended.code, code, "{ended:?}");
        let failed = verdicts(&ended).into_iter().find(|verdict| verdict.starts_with("fail"));
        assert_eq!(failed.as_deref(), Some(line), "{}", ended.stdout);
    }
}

#[test]
fn a_state_that_cannot_be_read_is_found() {
    let world = World::prompt();
    world.write("people.csv", people(3, "person"));
    doctor(&world, "key", 7, MAP);
    let run = world.enlist(&["run"]);
    assert_eq!(run.code, 0, "{run:?}");
    world.write(".enlist/ledger.db", "not a ledger");
    let ended = doctor(&world, "key", 7, MAP);
    assert_eq!(ended.code, 12, "{ended:?}");
    assert!(verdicts(&ended).contains(&"fail state".to_owned()), "{}", ended.stdout);
}

#[test]
fn each_connection_is_checked_once_and_what_is_disabled_fails_nothing() {
    let world = World::prompt();
    world.write("people.csv", people(3, "person"));
    let host = world.host();
    world.write(
        "enlist.yaml",
        format!(
            "version: 1\nconnections: {{ a: {{ host: \"{host}\", api_key: \"${{file:key}}\" }} }}\nexports:\n  \
             x: {{ list: 7, source: people.csv }}\n  y: {{ list: 7, source: people.csv }}\n  \
             gone: {{ list: 99, source: gone.csv, enabled: off }}\n"
        ),
    );
    let ended = world.enlist(&["doctor"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    let verdicts = verdicts(&ended);
    for (check, times) in [("ok user", 1), ("ok key", 1), ("ok source", 2), ("ok destination", 2), ("ok export", 1)] {
        assert_eq!(verdicts.iter().filter(|verdict| *verdict == check).count(), times, "{check}: {}", ended.stdout);
    }
    let disabled: Vec<&str> = ended.stdout.lines().filter(|line| line.contains("gone")).collect();
    assert!(disabled.len() == 1 && disabled[0].contains("not enabled"), "{}", ended.stdout);
    // Whoever names it wants to know.
    assert_eq!(world.enlist(&["doctor", "gone"]).code, 7);
}
