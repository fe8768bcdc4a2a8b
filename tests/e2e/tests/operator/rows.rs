//! Rows that are odd, twice, or exactly at a limit.

use std::fs;

use serde_json::{Value, json};

use super::table;
use super::world::{World, people};

/// The rows and reasons of a run's reject file.
fn rejects(world: &World, run: &Value) -> Vec<(u64, String)> {
    let file = fs::read_to_string(world.folder().join(run["rejects_file"].as_str().unwrap())).unwrap();
    let lines = file.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut found: Vec<(u64, String)> =
        lines.map(|line| (line["row"].as_u64().unwrap(), line["reason"].as_str().unwrap().to_owned())).collect();
    found.sort_unstable();
    found
}

#[test]
fn fault_68_rows_of_one_email_are_one_contact_and_dots_make_another() {
    let mut world = World::prompt();
    let rows = "ADA@example.com,First\n \"ada@Example.COM \",Second\n\ta@example.com\t,Third\na.da@example.com,Dots\n";
    world.write("people.csv", format!("email,first_name\n{rows}ada@example.com,Fourth\n"));
    let run = world.run_json("people.csv", &["--allow", "max_rejects"], 3);
    // A quote after a space is part of the text, and no email.
    let outcome = json!({ "confirmed": 3, "unchanged": 0, "rejected": 1, "duplicate": 1, "deferred": 0, "skipped": 0 });
    assert_eq!(run["outcome"], outcome, "{run}");
    let contacts = world.contacts();
    let names: Vec<&str> = contacts.values().map(|contact| contact["first_name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Dots", "Third", "First"], "{contacts:?}");
}

#[test]
fn fault_69_odd_text_is_kept_or_rejects_its_row_alone() {
    let mut world = World::prompt();
    let megabyte = vec![b'x'; 1 << 20];
    let kept = "\u{1f986} \u{202e}evil\u{2066}";
    let names: Vec<&[u8]> = vec![b"Ada", b"\xff\xfe", b"a\0b", &megabyte, kept.as_bytes(), b"Bob", b"Cid"];
    let emails: Vec<&[u8]> = vec![
        b"ada@example.com",
        b"invalid@example.com",
        b"nul@example.com",
        b"megabyte@example.com",
        b"duck@example.com",
        b"bo\0b@example.com",
        b"c\xffd@example.com",
    ];
    table::write(
        &world,
        "people.parquet",
        vec![("email", table::bytes(&emails)), ("first_name", table::bytes(&names))],
    );
    let run = world.run_json("people.parquet", &["--allow", "max_rejects"], 3);
    let expected = [(2, "bad_value"), (3, "bad_value"), (4, "too_large"), (6, "bad_email"), (7, "bad_email")];
    assert_eq!(rejects(&world, &run), expected.map(|(row, reason)| (row, reason.to_owned())), "{run}");
    let contacts = world.contacts();
    assert_eq!(contacts.len(), 2, "{run}");
    assert_eq!(contacts["duck@example.com"]["first_name"], kept);
}

#[test]
fn fault_71_a_contact_too_large_for_a_request_is_rejected_and_the_others_go() {
    let mut world = World::prompt();
    let large = "x".repeat(399_999);
    world.write("people.csv", format!("{}large@example.com,{large}\n", people(3, "person")));
    let run = world.run_json("people.csv", &["--allow", "max_rejects"], 3);
    assert_eq!((rejects(&world, &run), &run["outcome"]["confirmed"]), (vec![(4, "too_large".into())], &json!(3)));
    assert_eq!(world.contacts().len(), 3);
}

#[test]
fn fault_72_the_last_contact_of_251_does_not_go_alone() {
    // An account that takes no import of a single contact.
    let mut world = World::with(json!({ "limits": { "single_per_minute": 0 } }));
    world.write("people.csv", people(251, "person"));
    let run = world.run_json("people.csv", &["--deadline", "20s"], 0);
    assert_eq!((&run["outcome"]["confirmed"], &run["requests"]["bulk"]), (&json!(251), &json!(2)), "{run}");
    assert_eq!(world.contacts().len(), 251);
}

#[test]
fn fault_73_a_request_is_filled_to_the_last_byte_and_no_further() {
    let mut world = World::prompt();
    let plan = |more: usize| {
        let note = "x".repeat(1_500);
        let rows =
            (0..250).map(|n| format!("person{n:03}@example.com,{note}{}\n", "x".repeat(if n > 0 { 0 } else { more })));
        world.write("people.csv", "email,note\n".to_owned() + &rows.collect::<String>());
        let arguments = world.to_list_7("plan", "people.csv", &["--field", "Note=note", "--json"]);
        let plan = world.enlist(&arguments.iter().map(String::as_str).collect::<Vec<_>>()).document();
        let number = |key: &str| usize::try_from(plan["requests"][key].as_u64().unwrap()).unwrap();
        (number("count"), number("largest_bytes"))
    };
    let (count, bytes) = plan(0);
    assert!(count == 1 && bytes < 399_999, "{bytes} bytes");
    assert_eq!(plan(399_999 - bytes + 1).0, 2, "400,000 bytes are one too many");
    assert_eq!(plan(399_999 - bytes), (1, 399_999));
    let run = world.run_json("people.csv", &["--field", "Note=note"], 0);
    assert_eq!((&run["outcome"]["confirmed"], &run["requests"]["bulk"]), (&json!(250), &json!(1)), "{run}");
    assert_eq!(world.contacts().len(), 250);
}
