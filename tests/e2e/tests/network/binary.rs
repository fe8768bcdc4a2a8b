//! The real binary and a configuration, in a folder of their own.

use std::fs;

use super::process::{Ended, command, piped};
use super::record;

/// What `enlist run --json` says of twenty people for list 7 behind `host`, to which somebody has agreed, with these lines in its connection and
/// these variables of the environment.
pub(crate) fn run(host: &str, connection: &str, environment: &[(&str, &str)]) -> Ended {
    let folder = tempfile::tempdir().unwrap();
    let people = (1..=20).map(|n| format!("person{n}@example.com\n")).collect::<String>();
    fs::write(folder.path().join("people.csv"), format!("email\n{people}")).unwrap();
    fs::write(folder.path().join("key"), "canary-key-7f3a91").unwrap();
    let config = format!(
        "version: 1\nconnections:\n  a:\n    host: \"{host}\"\n    api_key: ${{file:key}}\n{connection}exports:\n  x:\n    \
         list: 7\n    source: people.csv\n"
    );
    fs::write(folder.path().join("enlist.yaml"), config).unwrap();
    record::write(folder.path(), &[record::consent(host)]);
    let mut command = command(folder.path(), &[], &["run", "--json"]);
    command.envs(environment.iter().copied());
    Ended::of(piped(command).output().unwrap())
}

/// Checks exit code and error code, and that the message says each of `words`.
pub(crate) fn assert_says(ended: &Ended, code: i32, error: &str, words: &[&str]) {
    assert_eq!(ended.code, code, "{ended:?}");
    let first = ended.stderr.lines().find(|line| line.starts_with("error[")).unwrap_or_default();
    assert!(first.starts_with(&format!("error[{error}]: ")), "{ended:?}");
    for word in words {
        assert!(ended.stderr.contains(word), "no {word:?} in {}", ended.stderr);
    }
    assert!(!format!("{ended:?}").contains("canary"), "{ended:?}");
}
