//! What became of a run, in a sentence for somebody who only reads that.

use enlist_history::{Outcome, RunDocument};

use crate::words::{count, plural};

/// The sentence, and what else has to be said right below it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// One sentence.
    pub(crate) sentence: String,
    /// Further sentences.
    pub(crate) more: Vec<String>,
}

/// The verdict on `run`.
pub(crate) fn of(run: &RunDocument) -> Verdict {
    let outcome = run.outcome.unwrap_or_default();
    match run.status.as_str() {
        "ok" if is_idle(run) => nothing_to_do(run, &outcome),
        "ok" => Verdict { sentence: arrived(run, &outcome), more: rest(run, &outcome) },
        "rejects" => too_many_rejects(run, &outcome),
        "stopped" => stopped(run, &outcome),
        "guarded" => guarded(run, &outcome),
        "locked" => Verdict {
            sentence: "This run did not start: another run of the same export is at work.".to_owned(),
            more: vec![],
        },
        "failed" => failed(run, &outcome),
        other => Verdict { sentence: format!("The run ended as “{other}”."), more: vec![so_far(run, &outcome)] },
    }
}

/// What people call the list.
pub(crate) fn list(run: &RunDocument) -> String {
    run.destination.list_name.clone().unwrap_or_else(|| format!("list {}", run.destination.list))
}

fn is_idle(run: &RunDocument) -> bool {
    run.requests.bulk == 0 && run.outcome.is_some_and(|outcome| outcome.confirmed == 0 && outcome.deferred == 0)
}

/// Only ActiveCampaign's refusals are known from before; rows that break a rule, are suppressed or stand twice are told
/// apart below.
fn nothing_to_do(run: &RunDocument, outcome: &Outcome) -> Verdict {
    let refused = known_refused(run);
    let sentence = match (run.source.rows, outcome.unchanged, refused) {
        (0, ..) => "Nothing to do: the segment is empty.".to_owned(),
        (_, 0, 0) if outcome.skipped > 0 => "Nothing to do: every row was left out on request.".to_owned(),
        (_, 0, 0) => "Nothing to do: no row makes a contact that can be sent.".to_owned(),
        (_, 0, refused) => format!("Nothing to do: {} known to be refused.", are(refused)),
        (_, 2.., 0) if outcome.skipped == 0 => {
            format!("Nothing to do: all {} as confirmed earlier.", are(outcome.unchanged))
        }
        (_, unchanged, 0) => format!("Nothing to do: {} as confirmed earlier.", are(unchanged)),
        (_, unchanged, refused) => format!(
            "Nothing to do: {} as confirmed earlier, and {} {} known to be refused.",
            are(unchanged),
            count(refused),
            if refused == 1 { "is" } else { "are" },
        ),
    };
    let others = outcome.rejected.saturating_sub(refused);
    Verdict { sentence, more: no_contacts(run, others).into_iter().collect() }
}

/// Rows that ActiveCampaign refused.
fn known_refused(run: &RunDocument) -> u64 {
    let theirs = |reason: &str| matches!(reason, "invalid" | "refused" | "import_failed");
    let theirs = run.rejected_by_reason.0.iter().filter(|(reason, _)| theirs(reason));
    theirs.fold(0, |sum, (_, rows)| sum.saturating_add(*rows))
}

fn are(contacts: u64) -> String {
    format!("{} {}", plural(contacts, "contact"), if contacts == 1 { "is" } else { "are" })
}

/// “All” is said only when whatever could be sent has arrived.
fn arrived(run: &RunDocument, outcome: &Outcome) -> String {
    let list = list(run);
    let planned = run.plan.map_or(0, |plan| plan.rejected);
    let contacts = if outcome.unchanged > 0 { "added or changed contact" } else { "contact" };
    match (outcome.confirmed, outcome.rejected.saturating_sub(planned), outcome.deferred) {
        (0, 0, 0) => only_left(run).unwrap_or_else(|| "Done: there was no contact to send.".to_owned()),
        (0, refused, 0) => format!("No contact arrived in {list}: ActiveCampaign refused {}.", count(refused)),
        (1, 0, 0) => format!("The one {contacts} arrived in {list}."),
        (confirmed, 0, 0) => format!("All {} arrived in {list}.", plural(confirmed, contacts)),
        (confirmed, refused, 0) => {
            format!("{} arrived in {list}; ActiveCampaign refused {}.", plural(confirmed, contacts), count(refused))
        }
        (confirmed, _, deferred) => {
            format!("{} arrived in {list}; {} are left for the next run.", plural(confirmed, contacts), count(deferred))
        }
    }
}

/// What a run did that had to do with nobody but those who left the segment.
fn only_left(run: &RunDocument) -> Option<String> {
    let leavers = run.leavers.filter(|leavers| leavers.confirmed > 0)?;
    let (left, list) = (plural(leavers.confirmed, "contact"), list(run));
    Some(format!(
        "Nothing to add or change; {left} that left the segment {} updated in {list}.",
        were(leavers.confirmed)
    ))
}

fn were(number: u64) -> &'static str {
    if number == 1 { "was" } else { "were" }
}

fn rest(run: &RunDocument, outcome: &Outcome) -> Vec<String> {
    let unchanged = (outcome.unchanged > 0).then(|| {
        format!(
            "{} needed nothing: they are as they were confirmed earlier.",
            plural(outcome.unchanged, "other contact")
        )
    });
    let left = run.leavers.filter(|leavers| leavers.confirmed > 0 && outcome.confirmed > 0);
    let left = left.map(|leavers| {
        let number = leavers.confirmed;
        format!("{} that left the segment {} updated too.", plural(number, "contact"), were(number))
    });
    unchanged.into_iter().chain(left).chain(no_contacts(run, outcome.rejected)).collect()
}

fn no_contacts(run: &RunDocument, rejected: u64) -> Option<String> {
    (rejected > 0).then(|| {
        format!(
            "{} of {} did not become contacts; the reasons are below.",
            count(rejected),
            plural(run.source.rows, "row")
        )
    })
}

fn too_many_rejects(run: &RunDocument, outcome: &Outcome) -> Verdict {
    let sentence = match outcome.rejected {
        0 => "More rows were rejected than this export allows.".to_owned(),
        rejected => format!("{} did not become contacts: more than this export allows.", plural(rejected, "row")),
    };
    Verdict { sentence, more: vec![so_far(run, outcome)] }
}

fn guarded(run: &RunDocument, outcome: &Outcome) -> Verdict {
    if run.requests.bulk == 0 {
        return Verdict { sentence: "Nothing was sent: a safety guard held this run back.".to_owned(), more: vec![] };
    }
    Verdict { sentence: "A safety guard held this run back.".to_owned(), more: vec![so_far(run, outcome)] }
}

fn stopped(run: &RunDocument, outcome: &Outcome) -> Verdict {
    // Where a person has to act first, the help of the error says so.
    let then = if run.retryable { "; run the same command again" } else { "" };
    let leavers = run.leavers.map_or(0, |leavers| leavers.deferred);
    let sentence = match outcome.deferred.saturating_add(leavers) {
        0 => format!("Stopped before the end{then}."),
        1 => format!("Stopped with work left: 1 contact waits{then}."),
        waiting => format!("Stopped with work left: {} wait{then}.", plural(waiting, "contact")),
    };
    Verdict { sentence, more: vec![so_far(run, outcome)] }
}

fn failed(run: &RunDocument, outcome: &Outcome) -> Verdict {
    let sentence = match (outcome.confirmed, run.requests.bulk) {
        (0, 0) => "The run failed; nothing was sent.".to_owned(),
        (0, _) => "The run failed before a contact was confirmed.".to_owned(),
        (confirmed, _) => {
            format!("The run failed after {} had arrived in {}.", plural(confirmed, "contact"), list(run))
        }
    };
    let waiting =
        (outcome.deferred > 0).then(|| format!("{} left for the next run.", plural(outcome.deferred, "contact")));
    Verdict { sentence, more: waiting.into_iter().collect() }
}

fn so_far(run: &RunDocument, outcome: &Outcome) -> String {
    match outcome.confirmed {
        0 => "No contact arrived in this run.".to_owned(),
        confirmed => format!("{} arrived in {}.", plural(confirmed, "contact"), list(run)),
    }
}

#[cfg(test)]
mod tests;
