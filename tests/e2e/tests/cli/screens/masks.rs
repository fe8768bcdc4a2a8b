//! What differs from run to run, in the same width where it has one.

use std::path::Path;

use serde_json::Value;

/// Texts of fixed form: `0` stands for any digit, `x` for any hexadecimal digit, `*` for any letter or
/// digit, every other character for itself. The first that fits wins.
const FORMS: [(&str, &str); 9] = [
    ("r_00000000_000000_000_xxxx", "r_YYYYMMDD_hhmmss_nnn_rrrr"),
    ("r_00000000_000000_000", "r_YYYYMMDD_hhmmss_nnn"),
    ("0000-00-00T00:00:00.000Z", "YYYY-MM-DDThh:mm:ss.nnnZ"),
    ("0000-00-00T00:00:00Z", "YYYY-MM-DDThh:mm:ssZ"),
    ("0000-00-00 00:00:00", "YYYY-MM-DD hh:mm:ss"),
    ("0000-00-00 00:00", "YYYY-MM-DD hh:mm"),
    ("/.enlist-******", "/.enlist-RANDOM"),
    ("/.findings-******", "/.findings-RANDOM"),
    ("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "KEYKEYKEYKEYKEYKEYKEYKEYKEYKEYKE"),
];

/// Keys of documents whose values are measured.
const MEASURED: [&str; 8] = [
    "seconds",
    "requests_per_min",
    "contacts_per_min",
    "throttle_seconds",
    "used_fraction",
    "latency_ms",
    "timeline",
    "other",
];

/// `text` without what differs from run to run. A line that is a document is written out, a key a line.
pub fn masked(text: &str, folder: &Path, host: Option<&str>) -> String {
    let text = text.replace(&folder.display().to_string(), "/FOLDER");
    let text = host.map_or_else(|| text.clone(), |host| text.replace(host, "127.0.0.1:8025"));
    let mut lines = String::new();
    for line in text.lines() {
        let whole = line.starts_with('{').then(|| serde_json::from_str::<Value>(line).ok()).flatten();
        let line = match whole {
            Some(mut document) => {
                unmeasured(&mut document);
                serde_json::to_string_pretty(&document).unwrap()
            }
            None => line.to_owned(),
        };
        lines.push_str(&untimed(&formless(&line)));
        lines.push('\n');
    }
    lines.replace(env!("CARGO_PKG_VERSION"), "VERSION")
}

fn unmeasured(value: &mut Value) {
    match value {
        Value::Object(keys) => {
            for (key, value) in keys {
                if MEASURED.contains(&key.as_str()) && !value.is_null() {
                    *value = Value::from("MEASURED");
                } else {
                    unmeasured(value);
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(unmeasured),
        _ => {}
    }
}

fn formless(line: &str) -> String {
    let mut masked = String::new();
    let mut rest = line;
    while let Some(next) = rest.chars().next() {
        let (said, width) = match FORMS.iter().find(|(form, _)| fits(rest, form)) {
            Some((form, mask)) => ((*mask).to_owned(), form.len()),
            None => (next.to_string(), next.len_utf8()),
        };
        masked.push_str(&said);
        rest = &rest[width..];
    }
    masked
}

fn fits(text: &str, form: &str) -> bool {
    let one = |(c, form): (char, char)| match form {
        '0' => c.is_ascii_digit(),
        'x' => c.is_ascii_hexdigit(),
        '*' => c.is_ascii_alphanumeric(),
        form => c == form,
    };
    text.chars().count() >= form.len() && text.chars().zip(form.chars()).all(one)
}

/// Numbers before a unit of time, of a rate, or of the time that was used up.
fn untimed(line: &str) -> String {
    let mut masked = String::new();
    let mut rest = line;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, from) = rest.split_at(start);
        masked.push_str(before);
        let end = from.find(|c: char| !c.is_ascii_digit() && c != '.' && c != ',').unwrap_or(from.len());
        let (number, behind) = from.split_at(end);
        let measured = [" s", " ms", "/min", " contacts/min", " % of the 90-minute target"].iter().any(|unit| {
            let after = behind.strip_prefix(unit).map(|after| after.chars().next());
            after.is_some_and(|next| next.is_none_or(|c| !c.is_alphanumeric()))
        });
        let free = !before.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '-');
        masked.push_str(if measured && free { "N" } else { number });
        rest = behind;
    }
    masked + rest
}
