//! Every screen, error and exit code, as transcripts: `screens/*.txt` hold commands and what the real binary answers.
//!
//! A transcript is a shell session: `$ ` starts a command, `> ` continues it, `| ` is standard output, `! ` standard
//! error and `? ` an exit code other than 0. Everything else is a comment. What differs from run to run is masked
//! (`masks`). `ENLIST_WRITE_SCREENS=1` writes down what the binary says; the difference is for people to judge.
//!
//! Ends with 5, 11, 1, 130 and 143 need a network, a second process or a signal: `errors`, `process` and `operator`
//! have them.

mod masks;
mod transcript;

use std::collections::BTreeSet;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::{env, fs, thread};

use self::masks::masked;
use self::transcript::{Answer, Part, Transcript};
use super::process::{Ended, binary, piped};
use super::world::World;

/// Holds a transcript to what the binary answers in an empty folder.
fn holds(name: &str, host: Option<&str>) {
    let folder = tempfile::tempdir().unwrap();
    let programs = folder.path().join("bin");
    fs::create_dir(&programs).unwrap();
    symlink(binary(), programs.join("enlist")).unwrap();
    let work = folder.path().join("work");
    fs::create_dir(&work).unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/screens").join(name);
    let written = fs::read_to_string(&path).unwrap();
    let mut played = Transcript::parse(&written);
    for part in &mut played.parts {
        if let Part::Command { command, answer } = part {
            *answer = play(command, folder.path(), host);
        }
    }
    let said = played.to_string();
    if env::var_os("ENLIST_WRITE_SCREENS").is_some() {
        fs::write(&path, said).unwrap();
    } else if said != written {
        let differs = said.lines().zip(written.lines()).position(|(said, written)| said != written);
        let line = differs.unwrap_or_else(|| said.lines().count().min(written.lines().count()));
        let around = |text: &str| text.lines().skip(line.saturating_sub(4)).take(12).collect::<Vec<_>>().join("\n");
        panic!("{name}:{} expects\n{}\n\nbut it is\n{}", line + 1, around(&written), around(&said));
    }
}

/// What a command of a transcript answers. Every one of them is a shell of its own, at home in the folder.
fn play(command: &str, folder: &Path, host: Option<&str>) -> Answer {
    let mut shell = Command::new("sh");
    let path = format!("{}:{}", folder.join("bin").display(), env::var("PATH").unwrap());
    shell.args(["-c", command]).current_dir(folder.join("work")).env_clear();
    shell.env("PATH", path).env("HOME", folder.join("home")).env("LANG", "C.UTF-8").env("USER", "ada");
    shell.env("HOST", host.unwrap_or_default());
    let ended = Ended::of(piped(shell).output().unwrap());
    let clean = |text: &str| masked(text, folder, host);
    Answer { stdout: clean(&ended.stdout), stderr: clean(&ended.stderr), code: ended.code }
}

#[test]
fn help_is_this() {
    holds("help.txt", None);
}

#[test]
fn slips_of_the_command_line_are_answered_with_this() {
    holds("usage.txt", None);
}

#[test]
fn slips_of_the_configuration_are_answered_with_this() {
    holds("configuration.txt", None);
}

#[test]
fn slips_of_schedules_accounts_and_receivers_are_answered_with_this() {
    holds("connections.txt", None);
}

#[test]
fn bad_sources_are_answered_with_this() {
    holds("sources.txt", None);
}

#[test]
fn recipes_and_looks_are_these() {
    holds("generate.txt", None);
}

#[test]
fn exports_to_an_account_are_shown_as_this() {
    // Each waits for the limits of its own account: together they take as long as the longest.
    thread::scope(|scope| {
        for name in ["doctor.txt", "runs.txt", "rejects.txt", "refused.txt", "state.txt"] {
            scope.spawn(move || holds(name, Some(&World::prompt().host())));
        }
    });
}

/// All commands that call the binary, with their answers.
fn blocks() -> Vec<(String, Answer)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/screens");
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let transcripts = paths.filter(|path| path.extension().is_some_and(|ending| ending == "txt"));
    let parts = transcripts.flat_map(|path| Transcript::parse(&fs::read_to_string(path).unwrap()).parts);
    let commands = parts.filter_map(|part| match part {
        Part::Command { command, answer } if command.contains("enlist ") => Some((command, answer)),
        _ => None,
    });
    commands.collect()
}

#[test]
fn transcripts_show_every_error_with_a_code_and_a_cure() {
    let blocks = blocks();
    assert!(blocks.len() >= 150, "only {} screens", blocks.len());
    let mut codes = BTreeSet::new();
    for (command, answer) in &blocks {
        let said = format!("{}{}", answer.stdout, answer.stderr);
        let errors: Vec<&str> = said.lines().filter(|line| line.starts_with("error[")).collect();
        let cures = said.lines().filter(|line| line.starts_with("  help: ")).count();
        assert_eq!(errors.len(), cures, "each error has one line of help: {command}\n{said}");
        assert!(!said.lines().any(|line| line.starts_with("error:")), "an error without a code: {command}\n{said}");
        codes.extend(errors.iter().map(|error| error.split(']').next().unwrap().to_owned()));
    }
    assert!(codes.len() >= 70, "only {} codes: {codes:?}", codes.len());
}

#[test]
fn transcripts_show_every_end_that_one_command_can_come_to() {
    let ends: BTreeSet<i32> = blocks().iter().map(|(_, answer)| answer.code).collect();
    for code in [0, 2, 3, 4, 6, 7, 8, 9, 12] {
        assert!(ends.contains(&code), "no screen ends with {code}: {ends:?}");
    }
}

#[test]
fn transcripts_show_no_help_longer_than_a_screen() {
    let helps = blocks().into_iter().filter(|(command, _)| command.ends_with("--help"));
    let helps: Vec<(String, Answer)> = helps.collect();
    assert!(helps.len() >= 19, "the root, twelve verbs and six of `state`: {}", helps.len());
    for (command, answer) in helps {
        assert!((3..=30).contains(&answer.stdout.lines().count()), "{command}\n{}", answer.stdout);
    }
}
