//! Sources that fail, shrink, drift or are damaged: told before the first byte leaves.

use std::fs;
use std::process::Command;

use serde_json::json;

use super::table;
use super::verdict::{ends, nothing_was_sent};
use super::world::{World, people};

/// 200 people with a number each.
fn numbered() -> String {
    let rows = (1..=200).map(|n| format!("person{n}@example.com,Name {n},{n}\n"));
    std::iter::once("email,first_name,n\n".to_owned()).chain(rows).collect()
}

#[test]
fn fault_60_a_source_that_fails_at_its_start_or_midway_sends_nothing() {
    let mut world = World::prompt();
    world.write("people.csv", numbered());
    let at_start = "select email, cast(first_name as int) as first_name from people";
    let midway = "select email, first_name from people where 1 / (120 - cast(n as int)) < 2";
    ends(&world.run("people.csv", &["--sql", at_start]), 7, "query::failed", &["a value cannot be cast"]);
    ends(&world.run("people.csv", &["--sql", midway]), 7, "query::failed", &["division by zero", "NULLIF"]);
    world.write("people.csv", numbered().replace("person120@example.com,", ""));
    ends(&world.run("people.csv", &[]), 7, "csv::row_shape", &["people.csv, line 121"]);
    nothing_was_sent(&mut world);

    world.write("people.csv", numbered());
    let mended = world.run_json("people.csv", &[], 0);
    assert_eq!((&mended["outcome"]["confirmed"], &mended["plan"]["leave"]), (&json!(200), &json!(0)), "{mended}");
}

#[test]
fn fault_61_an_empty_segment_stops_the_run_and_says_how_many_were_known() {
    let mut world = World::prompt();
    world.write("people.csv", people(20, "person"));
    world.run_json("people.csv", &[], 0);
    world.write("people.csv", "email,first_name\n");
    let stopped = world.run("people.csv", &["--json"]);
    ends(&stopped, 8, "guard::min_rows", &["empty; 20 contacts are known", "--allow min_rows"]);
    let stopped = stopped.document();
    assert_eq!((&stopped["status"], &stopped["requests"]["bulk"]), (&json!("guarded"), &json!(0)), "{stopped}");
    // Twenty of twenty would leave: one leave is not enough.
    ends(&world.run("people.csv", &["--allow", "min_rows"]), 8, "guard::max_change", &["20 leave"]);
    world.run_json("people.csv", &["--allow", "min_rows", "--allow", "max_change"], 0);
    assert_eq!(world.contacts().len(), 20, "who leaves the segment stays in the list");
}

#[test]
fn fault_62_a_segment_that_shrinks_or_changes_too_much_stops_before_the_first_request() {
    let mut world = World::prompt();
    let (before, after) = (people(20, "person"), people(13, "person"));
    world.write("people.csv", &before);
    world.run_json("people.csv", &[], 0);
    for (segment, words) in [
        (after, "0 of 20 known contacts would be updated and 7 leave"),
        (before.replace("Name 1", "Other"), "11 of 20"),
    ] {
        world.write("people.csv", segment);
        let stopped = world.run("people.csv", &["--json"]);
        ends(&stopped, 8, "guard::max_change", &[words, "max_change (30 %)", "--allow max_change"]);
        assert_eq!(stopped.document()["requests"]["bulk"], 0);
    }
    assert!(world.contacts().values().all(|contact| contact["first_name"] != "Other"));
    let allowed = world.run_json("people.csv", &["--allow", "max_change"], 0);
    assert_eq!(allowed["outcome"]["confirmed"], 11, "{allowed}");
}

#[test]
fn fault_63_a_column_that_is_gone_or_has_another_type_is_told_with_what_there_is() {
    let mut world = World::prompt();
    world.write("people.csv", people(3, "person").replace("email", "emal"));
    let renamed = world.run("people.csv", &["--map", "email=email"]);
    ends(&renamed, 7, "source::column_missing", &["column `email` not found", "did you mean `emal`?"]);
    world.write("people.csv", people(3, "person"));
    let missing = world.run("people.csv", &["--field", "Tier=tier"]);
    ends(&missing, 7, "source::column_missing", &["column `tier` not found", "first_name"]);
    let email = table::text(["person1@example.com"]);
    table::write(&world, "people.parquet", vec![("email", email.clone()), ("first_name", table::nested(email))]);
    ends(&world.run("people.parquet", &[]), 7, "source::column_type", &["first_name"]);
    nothing_was_sent(&mut world);
}

#[test]
fn fault_70_a_damaged_file_is_named_with_the_place_of_its_damage() {
    let mut world = World::prompt();
    let emails: Vec<String> = (0..500).map(|n| format!("person{n}@example.com")).collect();
    table::write(&world, "whole.parquet", vec![("email", table::text(emails.iter().map(String::as_str)))]);
    let whole = fs::read(world.folder().join("whole.parquet")).unwrap();
    world.write("half.parquet", &whole[..whole.len() / 2]);
    world.write("short.csv", people(9, "person").replace(",Name 5\n", "\n"));
    world.write("packed.csv", people(900, "person"));
    assert!(Command::new("gzip").arg("packed.csv").current_dir(world.folder()).status().unwrap().success());
    let mut packed = fs::read(world.folder().join("packed.csv.gz")).unwrap();
    let checksum = packed.len() - 8;
    packed[checksum] ^= 1;
    world.write("packed.csv.gz", packed);
    for (file, error, place) in [
        ("half.parquet", "parquet::cut_off", "half.parquet"),
        ("short.csv", "csv::row_shape", "short.csv, line 6: 1 field, expected 2"),
        ("packed.csv.gz", "csv::damaged", "packed.csv.gz is damaged"),
    ] {
        ends(&world.run(file, &[]), 7, error, &[place]);
    }
    nothing_was_sent(&mut world);
}
