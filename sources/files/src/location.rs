//! Where the files of a segment lie.

use std::collections::BTreeMap;
use std::fmt;

/// A path, glob, folder or URL, and what opens it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Location {
    /// The path, glob, folder or URL. The query of a web address may be a signature and is a secret; see
    /// [`name`](Self::name).
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

    /// What messages call it: the pattern, for a web address without user and query.
    pub fn name(&self) -> &str {
        shown(&self.pattern)
    }
}

/// The name and the names of the options alone.
impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Location").field("pattern", &self.name()).field("options", &self.options).finish()
    }
}

/// `pattern` without what may be a secret in it: the user and the query of a web address.
pub fn shown(pattern: &str) -> &str {
    let web = ["https://", "http://"].iter().any(|scheme| pattern.starts_with(scheme));
    if !web {
        return pattern;
    }
    let url = &pattern[..pattern.find(['?', '#']).unwrap_or(pattern.len())];
    let host = url.find("://").map_or(0, |at| at + 3);
    let end = url[host..].find('/').map_or(url.len(), |at| host + at);
    url[..end].rfind('@').map_or(url, |at| &url[at + 1..])
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
    fn the_query_of_a_web_address_and_its_user_are_not_shown() {
        for (pattern, name) in [
            ("https://example.com/a.csv?X-Amz-Signature=hush", "https://example.com/a.csv"),
            ("https://ada:hush@example.com/a@b.csv", "example.com/a@b.csv"),
            ("s3://cdp/what?.csv", "s3://cdp/what?.csv"),
            ("a?.csv", "a?.csv"),
        ] {
            let location = Location::from(pattern);
            assert_eq!(location.name(), name);
            assert!(!format!("{location:?}").contains("hush"));
        }
    }

    #[test]
    fn a_url_has_a_scheme() {
        for (pattern, url) in [("s3://b/k", true), ("a/b://c", false), ("C:\\x", false), ("://x", false), ("x", false)]
        {
            assert_eq!(is_url(pattern), url, "{pattern}");
        }
    }
}
