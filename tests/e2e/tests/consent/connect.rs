//! Agreeing: on a terminal, off one, and what becomes of it. The account is the simulator's, where everything is as at a
//! real one but that a run would need no consent.

use std::env;
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::process::{Ended, piped};
use super::verdict::ends;
use super::world::{KEY, World, people};

/// Gives a program a terminal, types what it reads itself, and ends as the program did.
const TERMINAL: &str = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))";

fn file(world: &World) -> PathBuf {
    world.folder().join(".enlist/consents.json")
}

/// `enlist connect` to the simulator.
fn connect(world: &World, more: &[&str]) -> Ended {
    let host = world.host();
    let ended = world.enlist(&[&["connect", "--host", &host, "--key-file", "key"], more].concat());
    assert!(!format!("{ended:?}").contains(KEY), "{ended:?}");
    ended
}

/// The same on a terminal, at which somebody types `words`.
fn connect_and_type(world: &World, words: &str) -> Ended {
    let python = env::var("ENLIST_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let host = world.host();
    let arguments = ["connect", "--host", &host, "--key-file", "key"];
    let mut command = piped(world.wrapped(&[&python, "-c", TERMINAL], &arguments));
    command.env("LOGNAME", "ada").stdin(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(words.as_bytes()).unwrap();
    Ended::of(child.wait_with_output().unwrap())
}

#[test]
fn off_a_terminal_agreement_and_name_are_given_as_options_and_put_on_record() {
    let world = World::prompt();
    for more in [&[][..], &["--agree"], &["--by", "Ada Example"]] {
        let asked = connect(&world, more);
        ends(&asked, 2, "usage::agree", &["--agree --by NAME"]);
        for word in [world.host().as_str(), "email addresses", "phone", "custom fields", "You can revoke"] {
            assert!(asked.stderr.contains(word), "the text lacks {word}: {}", asked.stderr);
        }
    }
    assert!(!world.folder().join(".enlist").exists(), "something was recorded");

    let agreed = connect(&world, &["--agree", "--by", "Ada Example", "--json"]);
    assert_eq!(agreed.code, 0, "{agreed:?}");
    assert!(agreed.stderr.contains("email addresses"), "nobody agrees to what is not shown");
    let document = agreed.document();
    assert_eq!((&document["schema"], &document["in_force"]), (&json!("enlist.connect/1"), &json!(true)));
    let record: Value = serde_json::from_slice(&fs::read(file(&world)).unwrap()).unwrap();
    assert_eq!(record["consents"], json!([document["consent"]]));
    let consent = &document["consent"];
    assert_eq!((&consent["by"], &consent["host"]), (&json!("Ada Example"), &json!(world.host())));
    assert_eq!((&consent["text"], &consent["revoked_at"]), (&document["text"], &Value::Null));
    assert_eq!(fs::metadata(file(&world)).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(connect(&world, &["--check"]).stdout.contains("Ada Example agreed on 2"));
}

#[test]
fn on_a_terminal_the_words_have_to_be_typed() {
    let world = World::prompt();
    for words in ["yes\n", "\n"] {
        let ended = connect_and_type(&world, words);
        assert_eq!(ended.code, 4, "{ended:?}");
        assert!(ended.stdout.contains("access::consent") && ended.stdout.contains("nobody agreed"), "{ended:?}");
        assert!(!file(&world).exists(), "something was recorded");
    }
    let agreed = connect_and_type(&world, "I agree\n");
    assert_eq!(agreed.code, 0, "{agreed:?}");
    assert!(agreed.stdout.contains("email addresses") && agreed.stdout.contains("ada agreed on 2"), "{agreed:?}");
    assert!(file(&world).exists());
}

#[test]
fn nothing_is_recorded_for_an_account_that_does_not_take_the_key() {
    let world = World::prompt();
    world.write("key", "another-key");
    let refused = connect(&world, &["--agree", "--by", "Ada Example"]);
    ends(&refused, 4, "access::key", &["nothing was recorded"]);
    let gone = ["connect", "--host", "127.0.0.1:1", "--key-file", "key", "--agree", "--by", "Ada Example"];
    ends(&world.enlist(&gone), 5, "network::unreachable", &["127.0.0.1:1", "nothing was recorded"]);
    assert!(!file(&world).exists(), "something was recorded");
}

#[test]
fn this_very_machine_needs_no_consent() {
    let mut world = World::prompt();
    world.write("people.csv", people(3, "person"));
    let check = connect(&world, &["--check"]);
    assert_eq!((check.code, check.stdout.contains("no consent is needed")), (0, true), "{check:?}");
    assert_eq!(connect(&world, &["--agree", "--by", "Ada Example"]).code, 0);
    assert_eq!(connect(&world, &["--revoke"]).code, 0);
    world.run_json("people.csv", &[], 0);
    assert_eq!(world.contacts().len(), 3);
}

#[test]
fn an_account_is_named_as_in_the_configuration() {
    let world = World::prompt();
    let host = world.host();
    world.write(
        "enlist.yaml",
        format!(
            "version: 1\nconnections:\n  marketing: {{ host: \"{host}\", api_key: \"${{file:key}}\" }}\n  \
             sandbox: {{ host: simulator }}\nstate: {{ path: var }}\n"
        ),
    );
    let agreed = world.enlist(&["connect", "marketing", "--agree", "--by", "Ada Example"]);
    assert_eq!(agreed.code, 0, "{agreed:?}");
    assert!(world.folder().join("var/consents.json").exists());
    ends(&world.enlist(&["connect", "marketting"]), 2, "config::unknown_name", &["did you mean `marketing`?"]);
    ends(&world.enlist(&["connect"]), 2, "usage::host", &["which account?"]);
    assert_eq!(world.enlist(&["connect", "sandbox"]).code, 0);
    let unclear = world.enlist(&["connect", "marketing", "--check", "--revoke"]);
    assert_eq!(unclear.code, 2, "{unclear:?}");
}
