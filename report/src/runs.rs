//! The runs of an export, one below the other.

use enlist_history::RunDocument;

use crate::html::{Html, Tag, tag};
use crate::page::section as a_section;
use crate::words::{count, moment, time};
use crate::{status, verdict};

/// All of `runs` (oldest first), the last one on top.
pub(crate) fn section(runs: &[&RunDocument]) -> Html {
    a_section("Each run").with(tag("ol").class("runs").all(runs.iter().rev().map(|run| line(run)))).into()
}

fn line(run: &RunDocument) -> Tag {
    let numbers = run.outcome.map(|outcome| {
        let waiting =
            if outcome.deferred > 0 { format!(" · {} waiting", count(outcome.deferred)) } else { String::new() };
        format!("{} confirmed · {} rejected{waiting} · ", count(outcome.confirmed), count(outcome.rejected))
    });
    let when = tag("time").attr("datetime", &run.started_at).with(moment(&run.started_at));
    let numbers = tag("p").class("quiet").with(numbers).with(format!("{} · ", time(run.seconds)));
    tag("li")
        .with(tag("p").class("when").with(status::badge(&run.status)).with(when))
        .with(tag("p").with(verdict::of(run).sentence))
        .with(numbers.with(tag("code").with(run.run_id.as_str())))
}
