//! Sources that change beside a plan, a read or an import.

use std::fs;

use serde_json::json;

use super::process::{Ended, signal, wait_for};
use super::verdict::{change_settings, ends};
use super::world::{World, people};

/// Logged by the first call of a run, after its source was opened.
const FIRST_CALL: &str = "path=\"/users/me\"";

/// A run told to show its progress often enough to wait for.
const TELLING: [&str; 2] = ["--progress-every", "1s"];

#[test]
fn fault_64_a_run_does_not_trust_an_earlier_plan() {
    let mut world = World::prompt();
    world.write("people.csv", people(10, "person"));
    let arguments = world.to_list_7("plan", "people.csv", &["--json"]);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    assert_eq!(world.enlist(&arguments).document()["plan"]["add"], 10);
    world.write("people.csv", people(12, "other"));
    let run = world.run_json("people.csv", &[], 0);
    assert_eq!((&run["plan"]["add"], &run["outcome"]["confirmed"]), (&json!(12), &json!(12)), "{run}");
    assert!(world.contacts().keys().all(|email| email.starts_with("other")));
}

#[test]
fn fault_65_a_file_replaced_while_it_is_read_is_read_whole_or_not_at_all() {
    let mut world = World::with(json!({ "latency": { "fixed": 1.0 } }));
    let cases = [(people(5, "later"), 0), ("mail,name\nlater1@example.com,Later\n".to_owned(), 7)];
    for (later, code) in cases {
        world.write("people.csv", people(3, "sooner"));
        world.write("later", later);
        let mut run = world.start("people.csv", &["-vv", "--allow", "max_change"]);
        wait_for(&mut run, FIRST_CALL);
        fs::rename(world.folder().join("later"), world.folder().join("people.csv")).unwrap();
        let ended = Ended::of(run.wait_with_output().unwrap());
        if code == 0 {
            assert_eq!(ended.code, 0, "{ended:?}");
        } else {
            ends(&ended, code, "source::changed", &["people.csv was replaced by a file with other columns"]);
        }
    }
    let contacts = world.contacts();
    assert!(contacts.len() == 5 && contacts.keys().all(|email| email.starts_with("later")), "{contacts:?}");
}

#[test]
fn fault_66_a_value_that_goes_there_and_back_around_a_crash_ends_as_the_source_has_it() {
    let mut world = World::with(json!({ "latency": { "fixed": 0.2 } }));
    let there = people(3, "person");
    world.write("people.csv", &there);
    world.run_json("people.csv", &[], 0);
    world.write("people.csv", there.replace("Name", "Other"));
    let mut run = world.start("people.csv", &["-vv", "--allow", "max_change"]);
    // The first question after the request was accepted, and before its outcome is known.
    wait_for(&mut run, "method=GET path=\"/import/bulk_import\"");
    signal(&run, "KILL");
    run.wait().unwrap();
    world.write("people.csv", &there);
    let back = world.run_json("people.csv", &["--allow", "max_change"], 0);
    assert_eq!((&back["outcome"]["confirmed"], &back["outcome"]["unchanged"]), (&json!(3), &json!(0)), "{back}");
    let contacts = world.contacts();
    for n in 1..=3 {
        assert_eq!(contacts[&format!("person{n}@example.com")]["first_name"], format!("Name {n}"));
    }
}

#[test]
fn fault_67_a_row_that_leaves_while_its_import_is_open_is_not_sent_again() {
    let mut world = World::with(json!({ "faults": { "scope": "bulk", "cut_before": 1.0 } }));
    let (all, left) = (people(10, "person"), people(9, "person"));
    world.write("people.csv", &all);
    let mut run = world.start("people.csv", &["-vv"]);
    wait_for(&mut run, "path=\"/import/bulk_import\"");
    signal(&run, "KILL");
    run.wait().unwrap();
    change_settings(&mut world, |settings| settings["faults"]["cut_before"] = json!(0.0));
    world.write("people.csv", left);
    let rest = world.run_json("people.csv", &[], 0);
    assert_eq!((&rest["outcome"]["confirmed"], &rest["plan"]["leave"]), (&json!(9), &json!(1)), "{rest}");
    assert!(!world.contacts().contains_key("person10@example.com"), "who left was sent again");

    // The same where the import was accepted: it is finished, and its contacts are not sent again either.
    change_settings(&mut world, |settings| settings["processing"]["delay"] = json!(1.0));
    world.write("people.csv", all.clone() + "late@example.com,Late\n");
    let mut run = world.start("people.csv", &TELLING);
    wait_for(&mut run, "accepted=1/1");
    signal(&run, "KILL");
    run.wait().unwrap();
    world.write("people.csv", all);
    let rest = world.run_json("people.csv", &[], 0);
    assert_eq!((&rest["requests"]["bulk"], &rest["plan"]["leave"]), (&json!(0), &json!(1)), "{rest}");
}
