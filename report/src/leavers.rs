//! People who left the segment.

use enlist_history::{Leavers, RunDocument};

use crate::html::{Html, tag};
use crate::page::{paragraph, section as a_section};
use crate::words::{count, plural};

/// What became of them; nothing where nobody left.
pub(crate) fn section(run: &RunDocument) -> Html {
    let heading = "Who left the segment";
    match (run.leavers, run.plan.map_or(0, |plan| plan.leave)) {
        (Some(leavers), _) => a_section(heading).with(told(&leavers)).into(),
        (None, 0) => Html::default(),
        (None, left) => {
            let kept = format!(
                "{} of earlier runs are no longer in the segment. They stay in the list as they are.",
                plural(left, "contact")
            );
            a_section(heading).with(paragraph(kept)).into()
        }
    }
}

fn told(leavers: &Leavers) -> Html {
    let lines = [
        (leavers.confirmed, "marked as having left, in this run"),
        (leavers.unchanged, "marked by an earlier run"),
        (leavers.rejected, "refused by ActiveCampaign"),
        (leavers.deferred, "left for the next run"),
        (leavers.unknown, "cannot be marked: they left before their emails were kept"),
    ];
    let lines: Vec<_> = lines.into_iter().filter(|(number, _)| *number > 0).collect();
    if lines.is_empty() {
        return paragraph("Nobody left.");
    }
    tag("ul")
        .class("plain")
        .all(
            lines
                .into_iter()
                .map(|(number, text)| tag("li").with(tag("b").with(count(number))).with(format!(" {text}"))),
        )
        .into()
}
