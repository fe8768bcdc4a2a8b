//! Where the files of a segment lie.

use std::collections::BTreeMap;
use std::fmt;

/// A path, glob, folder or URL, and what opens it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Location {
    /// The path, glob, folder or URL, without any secret.
    pub pattern: String,
    /// Settings of the object store that a URL leads to, above those of the environment.
    pub options: StoreOptions,
}

/// Settings of an object store by the names that the environment has for them, in lower case, for example
/// `aws_region`. Any of them may be a secret.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct StoreOptions(pub BTreeMap<String, String>);

/// Names alone.
impl fmt::Debug for StoreOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Location {
    /// Whether it is a URL rather than a path of this machine.
    pub fn is_url(&self) -> bool {
        is_url(&self.pattern)
    }
}

impl From<&str> for Location {
    fn from(pattern: &str) -> Self {
        Self { pattern: pattern.to_owned(), options: StoreOptions::default() }
    }
}

impl From<&String> for Location {
    fn from(pattern: &String) -> Self {
        pattern.as_str().into()
    }
}

impl From<&Location> for Location {
    fn from(location: &Location) -> Self {
        location.clone()
    }
}

/// Whether `pattern` is a URL rather than a path of this machine.
pub fn is_url(pattern: &str) -> bool {
    pattern.split_once("://").is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_show_their_names_and_never_their_values() {
        let options = StoreOptions([("aws_secret_access_key".to_owned(), "hush".to_owned())].into());
        assert_eq!(format!("{options:?}"), r#"{"aws_secret_access_key"}"#);
    }

    #[test]
    fn a_url_has_a_scheme() {
        for (pattern, url) in [("s3://b/k", true), ("a/b://c", false), ("C:\\x", false), ("://x", false), ("x", false)]
        {
            assert_eq!(is_url(pattern), url, "{pattern}");
        }
    }
}
