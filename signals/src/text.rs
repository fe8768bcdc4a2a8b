//! Text of documents, in the measure of people.

use chrono::{DateTime, Utc};
use enlist_history::RunDocument;

/// Longest text of a document that is shown to people, in characters.
const LONGEST: usize = 300;

/// `text` on one line, no longer than people read, and in the order in which it is written.
pub(crate) fn line(text: &str) -> String {
    let mut line: String = text.chars().take(LONGEST).map(|c| if breaks(c) { ' ' } else { c }).collect();
    if text.chars().nth(LONGEST).is_some() {
        line.push('…');
    }
    line.trim().to_owned()
}

/// Whether `c` ends a line or turns around the direction of what follows.
fn breaks(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// `number` with commas between thousands.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 row`, `2,000 rows`.
pub(crate) fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// A length of time: `8.2 s`, `14 min 5 s`, `1 h 20 min`.
pub(crate) fn length(seconds: f64) -> String {
    if seconds < 60.0 {
        return format!("{:.1} s", seconds.max(0.0));
    }
    // Whole seconds from here on; `as` saturates.
    let whole = seconds.round() as u64;
    match whole / 3_600 {
        0 => format!("{} min {} s", whole / 60, whole % 60),
        hours => format!("{hours} h {} min", whole % 3_600 / 60),
    }
}

/// Where the run went, as people call it.
pub(crate) fn destination(run: &RunDocument) -> String {
    let to = &run.destination;
    let list = match &to.list_name {
        Some(name) => format!("list {} \"{name}\"", to.list),
        None => format!("list {}", to.list),
    };
    match to.display_name.as_deref().unwrap_or(&to.host) {
        "" => list,
        account => format!("{list} at {account}"),
    }
}

/// A moment of a document; none when it is not RFC 3339.
pub(crate) fn moment(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc())
}
