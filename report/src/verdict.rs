//! What became of a run, in a sentence for somebody who only reads that.

mod guard;

use enlist_history::{Outcome, RunDocument};

use crate::leavers::told;
use crate::rejects::Rejects;
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
    if is_killed(run) {
        return killed();
    }
    let outcome = run.outcome.unwrap_or_default();
    match run.status.as_str() {
        "ok" if is_idle(run) => nothing_to_do(run, &outcome),
        "ok" => Verdict { sentence: arrived(run, &outcome), more: rest(run, &outcome) },
        "rejects" => too_many_rejects(run, &outcome),
        "stopped" => stopped(run, &outcome),
        "guarded" => guard::verdict(run, &outcome),
        "locked" => Verdict {
            sentence: "This run did not start: another run of the same export is at work.".to_owned(),
            more: vec![],
        },
        "failed" => failed(run, &outcome),
        other => Verdict { sentence: format!("The run ended as “{other}”."), more: so_far(run, &outcome) },
    }
}

/// Whether the process of `run` is gone without a word, so that nobody knows yet what arrived.
pub(crate) fn is_killed(run: &RunDocument) -> bool {
    run.error.as_ref().is_some_and(|error| error.code == "run::killed")
}

fn killed() -> Verdict {
    let sentence =
        "The run was ended from outside (its process is gone); the next run finds out what arrived and continues.";
    Verdict { sentence: sentence.to_owned(), more: vec![] }
}

/// What people call the list.
pub(crate) fn list(run: &RunDocument) -> String {
    run.destination.list_name.clone().unwrap_or_else(|| format!("list {}", run.destination.list))
}

fn is_idle(run: &RunDocument) -> bool {
    let leavers = run.leavers.is_none_or(|leavers| leavers.confirmed == 0 && leavers.deferred == 0);
    let rows = run.outcome.is_some_and(|outcome| outcome.confirmed == 0 && outcome.deferred == 0);
    run.requests.bulk == 0 && rows && leavers
}

/// Only ActiveCampaign's refusals are known to be refused; rows that break a rule, are suppressed or stand twice are told
/// apart below.
fn nothing_to_do(run: &RunDocument, outcome: &Outcome) -> Verdict {
    let rejects = Rejects::of(run, outcome);
    let sentence = match (run.source.rows, outcome.unchanged, rejects.theirs()) {
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
    Verdict { sentence, more: rejects.sentence(run.source.rows).into_iter().collect() }
}

fn are(contacts: u64) -> String {
    format!("{} {}", plural(contacts, "contact"), if contacts == 1 { "is" } else { "are" })
}

/// “All” is said only when whatever could be sent has arrived.
fn arrived(run: &RunDocument, outcome: &Outcome) -> String {
    let list = list(run);
    let contacts = if outcome.unchanged > 0 { "added or changed contact" } else { "contact" };
    match (outcome.confirmed, Rejects::of(run, outcome).refused, outcome.deferred) {
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
    let refused = run
        .leavers
        .filter(|leavers| leavers.rejected > 0)
        .map(|leavers| format!("ActiveCampaign refused {} that left the segment", plural(leavers.rejected, "contact")));
    told(run).or(refused).map(|left| format!("Nothing to add or change; {left}."))
}

fn rest(run: &RunDocument, outcome: &Outcome) -> Vec<String> {
    let unchanged = (outcome.unchanged > 0).then(|| {
        format!(
            "{} needed nothing: they are as they were confirmed earlier.",
            plural(outcome.unchanged, "other contact")
        )
    });
    // Where there was nobody else, the sentence says it.
    let others = outcome.confirmed > 0 || outcome.deferred > 0 || Rejects::of(run, outcome).refused > 0;
    let left = told(run).filter(|_| others).map(|left| format!("{left}."));
    unchanged.into_iter().chain(left).chain(Rejects::of(run, outcome).sentence(run.source.rows)).collect()
}

fn too_many_rejects(run: &RunDocument, outcome: &Outcome) -> Verdict {
    let rows = plural(outcome.rejected, "row");
    let up_to_date = outcome.unchanged > 0 && outcome.confirmed == 0 && outcome.deferred == 0;
    let sentence = match outcome.rejected {
        0 => "More rows were rejected than this export allows.".to_owned(),
        _ if up_to_date => format!(
            "{} up to date already; {rows} did not become contacts, more than this export allows.",
            are(outcome.unchanged)
        ),
        _ => format!("{rows} did not become contacts: more than this export allows."),
    };
    let mut more = if up_to_date && outcome.rejected > 0 {
        told(run).map(|left| format!("{left}.")).into_iter().collect()
    } else {
        so_far(run, outcome)
    };
    more.extend(left_over(outcome));
    more.extend(Rejects::of(run, outcome).sentence(run.source.rows));
    Verdict { sentence, more }
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
    Verdict { sentence, more: so_far(run, outcome) }
}

fn failed(run: &RunDocument, outcome: &Outcome) -> Verdict {
    let left = told(run);
    let sentence = match (outcome.confirmed, run.requests.bulk, &left) {
        (0, 0, None) => "The run failed; nothing was sent.".to_owned(),
        (0, _, None) => "The run failed before a contact was confirmed.".to_owned(),
        (0, _, Some(left)) => format!("The run failed after {left}."),
        (confirmed, ..) => {
            format!("The run failed after {} had arrived in {}.", plural(confirmed, "contact"), list(run))
        }
    };
    let left = left.filter(|_| outcome.confirmed > 0).map(|left| format!("{left}."));
    Verdict { sentence, more: left.into_iter().chain(left_over(outcome)).collect() }
}

fn left_over(outcome: &Outcome) -> Option<String> {
    (outcome.deferred > 0).then(|| format!("{} left for the next run.", are(outcome.deferred)))
}

fn so_far(run: &RunDocument, outcome: &Outcome) -> Vec<String> {
    let left = told(run).map(|left| format!("{left}."));
    let arrived = match (outcome.confirmed, outcome.unchanged) {
        (0, 0) if left.is_some() => None,
        (0, 0) => Some("No contact arrived in this run.".to_owned()),
        (0, unchanged) => Some(format!("{} up to date already; no other arrived in this run.", are(unchanged))),
        (confirmed, 0) => Some(format!("{} arrived in {}.", plural(confirmed, "contact"), list(run))),
        (confirmed, unchanged) => Some(format!(
            "{} arrived in {}; {} up to date already.",
            plural(confirmed, "contact"),
            list(run),
            if unchanged == 1 { "1 other is".to_owned() } else { format!("{} others are", count(unchanged)) }
        )),
    };
    arrived.into_iter().chain(left).collect()
}

#[cfg(test)]
mod tests;
