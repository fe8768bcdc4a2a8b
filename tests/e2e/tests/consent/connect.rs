//! Agreeing: on a terminal, off one, and what becomes of it.

use std::env;
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::account::{Account, HOST};
use super::process::Ended;
use super::verdict::ends;
use super::world::{KEY, World, people};

/// Gives a program a terminal, types what it reads itself, and ends as the program did.
const TERMINAL: &str = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))";

fn file(account: &Account) -> PathBuf {
    account.path().join(".enlist/consents.json")
}

/// `enlist connect` on a terminal, at which somebody types `words`.
fn connect_and_type(account: &Account, words: &str) -> Ended {
    let python = env::var("ENLIST_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let mut command = account.command(&[&python, "-c", TERMINAL], &["connect"]);
    // A name that would steer the terminal is not put on record.
    command.env("LOGNAME", "ada\u{1b}[2J").env("USER", "ada").stdin(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(words.as_bytes()).unwrap();
    Ended::of(child.wait_with_output().unwrap())
}

#[test]
fn off_a_terminal_agreement_and_name_are_given_as_options_and_put_on_record() {
    let account = Account::new();
    for more in [&[][..], &["--agree"], &["--by", "Ada Example"]] {
        let asked = account.enlist(&[&["connect"], more].concat());
        ends(&asked, 2, "usage::agree", &["--agree --by NAME"]);
        for word in [HOST, "email addresses", "phone", "custom fields", "You can revoke"] {
            assert!(asked.stderr.contains(word), "the text lacks {word}: {}", asked.stderr);
        }
    }
    assert!(!account.path().join(".enlist").exists(), "something was recorded");
    assert_eq!(account.asked(), 0);

    let agree = ["connect", "--agree", "--by", "Ada Example", "--json"];
    let agreed = account.enlist(&agree);
    assert_eq!(agreed.code, 0, "{agreed:?}");
    assert!(agreed.stderr.contains("email addresses"), "nobody agrees to what is not shown");
    let document = agreed.document();
    assert_eq!((&document["schema"], &document["in_force"]), (&json!("enlist.connect/1"), &json!(true)));
    let record = || -> Value { serde_json::from_slice(&fs::read(file(&account)).unwrap()).unwrap() };
    assert_eq!(record()["consents"], json!([document["consent"]]));
    let consent = &document["consent"];
    assert_eq!((&consent["by"], &consent["host"]), (&json!("Ada Example"), &json!(HOST)));
    assert_eq!((&consent["text"], &consent["revoked_at"]), (&document["text"], &Value::Null));
    assert_eq!(fs::metadata(file(&account)).unwrap().permissions().mode() & 0o777, 0o600);
    let before = record();
    assert_eq!((account.enlist(&agree).code, account.asked()), (0, 2));
    assert_eq!(record(), before, "agreeing again adds to the record");
}

#[test]
fn looking_and_revoking_need_neither_the_key_nor_a_sound_file() {
    let account = Account::new();
    assert_eq!(account.enlist(&["connect", "--agree", "--by", "Ada Example"]).code, 0);
    account.configure("${GONE}");
    ends(&account.enlist(&["connect"]), 2, "config::variable", &["GONE is not set"]);
    for check in [&["connect", "--check"][..], &["connect", "marketing", "--check"]] {
        let told = account.enlist(check);
        assert!(told.code == 0 && told.stdout.contains("Ada Example agreed on 2"), "{told:?}");
    }
    account.write("enlist.yaml", "connections: [");
    let typed = ["connect", "--host", HOST, "--allow-host", "--state", ".enlist"];
    assert_eq!(account.enlist(&[&typed[..], &["--check"]].concat()).code, 0);
    let revoked = account.enlist(&[&typed[..], &["--revoke", "--by", "Ben Example"]].concat());
    assert!(revoked.code == 0 && revoked.stdout.contains("Revoked by Ben Example on 2"), "{revoked:?}");
    assert_eq!(account.enlist(&[&typed[..], &["--check"]].concat()).code, 4);
}

#[test]
fn on_a_terminal_the_words_have_to_be_typed() {
    let account = Account::new();
    for words in ["yes\n", "\n"] {
        let ended = connect_and_type(&account, words);
        assert_eq!(ended.code, 4, "{ended:?}");
        assert!(ended.stdout.contains("access::consent") && ended.stdout.contains("nobody agreed"), "{ended:?}");
        assert!(!file(&account).exists() && account.asked() == 0, "something was called or recorded");
    }
    let agreed = connect_and_type(&account, "I agree\n");
    assert_eq!(agreed.code, 0, "{agreed:?}");
    assert!(agreed.stdout.contains("email addresses") && agreed.stdout.contains("ada agreed on 2"), "{agreed:?}");
    assert!(file(&account).exists());
}

#[test]
fn nothing_is_recorded_for_an_account_that_does_not_take_the_key() {
    let account = Account::new();
    account.write("key", "another-key");
    let refused = account.enlist(&["connect", "--agree", "--by", "Ada Example"]);
    ends(&refused, 4, "access::key", &["nothing was recorded"]);
    assert!(!file(&account).exists(), "something was recorded");
}

#[test]
fn this_very_machine_needs_no_consent_and_only_its_key_is_tested() {
    let mut world = World::prompt();
    world.write("people.csv", people(3, "person"));
    let host = world.host();
    let connect = |more: &[&str]| world.enlist(&[&["connect", "--host", &host, "--key-file", "key"], more].concat());
    for (more, tested) in
        [(&[][..], true), (&["--agree", "--by", "Ada Example"], true), (&["--check"], false), (&["--revoke"], false)]
    {
        let told = connect(more);
        assert!(told.code == 0 && told.stdout.contains("no consent is needed"), "{more:?}: {told:?}");
        assert!(!told.stderr.contains("email addresses") && !format!("{told:?}").contains(KEY), "{told:?}");
        assert_eq!(told.stderr.contains("accepts the key"), tested, "{more:?}: {told:?}");
    }
    world.write("key", "another-key");
    ends(&connect(&[]), 4, "access::key", &[&host]);
    let gone = ["connect", "--host", "127.0.0.1:1", "--key-file", "key"];
    ends(&world.enlist(&gone), 5, "network::unreachable", &["127.0.0.1:1"]);
    assert!(!world.folder().join(".enlist").exists(), "something was recorded");
    world.write("key", KEY);
    world.run_json("people.csv", &[], 0);
    assert_eq!(world.contacts().len(), 3);
}

#[test]
fn an_account_is_named_as_in_the_configuration() {
    let account = Account::new();
    account.write(
        "enlist.yaml",
        &format!(
            "version: 1\nconnections:\n  marketing: {{ host: {HOST}, api_key: \"${{file:key}}\", ca_file: ca.pem, \
             allow_host: on }}\n  sandbox: {{ host: simulator }}\nstate: {{ path: var }}\n"
        ),
    );
    let agreed = account.enlist(&["connect", "marketing", "--agree", "--by", "Ada Example"]);
    assert_eq!(agreed.code, 0, "{agreed:?}");
    assert!(account.path().join("var/consents.json").exists());
    ends(&account.enlist(&["connect", "marketting"]), 2, "config::unknown_name", &["did you mean `marketing`?"]);
    ends(&account.enlist(&["connect"]), 2, "usage::host", &["which account?"]);
    assert_eq!(account.enlist(&["connect", "sandbox"]).code, 0);
    for unclear in [&["marketing", "--check", "--revoke"][..], &["marketing", "--key-file", "key"]] {
        let refused = account.enlist(&[&["connect"], unclear].concat());
        assert_eq!(refused.code, 2, "{refused:?}");
    }
}
