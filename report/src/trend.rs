//! The last runs side by side.

use enlist_history::RunDocument;

use crate::html::{Html, Tag, tag};
use crate::page::{Column, as_numbers, paragraph, section as a_section, table};
use crate::status;
use crate::svg::axis::Axis;
use crate::svg::bars::columns;
use crate::svg::{drawing, length};
use crate::words::{count, moment, plural, time};

/// A number that each run has, where it got that far.
struct Measure {
    id: &'static str,
    name: &'static str,
    unit: &'static str,
    of: fn(&RunDocument) -> Option<u64>,
}

const MEASURES: [Measure; 5] = [
    Measure { id: "trend-rows", name: "Rows read", unit: "row", of: |run| run.plan.map(|_| run.source.rows) },
    Measure { id: "trend-add", name: "To add", unit: "contact", of: |run| run.plan.map(|plan| plan.add) },
    Measure { id: "trend-update", name: "To update", unit: "contact", of: |run| run.plan.map(|plan| plan.update) },
    Measure {
        id: "trend-rejected",
        name: "Rejected",
        unit: "row",
        of: |run| run.outcome.map(|outcome| outcome.rejected),
    },
    Measure { id: "trend-duration", name: "Duration", unit: "second", of: |_| None },
];

/// The trend of `runs`, oldest first.
pub(crate) fn section(runs: &[&RunDocument]) -> Html {
    let section = a_section("The last runs");
    if runs.len() < 2 {
        return section.with(paragraph("There is no earlier run of this export to compare with.")).into();
    }
    let note = format!("The last {}, oldest on the left; the last one stands out.", plural(runs.len() as u64, "run"));
    let panels = MEASURES.iter().map(|measure| panel(measure, runs));
    section
        .with(paragraph(note))
        .with(ends(runs))
        .with(tag("div").class("panels").all(panels))
        .with(as_numbers("These runs as numbers", numbers(runs)))
        .into()
}

/// How each run ended, in shapes, and how often, in words.
fn ends(runs: &[&RunDocument]) -> Tag {
    let mut words: Vec<(&str, u64)> = Vec::new();
    for run in runs {
        match words.iter_mut().find(|(status, _)| *status == run.status) {
            Some((_, number)) => *number += 1,
            None => words.push((&run.status, 1)),
        }
    }
    let icons = runs.iter().map(|run| {
        let says = format!("{}: {}", moment(&run.started_at), status::word(&run.status));
        tag("li").attr("title", &says).with(status::icon(&run.status)).with(tag("span").class("unseen").with(says))
    });
    let legend = words.into_iter().map(|(status, number)| {
        tag("li").with(status::badge(status)).with(" ").with(tag("small").with(format!("× {}", count(number))))
    });
    tag("div").class("ends").with(tag("ol").class("icons").all(icons)).with(tag("ul").class("legend").all(legend))
}

fn panel(measure: &Measure, runs: &[&RunDocument]) -> Tag {
    let values: Vec<Option<f64>> = runs.iter().map(|run| value(measure, run)).collect();
    let most = values.iter().flatten().copied().fold(0.0, f64::max);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "values are counts and times")]
    let most = most.ceil() as u64;
    let axis = Axis::exactly(match measure.unit {
        // A round number beside the drawing: whole minutes.
        "second" if most > 60 => most.div_ceil(60).saturating_mul(60),
        _ => most,
    });
    let last = runs.last().zip(values.last()).map(|(run, value)| said(measure, run, *value)).unwrap_or_default();
    let says = |run: &RunDocument, value| format!("{}: {}", moment(&run.started_at), said(measure, run, value));
    let bars: Vec<_> = runs.iter().zip(&values).map(|(run, value)| (says(run, *value), *value)).collect();
    let shows = format!("{} of the last {}; the last one: {last}.", measure.name, plural(runs.len() as u64, "run"));
    let top = tag("p").class("top quiet").attr("aria-hidden", "true").with(top(measure, &axis));
    let frame =
        tag("div").class("small").with(top).with(drawing(measure.id, measure.name, &shows, [columns(&bars, &axis)]));
    tag("figure")
        .class("panel")
        .with(tag("figcaption").with(tag("h3").with(measure.name)).with(tag("p").with(last)))
        .with(frame)
}

fn top(measure: &Measure, axis: &Axis) -> String {
    match measure.unit {
        "second" => time(length(axis.top)),
        _ => count(axis.top),
    }
}

fn value(measure: &Measure, run: &RunDocument) -> Option<f64> {
    match measure.unit {
        "second" => Some(run.seconds).filter(|seconds| seconds.is_finite() && *seconds >= 0.0),
        _ => (measure.of)(run).map(length),
    }
}

fn said(measure: &Measure, run: &RunDocument, value: Option<f64>) -> String {
    match (measure.unit, value) {
        (_, None) => "not known".to_owned(),
        ("second", Some(_)) => time(run.seconds),
        (unit, Some(_)) => plural((measure.of)(run).unwrap_or(0), unit),
    }
}

fn numbers(runs: &[&RunDocument]) -> Html {
    use Column::{Number, Text};
    let heads = [
        ("started", Text),
        ("ended", Text),
        ("rows", Number),
        ("to add", Number),
        ("to update", Number),
        ("rejected", Number),
        ("duration", Number),
        ("run", Text),
    ];
    let known = |number: Option<u64>| number.map_or_else(|| "–".to_owned(), count);
    let rows = runs.iter().rev().map(|run| {
        let [rows, add, update, rejected] = [0, 1, 2, 3].map(|n: usize| known((MEASURES[n].of)(run)));
        vec![
            moment(&run.started_at).into(),
            status::badge(&run.status),
            rows.into(),
            add.into(),
            update.into(),
            rejected.into(),
            time(run.seconds).into(),
            tag("code").with(run.run_id.as_str()).into(),
        ]
    });
    table("The last runs", &heads, rows)
}
