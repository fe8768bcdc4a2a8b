//! One logfmt line (brandur.org/logfmt): `key=value`, quoted only where a value has spaces.

use super::{Progress, Title};

/// The line at `now`, RFC 3339 in UTC.
pub fn render(title: &Title, progress: &Progress, now: &str) -> String {
    let mut line = format!(
        "ts={now} run={} export={} phase={} read={} accepted={}/{} confirmed={} refused={} rejected={} pending={} \
         retries={} throttled={} rate={:.1}/min",
        value(&title.run),
        value(&title.export),
        value(progress.phase),
        progress.read,
        progress.accepted,
        progress.requests_total,
        progress.confirmed,
        progress.refused,
        progress.rejected,
        progress.pending,
        progress.retries,
        progress.throttled,
        progress.rate_per_minute,
    );
    if let Some(left) = progress.left {
        let seconds = left.as_secs();
        let eta = if seconds < 60 { format!("{seconds}s") } else { format!("{}m{}s", seconds / 60, seconds % 60) };
        line.push_str(&format!(" eta={eta}"));
    }
    line
}

fn value(text: &str) -> String {
    let bare =
        !text.is_empty() && text.chars().all(|c| !c.is_whitespace() && !c.is_control() && !matches!(c, '"' | '='));
    if bare { text.to_owned() } else { format!("{text:?}") }
}
