//! The top of a page: what became of the run, of what, where to, when; and the three or four numbers that people ask for.

use enlist_history::RunDocument;

use crate::html::{Html, Tag, tag};
use crate::page::{callout, fact, paragraph};
use crate::words::{chosen_time, count, moment, percent, plural, time};
use crate::{status, verdict};

/// The top of the page of a run.
pub(crate) fn of_run(run: &RunDocument) -> Html {
    let facts = tag("dl")
        .class("facts")
        .with(fact("Export", run.export.as_str()))
        .with(fact("List", list(run)))
        .with(fact("Account", account(run)))
        .with(fact("Started", when(run)))
        .with(fact("Run", tag("code").with(run.run_id.as_str())));
    Html::from_iter([
        banner(run, "Report of a run"),
        tiles(run),
        tag("div").class("card").with(facts).into(),
        notes(run),
    ])
}

/// The top of the page of an export, whose last run is `last`.
pub(crate) fn of_export(last: &RunDocument, runs: &[&RunDocument]) -> Html {
    let well = runs.iter().filter(|run| run.status == "ok").count() as u64;
    let total = runs.len() as u64;
    let tally = match (well, total) {
        (1, 1) => "The one run went well.".to_owned(),
        (0, 1) => "The one run did not go well.".to_owned(),
        (well, total) if well == total => format!("All of the last {} went well.", plural(total, "run")),
        (well, total) => format!("Of the last {}, {} went well.", plural(total, "run"), count(well)),
    };
    let facts = tag("dl")
        .class("facts")
        .with(fact("Export", last.export.as_str()))
        .with(fact("List", list(last)))
        .with(fact("Account", account(last)))
        .with(fact("Last run", when(last)))
        .with(fact("Runs", tally.as_str()));
    Html::from_iter([
        banner(last, "The last runs of an export"),
        tag("div").class("card").with(facts).into(),
        notes(last),
    ])
}

fn banner(run: &RunDocument, kind: &str) -> Html {
    let verdict = verdict::of(run);
    let top = tag("p")
        .class("kind")
        .with(status::badge(&run.status))
        .with(tag("span").with(format!("{kind} · {}", run.export)));
    let banner = tag("header").attr("class", format!("verdict {}", status::tone(&run.status)));
    banner.with(top).with(tag("h1").with(verdict.sentence)).all(verdict.more.into_iter().map(paragraph)).into()
}

/// What ended the run early, and what else to know.
fn notes(run: &RunDocument) -> Html {
    let error = run.error.as_ref().map(|error| {
        let help = error.help.as_deref().map(|help| tag("p").with(tag("b").with("What to do: ")).with(help));
        let code = tag("p").class("quiet").with(tag("code").with(error.code.as_str()));
        let tone = if status::tone(&run.status) == "bad" { "bad" } else { "warn" };
        callout(tone, &sentence(&error.message), Html::from_iter([help.into(), Html::from(code)]))
    });
    let warnings = (!run.warnings.is_empty()).then(|| {
        let list = tag("ul").all(run.warnings.iter().map(|warning| tag("li").with(warning.as_str())));
        callout("warn", "Good to know", list)
    });
    Html::from_iter([Html::from(error), Html::from(warnings)])
}

fn tiles(run: &RunDocument) -> Html {
    let Some(outcome) = run.outcome else {
        return tag("div").class("tiles").with(time_tile(run)).into();
    };
    let mut tiles = vec![tile("Contacts confirmed", count(outcome.confirmed), "finished by ActiveCampaign".to_owned())];
    if outcome.unchanged > 0 {
        tiles.push(tile("Up to date already", count(outcome.unchanged), "confirmed by an earlier run".to_owned()));
    }
    if outcome.deferred > 0 {
        tiles.push(tile("Waiting", count(outcome.deferred), "the next run sends them".to_owned()));
    }
    let share = format!("{} of the rows read", percent(outcome.rejected, run.source.rows));
    tiles.push(tile("Rows rejected", count(outcome.rejected), share));
    tiles.push(time_tile(run));
    tag("div").class("tiles").all(tiles).into()
}

fn tile(name: &str, number: String, note: String) -> Tag {
    tag("div")
        .class("tile")
        .with(tag("p").class("name").with(name))
        .with(tag("p").class("figure").with(number))
        .with(tag("p").class("quiet").with(note))
}

/// How long it took, as a part of the time there was.
fn time_tile(run: &RunDocument) -> Tag {
    let took = time(run.seconds);
    let Some(target) = run.target.filter(|target| target.seconds > 0 && target.used_fraction.is_finite()) else {
        return tile("Time", took, "there is no deadline".to_owned());
    };
    let allowed = chosen_time(target.seconds);
    let used = (target.used_fraction * 100.0).max(0.0);
    let note = if target.met {
        format!("{used:.0} % of the {allowed} it may take")
    } else {
        format!("longer than the {allowed} it may take ({used:.0} %)")
    };
    let fill = tag("span").attr("style", format!("width:{:.1}%", used.min(100.0)));
    let class = if target.met { "meter" } else { "meter over" };
    let meter = tag("div").class(class).attr("role", "img").attr("aria-label", note.as_str()).with(fill);
    tag("div")
        .class("tile")
        .with(tag("p").class("name").with("Time"))
        .with(tag("p").class("figure").with(took))
        .with(meter)
        .with(tag("p").class("quiet").with(note))
}

fn list(run: &RunDocument) -> String {
    match &run.destination.list_name {
        Some(name) => format!("{name} (list {})", run.destination.list),
        None => format!("list {}", run.destination.list),
    }
}

fn account(run: &RunDocument) -> &str {
    run.destination.display_name.as_deref().unwrap_or(&run.destination.host)
}

fn when(run: &RunDocument) -> Tag {
    tag("time").attr("datetime", &run.started_at).with(moment(&run.started_at))
}

/// Messages of errors start in lower case and end without a full stop.
fn sentence(message: &str) -> String {
    let mut letters = message.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    let end = if message.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}
