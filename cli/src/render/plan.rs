//! The screen of `plan`.

use super::model::{PlanView, Tally};
use super::{Ink, Style, clean, count, error, plural, size, time};

/// Width of the labels, so that numbers stand below each other.
const LABEL: usize = 11;

/// The whole screen.
pub fn screen(plan: &PlanView, style: &Style) -> String {
    let mut lines = vec![heading(plan, style), String::new()];
    lines.extend(mapping(plan, style));
    lines.extend(rows(plan, style));
    lines.push(String::new());
    lines.extend(work(plan, style));
    lines.push(String::new());
    let mut screen = lines.join("\n");
    screen.push('\n');
    for warning in &plan.warnings {
        screen.push_str(&error::warning(warning, style));
    }
    for objection in &plan.objections {
        let code = format!("guard::{}", objection.guard);
        screen.push_str(&error::headline("error", Ink::Red, &code, &objection.message, style));
        screen.push_str(&format!("  {} {}\n", style.paint(Ink::Cyan, "help:"), clean(&objection.help)));
    }
    screen.push_str(&verdict(plan, style));
    screen
}

/// `export → list 7 "name" at host`.
fn heading(plan: &PlanView, style: &Style) -> String {
    let target = &plan.target;
    let name = target.list_name.as_ref().map(|name| format!(" \"{}\"", clean(name))).unwrap_or_default();
    let line = format!("{} → list {}{name} at {}", clean(&target.export), target.list, target.account());
    style.paint(Ink::Bold, line)
}

/// What the names of the columns were taken to mean, since nobody wrote it down.
fn mapping(plan: &PlanView, style: &Style) -> Vec<String> {
    if plan.mapping.is_empty() {
        return Vec::new();
    }
    let pairs: Vec<String> =
        plan.mapping.iter().map(|(part, column)| format!("{} ← {}", clean(part), clean(column))).collect();
    let mut lines = vec![format!("  {:<LABEL$} {}   by column name", "mapping", pairs.join(" · "))];
    if !plan.unused.is_empty() {
        let unused: Vec<_> = plan.unused.iter().map(|column| clean(column)).collect();
        lines.push(style.paint(Ink::Dim, format!("  {:<LABEL$} {}", "not sent", unused.join(" · "))));
    }
    lines.push(String::new());
    lines
}

/// What happens to the rows: one line a fate, without those that nothing meets.
fn rows(plan: &PlanView, style: &Style) -> Vec<String> {
    let counts = &plan.counts;
    let unchanged = match &plan.last_run {
        Some((run, ago)) => format!("same as last confirmed (run {}, {} ago)", clean(run), time(*ago)),
        None => "same as last confirmed".to_owned(),
    };
    let fates = [
        ('+', Ink::Green, "add", counts.add, String::new()),
        ('~', Ink::Yellow, "update", counts.update, String::new()),
        ('=', Ink::Dim, "unchanged", counts.unchanged, unchanged),
        ('-', Ink::Dim, "leave", counts.leave, leaving(plan)),
        ('!', Ink::Red, "rejected", counts.rejected, tally(&plan.rejected_by_reason)),
        ('»', Ink::Dim, "duplicate", counts.duplicate, "same email as another row".to_owned()),
        ('·', Ink::Dim, "skipped", counts.skipped, "left to a later run".to_owned()),
    ];
    let width = fates.iter().map(|fate| fate.3).chain([plan.read.rows]).map(|n| count(n).len()).max().unwrap_or(0);
    let mut lines = vec![
        format!("  {:<LABEL$} {:>width$} rows   {}", "source", count(plan.read.rows), read(plan)).trim_end().to_owned(),
    ];
    for (sign, ink, name, number, note) in fates {
        let told = name == "leave" && plan.leavers.as_ref().is_some_and(|(_, it)| it.tell + it.told + it.unknown > 0);
        if number > 0 || name == "add" || told {
            let sign = style.paint(ink, sign.to_string());
            let note = style.paint(Ink::Dim, note);
            let line = format!("  {sign} {name:<rest$} {:>width$}        {note}", count(number), rest = LABEL - 2);
            lines.push(line.trim_end().to_owned());
        }
    }
    lines
}

/// What becomes of contacts that left.
fn leaving(plan: &PlanView) -> String {
    let Some((policy, counts)) = &plan.leavers else {
        return "no longer in the segment, kept in the list (leavers: keep)".to_owned();
    };
    let mut note = format!("no longer in the segment: {} to be told ({})", count(counts.tell), clean(policy));
    if counts.told > 0 {
        note.push_str(&format!(", {} told before", count(counts.told)));
    }
    if counts.unknown > 0 {
        note.push_str(&format!(", {} left before their emails were kept", count(counts.unknown)));
    }
    note
}

fn read(plan: &PlanView) -> String {
    let read = &plan.read;
    let parts: Vec<String> =
        [read.files.map(|files| plural(files, "file")), read.bytes.map(size)].into_iter().flatten().collect();
    let files = if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) };
    format!("{}{files} in {}", clean(&read.source), time(read.time))
}

/// What it takes.
fn work(plan: &PlanView, style: &Style) -> Vec<String> {
    let work = &plan.work;
    let mut lines = Vec::new();
    if work.requests > 0 {
        let met = plan.deadline.map(|deadline| {
            let sign =
                if work.time <= deadline { style.paint(Ink::Green, "✓") } else { style.paint(Ink::Red, "✗") };
            format!("   target {} {sign}", time(deadline))
        });
        lines.push(format!(
            "  {:<LABEL$} {} of {} (largest {})   ≈ {} at {}/min{}",
            "requests",
            count(work.requests),
            plural(work.contacts_per_request, "contact"),
            size(work.largest),
            time(work.time),
            work.limit_per_minute,
            met.unwrap_or_default(),
        ));
    }
    if let Some((limit, used)) = plan.headroom {
        let after = used + plan.counts.add;
        let verdict = if after > limit {
            style.paint(Ink::Red, format!("  ✗ exceeds your plan by {}", count(after - limit)))
        } else {
            String::new()
        };
        let (used, limit, after) = (count(used), count(limit), count(after));
        lines
            .push(format!("  {:<LABEL$} {used} of {limit} used → at most {after} after this run{verdict}", "contacts"));
    }
    lines.push(if plan.automations {
        format!(
            "  {} · nobody is re-subscribed",
            style.paint(Ink::Bold, "automations ON: each added contact may get mail")
        )
    } else {
        "  automations off · nobody is re-subscribed".to_owned()
    });
    if plan.first_load {
        lines.push("  No state yet: everything is sent once; later runs send changes only.".to_owned());
    }
    lines
}

fn verdict(plan: &PlanView, style: &Style) -> String {
    let counts = &plan.counts;
    let tell = plan.leavers.as_ref().map_or(0, |(_, leavers)| leavers.tell);
    let told = if tell > 0 { format!(" {} to be told that they left.", count(tell)) } else { String::new() };
    let line = if counts.add + counts.update == 0 && tell > 0 {
        format!("Plan: no row to send, {} unchanged, {} rejected.", count(counts.unchanged), count(counts.rejected))
    } else if counts.add + counts.update == 0 {
        format!("Plan: nothing to send, {} unchanged, {} rejected.", count(counts.unchanged), count(counts.rejected))
    } else {
        format!(
            "Plan: {} to add, {} to update, {} unchanged, {} rejected.",
            count(counts.add),
            count(counts.update),
            count(counts.unchanged),
            count(counts.rejected)
        )
    };
    format!("{}\n", style.paint(Ink::Bold, line + &told))
}

/// `bad email 1,958 · no email 702`, the most frequent first.
pub fn tally(tally: &Tally) -> String {
    let mut sorted: Vec<_> = tally.iter().filter(|(_, number)| *number > 0).collect();
    sorted.sort_by_key(|(name, number)| (std::cmp::Reverse(*number), name.clone()));
    let parts: Vec<String> =
        sorted.iter().map(|(name, number)| format!("{} {}", clean(&name.replace('_', " ")), count(*number))).collect();
    parts.join(" · ")
}

#[cfg(test)]
mod tests;
