//! A configuration file as text: parsing it, and pointing into it.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use enlist_core::{Error, ErrorKind};
use serde_saphyr::{DuplicateKeyPolicy, Location};

use super::masked;
use super::written;
use crate::failure::{Failure, Snippet, suggest};

/// No configuration of people is larger; a file of data named by mistake is.
const MAX_BYTES: u64 = 1 << 20;
/// The deepest value of the file stands five levels deep.
const MAX_DEPTH: usize = 16;
/// Enough for some thousand exports.
const MAX_NODES: usize = 100_000;

/// The text of a configuration file and the name it goes by.
pub struct Document {
    /// As the user named it.
    pub name: String,
    /// All of it.
    pub text: String,
    /// User id of the owner of the file; none for one that was never a file.
    pub owner: Option<u32>,
}

/// A stretch of one line, in characters counted from 1.
#[derive(Clone, Copy, Debug)]
pub struct Spot {
    line: u64,
    column: u64,
    width: usize,
}

impl Document {
    /// Reads a file.
    ///
    /// # Errors
    /// When it is missing, unreadable, larger than 1 MiB, or not UTF-8.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let name = path.display().to_string();
        let unreadable = |cause: String| Failure::config("config::unreadable", format!("{name}: {cause}"));
        // Whose the file is and what it says are asked of the same file, whatever its name stands for meanwhile.
        let mut file = File::open(path).map_err(|e| unreadable(e.to_string()))?;
        let found = file.metadata().map_err(|e| unreadable(e.to_string()))?;
        if found.len() > MAX_BYTES {
            return Err(unreadable(format!("{} bytes are too many for a configuration", found.len())));
        }
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(|e| unreadable(e.to_string()))?;
        Ok(Self { name, text, owner: Some(found.uid()) })
    }

    /// Parses the text: shape and keys, nothing else.
    ///
    /// # Errors
    /// For what is not YAML, for duplicate and unknown keys, and beyond the bounds of size and depth.
    pub fn parse(&self) -> Result<written::File, Failure> {
        let options = serde_saphyr::options! {
            budget: serde_saphyr::budget! { max_depth: MAX_DEPTH, max_nodes: MAX_NODES },
            duplicate_keys: DuplicateKeyPolicy::Error,
            with_snippet: false,
        };
        serde_saphyr::from_str_with_options(&self.text, options).map_err(|e| self.objection(&e))
    }

    /// An error at `spot`.
    pub fn fault(&self, code: &'static str, message: impl Into<String>, spot: Spot) -> Failure {
        let mut failure = Failure::from(Error::new(ErrorKind::Config, code, message));
        if let Some(text) = masked::line(&self.text, spot.line) {
            failure.snippet = Some(Box::new(Snippet {
                file: self.name.clone(),
                line: spot.line,
                column: spot.column,
                text,
                width: spot.width,
            }));
        }
        failure
    }

    /// The word or value that starts at `location`.
    pub fn spot(&self, location: Location) -> Spot {
        let rest = self.from(location).lines().next().unwrap_or_default();
        let end = match rest.chars().next() {
            Some(quote @ ('"' | '\'')) => rest.chars().skip(1).position(|c| c == quote).map_or(1, |at| at + 2),
            _ => rest.chars().take_while(|c| !matches!(c, ':' | ',' | '}' | ']' | '#' | ' ')).count(),
        };
        Spot { line: location.line(), column: location.column(), width: end.max(1) }
    }

    /// The first occurrence of `part` in the value that starts at `location`.
    pub fn spot_of(&self, part: &str, location: Location) -> Spot {
        let rest = self.from(location);
        let Some(before) = rest.find(part).and_then(|at| rest.get(..at)) else {
            return self.spot(location);
        };
        let breaks = before.matches('\n').count();
        let last = before.rsplit('\n').next().unwrap_or_default().chars().count();
        let column = if breaks == 0 { location.column() } else { 1 } + last as u64;
        Spot { line: location.line() + breaks as u64, column, width: part.chars().count() }
    }

    /// The text from `location` on.
    fn from(&self, location: Location) -> &str {
        let line = usize::try_from(location.line().saturating_sub(1)).unwrap_or(usize::MAX);
        let column = usize::try_from(location.column().saturating_sub(1)).unwrap_or(usize::MAX);
        let start: usize = self.text.split_inclusive('\n').take(line).map(str::len).sum();
        let rest = self.text.get(start..).unwrap_or_default();
        let skip: usize = rest.chars().take(column).map(char::len_utf8).sum();
        rest.get(skip..).unwrap_or_default()
    }

    /// The key in quotes behind a space; nothing where it may be more than a key.
    fn quoted(&self, key: &str, spot: Option<Spot>) -> String {
        if self.shows(key, spot) { format!(" `{key}`") } else { String::new() }
    }

    /// Whether the line at `spot` shows the key. What it does not show, a message does not either.
    fn shows(&self, key: &str, spot: Option<Spot>) -> bool {
        spot.and_then(|spot| masked::line(&self.text, spot.line)).is_some_and(|line| line.contains(key))
    }

    /// The parser's error in our words. Values never enter the message: one of them may be a key.
    fn objection(&self, error: &serde_saphyr::Error) -> Failure {
        use serde_saphyr::Error as Yaml;
        let error = error.without_snippet();
        let spot = error.location().map(|location| self.spot(location));
        let (code, message, help) = match error {
            Yaml::SerdeUnknownField { field, expected, .. } => (
                "config::unknown_key",
                format!("unknown key{}, expected one of {}", self.quoted(field, spot), expected.join(", ")),
                suggest(field, expected.iter().copied()).map(|meant| format!("did you mean `{meant}`?")),
            ),
            Yaml::DuplicateMappingKey { key, .. } => (
                "config::duplicate_key",
                match key.as_deref().filter(|key| self.shows(key, spot)) {
                    Some(key) => format!("`{key}` is written twice here"),
                    None => "a key is written twice here".to_owned(),
                },
                Some("keep one of the two".to_owned()),
            ),
            // The parser places it at the last key of the block that lacks it.
            Yaml::SerdeMissingField { field, .. } => (
                "config::missing_key",
                format!("`{field}` is missing beside this key"),
                Some(format!("add `{field}:`")),
            ),
            Yaml::SerdeInvalidType { expected, .. } | Yaml::SerdeInvalidValue { expected, .. } => {
                ("config::wrong_shape", format!("expected {expected} here"), None)
            }
            Yaml::Unexpected { expected, .. } => {
                ("config::wrong_shape", format!("expected {} here", shape(expected)), None)
            }
            Yaml::NullIntoString { .. } => ("config::empty", "a value is missing here".to_owned(), None),
            Yaml::Budget { .. } => (
                "config::too_large",
                "this is nested too deeply or has too many values for a configuration".to_owned(),
                None,
            ),
            Yaml::MultipleDocuments { .. } => {
                ("config::documents", "one file holds one configuration".to_owned(), Some("remove `---`".to_owned()))
            }
            Yaml::Eof { .. } => ("config::empty", format!("{} is empty", self.name), Some("enlist init".to_owned())),
            other => ("config::yaml", format!("this is not YAML: {}", plain(other)), None),
        };
        let failure = match spot {
            Some(spot) => self.fault(code, message, spot),
            None => Failure::config(code, format!("{}: {message}", self.name)),
        };
        match help {
            Some(help) => failure.help(help),
            None => failure,
        }
    }
}

/// A shape in words of people.
fn shape(expected: &'static str) -> &'static str {
    match expected {
        "mapping start" => "`name: value` lines",
        "sequence start" => "a list: [first, second]",
        other => other,
    }
}

/// The parser's own words about broken syntax, one line without the position that the snippet shows.
fn plain(error: &serde_saphyr::Error) -> String {
    let text = match error {
        serde_saphyr::Error::ExternalMessage { msg, .. } | serde_saphyr::Error::Message { msg, .. } => msg.clone(),
        other => other.to_string(),
    };
    text.lines().next().unwrap_or_default().to_owned()
}
