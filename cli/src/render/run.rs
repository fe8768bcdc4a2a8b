//! The summary of `run`.

use enlist_history::Told;

use super::model::{Recovery, RunView};
use super::plan::tally;
use super::{Ink, Style, clean, count, plural, time};
use crate::exit::Exit;
use crate::rejects::nearby;

/// The whole summary. What ended the run early is an error screen of its own.
pub fn screen(run: &RunView, style: &Style) -> String {
    let mut lines: Vec<String> = run.named.then(|| style.paint(Ink::Bold, heading(run))).into_iter().collect();
    lines.extend(run.recovery.iter().map(recovered));
    if is_idle(run) {
        lines.push(style.paint(Ink::Bold, idle(run)));
    } else if let Some(told) = only_told(run) {
        lines.push(style.paint(Ink::Bold, told));
        lines.push(requests(run));
    } else {
        lines.push(style.paint(Ink::Bold, headline(run)));
        lines.push(requests(run));
    }
    lines.extend(rejected(run, style));
    lines.extend(run.leavers.as_ref().and_then(leavers));
    if run.leavers.is_none() && run.counts.leave > 0 && run.exit != Exit::Guard {
        lines.push(format!("  {} left the segment; kept in the list", plural(run.counts.leave, "contact")));
    }
    if run.outcome.deferred > 0 {
        let deferred = count(run.outcome.deferred);
        lines.push(match run.exit {
            // The next run meets the same guard.
            Exit::Guard => format!(
                "  nothing was sent: the {deferred} deferred wait for --allow, or for a segment that the guard lets pass"
            ),
            // It begins from the start: what was to be sent again is not on record.
            _ if run.full => {
                format!("  {deferred} deferred; --full again sends everything, a run without it what changed")
            }
            _ => format!("  the next run sends the {deferred} deferred"),
        });
    } else if !is_idle(run) && run.error.is_none() {
        lines.push("  next run sends only what changed".to_owned());
    }
    if run.rehearsal {
        lines.push("  a rehearsal: all of this went to the simulator, and nothing to ActiveCampaign".to_owned());
    }
    let mut screen = lines.join("\n");
    screen.push('\n');
    for warning in &run.warnings {
        screen.push_str(&super::error::warning(warning, style));
    }
    screen
}

/// `export → list 7 "name"`.
fn heading(run: &RunView) -> String {
    let target = &run.target;
    let name = target.list_name.as_ref().map(|name| format!(" \"{}\"", clean(name))).unwrap_or_default();
    format!("{} → list {}{name}", clean(&target.export), target.list)
}

fn is_idle(run: &RunView) -> bool {
    run.error.is_none() && run.requests.bulk == 0 && run.outcome.deferred == 0
}

fn recovered(recovery: &Recovery) -> String {
    let run = recovery.run.as_deref().map_or_else(|| "an earlier run".to_owned(), clean);
    let confirmed = format!("Recovered {run}: {} confirmed", plural(recovery.confirmed, "request"));
    if recovery.unclear == 0 {
        return format!("{confirmed}.");
    }
    let contacts = plural(recovery.unclear_contacts, "contact");
    format!("{confirmed}, {} unclear ({contacts}) sent again.", count(recovery.unclear))
}

fn idle(run: &RunView) -> String {
    format!("No changes: {} ({}, 0 requests).", nothing_new(run), time(run.time))
}

fn nothing_new(run: &RunView) -> String {
    let known = if run.outcome.rejected > 0 { "confirmed earlier or known bad" } else { "confirmed earlier" };
    format!("{} read, all {known}", plural(run.read.rows, "row"))
}

/// What a run did that had no row to send, only contacts to tell that they left; nothing when it was another one.
fn only_told(run: &RunView) -> Option<String> {
    let told = run.leavers.map_or(0, |leavers| leavers.confirmed);
    let rows = run.outcome.confirmed + run.outcome.deferred + run.refused;
    let only = told > 0 && rows == 0 && run.error.is_none();
    only.then(|| {
        format!("Done in {} — {} told; no row changed: {}", time(run.time), plural(told, "leaver"), nothing_new(run))
    })
}

/// The equation: every row read is on its right side.
fn headline(run: &RunView) -> String {
    let outcome = &run.outcome;
    let verb = match run.exit {
        Exit::Done | Exit::Rejects => "Done in",
        _ => "Stopped after",
    };
    let parts = [
        (outcome.confirmed, "confirmed"),
        (outcome.unchanged, "unchanged"),
        (outcome.rejected, "rejected"),
        (outcome.duplicate, "duplicate"),
        (outcome.deferred, "deferred"),
    ];
    let skipped = Some((outcome.skipped, "skipped")).filter(|(skipped, _)| *skipped > 0);
    let parts: Vec<String> =
        parts.into_iter().chain(skipped).map(|(number, name)| format!("{} {name}", count(number))).collect();
    format!("{verb} {} — {} = {} read", time(run.time), parts.join(", "), count(run.read.rows))
}

fn requests(run: &RunView) -> String {
    let requests = &run.requests;
    let mut parts = vec![
        format!(
            "requests {} ({}, {} throttled)",
            count(requests.bulk),
            if requests.retries == 1 { "1 retry".to_owned() } else { format!("{} retries", count(requests.retries)) },
            count(requests.throttled)
        ),
        format!("{:.1}/min", run.requests_per_minute),
    ];
    // A rate of rows says nothing of a run that sent none.
    if only_told(run).is_none() {
        parts.push(format!("{} contacts/min", count(run.contacts_per_minute.round() as u64)));
    }
    if let Some(deadline) = run.deadline.filter(|deadline| !deadline.is_zero()) {
        let share = run.time.as_secs_f64() / deadline.as_secs_f64() * 100.0;
        let target = match deadline.as_secs() {
            seconds if seconds < 60 => format!("{seconds}-second"),
            seconds => format!("{}-minute", seconds / 60),
        };
        parts.push(format!("{share:.1} % of the {target} target"));
    }
    format!("  {}", parts.join(" · "))
}

fn rejected(run: &RunView, style: &Style) -> Vec<String> {
    let mut lines = Vec::new();
    let rejected = run.outcome.rejected;
    if rejected > 0 && !is_idle(run) {
        let ours = count(rejected.saturating_sub(run.refused));
        let refused = count(run.refused);
        lines.push(format!(
            "  rejected {ours} before sending, {refused} by ActiveCampaign: {}",
            tally(&run.rejected_by_reason)
        ));
    }
    if run.exit == Exit::Rejects {
        lines.push(style.paint(Ink::Red, "  more rejected rows than max_rejects allows"));
    }
    if let Some(file) = &run.rejects_file {
        lines.push(format!("  see {}", clean(&nearby(file))));
    }
    lines
}

/// Contacts that left; nothing when there is none.
fn leavers(leavers: &enlist_history::Leavers) -> Option<String> {
    let parts = [
        (leavers.confirmed, if leavers.told == Told::Unsubscribed { "unsubscribed now" } else { "told now" }),
        (leavers.unchanged, if leavers.told == Told::Unsubscribed { "unsubscribed before" } else { "told before" }),
        (leavers.rejected, "refused"),
        (leavers.deferred, "deferred"),
        (leavers.unknown, "left before their emails were kept"),
    ];
    let parts = parts.into_iter().filter(|(number, _)| *number > 0);
    let parts: Vec<String> = parts.map(|(number, name)| format!("{} {name}", count(number))).collect();
    (!parts.is_empty()).then(|| format!("  leavers {}", parts.join(", ")))
}

#[cfg(test)]
pub mod tests;
