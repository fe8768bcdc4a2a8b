//! What an engineer asks for.

use enlist_history::RunDocument;

use crate::html::{Html, Tag, tag};
use crate::page::{fact, folded, section as a_section};
use crate::verdict::is_killed;
use crate::words::{count, time};

/// Every further number of the document.
pub(crate) fn section(run: &RunDocument) -> Html {
    // What a process that is gone had sent, nobody counted.
    let counted = (!is_killed(run)).then(|| [requests(run), speed(run)]);
    let groups = [identity(run)].into_iter().chain(counted.into_iter().flatten()).chain([source(run)]);
    let data = tag("p")
        .class("quiet")
        .with("The whole document stands in this page as JSON: the element ")
        .with(tag("code").with("#run"))
        .with(".");
    let body = tag("div").class("groups").all(groups);
    a_section("For engineers").with(folded("Requests, rates, times and identity", Html::from_iter([body, data]))).into()
}

fn group(name: &str, facts: impl IntoIterator<Item = (&'static str, Html)>) -> Tag {
    let facts = facts.into_iter().map(|(name, value)| fact(name, value));
    tag("div").with(tag("h3").with(name)).with(tag("dl").class("pairs").all(facts))
}

fn identity(run: &RunDocument) -> Tag {
    let code = |text: &str| Html::from(tag("code").with(text));
    let error = run.error.as_ref();
    group(
        "Run",
        [
            ("run", code(&run.run_id)),
            ("status", code(&run.status)),
            ("exit code", run.exit_code.to_string().into()),
            ("again helps", if run.retryable { "yes" } else { "no" }.into()),
            ("error", code(error.map_or("–", |error| &error.code))),
            ("stage", error.map_or("–", |error| &error.stage).into()),
            ("took up", code(run.resumed_from.as_deref().unwrap_or("–"))),
            ("started", run.started_at.as_str().into()),
            ("finished", run.finished_at.as_str().into()),
            ("document", code(&run.schema)),
            ("enlist", run.version.as_str().into()),
        ],
    )
}

fn requests(run: &RunDocument) -> Tag {
    let requests = &run.requests;
    group(
        "Requests",
        [
            ("imports", count(requests.bulk).into()),
            ("other calls", count(requests.other).into()),
            ("retries", count(requests.retries).into()),
            ("throttled", count(requests.throttled).into()),
            ("held back for", time(requests.throttle_seconds).into()),
            ("without an answer", count(requests.ambiguous).into()),
        ],
    )
}

fn speed(run: &RunDocument) -> Tag {
    let rate = &run.rate;
    let latency =
        run.latency_ms.map(|latency| [latency.p50, latency.p95, latency.p99].map(|ms| format!("{} ms", count(ms))));
    let [p50, p95, p99] = latency.unwrap_or_else(|| ["–"; 3].map(str::to_owned));
    group(
        "Speed",
        [
            (
                "imports a minute",
                format!("{:.1} of {}", rate.requests_per_min, count(rate.limit_per_min.into())).into(),
            ),
            (
                "contacts a minute",
                format!("{} of {}", count(rate.contacts_per_min), count(rate.contacts_limit_per_min)).into(),
            ),
            ("answer, median", p50.into()),
            ("answer, 95 of 100", p95.into()),
            ("answer, 99 of 100", p99.into()),
            ("time", time(run.seconds).into()),
        ],
    )
}

fn source(run: &RunDocument) -> Tag {
    let (source, destination) = (&run.source, &run.destination);
    group(
        "From and to",
        [
            ("source", source.name.as_str().into()),
            ("rows", count(source.rows).into()),
            ("columns", source.columns.map_or_else(|| "–".to_owned(), count).into()),
            ("content", tag("code").with(source.digest.as_deref().unwrap_or("–")).into()),
            ("host", destination.host.as_str().into()),
            ("list", destination.list.to_string().into()),
        ],
    )
}
