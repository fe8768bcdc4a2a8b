//! The live block: five lines, redrawn in place.

use std::time::Duration;

use super::{Progress, Title};
use crate::render::{Ink, Style, clean, count};

/// Characters of a full bar.
const BAR: u64 = 20;

/// The block for a terminal.
pub fn render(title: &Title, progress: &Progress, style: &Style) -> String {
    let name = title.list_name.as_ref().map(|name| format!(" \"{}\"", clean(name))).unwrap_or_default();
    let target = format!("{} → list {}{name}", clean(&title.export), title.list);
    let rate = format!("{:.1}/min  limit {}", progress.rate_per_minute, progress.limit_per_minute);
    let requests = format!("{} / {} requests", count(progress.accepted), count(progress.requests_total));
    [
        format!("{}   run {}", style.paint(Ink::Bold, target), clean(&title.run)),
        format!("  read       {:>11} rows   {}", count(progress.read), progress.phase),
        format!("  accepted   {} {requests}   {rate}", bar(progress.accepted, progress.requests_total)),
        format!(
            "  confirmed  {} {} contacts   {} requests pending",
            bar(progress.confirmed, progress.contacts_total),
            count(progress.confirmed),
            count(progress.pending)
        ),
        format!(
            "  refused {} · rejected {} · retries {} · throttled {}   {}",
            count(progress.refused),
            count(progress.rejected),
            count(progress.retries),
            count(progress.throttled),
            times(progress, style)
        ),
    ]
    .join("\n")
}

fn times(progress: &Progress, style: &Style) -> String {
    let mut parts = vec![format!("{} elapsed", minutes(progress.elapsed))];
    parts.extend(progress.left.map(|left| format!("{} left", minutes(left))));
    if let Some(deadline) = progress.deadline {
        let met = progress.elapsed + progress.left.unwrap_or_default() <= deadline;
        let sign = if met { style.paint(Ink::Green, "✓") } else { style.paint(Ink::Red, "✗") };
        parts.push(format!("target {} {sign}", minutes(deadline)));
    }
    parts.join(" · ")
}

/// `█` for what is done; empty as long as nobody knows how much there is.
fn bar(done: u64, total: u64) -> String {
    let full = (done.min(total) * BAR).checked_div(total).unwrap_or(0);
    let [full, rest] = [full, BAR - full].map(|width| usize::try_from(width).unwrap_or(0));
    format!("{}{}", "█".repeat(full), "░".repeat(rest))
}

/// `90:00`: minutes and seconds, as clocks of ovens show.
fn minutes(time: Duration) -> String {
    format!("{:02}:{:02}", time.as_secs() / 60, time.as_secs() % 60)
}
