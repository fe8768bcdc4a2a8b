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

fn nothing_to_do(run: &RunDocument, outcome: &Outcome) -> Verdict {
    let read = plural(run.source.rows, "row");
    let sentence = if run.source.rows == 0 {
        "Nothing to do: the segment is empty.".to_owned()
    } else if outcome.rejected == 0 {
        format!("Nothing to do: all {read} are as they were confirmed earlier.")
    } else {
        format!("Nothing to do: all {read} were confirmed earlier or are known to be refused.")
    };
    Verdict { sentence, more: vec![] }
}

/// “All” is said only when whatever could be sent has arrived.
fn arrived(run: &RunDocument, outcome: &Outcome) -> String {
    let list = list(run);
    let planned = run.plan.map_or(0, |plan| plan.rejected);
    let contacts = if outcome.unchanged > 0 { "added or changed contact" } else { "contact" };
    match (outcome.confirmed, outcome.rejected.saturating_sub(planned), outcome.deferred) {
        (0, 0, 0) => "Done: there was no contact to send.".to_owned(),
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

fn rest(run: &RunDocument, outcome: &Outcome) -> Vec<String> {
    let unchanged = (outcome.unchanged > 0).then(|| {
        format!(
            "{} needed nothing: they are as they were confirmed earlier.",
            plural(outcome.unchanged, "other contact")
        )
    });
    let rejected = (outcome.rejected > 0).then(|| {
        format!(
            "{} of {} did not become contacts; the reasons are below.",
            count(outcome.rejected),
            plural(run.source.rows, "row")
        )
    });
    unchanged.into_iter().chain(rejected).collect()
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
    let sentence = match outcome.deferred {
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
mod tests {
    use enlist_history::{Destination, Plan, Requests, SourceRead};

    use super::*;

    fn run(status: &str, outcome: Option<Outcome>) -> RunDocument {
        RunDocument {
            status: status.to_owned(),
            retryable: status == "stopped",
            source: SourceRead { rows: 1_000_000, ..SourceRead::default() },
            destination: Destination { list: 7, list_name: Some("VIP customers".into()), ..Destination::default() },
            plan: outcome.map(|_| Plan { rejected: 2_348, ..Plan::default() }),
            requests: Requests {
                bulk: outcome.map_or(0, |outcome| outcome.confirmed.div_ceil(250)),
                ..Requests::default()
            },
            outcome,
            ..RunDocument::default()
        }
    }

    fn sentence(status: &str, outcome: Outcome) -> String {
        of(&run(status, Some(outcome))).sentence
    }

    #[test]
    fn all_is_said_when_everything_that_could_be_sent_arrived() {
        let all = Outcome { confirmed: 996_981, rejected: 2_348, ..Outcome::default() };
        assert_eq!(sentence("ok", all), "All 996,981 contacts arrived in VIP customers.");
        let refused = Outcome { rejected: 2_493, ..all };
        assert_eq!(sentence("ok", refused), "996,981 contacts arrived in VIP customers; ActiveCampaign refused 145.");
        let delta = Outcome { unchanged: 5, ..all };
        assert_eq!(sentence("ok", delta), "All 996,981 added or changed contacts arrived in VIP customers.");
        let one = Outcome { confirmed: 1, rejected: 0, ..all };
        assert_eq!(sentence("ok", one), "The one contact arrived in VIP customers.");
    }

    #[test]
    fn rejected_rows_and_those_that_need_nothing_are_told_right_below() {
        let outcome = Outcome { confirmed: 10, unchanged: 5, rejected: 2_348, ..Outcome::default() };
        assert_eq!(
            of(&run("ok", Some(outcome))).more,
            [
                "5 other contacts needed nothing: they are as they were confirmed earlier.",
                "2,348 of 1,000,000 rows did not become contacts; the reasons are below."
            ]
        );
    }

    #[test]
    fn nothing_to_do_is_a_good_end() {
        let idle = Outcome { unchanged: 1_000_000, ..Outcome::default() };
        assert_eq!(sentence("ok", idle), "Nothing to do: all 1,000,000 rows are as they were confirmed earlier.");
        let known = Outcome { rejected: 3, ..idle };
        assert_eq!(
            sentence("ok", known),
            "Nothing to do: all 1,000,000 rows were confirmed earlier or are known to be refused."
        );
        let empty = RunDocument { source: SourceRead::default(), ..run("ok", Some(Outcome::default())) };
        assert_eq!(of(&empty).sentence, "Nothing to do: the segment is empty.");
    }

    #[test]
    fn every_status_has_its_sentence() {
        let half = Outcome { confirmed: 521_674, rejected: 2_348, deferred: 475_452, ..Outcome::default() };
        for (status, expected) in [
            ("rejects", "2,348 rows did not become contacts: more than this export allows."),
            ("stopped", "Stopped with work left: 475,452 contacts wait; run the same command again."),
            ("guarded", "A safety guard held this run back."),
            ("locked", "This run did not start: another run of the same export is at work."),
            ("failed", "The run failed after 521,674 contacts had arrived in VIP customers."),
            ("paused", "The run ended as “paused”."),
        ] {
            assert_eq!(sentence(status, half), expected);
        }
        assert_eq!(of(&run("guarded", None)).sentence, "Nothing was sent: a safety guard held this run back.");
        assert_eq!(of(&run("rejects", None)).sentence, "More rows were rejected than this export allows.");
        assert_eq!(of(&run("failed", None)).sentence, "The run failed; nothing was sent.");
        assert_eq!(of(&run("stopped", None)).sentence, "Stopped before the end; run the same command again.");
    }

    #[test]
    fn to_run_again_is_advised_only_where_that_helps() {
        let stopped =
            RunDocument { retryable: false, ..run("stopped", Some(Outcome { deferred: 2, ..Outcome::default() })) };
        assert_eq!(of(&stopped).sentence, "Stopped with work left: 2 contacts wait.");
    }
}
