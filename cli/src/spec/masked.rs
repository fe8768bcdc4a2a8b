//! Lines of a configuration as they may be shown. Any value may be a key, however it came there, so a value shows only
//! where its place in the file is known to hold no secret.

mod token;
mod values;

use token::{brackets, comment, key_and_value, key_name, stars};
use values::{Line, VALUES};

/// Sections whose known keys show their values. Everything else is read as `connections`, whatever it is called.
const OPEN: [&str; 5] = ["version", "sources", "exports", "defaults", "state"];

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
        // A line without a key shows with the key above it only where that one has no keys below it. What an export is
        // called is no such key.
        let is_name = matches!(self.keys[..], [(_, "sources" | "exports")]);
        let governing = own.filter(|own| keyed || (self.open && !is_name && VALUES.contains(own)));
        let distrusted = broken_off && self.depth > 0;
        Line { open: self.open, distrusted, above, braces: Vec::new(), key: governing, hidden: false }.shown(code)
            + &stars(remark)
    }
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
