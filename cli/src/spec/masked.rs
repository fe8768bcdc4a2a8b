//! Lines of a configuration as they may be shown: under `connections`, any value may be a key, however it came there;
//! elsewhere, the address of somebody who is notified may be a secret.

use super::interpolate::is_name;

/// Keys of a connection whose values are no secret.
const HARMLESS: [&str; 4] = ["host", "ca_file", "display_name", "allow_host"];

/// Keys elsewhere whose values may be one.
const SECRET: [&str; 1] = ["notify"];

/// Line `number` (from 1) of `text`. A value that may be a secret has a star in place of each character, so that columns
/// stay what they are.
pub fn line(text: &str, number: u64) -> Option<String> {
    let index = usize::try_from(number).ok()?.checked_sub(1)?;
    let line = text.lines().nth(index)?;
    let section = text.lines().take(index + 1).filter_map(section).last();
    let connection = section == Some("connections");
    let harmless = |key: &str| if connection { HARMLESS.contains(&key) } else { !SECRET.contains(&key) };
    Some(without_key(&starred(line, harmless)))
}

/// The name of the section that begins with `line`, if one does.
fn section(line: &str) -> Option<&str> {
    let (name, _) = line.split_once(':')?;
    let name = name.trim_matches(['"', '\'']);
    (!name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')).then_some(name)
}

/// The line with its values starred, but for references and for keys that are harmless. A value alone goes with the key
/// before it.
fn starred(line: &str, harmless: impl Fn(&str) -> bool) -> String {
    let mut shown = String::with_capacity(line.len());
    let mut rest = line;
    let mut keep = harmless("");
    while !rest.is_empty() {
        let end = end_of_part(rest);
        let (part, after) = rest.split_at(end);
        let (key, value) = key_and_value(part);
        let name = key.trim().trim_end_matches(':').trim_matches(['"', '\'']);
        keep = harmless(name) && (keep || !name.is_empty());
        shown.push_str(key);
        if keep || is_reference(value.trim().trim_matches(['"', '\''])) {
            shown.push_str(value);
        } else {
            shown.extend(value.chars().map(|c| if matches!(c, ' ' | '\t') { c } else { '*' }));
        }
        let mark = after.chars().next().map_or(0, char::len_utf8);
        shown.push_str(&after[..mark]);
        rest = &after[mark..];
    }
    shown
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
