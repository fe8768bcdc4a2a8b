//! `enlist generate`: what comes out is what its readers take.

use std::env;
use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::world::World;

/// A reader of what is on its standard input.
fn reads(words: &[&str], text: &str) {
    let mut reader = Command::new(words[0]);
    let mut reader = reader.args(&words[1..]).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let reader = reader.as_mut().unwrap_or_else(|e| panic!("{}: {e}", words[0]));
    reader.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let mut said = String::new();
    std::io::Read::read_to_string(&mut reader.stderr.take().unwrap(), &mut said).unwrap();
    assert!(reader.wait().unwrap().success(), "{}: {said}\n{text}", words[0]);
}

/// A world with an export on a schedule, in a folder with a space.
fn world() -> World {
    let world = World::prompt();
    std::fs::create_dir(world.folder().join("my exports")).unwrap();
    world.write(
        "my exports/enlist.yaml",
        "version: 1\nconnections: { eu: { host: acme.api-us1.com, api_key: \"${file:/nowhere/key}\" } }\n\
         exports:\n  vip-customers: { list: 7, source: people.csv, schedule: \"@daily\", time_zone: Europe/Helsinki }\n",
    );
    world
}

#[test]
fn a_recipe_needs_the_configuration_and_not_its_key() {
    let world = world();
    for wanted in ["cronjob", "systemd", "airflow", "dagster", "github"] {
        for named in [&[][..], &["vip-customers"]] {
            let words = [&["generate", "-c", "my exports/enlist.yaml", wanted], named].concat();
            let ended = world.enlist(&words);
            assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{wanted}");
            assert!(ended.stdout.contains("vip-customers") && ended.stdout.contains("Europe/Helsinki"), "{ended:?}");
        }
    }
    let ended = world.enlist(&["generate", "-c", "my exports/enlist.yaml", "systemd", "vip-customer"]);
    assert_eq!(ended.code, 2);
    assert!(ended.stderr.contains("did you mean `vip-customers`?"), "{ended:?}");
}

#[test]
fn recipes_of_python_compile() {
    let world = world();
    let python = env::var("ENLIST_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    for wanted in ["airflow", "dagster"] {
        let text = world.enlist(&["generate", wanted, "vip-customers", "-c", "my exports/enlist.yaml"]).stdout;
        reads(&[&python, "-c", "import sys; compile(sys.stdin.read(), 'recipe.py', 'exec')"], &text);
        assert!(text.contains("my exports/enlist.yaml"), "{text}");
    }
}

#[test]
fn completions_are_read_by_bash() {
    let ended = World::prompt().enlist(&["generate", "completions", "bash"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    reads(&["bash", "-n"], &ended.stdout);
}

#[test]
fn man_pages_are_written_into_a_folder() {
    let world = World::prompt();
    let ended = world.enlist(&["generate", "man", "share/man1"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{ended:?}");
    assert!(world.folder().join("share/man1/enlist-schedule.1").exists(), "{ended:?}");
    assert!(world.enlist(&["generate", "man"]).stdout.contains(".SH SYNOPSIS"));
    world.write("file", "");
    let ended = world.enlist(&["generate", "man", "file"]);
    assert_eq!(ended.code, 2);
    assert!(ended.stderr.contains("error[generate::write]"), "{ended:?}");
}

#[test]
fn the_schema_is_json_whatever_the_configuration_is() {
    let world = World::prompt();
    world.write("enlist.yaml", "broken: [");
    let ended = world.enlist(&["generate", "schema"]);
    let schema: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert!(schema["properties"]["exports"].is_object(), "{schema}");
}
