//! Lines of a configuration as they may be shown. Any value may be a key, however it came there, so a value shows only
//! where its place in the file is known to hold no secret.

use super::interpolate::is_name;

/// Sections whose known keys show their values. Everything else is read as `connections`, whatever it is called.
const OPEN: [&str; 5] = ["version", "sources", "exports", "defaults", "state"];

/// Keys of a connection whose values are no secret.
const HARMLESS: [&str; 4] = ["host", "ca_file", "display_name", "allow_host"];

/// Keys of the open sections that have a value or a list of them; `notify` is none, its address may be a secret.
const VALUES: [&str; 24] = [
    "version",
    "path",
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
];

/// Keys of the open sections that have keys below them.
const MAPPINGS: [&str; 9] =
    ["sources", "exports", "defaults", "state", "map", "fields", "unique_by", "guards", "rejects"];

/// A longer key is not one of ours, and may be one of the account's.
const LONGEST_KEY: usize = 40;

/// Line `number` (from 1) of `text`. A value that may be a secret has a star in place of each character, so that columns
/// stay what they are.
pub fn line(text: &str, number: u64) -> Option<String> {
    let index = usize::try_from(number).ok()?.checked_sub(1)?;
    let line = text.lines().nth(index)?;
    let mut place = Place::default();
    text.lines().take(index).for_each(|line| place.pass(line));
    Some(without_key(&place.shown(line)))
}

/// Where a line stands: the keys above it.
#[derive(Default)]
struct Place<'a> {
    /// Indentation of the sections, once there is a line.
    margin: Option<usize>,
    /// Whether the lines belong to an open section.
    open: bool,
    /// Whether something of a section that is not open was begun and not ended: nothing is trusted from there on.
    lost: bool,
    /// Brackets and braces that the section has not closed.
    depth: usize,
    /// Keys that hold the next line, with their indentation; the section is the first.
    keys: Vec<(usize, &'a str)>,
}

impl<'a> Place<'a> {
    /// Goes on to the next line.
    fn pass(&mut self, line: &'a str) {
        let (code, _) = comment(line);
        if self.enter(code) {
            let (opened, closed, quoted) = brackets(code);
            self.depth = (self.depth + opened).saturating_sub(closed);
            self.lost |= !self.open && (self.depth > 0 || quoted);
        }
    }

    /// Takes the keys that end before this line away, and puts its own on top. Tells whether there is anything in it.
    fn enter(&mut self, code: &'a str) -> bool {
        let content = code.trim_start_matches(['\u{feff}', ' ', '\t']);
        if matches!(content.trim_end(), "" | "---" | "...") {
            return false;
        }
        let indentation = code.trim_start_matches('\u{feff}').chars().take_while(|c| matches!(c, ' ' | '\t')).count();
        let name = key_name(key_and_value(content).0);
        if self.margin.is_none_or(|margin| indentation <= margin) {
            self.margin = Some(indentation);
            self.keys.clear();
            self.open = !self.lost && OPEN.contains(&name);
            self.depth = 0;
        }
        let list = content.starts_with("- ");
        self.keys.retain(|(above, _)| *above < indentation || (list && *above == indentation));
        if !name.is_empty() && !list {
            self.keys.push((indentation, name));
        }
        true
    }

    /// The line with its comment starred, and its values but for references and for what is known to be harmless.
    fn shown(mut self, line: &'a str) -> String {
        let (code, remark) = comment(line);
        let broken_off = self.depth > 0;
        if !self.enter(code) {
            return code.to_owned() + &stars(remark);
        }
        let content = code.trim_start_matches(['\u{feff}', ' ', '\t']);
        let keyed = !content.starts_with("- ") && !key_name(key_and_value(content).0).is_empty();
        let own = self.keys.pop().map(|(_, name)| name);
        let above = self.keys.iter().map(|(_, name)| *name).collect();
        // A line of its own shows with the key above it only where that key has no keys below it.
        let governing = own.filter(|own| keyed || (self.open && VALUES.contains(own)));
        let distrusted = broken_off && self.depth > 0;
        Line { open: self.open, distrusted, above, braces: Vec::new(), key: governing, hidden: false }.shown(code)
            + &stars(remark)
    }
}

/// A line on the way from its first to its last character.
struct Line<'a> {
    open: bool,
    /// Whether it goes on with brackets of an earlier line.
    distrusted: bool,
    /// The keys around the current one.
    above: Vec<&'a str>,
    /// The brackets that the line has opened, with the key each stands behind.
    braces: Vec<(char, Option<&'a str>)>,
    /// The key that the next value belongs to, if any.
    key: Option<&'a str>,
    /// Whether something of the current value had to be hidden: then the rest of it is too.
    hidden: bool,
}

impl<'a> Line<'a> {
    fn shown(mut self, line: &'a str) -> String {
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
        let address = self.open && value.contains("://") && self.section() != Some("sources");
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

/// Stars in place of everything but white space.
fn stars(text: &str) -> String {
    text.chars().map(|c| if matches!(c, ' ' | '\t') { c } else { '*' }).collect()
}

/// A line without its comment, and the comment.
fn comment(line: &str) -> (&str, &str) {
    let (mut quote, mut before) = (None, ' ');
    for (at, c) in line.char_indices() {
        match c {
            _ if quote.is_some() => quote = quote.filter(|&open| open != c),
            '"' | '\'' if matches!(before, ' ' | ':' | '[' | '{' | ',') => quote = Some(c),
            '#' if matches!(before, ' ' | '\t') => return line.split_at(at),
            _ => {}
        }
        before = c;
    }
    (line, "")
}

/// How many brackets a line opens, how many it closes, and whether it ends inside quotes.
fn brackets(line: &str) -> (usize, usize, bool) {
    let (mut opened, mut closed, mut rest) = (0, 0, line);
    loop {
        let (part, after) = rest.split_at(end_of_part(rest));
        let Some(mark) = after.chars().next() else {
            let value = key_and_value(part).1.trim();
            let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
            return (opened, closed, quote.is_some_and(|quote| value.len() == 1 || !value.ends_with(quote)));
        };
        opened += usize::from(matches!(mark, '{' | '['));
        closed += usize::from(matches!(mark, '}' | ']'));
        rest = &after[mark.len_utf8()..];
    }
}

/// The name in `name:`, however it is written.
fn key_name(key: &str) -> &str {
    let white = ['\u{feff}', ' ', '\t'];
    key.trim_matches(white).trim_end_matches(':').trim_matches(white).trim_matches(['"', '\''])
}

/// Where the first `,`, bracket or brace stands outside quotes and references.
fn end_of_part(text: &str) -> usize {
    let (mut quote, mut reference, mut before) = (None, false, ' ');
    for (at, c) in text.char_indices() {
        match c {
            _ if quote.is_some() => quote = quote.filter(|&open| open != c),
            '"' | '\'' if matches!(before, ' ' | ':') => quote = Some(c),
            '{' if before == '$' => reference = true,
            '}' if reference => reference = false,
            ',' | '{' | '}' | '[' | ']' => return at,
            _ => {}
        }
        before = c;
    }
    text.len()
}

/// `key: value`, `key:` or a value alone, which has an empty key.
fn key_and_value(part: &str) -> (&str, &str) {
    let colons = part.match_indices(':').map(|(at, _)| at + 1);
    let mut ends = colons.filter(|&after| part[after..].chars().next().is_none_or(|c| c == ' '));
    part.split_at(ends.next().unwrap_or(0))
}

/// Whether `value` is one reference and nothing else. A default may be the secret itself, so it does not count as one.
fn is_reference(value: &str) -> bool {
    let Some(inside) = value.strip_prefix("${").and_then(|value| value.strip_suffix('}')) else { return false };
    let (name, rest) = inside.split_once(':').unwrap_or((inside, ""));
    let secret = rest.starts_with('-') && rest != "-";
    is_name(name) && !secret && !inside.contains(['{', '}', '$'])
}

/// The line without the value of `api_key`, unless the value is a reference.
fn without_key(line: &str) -> String {
    let Some((before, value)) = line.split_once("api_key") else {
        return line.to_owned();
    };
    let value = value.trim_start_matches(['"', '\'', ':', ' ']);
    if value.is_empty() || (value.starts_with("${") && value.contains('}')) {
        return line.to_owned();
    }
    format!("{before}api_key: (hidden)")
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn under_connections_values_are_starred_and_names_and_references_stay() {
        for (written, shown) in [
            ("connections: { a: { host: h.example.com, token: s3cret } }", None),
            ("  token: s3cret", Some("  token: ******")),
            ("  \"token\": 's3cret, {x'", Some("  \"token\": ******** ***")),
            ("  - s3cret", Some("  * ******")),
            ("  s3cret", Some("  ******")),
            ("s3cret", Some("******")),
            ("  host: https://acme.example.com/api/3", Some("  host: https://acme.example.com/api/3")),
            ("  secret: ${KEY}", Some("  secret: ${KEY}")),
            ("  secret: \"${file:key}\"", Some("  secret: \"${file:key}\"")),
            ("  secret: ${s3cret", Some("  secret: ********")),
            ("  secret: ${7-s3cret}", Some("  secret: ***********")),
            ("  secret: ${A:-s3cret}", Some("  secret: ************")),
            ("  secret: ${A}s3cret${B}", Some("  secret: **************")),
            ("  a: { x: s3cret, host: h }", Some("  a: { x: ******, host: h }")),
            ("  a: { host: h, s3cret }", Some("  a: { host: h, ****** }")),
            ("  a: { x: \"s3cret", Some("  a: { x: *******")),
            ("  marketing:", Some("  marketing:")),
            ("  api_key: s3cret", Some("  api_key: (hidden)")),
            ("  api_key: ${KEY}", Some("  api_key: ${KEY}")),
            ("  api_key: ${s3cret", Some("  api_key: (hidden)")),
        ] {
            let text = format!("version: 1\nconnections:\n{written}\n");
            let seen = line(&text, 3).unwrap();
            assert!(!seen.contains("s3cret"), "{seen}");
            if let Some(shown) = shown {
                assert_eq!(seen, shown, "{written}");
            }
        }
    }

    #[test]
    fn elsewhere_lines_are_shown_but_for_a_key() {
        let text = "connections:\n  a: s3cret\nexports:\n  x: { list: seven }\napi_key: s3cret\n";
        assert_eq!(line(text, 2).as_deref(), Some("  a: ******"));
        assert_eq!(line(text, 4).as_deref(), Some("  x: { list: seven }"));
        assert_eq!(line(text, 5).as_deref(), Some("api_key: (hidden)"));
        assert_eq!((line(text, 0), line(text, 6)), (None, None));
        let text =
            "defaults: { notify: \"https://x/s3cret\", connection: a }\nexports:\n  x: { list: 7, notify: [s3cret] }\n";
        assert_eq!(line(text, 1).as_deref(), Some("defaults: { notify: ******************, connection: a }"));
        assert_eq!(line(text, 3).as_deref(), Some("  x: { list: 7, notify: [******] }"));
    }
}
