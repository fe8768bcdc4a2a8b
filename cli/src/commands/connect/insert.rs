//! A connection written into a configuration, without touching what stands there.

use std::path::Path;

use crate::spec::{Connection, meaning};

/// A connection as it is written.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// Its name.
    pub name: &'a str,
    /// Host of the account.
    pub host: &'a str,
    /// Where the key is read from: the path of a file, seen from the configuration, or a variable.
    pub key: &'a str,
    /// Whether a host outside ActiveCampaign's own domains is meant.
    pub allow_host: bool,
}

impl Entry<'_> {
    /// Its lines, for a mapping whose keys stand at `outer` spaces, and its own at `inner`.
    fn lines(&self, outer: usize, inner: usize) -> Vec<String> {
        let (outer, inner) = (" ".repeat(outer), " ".repeat(inner));
        let mut lines = vec![
            format!("{outer}{}:", self.name),
            format!("{inner}host: {}", scalar(self.host)),
            format!("{inner}api_key: {}", scalar(self.key)),
        ];
        lines.extend(self.allow_host.then(|| format!("{inner}allow_host: on")));
        lines
    }

    /// What to paste where it cannot be inserted.
    pub fn snippet(&self) -> Vec<String> {
        [vec!["connections:".to_owned()], self.lines(2, 4)].concat()
    }

    /// A whole configuration with it alone.
    pub fn alone(&self) -> String {
        format!("version: 1\n\n{}\n", self.snippet().join("\n"))
    }

    /// `text` with it as the last of its connections; none where that cannot be done so that everything else means what it
    /// meant, seen from `folder`.
    pub fn inserted(&self, text: &str, folder: &Path) -> Option<String> {
        let edited = self.placed(text)?;
        let (mut before, after) = (meaning(text, folder)?, meaning(&edited, folder)?);
        before.connections.push(Connection {
            name: self.name.to_owned(),
            allow_host: self.allow_host,
            ..Connection::typed(self.host, None)
        });
        // Keys are left out of both, and nothing of a configuration is equal to another but by all that it says.
        (format!("{before:?}") == format!("{after:?}")).then_some(edited)
    }

    /// The edit, whatever comes of it.
    fn placed(&self, text: &str) -> Option<String> {
        let ending = if text.contains("\r\n") { "\r\n" } else { "\n" };
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let Some(at) = lines.iter().position(|line| is_section(line, "connections")) else {
            // There is none yet: a section of its own at the end.
            let gap = if text.ends_with('\n') || text.is_empty() { "" } else { ending };
            return Some(format!("{text}{gap}{ending}{}{ending}", self.snippet().join(ending)));
        };
        let block = lines.iter().skip(at + 1).take_while(|line| indentation(line).is_none_or(|spaces| spaces > 0));
        let inside: Vec<(usize, usize)> =
            block.enumerate().filter_map(|(n, line)| Some((at + 1 + n, indentation(line)?))).collect();
        let outer = inside.first().map_or(2, |(_, spaces)| *spaces);
        let inner = inside.iter().map(|(_, spaces)| *spaces).find(|spaces| *spaces > outer).unwrap_or(outer * 2);
        let last = inside.last().map_or(at, |(line, _)| *line);
        let mut edited: String = lines[..=last].concat();
        if !edited.ends_with('\n') {
            edited.push_str(ending);
        }
        for line in self.lines(outer, inner) {
            edited.push_str(&line);
            edited.push_str(ending);
        }
        edited.push_str(&lines[last + 1..].concat());
        Some(edited)
    }
}

/// Whether a line opens the block of this section: the key alone, without a value.
fn is_section(line: &str, name: &str) -> bool {
    line.trim_start_matches('\u{feff}').strip_prefix(name).is_some_and(|rest| {
        let rest = rest.trim_start().strip_prefix(':');
        rest.is_some_and(|rest| rest.trim().is_empty() || rest.trim_start().starts_with('#') && rest.starts_with(' '))
    })
}

/// Spaces before the content of a line; none where there is no content.
fn indentation(line: &str) -> Option<usize> {
    let content = line.trim();
    let empty = content.is_empty() || content.starts_with('#');
    (!empty).then(|| line.chars().take_while(|c| *c == ' ').count())
}

/// A value as YAML takes it on one line. JSON strings are YAML.
fn scalar(value: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || "-._/:${}".contains(c);
    let plain = value.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '$') && value.chars().all(bare);
    if plain { value.to_owned() } else { serde_json::Value::from(value).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRY: Entry<'_> =
        Entry { name: "eu", host: "acme.api-us1.com", key: "${file:secrets/eu.key}", allow_host: false };

    fn inserted(text: &str) -> Option<String> {
        ENTRY.inserted(text, Path::new(""))
    }

    #[test]
    fn it_stands_last_in_the_block_with_the_indentation_found_there_and_nothing_else_moves() {
        let text = "\
# ours
version: 1

connections:   # two accounts
    us:
        host: us.api-us1.com   # the old one
        api_key: ${US_KEY}
    # the end

# where from
sources:
  lake: { path: lake/*.parquet }
exports:
  vip: { connection: us, list: 7, source: lake }
";
        let edited = inserted(text).unwrap();
        let added = "    eu:\n        host: acme.api-us1.com\n        api_key: ${file:secrets/eu.key}\n";
        assert_eq!(edited, text.replace("${US_KEY}\n", &format!("${{US_KEY}}\n{added}")));
    }

    #[test]
    fn without_connections_it_makes_a_section_of_its_own() {
        for text in ["version: 1\n", "version: 1", "version: 1\nsources:\n  lake: { path: x.csv }"] {
            let edited = inserted(text).unwrap();
            assert!(edited.starts_with(text) && edited.contains("\nconnections:\n  eu:\n    host: "), "{edited}");
        }
        assert!(crate::spec::read_text(&ENTRY.alone().replace("file:secrets/eu.key", "K"), &[("K", "k")]).is_ok());
    }

    #[test]
    fn line_endings_stay_what_they_are() {
        let text = "version: 1\r\nconnections:\r\n  a: { host: simulator }\r\n";
        let edited = inserted(text).unwrap();
        assert!(edited.starts_with(text) && edited.ends_with("eu.key}\r\n"), "{edited:?}");
        assert_eq!(edited.matches('\n').count(), edited.matches("\r\n").count());
    }

    #[test]
    fn where_everything_else_would_not_mean_the_same_nothing_is_edited() {
        for text in [
            // A block of one line.
            "version: 1\nconnections: { a: { host: simulator } }\n",
            "{ version: 1, connections: { a: { host: simulator } } }\n",
            // The export would not know which of the two is meant.
            "version: 1\nconnections:\n  a: { host: simulator }\nexports:\n  x: { list: 1, source: x.csv }\n",
            "version: 1\nconnections:\n  eu: { host: simulator }\n",
            "version: 1\nstate: { path: x }\n...\n",
            "version: [1\n",
        ] {
            assert_eq!(inserted(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_special_is_quoted() {
        let entry = Entry { host: "[::1]:8025", key: "${file:/my keys/\"ac\": #1}", allow_host: true, ..ENTRY };
        let lines = entry.lines(2, 4).join("\n");
        assert!(
            lines.contains("host: \"[::1]:8025\"") && lines.contains(r##""${file:/my keys/\"ac\": #1}""##),
            "{lines}"
        );
        assert!(lines.ends_with("allow_host: on"), "{lines}");
    }
}
