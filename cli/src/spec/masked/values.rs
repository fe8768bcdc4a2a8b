//! The values of one line: which of them show.

use super::token::{end_of_part, is_reference, key_and_value, key_name, stars};

/// Keys of a connection whose values are no secret.
const HARMLESS: [&str; 5] = ["host", "ca_file", "display_name", "allow_host", "allowed_users"];

/// Keys of the open sections that have a value or a list of them; `notify` is none, its address may be a secret.
pub const VALUES: [&str; 48] = [
    "version",
    "path",
    "url",
    "format",
    "timestamp",
    "entity",
    "types",
    "profiles",
    "memberships",
    "segment",
    "unmatched",
    "tls",
    "ca_file",
    "table",
    "parts",
    "delimiter",
    "header",
    "names",
    "connection",
    "list",
    "source",
    "sql",
    "email",
    "first_name",
    "last_name",
    "phone",
    "tags",
    "keep",
    "by",
    "empty_values",
    "phone_region",
    "automations",
    "max_change",
    "max_rejects",
    "min_rows",
    "max_adds",
    "deadline",
    "enabled",
    "extends",
    "segments",
    "suppress",
    "leavers",
    "accept_one_way",
    "field",
    "value",
    "on",
    "schedule",
    "time_zone",
];

/// Keys of the open sections that have keys below them.
const MAPPINGS: [&str; 11] = [
    "sources",
    "partition",
    "exports",
    "defaults",
    "state",
    "map",
    "fields",
    "unique_by",
    "guards",
    "rejects",
    "leavers",
];

/// A longer key is not one of ours, and may be one of the account's.
const LONGEST_KEY: usize = 40;

/// A line on the way from its first to its last character.
pub struct Line<'a> {
    /// Whether its section is an open one.
    pub open: bool,
    /// Whether it goes on with brackets of an earlier line.
    pub distrusted: bool,
    /// The keys around the current one.
    pub above: Vec<&'a str>,
    /// The brackets that the line has opened, with the key each stands behind.
    pub braces: Vec<(char, Option<&'a str>)>,
    /// The key that the next value belongs to, if any.
    pub key: Option<&'a str>,
    /// Whether something of the current value had to be hidden: then the rest of it is too.
    pub hidden: bool,
}

impl<'a> Line<'a> {
    /// The line with its values starred, but for references and for what is known to be harmless.
    pub fn shown(mut self, line: &'a str) -> String {
        let mut shown = String::with_capacity(line.len());
        let mut rest = line;
        let mut first = true;
        while !rest.is_empty() {
            let (part, after) = rest.split_at(end_of_part(rest));
            // Outside brackets a line has one key; what looks like another is part of its value.
            let (key, value) = if first || !self.braces.is_empty() { key_and_value(part) } else { ("", part) };
            let name = key_name(key);
            if !name.is_empty() {
                (self.key, self.hidden) = (Some(name), false);
            }
            shown.push_str(&if name.len() <= LONGEST_KEY { key.to_owned() } else { stars(key) });
            shown.push_str(&self.value(value));
            first &= part.trim().is_empty();
            let mark = after.chars().next();
            mark.into_iter().for_each(|mark| self.turn(mark));
            shown.extend(mark);
            rest = &after[mark.map_or(0, char::len_utf8)..];
        }
        shown
    }

    /// A value of the current key.
    fn value(&mut self, value: &str) -> String {
        let bare = value.trim().trim_matches(['"', '\'']);
        if bare.is_empty() || is_reference(bare) {
            return value.to_owned();
        }
        // Behind `?` there may be a signature, before `@` a password.
        let plain = self.section() == Some("sources") && !value.contains(['?', '@']);
        let address = self.open && value.contains("://") && !plain;
        self.hidden |= address || value.contains(": ") || !self.is_harmless();
        if self.hidden { stars(value) } else { value.to_owned() }
    }

    fn section(&self) -> Option<&str> {
        self.above.first().copied().or(self.key)
    }

    /// Whether the current key is a known one among known ones.
    fn is_harmless(&self) -> bool {
        let Some(key) = self.key else { return false };
        if !self.open {
            return HARMLESS.contains(&key);
        }
        let named = usize::from(matches!(self.section(), Some("sources" | "exports")));
        let mut below = self.above.iter().skip(1 + named);
        !self.distrusted
            && below.all(|key| MAPPINGS.contains(key))
            && (VALUES.contains(&key) || MAPPINGS.contains(&key))
    }

    /// Goes past a comma, bracket or brace.
    fn turn(&mut self, mark: char) {
        match mark {
            '{' => {
                self.braces.push((mark, self.key));
                self.above.extend(self.key.take());
            }
            '[' => self.braces.push((mark, self.key)),
            ',' if self.braces.last().is_some_and(|(brace, _)| *brace == '{') => self.key = None,
            '}' | ']' => {
                if let Some((brace, key)) = self.braces.pop() {
                    if brace == '{' && key.is_some() {
                        self.above.pop();
                    }
                    self.key = key;
                }
            }
            _ => {}
        }
    }
}
