//! The screens of `status`: the last runs, one run, one person, runs under way.

mod runs;

use enlist_history::RunDocument;
pub use runs::runs;

use super::{Ink, Style, clean, count};
use crate::rejects::nearby;

/// Said where `--watch` has nothing to show.
pub const NONE_UNDER_WAY: &str = "No run is under way.\n";

/// One run, whole. `gone` says why its reject file cannot be looked at, where that is so.
pub fn run(run: &RunDocument, gone: Option<&str>, style: &Style) -> String {
    let list = run.destination.list_name.as_deref().map(|name| format!(" \"{}\"", clean(name))).unwrap_or_default();
    let account = run.destination.display_name.as_deref().unwrap_or(&run.destination.host);
    let mut lines = vec![
        style.paint(Ink::Bold, format!("{} of {}", clean(&run.run_id), clean(&run.export))),
        format!("  to         list {}{list} at {}", run.destination.list, clean(account)),
        format!("  when       {} to {}", clean(&run.started_at), clean(&run.finished_at)),
        format!("  ended      {} (exit code {})", clean(&run.status), run.exit_code),
    ];
    if let Some(outcome) = &run.outcome {
        let mut parts = vec![
            (outcome.confirmed, "confirmed"),
            (outcome.unchanged, "unchanged"),
            (outcome.rejected, "rejected"),
            (outcome.duplicate, "duplicate"),
            (outcome.deferred, "deferred"),
        ];
        parts.extend((outcome.skipped > 0).then_some((outcome.skipped, "skipped")));
        let parts: Vec<String> = parts.into_iter().map(|(rows, what)| format!("{} {what}", count(rows))).collect();
        lines.push(format!("  rows       {} = {} read", parts.join(", "), count(run.source.rows)));
    }
    let rejected = run.rejected_by_reason.0.iter().map(|(reason, rows)| format!("{} {}", clean(reason), count(*rows)));
    let rejected: Vec<String> = rejected.collect();
    if !rejected.is_empty() {
        lines.push(format!("  rejected   {}", rejected.join(" · ")));
    }
    for example in &run.reject_examples {
        let place = format!("{} row {}", clean(&example.file), count(example.row));
        lines.push(format!("             {place}: {} ({})", clean(&example.message), clean(&example.reason)));
    }
    lines.extend(match (gone, run.rejects_file.as_deref()) {
        (Some(why), _) => Some(format!("  note       {}", clean(why))),
        (None, file) => file.map(|file| format!("  see        {}", clean(&nearby(file)))),
    });
    let requests = &run.requests;
    lines.push(format!(
        "  requests   {} ({} retries, {} throttled, {} without an answer)",
        count(requests.bulk),
        count(requests.retries),
        count(requests.throttled),
        count(requests.ambiguous)
    ));
    if let Some(error) = &run.error {
        lines.push(format!("  error      {}: {}", clean(&error.code), clean(&error.message)));
        lines.extend(error.help.as_deref().map(|help| format!("  help       {}", clean(help))));
    }
    lines.extend(run.warnings.iter().map(|warning| format!("  warning    {}", clean(warning))));
    lines.join("\n") + "\n"
}

/// What one export says of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Name of the export.
    pub export: String,
    /// Id of the list, and the host of the account.
    pub list: (u64, String),
    /// What happened, as a code: `confirmed`, `rejected`, `uncertain`, `under_way`, `rejected_here`.
    pub outcome: &'static str,
    /// Why it was rejected.
    pub reason: Option<String>,
    /// The run that said so, and when it began (RFC 3339).
    pub run: Option<(String, String)>,
    /// Where the row stood that was rejected.
    pub place: Option<String>,
    /// Whether the person is not in the segment any more.
    pub left: bool,
    /// Whether the email is kept.
    pub email_kept: bool,
}

/// What happened to one person. `notes` say what could not be looked at.
pub fn found(person: &str, found: &[Found], suppressed: bool, notes: &[String], style: &Style) -> String {
    let mut lines = Vec::new();
    if suppressed {
        lines.push("erased at their request: nothing is remembered, and no run sends them".to_owned());
    } else if found.is_empty() && notes.is_empty() {
        lines.push("never sent by these exports, and not rejected by their last runs".to_owned());
    } else if found.is_empty() {
        lines.push("never sent by these exports; whether their last runs rejected the row is not known".to_owned());
    }
    for one in found {
        let (list, host) = &one.list;
        let name = style.paint(Ink::Bold, clean(&one.export));
        let when = one.run.as_ref().map(|(run, began)| format!(" by {} ({})", clean(run), clean(began)));
        let when = when.unwrap_or_default();
        let what = match (one.outcome, &one.reason) {
            // Which of both it was is not on record: the values of a member, or the message that somebody left.
            ("confirmed", _) if one.left => {
                format!("left the segment; what was sent last for list {list} at {} is confirmed{when}", clean(host))
            }
            ("confirmed", _) => format!("confirmed on list {list} at {}{when}", clean(host)),
            ("rejected", reason) => {
                format!("refused by ActiveCampaign for list {list}{when}: {}", words(reason.as_deref()))
            }
            ("rejected_here", reason) => format!("rejected before sending{when}: {}", words(reason.as_deref())),
            ("under_way", _) => "in a request whose end is not known yet; the next run finds out".to_owned(),
            _ => format!("may be there with another value{when}; the next run sends it"),
        };
        lines.push(format!("{name}: {what}"));
        lines.extend(one.place.as_ref().map(|place| format!("  row: {}", clean(place))));
        let left = one.left && one.outcome != "confirmed";
        lines.extend(left.then(|| "  not in the segment any more".to_owned()));
        lines.extend(
            one.email_kept.then(|| "  the email is kept, because this export tells contacts that they left".to_owned()),
        );
    }
    lines.extend(notes.iter().map(|note| style.paint(Ink::Yellow, format!("note: {}", clean(note)))));
    format!("{}\n{}\n", clean(person), lines.iter().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n"))
}

/// A reason code in words.
fn words(reason: Option<&str>) -> String {
    match reason {
        Some("no_email") => "no email".to_owned(),
        Some("bad_email") => "the email breaks a rule of ActiveCampaign".to_owned(),
        Some("bad_value") => "a value does not fit its field".to_owned(),
        Some("too_large") => "the contact is larger than a request".to_owned(),
        Some("suppressed") => "on a suppression list, or erased".to_owned(),
        Some("invalid") => "named when the request was refused".to_owned(),
        Some("refused") => {
            "unsubscribed, bounced, excluded, or beyond the contact limit; no reason is given".to_owned()
        }
        Some("import_failed") => "every import that held the contact failed".to_owned(),
        Some(other) => clean(other),
        None => "no reason is known".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::super::json;
    use super::super::run::tests::{run as a_run, stopped};
    use super::*;

    #[test]
    fn one_run() {
        assert_snapshot!(run(&json::run(&a_run()), None, &Style::PLAIN));
        assert_snapshot!(run(&json::run(&stopped()), Some("rejects/r_8a1.jsonl is gone"), &Style::PLAIN));
    }

    fn one(outcome: &'static str) -> Found {
        Found {
            export: "vip".to_owned(),
            list: (7, "acme.api-us1.com".to_owned()),
            outcome,
            reason: None,
            run: Some(("r_8a1".to_owned(), "2026-11-22T10:00:00Z".to_owned())),
            place: None,
            left: false,
            email_kept: false,
        }
    }

    #[test]
    fn what_happened_to_somebody() {
        let refused = Found { reason: Some("refused".to_owned()), ..one("rejected") };
        let here = Found {
            reason: Some("bad_value".to_owned()),
            place: Some("people.csv row 7".to_owned()),
            ..one("rejected_here")
        };
        let left = Found { left: true, email_kept: true, ..one("confirmed") };
        let all = [one("confirmed"), refused, here, left, one("under_way"), one("uncertain")];
        assert_snapshot!(found("ada@example.com", &all, false, &[], &Style::PLAIN));
    }

    #[test]
    fn somebody_unknown_and_somebody_erased() {
        assert_snapshot!(found("ada@example.com", &[], false, &[], &Style::PLAIN));
        assert_snapshot!(found("ada@example.com", &[], true, &[], &Style::PLAIN));
    }

    #[test]
    fn what_could_not_be_looked_at_is_said_and_not_taken_for_nothing() {
        let notes = ["vip: the rows that r_8a1 rejected cannot be searched: rejects/r_8a1.jsonl is gone".to_owned()];
        assert_snapshot!(found("ada@example.com", &[], false, &notes, &Style::PLAIN));
        assert!(found("ada@example.com", &[one("confirmed")], false, &notes, &Style::PLAIN).contains("is gone"));
    }

    #[test]
    fn every_reason_has_words() {
        for reason in enlist_core::Reason::ALL {
            assert_ne!(words(Some(reason.code())), reason.code(), "{reason:?}");
        }
    }
}
