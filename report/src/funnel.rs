//! From row to contact: how many are left after each stage, and where the others went.

use enlist_history::{Outcome, Plan, RunDocument, Told};

use crate::html::{Html, Tag, tag};
use crate::leavers::to_tell;
use crate::page::{paragraph, section as a_section};
use crate::rejects::Rejects;
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
    let once = plan.add.saturating_add(plan.update).saturating_add(to_tell(run));
    let note = accepted(run).is_some_and(|accepted| accepted > once).then(|| {
        paragraph(
            "More were accepted than had to be sent: some went a second time, which changes nothing for a contact.",
        )
    });
    let rows = stages.iter().map(|stage| row(stage, widest));
    a_section("From row to contact").with(tag("ol").class("funnel").all(rows)).with(note).into()
}

fn stages(run: &RunDocument, plan: &Plan, outcome: &Outcome) -> Vec<Stage> {
    let rejects = Rejects::of(run, outcome);
    let leavers = run.leavers.filter(|_| to_tell(run) > 0);
    let rows = [
        stage("Read", "rows of the segment", run.source.rows, &[]),
        stage(
            "Usable",
            "rows that make a contact",
            run.source.rows.saturating_sub(rejects.ours),
            &[(rejects.ours, "rejected before sending")],
        ),
        stage(
            "To send",
            "contacts to add or update",
            plan.add.saturating_add(plan.update),
            &[
                (plan.duplicate, "duplicate"),
                (plan.unchanged, "unchanged"),
                (rejects.known, "refused by ActiveCampaign earlier"),
                (plan.skipped, "left out on request"),
            ],
        ),
    ];
    // They are no rows, and yet they are sent and accepted as contacts are.
    let left = leavers.map(|leavers| {
        let means = match leavers.told {
            Told::Marked => "contacts to mark as having left, sent too",
            Told::Unsubscribed => "contacts to unsubscribe, sent too",
        };
        stage("Left the segment", means, to_tell(run), &[])
    });
    let means = if leavers.is_some() {
        "ActiveCampaign took them in, those who left too"
    } else {
        "ActiveCampaign took them in"
    };
    let accepted = accepted(run).map(|accepted| stage("Accepted", means, accepted, &[]));
    let confirmed = stage(
        "Confirmed",
        "ActiveCampaign finished them",
        outcome.confirmed,
        &[(rejects.refused, "refused by ActiveCampaign"), (outcome.deferred, "left for the next run")],
    );
    let told = leavers.map(|leavers| {
        let name = match leavers.told {
            Told::Marked => "Marked",
            Told::Unsubscribed => "Unsubscribed",
        };
        let lost = [(leavers.rejected, "refused by ActiveCampaign"), (leavers.deferred, "left for the next run")];
        stage(name, "ActiveCampaign finished those who left", leavers.confirmed, &lost)
    });
    rows.into_iter().chain(left).chain(accepted).chain([confirmed]).chain(told).collect()
}

/// Contacts that ActiveCampaign took in, rows or not; nothing where nothing was sent.
fn accepted(run: &RunDocument) -> Option<u64> {
    let timeline = run.timeline.as_ref()?;
    Some(timeline.accepted.iter().fold(0, |sum, step| sum.saturating_add(*step)))
}

fn stage(name: &'static str, means: &'static str, number: u64, lost: &[(u64, &str)]) -> Stage {
    let lost = lost.iter().filter(|(number, _)| *number > 0);
    let lost: Vec<String> = lost.map(|(number, name)| format!("{} {name}", count(*number))).collect();
    Stage { name, means, number, lost: listing(&lost) }
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
    use enlist_history::{Leavers, Sample, SourceRead, Tally, Timeline};

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
        assert_eq!(
            shown(&run),
            [
                ("Read", 1_000, "".to_owned()),
                ("Usable", 970, "30 rejected before sending".to_owned()),
                ("To send", 100, "20 duplicate and 850 unchanged".to_owned()),
                ("Accepted", 70, "".to_owned()),
                ("Confirmed", 60, "5 refused by ActiveCampaign and 35 left for the next run".to_owned()),
            ]
        );
    }

    fn shown(run: &RunDocument) -> Vec<(&'static str, u64, String)> {
        let stages = stages(run, &run.plan.unwrap(), &run.outcome.unwrap());
        stages.into_iter().map(|stage| (stage.name, stage.number, stage.lost)).collect()
    }

    /// A run that sent contacts, `accepted` times all in all, and had to do with `leavers` too.
    fn with_leavers(sent: u64, accepted: u64, leavers: Leavers) -> RunDocument {
        let mut timeline = Timeline::start();
        timeline.push(0, Sample { accepted, ..Sample::default() });
        RunDocument {
            source: SourceRead { rows: sent, ..SourceRead::default() },
            plan: Some(Plan { add: sent, leave: 20, ..Plan::default() }),
            outcome: Some(Outcome { confirmed: sent, ..Outcome::default() }),
            leavers: Some(leavers),
            timeline: Some(timeline),
            ..RunDocument::default()
        }
    }

    #[test]
    fn leavers_have_lines_of_their_own_and_are_not_sent_a_second_time() {
        let leavers =
            Leavers { confirmed: 17, rejected: 2, deferred: 1, unchanged: 9, unknown: 4, ..Leavers::default() };
        let told = with_leavers(0, 19, leavers);
        assert_eq!(
            shown(&told)[2..],
            [
                ("To send", 0, String::new()),
                ("Left the segment", 20, String::new()),
                ("Accepted", 19, String::new()),
                ("Confirmed", 0, String::new()),
                ("Marked", 17, "2 refused by ActiveCampaign and 1 left for the next run".to_owned()),
            ]
        );
        assert!(!section(&told).to_string().contains("second time"));
        assert!(!section(&with_leavers(100, 120, leavers)).to_string().contains("second time"));
        assert!(section(&with_leavers(100, 121, leavers)).to_string().contains("second time"));
        let unsubscribed = with_leavers(100, 120, Leavers { told: Told::Unsubscribed, ..leavers });
        assert_eq!(shown(&unsubscribed).last().unwrap().0, "Unsubscribed");
        assert!(!section(&unsubscribed).to_string().contains("mark"));
    }

    #[test]
    fn leavers_that_need_nothing_have_no_lines() {
        let idle = with_leavers(5, 5, Leavers { unchanged: 9, unknown: 4, ..Leavers::default() });
        let names: Vec<_> = shown(&idle).into_iter().map(|stage| stage.0).collect();
        assert_eq!(names, ["Read", "Usable", "To send", "Accepted", "Confirmed"]);
    }

    #[test]
    fn what_activecampaign_refused_earlier_is_not_said_to_break_a_rule() {
        let again = RunDocument {
            source: SourceRead { rows: 5_000, ..SourceRead::default() },
            plan: Some(Plan { unchanged: 4_952, rejected: 48, ..Plan::default() }),
            outcome: Some(Outcome { unchanged: 4_952, rejected: 48, ..Outcome::default() }),
            rejected_by_reason: Tally(vec![("bad_email".into(), 41), ("refused".into(), 7)]),
            ..RunDocument::default()
        };
        let lost = |number, lost: &str| (number, lost.to_owned());
        let stages: Vec<_> = shown(&again).into_iter().map(|(_, number, lost)| (number, lost)).collect();
        assert_eq!(
            stages[1..3],
            [
                lost(4_959, "41 rejected before sending"),
                lost(0, "4,952 unchanged and 7 refused by ActiveCampaign earlier")
            ]
        );
    }
}
