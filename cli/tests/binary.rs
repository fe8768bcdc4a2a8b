//! The binary as a user meets it: streams, exit codes, files.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::path::Path;

use assert_cmd::Command;

fn enlist(folder: &Path) -> Command {
    let mut command = Command::cargo_bin("enlist").unwrap();
    command.current_dir(folder).env_clear().env("LANG", "C.UTF-8");
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

const CONFIG: &str = "\
version: 1
connections: { marketing: { host: acme.api-us1.com, api_key: \"${TEST_KEY}\" } }
exports:
  vip:
    list: 7
    source: people.parquet
";

#[test]
fn help_goes_to_standard_output_and_shows_examples() {
    let folder = tempfile::tempdir().unwrap();
    let output = enlist(folder.path()).arg("--help").output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let help = text(&output.stdout);
    assert!(help.contains("enlist plan people.parquet ") && output.stderr.is_empty(), "{help}");
    assert!(help.lines().count() <= 30);
}

#[test]
fn an_unknown_verb_gets_a_suggestion_and_the_code_of_wrong_usage() {
    let folder = tempfile::tempdir().unwrap();
    let output = enlist(folder.path()).arg("docter").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("did you mean enlist doctor?") && output.stdout.is_empty());
}

#[test]
fn an_unset_variable_stops_every_command_before_anything_else() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("enlist.yaml"), CONFIG).unwrap();
    for verb in ["plan", "run", "doctor"] {
        let output = enlist(folder.path()).arg(verb).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{verb}");
        let shown = text(&output.stderr);
        assert!(shown.starts_with("error[config::variable]: variable TEST_KEY is not set\n"), "{shown}");
        assert!(shown.contains("enlist.yaml:2:63") && shown.contains("^^^^^^^^^^^"), "{shown}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn a_variable_may_come_from_the_env_file_beside_the_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let conf = folder.path().join("conf");
    std::fs::create_dir(&conf).unwrap();
    std::fs::write(conf.join("enlist.yaml"), CONFIG).unwrap();
    std::fs::write(conf.join(".env"), "TEST_KEY=s3cret\n").unwrap();
    let output = enlist(folder.path()).args(["doctor", "-c", "conf/enlist.yaml"]).output().unwrap();
    let shown = text(&output.stdout);
    assert!(shown.contains("ok    configuration") && shown.contains("key of marketing"), "{shown}");
    assert!(!shown.contains("s3cret") && !text(&output.stderr).contains("s3cret"));
}

#[test]
fn an_unknown_key_is_shown_in_its_line_with_the_key_that_was_meant() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("enlist.yaml"), format!("{CONFIG}    dead_line: 90m\n")).unwrap();
    let output = enlist(folder.path()).arg("plan").env("TEST_KEY", "k").output().unwrap();
    let shown = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2));
    assert!(shown.contains("error[config::unknown_key]: unknown key `dead_line`"), "{shown}");
    assert!(shown.contains("enlist.yaml:7:5\n7 │     dead_line: ***\n  │     ^^^^^^^^^\n"), "{shown}");
    assert!(shown.contains("help: did you mean `deadline`?"), "{shown}");
}

#[test]
fn without_a_utf8_locale_everything_shown_is_ascii() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("enlist.yaml"), "version: 1\nexport: {}\n").unwrap();
    let output = enlist(folder.path()).arg("plan").env("LANG", "C").output().unwrap();
    assert!(output.stderr.is_ascii() && !output.stderr.is_empty());
}

#[test]
fn a_failure_is_one_line_of_json_for_programs() {
    let folder = tempfile::tempdir().unwrap();
    let output = enlist(folder.path()).args(["plan", "--json"]).output().unwrap();
    let line = text(&output.stdout);
    let document: serde_json::Value = serde_json::from_str(line.trim_end()).unwrap();
    assert_eq!((line.lines().count(), document["exit_code"].as_i64()), (1, Some(2)));
    assert_eq!(document["schema"], "enlist.error/1");
}

#[test]
fn init_writes_a_demo_once_and_never_overwrites() {
    let folder = tempfile::tempdir().unwrap();
    let first = enlist(folder.path()).args(["init", "--demo"]).output().unwrap();
    assert_eq!(first.status.code(), Some(0), "{}", text(&first.stderr));
    assert!(text(&first.stdout).contains("5,000 people"));
    let config = folder.path().join("enlist.yaml");
    std::fs::write(&config, "mine").unwrap();
    let again = enlist(folder.path()).args(["init", "--demo"]).output().unwrap();
    assert_eq!(again.status.code(), Some(2));
    assert!(text(&again.stderr).contains("error[init::exists]"));
    assert_eq!(std::fs::read_to_string(&config).unwrap(), "mine");
}

#[test]
fn init_proposes_a_mapping_for_a_file() {
    let folder = tempfile::tempdir().unwrap();
    enlist(folder.path()).args(["init", "--demo"]).assert().success();
    let output = enlist(folder.path()).args(["init", "other", "--from", "data/people.parquet"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let written = std::fs::read_to_string(folder.path().join("other/enlist.yaml")).unwrap();
    assert!(written.contains("      email: \"email\"\n      first_name: \"first_name\"\n"), "{written}");
    assert!(written.contains("# Not mapped: \"customer_id\", \"tier\""), "{written}");
}

#[cfg(unix)]
#[test]
fn what_is_written_is_for_the_user_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    enlist(folder.path()).args(["init", "--demo"]).assert().success();
    for file in ["enlist.yaml", "data/people.parquet"] {
        let mode = std::fs::metadata(folder.path().join(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{file}");
    }
}

#[cfg(unix)]
#[test]
fn a_reader_that_went_away_is_no_error() {
    use std::process::{Command, Stdio};
    let folder = tempfile::tempdir().unwrap();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = Command::new(assert_cmd::cargo::cargo_bin("enlist"))
        .args(["init", "--demo"])
        .current_dir(folder.path())
        .stdout(Stdio::from(writer))
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""));
}
