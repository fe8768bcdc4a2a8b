//! People who left the segment.

use enlist_history::{Leavers, RunDocument, Told};

use crate::html::{Html, tag};
use crate::page::{paragraph, section as a_section};
use crate::verdict::list;
use crate::words::{count, plural};

/// What became of them; nothing where nobody left.
pub(crate) fn section(run: &RunDocument) -> Html {
    let heading = "Who left the segment";
    match (run.leavers, run.plan.map_or(0, |plan| plan.leave)) {
        (Some(leavers), _) => a_section(heading).with(numbers(run, &leavers)).into(),
        (None, 0) => Html::default(),
        (None, left) => {
            let kept = format!(
                "{} of earlier runs {} no longer in the segment and stay in the list unchanged.",
                plural(left, "contact"),
                if left == 1 { "is" } else { "are" }
            );
            a_section(heading).with(paragraph(kept)).into()
        }
    }
}

/// Those who were told in this run, as a clause: nothing where there are none.
pub(crate) fn told(run: &RunDocument) -> Option<String> {
    let leavers = run.leavers.filter(|leavers| leavers.confirmed > 0)?;
    let were = if leavers.confirmed == 1 { "was" } else { "were" };
    let (left, list) = (plural(leavers.confirmed, "contact"), list(run));
    Some(match leavers.told {
        Told::Marked => format!("{left} that left the segment {were} updated in {list}"),
        Told::Unsubscribed => {
            format!("{left} that left the segment {were} unsubscribed from {list}, which enlist cannot undo")
        }
    })
}

/// Those whom this run had to tell, whether it got that far or not.
pub(crate) fn to_tell(run: &RunDocument) -> u64 {
    let sum = |leavers: Leavers| [leavers.confirmed, leavers.rejected, leavers.deferred];
    run.leavers.map_or(0, |leavers| sum(leavers).into_iter().fold(0, u64::saturating_add))
}

/// What is done to them, in the past tense.
pub(crate) fn done(told: Told) -> &'static str {
    match told {
        Told::Marked => "marked as having left",
        Told::Unsubscribed => "unsubscribed",
    }
}

fn numbers(run: &RunDocument, leavers: &Leavers) -> Html {
    let done = done(leavers.told);
    let lines = [
        (leavers.confirmed, format!("{done} in this run")),
        (leavers.unchanged, format!("{done} by an earlier run")),
        (leavers.rejected, "refused by ActiveCampaign".to_owned()),
        (leavers.deferred, "left for the next run".to_owned()),
        (leavers.unknown, format!("cannot be {done}: they left before their emails were kept")),
    ];
    let lines: Vec<_> = lines.into_iter().filter(|(number, _)| *number > 0).collect();
    if lines.is_empty() {
        return paragraph("Nobody left.");
    }
    let lines =
        lines.into_iter().map(|(number, text)| tag("li").with(tag("b").with(count(number))).with(" ").with(text));
    let lines = tag("ul").class("plain").all(lines);
    let no_return = (leavers.told == Told::Unsubscribed).then(|| {
        paragraph(format!(
            "This export unsubscribes who leaves the segment from {}. enlist cannot undo that: ActiveCampaign refuses them when they come back to the segment.",
            list(run)
        ))
    });
    Html::from_iter([lines.into(), no_return.unwrap_or_default()])
}

#[cfg(test)]
mod tests {
    use enlist_history::Destination;

    use super::*;

    fn run(leavers: Leavers) -> RunDocument {
        let destination = Destination { list_name: Some("VIP customers".into()), ..Destination::default() };
        RunDocument { leavers: Some(leavers), destination, ..RunDocument::default() }
    }

    fn all(told: Told) -> Leavers {
        Leavers { told, confirmed: 5, unchanged: 4, rejected: 3, deferred: 2, unknown: 1 }
    }

    #[test]
    fn who_was_unsubscribed_is_said_to_be_and_that_it_stays_so() {
        let page = section(&run(all(Told::Unsubscribed))).to_string();
        for part in [
            "<b>5</b> unsubscribed in this run",
            "<b>4</b> unsubscribed by an earlier run",
            "<b>1</b> cannot be unsubscribed:",
            "from VIP customers. enlist cannot undo that",
        ] {
            assert!(page.contains(part), "{part}: {page}");
        }
        assert!(!page.contains("marked") && !page.contains("updated"), "{page}");
    }

    #[test]
    fn who_was_marked_is_not_said_to_be_unsubscribed() {
        let page = section(&run(all(Told::Marked))).to_string();
        assert!(page.contains("<b>5</b> marked as having left in this run"), "{page}");
        assert!(!page.contains("unsubscribe") && !page.contains("undo"), "{page}");
    }

    #[test]
    fn the_clause_names_what_was_done_to_whom_and_where() {
        let one = |told| run(Leavers { told, confirmed: 1, ..Leavers::default() });
        assert_eq!(
            told(&one(Told::Unsubscribed)).unwrap(),
            "1 contact that left the segment was unsubscribed from VIP customers, which enlist cannot undo"
        );
        assert_eq!(told(&one(Told::Marked)).unwrap(), "1 contact that left the segment was updated in VIP customers");
        assert_eq!(told(&run(Leavers { deferred: 1, ..Leavers::default() })), None);
    }
}
