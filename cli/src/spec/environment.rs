//! What `${…}` can refer to: variables of the process, variables of `.env`, files.

use std::collections::HashMap;
use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// A secret is a line, not a document.
const MAX_SECRET_BYTES: u64 = 64 << 10;

/// Variables and files that a configuration may refer to.
#[derive(Clone, Default)]
pub struct Environment {
    variables: HashMap<String, String>,
    folder: PathBuf,
}

impl fmt::Debug for Environment {
    /// Values may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Environment({} variables)", self.variables.len())
    }
}

impl Environment {
    /// The variables of the process, and those of `.env` in `folder` that the process does not set.
    ///
    /// # Errors
    /// When `.env` is there and cannot be read or understood.
    pub fn of_process(folder: &Path) -> Result<Self, Failure> {
        let file = folder.join(".env");
        let mut variables = match std::fs::read_to_string(&file) {
            Ok(text) => dotenv(&text).map_err(|line| {
                Failure::config("config::env_file", format!("{}:{line}: not a variable", file.display()))
                    .help("write NAME=value, or # before a comment")
            })?,
            Err(e) if e.kind() == ErrorKind::NotFound => HashMap::new(),
            Err(e) => return Err(Failure::config("config::env_file", format!("{}: {e}", file.display()))),
        };
        variables.extend(
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))),
        );
        Ok(Self { variables, folder: folder.to_owned() })
    }

    /// The environment of a configuration, or of the working folder when there is none.
    ///
    /// # Errors
    /// As [`of_process`](Self::of_process).
    pub fn of_spec(spec: Option<&super::Spec>) -> Result<Self, Failure> {
        Self::of_process(spec.and_then(|spec| spec.file.parent()).unwrap_or(Path::new("")))
    }

    /// An environment with these variables and files of `folder`.
    #[cfg(test)]
    pub fn new<'a>(variables: impl IntoIterator<Item = (&'a str, &'a str)>, folder: &Path) -> Self {
        let variables = variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Self { variables, folder: folder.to_owned() }
    }

    /// The folder relative paths start from.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The value of a variable. Set to nothing is set.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    /// The text of a file without its trailing newline.
    ///
    /// # Errors
    /// Why it cannot be read, in words without its content.
    pub fn file(&self, path: &str) -> Result<String, String> {
        let path = self.folder.join(path);
        let size = std::fs::metadata(&path).map_err(|e| e.to_string())?.len();
        if size > MAX_SECRET_BYTES {
            return Err(format!("{size} bytes are too many for a value"));
        }
        let mut text = std::fs::read_to_string(&path).map_err(|e| e.to_string())?;
        text.truncate(text.trim_end_matches(['\r', '\n']).len());
        Ok(text)
    }
}

/// The variables of a `.env` file, or the number of the first line that is none.
fn dotenv(text: &str) -> Result<HashMap<String, String>, usize> {
    let mut variables = HashMap::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let line = line.strip_prefix("export ").unwrap_or(line);
        let (name, value) = line.split_once('=').ok_or(number + 1)?;
        let name = name.trim();
        if !super::interpolate::is_name(name) {
            return Err(number + 1);
        }
        variables.insert(name.to_owned(), unquoted(value.trim()).to_owned());
    }
    Ok(variables)
}

fn unquoted(value: &str) -> &str {
    let quoted = |quote| {
        let inside = value.strip_prefix(quote)?;
        // Up to the first quote that only a comment follows, or else up to the last.
        let before_comment = inside.split_once(quote).filter(|(_, rest)| rest.trim_start().starts_with('#'));
        before_comment.map(|(text, _)| text).or_else(|| inside.strip_suffix(quote))
    };
    ['"', '\''].into_iter().find_map(quoted).unwrap_or_else(|| value.split(" #").next().unwrap_or_default().trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_an_env_file_are_read_as_shells_write_them() {
        let read = dotenv("# c\n\nA=1\nexport B = two words # note\nC='a # b'\nD=\"x\"\nE=\n").unwrap();
        for (name, value) in [("A", "1"), ("B", "two words"), ("C", "a # b"), ("D", "x"), ("E", "")] {
            assert_eq!(read.get(name).map(String::as_str), Some(value), "{name}");
        }
        assert_eq!(dotenv("A=1\nnonsense\n"), Err(2));
        assert_eq!(dotenv("1A=1\n"), Err(1));
    }

    #[test]
    fn a_comment_behind_a_quoted_value_of_an_env_file_is_no_part_of_it() {
        let read = dotenv("A=\"x\" # note\nB='a # b' # 'c'\nC=\"a \\\"b\\\"\"\nD='it's' \n").unwrap();
        for (name, value) in [("A", "x"), ("B", "a # b"), ("C", "a \\\"b\\\""), ("D", "it's")] {
            assert_eq!(read.get(name).map(String::as_str), Some(value), "{name}");
        }
    }

    #[test]
    fn values_do_not_show() {
        let environment = Environment::new([("KEY", "s3cret")], Path::new(""));
        assert!(!format!("{environment:?}").contains("s3cret"));
    }
}
