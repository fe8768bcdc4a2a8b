//! A run that a safety guard held back: why, what waits, and what to do.

use enlist_history::{Outcome, RunDocument, Told};

use super::{Verdict, are, so_far};
use crate::words::{count, listing, plural};

/// The verdict on a run that ended with `outcome`. The numbers of the guard itself are in the message of the error.
pub(super) fn verdict(run: &RunDocument, outcome: &Outcome) -> Verdict {
    let name = run.error.as_ref().and_then(|error| error.code.strip_prefix("guard::")).unwrap_or_default();
    let why = why(name, run);
    let sentence = match run.requests.bulk {
        0 => format!("Nothing was sent: {why}."),
        _ => format!("The rest was not sent: {why}."),
    };
    let arrived = if outcome.confirmed > 0 || outcome.unchanged > 0 { so_far(run, outcome) } else { vec![] };
    let more = waiting(run, outcome).into_iter().chain(leaving(run)).chain(arrived).chain([what_to_do(name)]);
    Verdict { sentence, more: more.collect() }
}

/// The reason as a clause. A guard that is not known here has the one that fits them all.
fn why(name: &str, run: &RunDocument) -> &'static str {
    match name {
        "min_rows" if run.source.rows == 0 => "the segment is empty",
        "min_rows" => "the segment is smaller than this export expects",
        "max_rejects" => "too many rows of the segment cannot become contacts",
        "max_change" => "more contacts than usual would change or leave at once",
        "max_adds" => "more contacts than usual would be added at once",
        "max_leave" => match run.leavers.map(|leavers| leavers.told) {
            Some(Told::Unsubscribed) => "more contacts than usual would be unsubscribed at once",
            _ => "more contacts than usual would be marked as having left at once",
        },
        "contact_limit" => "the ActiveCampaign account has no room for all the contacts to add",
        _ => "a safety guard held this run back",
    }
}

fn waiting(run: &RunDocument, outcome: &Outcome) -> Option<String> {
    let plan = run.plan.filter(|plan| plan.add.checked_add(plan.update) == Some(outcome.deferred));
    let parts = plan.map(|plan| [(plan.add, "to be added"), (plan.update, "to be updated")]).unwrap_or_default();
    let parts = parts.into_iter().filter(|(number, _)| *number > 0);
    let parts: Vec<String> = parts.map(|(number, what)| format!("{} {what}", count(number))).collect();
    let parts = if parts.is_empty() { String::new() } else { format!(": {}", listing(&parts)) };
    let wait = if outcome.deferred == 1 { "waits" } else { "wait" };
    (outcome.deferred > 0).then(|| format!("{} {wait}{parts}.", plural(outcome.deferred, "contact")))
}

fn leaving(run: &RunDocument) -> Option<String> {
    let leavers = run.leavers.filter(|leavers| leavers.deferred > 0)?;
    let done = crate::leavers::done(leavers.told);
    Some(format!("{} no longer in the segment and not yet {done}.", are(leavers.deferred)))
}

fn what_to_do(name: &str) -> String {
    let (expected, otherwise) = match name {
        "contact_limit" => (
            "If ActiveCampaign may take on more contacts than that",
            "make room in the account or choose a smaller segment",
        ),
        "max_rejects" => ("If these rows can be done without", "correct them where the data comes from"),
        _ => ("If this is what you expect", "have the segment checked"),
    };
    let allow = match name {
        "" => String::new(),
        name => format!(" (--allow {name})"),
    };
    format!(
        "{expected}, ask whoever operates enlist to allow it once{allow}; if not, {otherwise}. Until then every run is held back."
    )
}

#[cfg(test)]
mod tests {
    use enlist_history::{Leavers, Plan, Requests, RunError, SourceRead};

    use super::*;

    fn held(name: &str) -> RunDocument {
        let outcome = Outcome { unchanged: 900, deferred: 100, ..Outcome::default() };
        RunDocument {
            status: "guarded".to_owned(),
            source: SourceRead { rows: 1_000, ..SourceRead::default() },
            plan: Some(Plan { add: 60, update: 40, unchanged: 900, ..Plan::default() }),
            outcome: Some(outcome),
            error: Some(RunError { code: format!("guard::{name}"), ..RunError::default() }),
            ..RunDocument::default()
        }
    }

    fn of(run: &RunDocument) -> Verdict {
        verdict(run, &run.outcome.unwrap_or_default())
    }

    #[test]
    fn every_guard_says_why_in_plain_words() {
        let mut sentences: Vec<String> =
            ["min_rows", "max_rejects", "max_change", "max_adds", "max_leave", "contact_limit", "later"]
                .map(|name| of(&held(name)).sentence)
                .into();
        assert!(sentences.iter().all(|sentence| sentence.starts_with("Nothing was sent: ")), "{sentences:?}");
        assert!(sentences.iter().all(|sentence| !sentence.contains('_')), "{sentences:?}");
        sentences.sort_unstable();
        sentences.dedup();
        assert_eq!(sentences.len(), 7);
        let empty = RunDocument { source: SourceRead::default(), ..held("min_rows") };
        assert_eq!(of(&empty).sentence, "Nothing was sent: the segment is empty.");
    }

    #[test]
    fn what_waits_and_what_to_do_follow() {
        assert_eq!(
            of(&held("max_change")).more,
            [
                "100 contacts wait: 60 to be added and 40 to be updated.",
                "900 contacts are up to date already; no other arrived in this run.",
                "If this is what you expect, ask whoever operates enlist to allow it once (--allow max_change); if not, have the segment checked. Until then every run is held back.",
            ]
        );
    }

    #[test]
    fn whom_it_would_unsubscribe_is_told_as_such() {
        let leavers = Leavers { told: Told::Unsubscribed, deferred: 250, ..Leavers::default() };
        let verdict = of(&RunDocument { leavers: Some(leavers), ..held("max_leave") });
        assert_eq!(verdict.sentence, "Nothing was sent: more contacts than usual would be unsubscribed at once.");
        assert_eq!(verdict.more[1], "250 contacts are no longer in the segment and not yet unsubscribed.");
    }

    #[test]
    fn what_was_sent_before_is_not_denied() {
        let part = RunDocument { requests: Requests { bulk: 1, ..Requests::default() }, error: None, ..held("") };
        assert_eq!(of(&part).sentence, "The rest was not sent: a safety guard held this run back.");
        assert!(!of(&part).more.iter().any(|more| more.contains("--allow")));
    }
}
