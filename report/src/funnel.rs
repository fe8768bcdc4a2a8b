//! From row to contact: how many are left after each stage, and where the others went.

use enlist_history::{Outcome, Plan, RunDocument};

use crate::html::{Html, Tag, tag};
use crate::page::{paragraph, section as a_section};
use crate::words::{count, listing};

struct Stage {
    name: &'static str,
    means: &'static str,
    number: u64,
    /// Where those went that were in the stage before.
    lost: String,
}

/// The stages; nothing when the run ended before there was a plan.
pub(crate) fn section(run: &RunDocument) -> Html {
    let (Some(plan), Some(outcome)) = (run.plan, run.outcome) else { return Html::default() };
    let stages = stages(run, &plan, &outcome);
    let widest = stages.iter().map(|stage| stage.number).max().unwrap_or(0).max(1);
    let resent =
        stages.iter().any(|stage| stage.name == "Accepted" && stage.number > plan.add.saturating_add(plan.update));
    let note = resent.then(|| {
        paragraph(
            "More were accepted than had to be sent: some went a second time, which changes nothing for a contact.",
        )
    });
    let rows = stages.iter().map(|stage| row(stage, widest));
    a_section("From row to contact").with(tag("ol").class("funnel").all(rows)).with(note).into()
}

fn stages(run: &RunDocument, plan: &Plan, outcome: &Outcome) -> Vec<Stage> {
    let lost = |parts: &[(u64, &str)]| {
        let there: Vec<String> =
            parts.iter().filter(|part| part.0 > 0).map(|(n, name)| format!("{} {name}", count(*n))).collect();
        listing(&there)
    };
    let refused = outcome.rejected.saturating_sub(plan.rejected);
    let mut stages = vec![
        Stage { name: "Read", means: "rows of the segment", number: run.source.rows, lost: String::new() },
        Stage {
            name: "Usable",
            means: "rows that make a contact",
            number: run.source.rows.saturating_sub(plan.rejected),
            lost: lost(&[(plan.rejected, "rejected before sending")]),
        },
        Stage {
            name: "To send",
            means: "contacts to add or update",
            number: plan.add.saturating_add(plan.update),
            lost: lost(&[
                (plan.duplicate, "duplicate"),
                (plan.unchanged, "unchanged"),
                (plan.skipped, "left out on request"),
            ]),
        },
    ];
    if let Some(timeline) = &run.timeline {
        let accepted = timeline.accepted.iter().fold(0_u64, |sum, step| sum.saturating_add(*step));
        stages.push(Stage {
            name: "Accepted",
            means: "ActiveCampaign took them in",
            number: accepted,
            lost: String::new(),
        });
    }
    stages.push(Stage {
        name: "Confirmed",
        means: "ActiveCampaign finished them",
        number: outcome.confirmed,
        lost: lost(&[(refused, "refused by ActiveCampaign"), (outcome.deferred, "left for the next run")]),
    });
    stages
}

fn row(stage: &Stage, widest: u64) -> Tag {
    #[expect(clippy::cast_precision_loss, reason = "a width on a screen")]
    let width = stage.number as f64 / widest as f64 * 100.0;
    let fill = tag("span").attr("style", format!("width:{width:.2}%"));
    let lost = (!stage.lost.is_empty()).then(|| tag("p").class("lost").with(format!("without {}", stage.lost)));
    let name = tag("p").class("stage").with(tag("b").with(stage.name)).with(" ").with(tag("small").with(stage.means));
    tag("li")
        .with(name)
        .with(tag("p").class("left").with(count(stage.number)))
        .with(tag("div").class("track").attr("aria-hidden", "true").with(fill))
        .with(lost)
}

#[cfg(test)]
mod tests {
    use enlist_history::{Sample, SourceRead, Timeline};

    use super::*;

    #[test]
    fn each_stage_says_where_the_others_went() {
        let mut timeline = Timeline::start();
        timeline.push(0, Sample { accepted: 50, ..Sample::default() });
        timeline.push(1, Sample { accepted: 70, ..Sample::default() });
        let run = RunDocument {
            source: SourceRead { rows: 1_000, ..SourceRead::default() },
            plan: Some(Plan { add: 90, update: 10, unchanged: 850, rejected: 30, duplicate: 20, ..Plan::default() }),
            outcome: Some(Outcome {
                confirmed: 60,
                unchanged: 850,
                rejected: 35,
                duplicate: 20,
                deferred: 35,
                skipped: 0,
            }),
            timeline: Some(timeline),
            ..RunDocument::default()
        };
        let stages = stages(&run, &run.plan.unwrap(), &run.outcome.unwrap());
        let shown: Vec<_> = stages.iter().map(|stage| (stage.name, stage.number, stage.lost.as_str())).collect();
        assert_eq!(
            shown,
            [
                ("Read", 1_000, ""),
                ("Usable", 970, "30 rejected before sending"),
                ("To send", 100, "20 duplicate and 850 unchanged"),
                ("Accepted", 70, ""),
                ("Confirmed", 60, "5 refused by ActiveCampaign and 35 left for the next run"),
            ]
        );
    }
}
