//! The parts of a line of YAML, as far as it takes to tell a key from a value.

use crate::spec::interpolate::is_name;

/// Stars in place of everything but white space.
pub fn stars(text: &str) -> String {
    text.chars().map(|c| if matches!(c, ' ' | '\t') { c } else { '*' }).collect()
}

/// A line without its comment, and the comment.
pub fn comment(line: &str) -> (&str, &str) {
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
pub fn brackets(line: &str) -> (usize, usize, bool) {
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
pub fn key_name(key: &str) -> &str {
    let white = ['\u{feff}', ' ', '\t'];
    key.trim_matches(white).trim_end_matches(':').trim_matches(white).trim_matches(['"', '\''])
}

/// Where the first `,`, bracket or brace stands outside quotes and references.
pub fn end_of_part(text: &str) -> usize {
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
pub fn key_and_value(part: &str) -> (&str, &str) {
    let colons = part.match_indices(':').map(|(at, _)| at + 1);
    let mut ends = colons.filter(|&after| part[after..].chars().next().is_none_or(|c| matches!(c, ' ' | '\t')));
    part.split_at(ends.next().unwrap_or(0))
}

/// Whether `value` is one reference and nothing else. A default may be the secret itself, so it does not count as one.
pub fn is_reference(value: &str) -> bool {
    let Some(inside) = value.strip_prefix("${").and_then(|value| value.strip_suffix('}')) else { return false };
    let (name, rest) = inside.split_once(':').unwrap_or((inside, ""));
    let secret = rest.starts_with('-') && rest != "-";
    is_name(name) && !secret && !inside.contains(['{', '}', '$'])
}
