//! The runs of an export, one a line.

use enlist_history::RunDocument;

use crate::html::{Html, tag};
use crate::page::{Column, section as a_section, table};
use crate::words::{count, moment, time};
use crate::{status, verdict};

/// All of `runs` (oldest first), the last one on top.
pub(crate) fn section(runs: &[&RunDocument]) -> Html {
    use Column::{Long, Number, Text};
    let heads = [
        ("started", Text),
        ("ended", Text),
        ("what became of it", Long),
        ("confirmed", Number),
        ("waiting", Number),
        ("time", Number),
        ("run", Text),
    ];
    let rows = runs.iter().rev().map(|run| {
        let known = |number: Option<u64>| number.map_or_else(|| "–".to_owned(), count);
        vec![
            moment(&run.started_at).into(),
            status::badge(&run.status),
            verdict::of(run).sentence.into(),
            known(run.outcome.map(|outcome| outcome.confirmed)).into(),
            known(run.outcome.map(|outcome| outcome.deferred)).into(),
            time(run.seconds).into(),
            tag("code").with(run.run_id.as_str()).into(),
        ]
    });
    a_section("Each run").with(table("Each run", &heads, rows)).into()
}
