//! An error together with the place in the user's file that it speaks of.

use std::io;

use enlist_core::{Error, ErrorKind};

use crate::exit::Exit;

/// What ended a command.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// Kind, code, message and help.
    pub error: Error,
    /// The line at fault, where the cause stands in a file of the user.
    pub snippet: Option<Box<Snippet>>,
    /// Facts that belong to the message, one line each.
    pub notes: Vec<String>,
    /// The run that failed, where it was one.
    pub run: Option<Box<Run>>,
}

/// What is known of a run that ended without a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Its export.
    pub export: String,
    /// The signal that stopped it, where one did.
    pub signal: Option<Exit>,
}

/// One line of a file with a mark under the part at fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snippet {
    /// The file as the user named it.
    pub file: String,
    /// Line, counted from 1.
    pub line: u64,
    /// First character at fault, counted from 1.
    pub column: u64,
    /// The whole line, with a key written out in it replaced.
    pub text: String,
    /// Characters at fault.
    pub width: usize,
}

impl Failure {
    /// A configuration error without a place.
    pub fn config(code: &'static str, message: impl Into<String>) -> Self {
        Error::new(ErrorKind::Config, code, message).into()
    }

    /// Adds what the reader can do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.error = self.error.help(help);
        self
    }

    /// Names the export a run failed with, and the signal, if there was one, that stopped it.
    #[must_use]
    pub fn of_run(mut self, export: &str, signal: Option<Exit>) -> Self {
        let signal = signal.filter(|_| self.error.kind() == ErrorKind::Interrupted);
        let export = export.to_owned();
        self.run = Some(Box::new(Run { export, signal }));
        self
    }

    /// Shows people which of several exports it is of.
    #[must_use]
    pub fn in_export(mut self, export: &str) -> Self {
        self.notes.insert(0, format!("export: {export}"));
        self
    }

    /// How the process ends.
    pub fn exit(&self) -> Exit {
        let signal = self.run.as_ref().and_then(|run| run.signal);
        signal.unwrap_or_else(|| Exit::from(self.error.kind()))
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { error, snippet: None, notes: Vec::new(), run: None }
    }
}

/// The candidate that `word` was most likely meant to be.
pub fn suggest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    /// Below this similarity a suggestion confuses more than it helps.
    const SIMILAR: f64 = 0.75;
    let plain = |text: &str| text.to_lowercase().replace(['_', '-', ' '], "");
    let wanted = plain(word);
    candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(&wanted, &plain(candidate)), candidate))
        .filter(|(similarity, _)| *similarity >= SIMILAR)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// Why a file could not be made, without the random name that it has until it gets its own.
pub fn cause(e: &io::Error) -> String {
    let text = e.to_string();
    text.split_once(" at path \"").map_or_else(|| text.clone(), |(cause, _)| cause.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised_and_another_word_is_not() {
        let keys = ["email", "first_name", "last_name", "phone", "fields", "tags"];
        for (typed, meant) in [
            ("e_mail", Some("email")),
            ("firstname", Some("first_name")),
            ("tag", Some("tags")),
            ("feilds", Some("fields")),
            ("consent", None),
        ] {
            assert_eq!(suggest(typed, keys), meant, "{typed}");
        }
    }

    #[test]
    fn an_error_names_no_temporary_file() {
        let folder = tempfile::tempdir().unwrap();
        let e = tempfile::Builder::new().prefix(".enlist-").tempfile_in(folder.path().join("gone")).unwrap_err();
        assert!(e.to_string().contains(".enlist-") && !cause(&e).contains(".enlist-"), "{}", cause(&e));
        assert_eq!(cause(&io::Error::other("full")), "full");
    }
}
