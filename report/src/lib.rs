#![doc = include_str!("../README.md")]

mod balance;
mod charts;
mod details;
mod funnel;
mod head;
mod html;
mod leavers;
mod page;
mod reasons;
mod rejects;
mod runs;
mod status;
mod svg;
mod timeline;
mod trend;
mod verdict;
mod words;

use enlist_history::RunDocument;
use html::{Html, tag};

/// Most runs that the trend of a run shows, itself included.
pub const TREND: usize = 30;

/// Most runs that the page of an export shows.
pub const MOST_RUNS: usize = 100;

/// The page of one run. `earlier` are the runs of the same export before it, oldest first; the last 29 of them are shown.
pub fn run_page(run: &RunDocument, earlier: &[RunDocument]) -> String {
    let shown = earlier.len().saturating_sub(TREND - 1);
    let runs: Vec<&RunDocument> = earlier.iter().skip(shown).chain([run]).collect();
    let body = Html::from_iter([
        head::of_run(run),
        balance::section(run),
        funnel::section(run),
        charts::section(run),
        reasons::of_run(run),
        leavers::section(run),
        trend::section(&runs),
        details::section(run),
    ]);
    let title = format!("{} · {} · {}", run.export, status::word(&run.status), words::moment(&run.started_at));
    page::whole(&title, body, Html::json("run", &serde_json::to_value(run).unwrap_or_default()))
}

/// The page of an export. `runs` are the runs to show, oldest first; of more than [`MOST_RUNS`], the last ones are shown.
pub fn export_page(runs: &[RunDocument]) -> String {
    let runs: Vec<&RunDocument> = runs.iter().skip(runs.len().saturating_sub(MOST_RUNS)).collect();
    let Some(last) = runs.last() else {
        let nothing = tag("header").class("verdict neutral").with(tag("h1").with("No runs yet."));
        return page::whole("No runs yet", nothing.into(), Html::default());
    };
    let body = Html::from_iter([
        head::of_export(last, &runs),
        trend::section(&runs),
        reasons::of_runs(&runs),
        runs::section(&runs),
    ]);
    page::whole(&format!("{} · the last runs", last.export), body, Html::json("runs", &without_timelines(&runs)))
}

/// The documents for programs. How each of many runs went over time would make up nearly all of the page.
fn without_timelines(runs: &[&RunDocument]) -> serde_json::Value {
    let short = runs.iter().map(|run| RunDocument { timeline: None, ..(*run).clone() });
    short.map(|run| serde_json::to_value(run).unwrap_or_default()).collect()
}
