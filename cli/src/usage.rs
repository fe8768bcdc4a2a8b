//! What is wrong with the words of a command line, in the form of every other error.

use std::error::Error as _;
use std::ffi::OsString;
use std::num::{IntErrorKind, ParseFloatError, ParseIntError};

use clap::CommandFactory;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::args::Cli;
use crate::failure::{Failure, suggest};

/// Whether clap answers what was asked for, help or the version, rather than refusing it.
pub fn is_answer(message: &clap::Error) -> bool {
    use ErrorKind::{DisplayHelp, DisplayHelpOnMissingArgumentOrSubcommand, DisplayVersion};
    matches!(message.kind(), DisplayHelp | DisplayVersion | DisplayHelpOnMissingArgumentOrSubcommand)
}

/// The error that clap has with `words`, the command line without the name of the program.
pub fn failure(message: &clap::Error, words: &[OsString]) -> Failure {
    let verb = verb_of(words);
    let shown = verb.map_or_else(|| "enlist".to_owned(), |verb| format!("enlist {verb}"));
    let manual = format!("{shown} --help");
    let (code, what, help) = match message.kind() {
        ErrorKind::InvalidSubcommand => {
            let typed = typed(message, ContextKind::InvalidSubcommand);
            let help = by_habit(&typed).map(|meant| format!("here that is {meant}"));
            let meant = || {
                text_of(message.get(ContextKind::SuggestedSubcommand)).map(|it| format!("did you mean {shown} {it}?"))
            };
            let alike = || similar(&typed, words).map(|verb| format!("did you mean enlist {verb}?"));
            ("usage::command", format!("{shown} has no command `{typed}`"), help.or_else(meant).or_else(alike))
        }
        ErrorKind::UnknownArgument => {
            let typed = typed(message, ContextKind::InvalidArg);
            let meant = text_of(message.get(ContextKind::SuggestedArg)).map(|it| format!("did you mean {it}?"));
            ("usage::option", format!("{shown} does not take `{typed}`"), meant)
        }
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => ("usage::value", of_value(message), one_of(message)),
        ErrorKind::ArgumentConflict => {
            let (one, other) = (text(message, ContextKind::InvalidArg), text(message, ContextKind::PriorArg));
            ("usage::conflict", conflict(&one, &other), None)
        }
        ErrorKind::TooManyValues => {
            ("usage::arguments", format!("{} takes no value", text(message, ContextKind::InvalidArg)), None)
        }
        ErrorKind::MissingRequiredArgument => {
            ("usage::missing", format!("{shown} needs {} as well", text(message, ContextKind::InvalidArg)), None)
        }
        ErrorKind::MissingSubcommand => {
            let known = text_of(message.get(ContextKind::ValidSubcommand)).map(|known| format!("write one of {known}"));
            ("usage::command", format!("what is {shown} to do?"), known)
        }
        _ => ("usage::arguments", first_line(message), None),
    };
    let help = match help {
        Some(help) if matches!(code, "usage::command" | "usage::option") => format!("{help} ({manual} lists all)"),
        Some(help) => help,
        None => format!("{manual} shows what it takes"),
    };
    Failure::config(code, what).help(help)
}

/// The words that ask for results as JSON.
const JSON: [&str; 3] = ["--json", "--json=document", "--json=lines"];

/// Whether results are wanted as JSON, from words that could not be understood as a whole.
pub fn wants_json(words: &[OsString]) -> bool {
    words.iter().take_while(|word| *word != "--").any(|word| JSON.iter().any(|json| word == json))
}

/// The command among the words, with the one within it: `state reset`.
fn verb_of(words: &[OsString]) -> Option<String> {
    let root = Cli::command();
    let mut names: Vec<&str> = Vec::new();
    let mut command = &root;
    for word in words {
        if let Some(verb) = command.find_subcommand(word) {
            names.push(verb.get_name());
            command = verb;
        }
    }
    (!names.is_empty()).then(|| names.join(" "))
}

fn of_value(message: &clap::Error) -> String {
    let option = text(message, ContextKind::InvalidArg);
    let typed = typed(message, ContextKind::InvalidValue);
    if typed.is_empty() && message.source().is_none() {
        return format!("{option} has no value");
    }
    let why = message.source().map(|why| {
        let whole = why.downcast_ref::<ParseIntError>().map(|why| match why.kind() {
            IntErrorKind::PosOverflow | IntErrorKind::NegOverflow => "write a smaller number",
            _ => "write a whole number",
        });
        let number = why.downcast_ref::<ParseFloatError>().map(|_| "write a number");
        whole.or(number).map_or_else(|| why.to_string(), str::to_owned)
    });
    let why = why.map(|why| format!(": {why}")).unwrap_or_default();
    if typed.is_empty() {
        return format!("{option} cannot be empty{why}");
    }
    format!("{option} cannot be `{typed}`{why}")
}

fn one_of(message: &clap::Error) -> Option<String> {
    let all = text_of(message.get(ContextKind::ValidValue))?;
    let meant = text_of(message.get(ContextKind::SuggestedValue));
    Some(
        meant
            .map_or_else(|| format!("write one of {all}"), |meant| format!("did you mean {meant}? It is one of {all}")),
    )
}

fn conflict(one: &str, other: &str) -> String {
    if one == other {
        return format!("{one} is given more than once");
    }
    format!("{one} does not go together with {other}")
}

/// A word of the command line as it may be repeated: a key or a password may stand where it does not belong.
fn typed(message: &clap::Error, kind: ContextKind) -> String {
    /// Longer than any verb, option or number, shorter than an API key.
    const LONGEST: usize = 32;
    let word = text(message, kind);
    match word.split_once("://") {
        Some((scheme, _)) => format!("{scheme}://…"),
        None if word.chars().count() > LONGEST => format!("{}…", word.chars().take(LONGEST / 4).collect::<String>()),
        None => word,
    }
}

fn text(message: &clap::Error, kind: ContextKind) -> String {
    text_of(message.get(kind)).unwrap_or_default()
}

/// What clap tells of the command line, as it is written in a sentence.
fn text_of(value: Option<&ContextValue>) -> Option<String> {
    match value? {
        // The dots of what may be repeated mean nothing in a sentence.
        ContextValue::String(word) => Some(word.trim_end_matches("...").to_owned()),
        ContextValue::Strings(words) if words.is_empty() => None,
        ContextValue::Strings(words) => Some(words.join(", ")),
        ContextValue::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// What clap says where it says nothing in particular.
fn first_line(message: &clap::Error) -> String {
    let said = message.to_string();
    let line = said.lines().next().unwrap_or_default();
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
}

/// The command that `typed` was most likely meant to be, where it stands in the place of one: letters change places.
fn similar(typed: &str, words: &[OsString]) -> Option<String> {
    let root = Cli::command();
    let names: Vec<&str> = root.get_subcommands().map(clap::Command::get_name).collect();
    let meant = suggest(typed, names).map(str::to_owned);
    meant.filter(|_| verb_of(words).is_none())
}

/// The command that does what another tool calls `verb`.
fn by_habit(verb: &str) -> Option<&'static str> {
    Some(match verb {
        "validate" | "check" | "test" => "enlist doctor, or enlist plan",
        "retry" | "replay" => "enlist run --only-rejects",
        "logs" | "history" | "runs" | "list" | "ls" => "enlist status",
        "report" => "enlist status --html report.html",
        "find" | "why" => "enlist status --find EMAIL",
        "sync" | "push" | "export" | "send" | "apply" => "enlist run",
        "diff" | "preview" => "enlist plan",
        "verify" | "forget" | "reset" | "unlock" => "enlist state, which has this verb",
        "login" | "auth" => "enlist connect",
        "completions" | "completion" | "man" | "schema" | "dbt" => "enlist generate, which writes it",
        "cron" => "enlist schedule",
        "watch" => "enlist status --watch",
        "simulate" | "mock" => "enlist sim",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    /// What is said of this command line: code, message and help.
    fn said(line: &str) -> String {
        let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        let whole = std::iter::once(OsString::from("enlist")).chain(words.iter().cloned());
        let message = Cli::try_parse_from(whole).unwrap_err();
        assert!(!is_answer(&message), "{line}");
        let error = failure(&message, &words).error;
        format!("{}: {error}\n  {}\n", error.code(), error.help_text().unwrap())
    }

    #[test]
    fn every_slip_on_a_command_line_has_a_code_and_help() {
        let lines = [
            "pln",
            "cron",
            "schema",
            "rnu",
            "frobnicate",
            "run --lsit 7",
            "run --frobnicate",
            "run --list seven",
            "run --list 99999999999999999999",
            "run --list",
            "run --deadline soon",
            "run --max-rejects 200%",
            "run --color blue",
            "run --progress lgo",
            "run --full --only-rejects",
            "run vip --all",
            "run --limit 1 --limit 2",
            "run --full=yes",
            "run vip --key-file key",
            "state shwo",
            "state reset",
            "connect --agree --by ",
            "generate",
            "generate crontab",
            "sim --port 99999",
            "sim --fault throttle",
            "status --last many",
            "-q -v run",
        ];
        insta::assert_snapshot!(lines.map(|line| format!("$ enlist {line}\n{}", said(line))).join("\n"));
    }

    #[test]
    fn a_password_in_a_misplaced_url_is_not_repeated() {
        let key = "secret".repeat(10);
        let key = format!("connect acme {key}");
        for line in [
            "postgres://crm:secret@db/crm",
            "run --list postgres://crm:secret@db/crm",
            "run --all=postgres://crm:secret@db/crm",
            &key,
        ] {
            assert!(!said(line).contains("secretsecret") && !said(line).contains("crm:"), "{}", said(line));
        }
    }

    #[test]
    fn help_and_version_are_answers() {
        for words in [&["enlist", "--help"][..], &["enlist", "-V"], &["enlist", "run", "--help"], &["enlist"]] {
            assert!(is_answer(&Cli::try_parse_from(words).unwrap_err()), "{words:?}");
        }
    }

    #[test]
    fn json_is_wanted_by_its_flag_and_not_by_a_file_of_its_name() {
        let words = |line: &str| line.split(' ').map(OsString::from).collect::<Vec<_>>();
        assert!(JSON.iter().all(|json| wants_json(&words(&format!("run --lsit 7 {json}")))));
        assert!(!wants_json(&words("run --lsit -- --json")));
    }
}
