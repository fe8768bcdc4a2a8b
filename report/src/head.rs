//! The top of a page: what became of the run, of what, where to, when; and the three or four numbers that people ask for.

use enlist_history::{Outcome, RunDocument};

use crate::html::{Html, Tag, tag};
use crate::page::{callout, fact, paragraph};
use crate::rejects::Rejects;
use crate::words::{chosen_time, count, moment, percent, time};
use crate::{leavers, status, verdict};

/// The top of the page of a run.
pub(crate) fn of_run(run: &RunDocument) -> Html {
    let took = run.outcome.is_none().then(|| fact("Took", time(run.seconds)));
    let facts = [
        fact("List", list(run)),
        fact("Account", account(run)),
        fact("Started", when(run)),
        Html::from(took),
        fact("Run", tag("code").with(run.run_id.as_str())),
    ];
    Html::from_iter([banner(run, "Report of a run", facts), error(run), tiles(run), warnings(run)])
}

/// The top of the page of an export, whose last run is `last`.
pub(crate) fn of_export(last: &RunDocument, runs: &[&RunDocument]) -> Html {
    let facts = [fact("List", list(last)), fact("Account", account(last)), fact("Last run", when(last))];
    Html::from_iter([banner(last, "The last runs of an export", facts), error(last), tiles_of(runs), warnings(last)])
}

fn banner(run: &RunDocument, kind: &str, facts: impl IntoIterator<Item = Html>) -> Html {
    let verdict = verdict::of(run);
    let kind = tag("span").with(format!("{kind} · ")).with(tag("b").with(run.export.as_str()));
    let top = tag("p").class("kind").with(status::badge(&run.status)).with(kind);
    tag("header")
        .attr("class", format!("verdict {}", status::tone(&run.status)))
        .with(top)
        .with(tag("h1").with(verdict.sentence))
        .all(verdict.more.into_iter().map(paragraph))
        .with(tag("dl").class("facts").all(facts))
        .into()
}

/// What ended the run early, and what to do about it.
fn error(run: &RunDocument) -> Html {
    let Some(error) = &run.error else { return Html::default() };
    let help = error.help.as_deref().map(|help| tag("p").with(tag("b").with("What to do: ")).with(help));
    let code = tag("p").class("quiet").with(tag("code").with(error.code.as_str()));
    let tone = if status::tone(&run.status) == "bad" { "bad" } else { "warn" };
    callout(tone, &sentence(&error.message), Html::from_iter([help.into(), Html::from(code)]))
}

/// What else to know.
fn warnings(run: &RunDocument) -> Html {
    if run.warnings.is_empty() {
        return Html::default();
    }
    let list = tag("ul").all(run.warnings.iter().map(|warning| tag("li").with(warning.as_str())));
    callout("warn", "Good to know", list)
}

/// The numbers of a run that people ask for, where it got far enough to have any.
fn tiles(run: &RunDocument) -> Html {
    let Some(outcome) = run.outcome else { return Html::default() };
    let mut tiles = vec![tile("Contacts confirmed", count(outcome.confirmed), "finished by ActiveCampaign".to_owned())];
    if outcome.unchanged > 0 {
        tiles.push(tile("Up to date already", count(outcome.unchanged), "confirmed by an earlier run".to_owned()));
    }
    if outcome.deferred > 0 {
        // The next run meets the same guard.
        let until = if run.status == "guarded" { "until somebody allows it" } else { "the next run sends them" };
        tiles.push(tile("Waiting", count(outcome.deferred), until.to_owned()));
    }
    if let Some(leavers) = run.leavers.filter(|leavers| leavers.confirmed > 0) {
        let what = format!("{} in this run", leavers::done(leavers.told));
        tiles.push(tile("Left the segment", count(leavers.confirmed), what));
    }
    tiles.push(tile("Rows rejected", count(outcome.rejected), rejected(run, &outcome)));
    tiles.push(time_tile("Time", run));
    tag("div").class("tiles").all(tiles).into()
}

fn rejected(run: &RunDocument, outcome: &Outcome) -> String {
    let share = format!("{} of the rows read", percent(outcome.rejected, run.source.rows));
    match Rejects::of(run, outcome).theirs() {
        0 => share,
        theirs => format!("{share}; {} of them refused by ActiveCampaign", count(theirs)),
    }
}

/// The same of several runs.
fn tiles_of(runs: &[&RunDocument]) -> Html {
    let sum = |of: fn(&Outcome) -> u64| {
        runs.iter().filter_map(|run| run.outcome.as_ref()).map(of).fold(0, u64::saturating_add)
    };
    let well = runs.iter().filter(|run| run.status == "ok").count() as u64;
    let total = runs.len() as u64;
    let longest = runs.iter().max_by(|a, b| a.seconds.total_cmp(&b.seconds));
    let tiles = [
        Some(tile("Runs", format!("{} of {}", count(well), count(total)), "went well".to_owned())),
        Some(tile("Contacts confirmed", count(sum(|outcome| outcome.confirmed)), "in these runs together".to_owned())),
        Some(match runs.last().and_then(|run| run.outcome) {
            Some(outcome) => tile("Waiting", count(outcome.deferred), "after the last run".to_owned()),
            None => tile("Waiting", "–".to_owned(), "not known: the last run did not count".to_owned()),
        }),
        longest.map(|run| time_tile("Longest run", run)),
    ];
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
fn time_tile(name: &str, run: &RunDocument) -> Tag {
    let took = time(run.seconds);
    let Some(target) = run.target.filter(|target| target.seconds > 0 && target.used_fraction.is_finite()) else {
        return tile(name, took, "no deadline is set".to_owned());
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
        .with(tag("p").class("name").with(name))
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

fn account(run: &RunDocument) -> Html {
    let host = run.destination.host.as_str();
    match run.destination.display_name.as_deref() {
        Some(name) => Html::from_iter([Html::from(name), tag("br").into(), tag("small").with(host).into()]),
        None => host.into(),
    }
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
