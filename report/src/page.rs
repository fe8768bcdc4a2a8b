//! The skeleton of a page: everything around its sections.

use crate::html::{Html, Tag, tag};

const STYLE: &str = include_str!("page.css");

/// Nothing may be loaded or run, should anything hostile ever stand in a page.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/// A whole document. `data` is the block for programs.
pub(crate) fn whole(title: &str, body: Html, data: Html) -> String {
    let head = tag("head")
        .with(tag("meta").attr("charset", "utf-8"))
        .with(tag("meta").attr("http-equiv", "Content-Security-Policy").attr("content", POLICY))
        .with(tag("meta").attr("name", "viewport").attr("content", "width=device-width, initial-scale=1"))
        .with(tag("meta").attr("name", "color-scheme").attr("content", "light dark"))
        .with(tag("meta").attr("name", "referrer").attr("content", "no-referrer"))
        .with(tag("meta").attr("name", "robots").attr("content", "noindex"))
        .with(tag("title").with(format!("{title} · enlist")))
        .with(tag("style").with(Html::literal(STYLE)));
    let body = tag("body").with(tag("main").with(body)).with(data);
    format!("<!doctype html>\n{}", Html::from(tag("html").attr("lang", "en").with(head).with(body)))
}

/// A part of the page under a heading.
pub(crate) fn section(heading: &str) -> Tag {
    tag("section").with(tag("h2").with(heading))
}

/// A paragraph.
pub(crate) fn paragraph(text: impl Into<Html>) -> Html {
    tag("p").with(text).into()
}

/// Something that must be seen, on a ground of its own.
pub(crate) fn callout(tone: &'static str, heading: &str, body: impl Into<Html>) -> Html {
    tag("div").attr("class", format!("callout {tone}")).with(tag("p").class("lead").with(heading)).with(body).into()
}

/// A name and what it is.
pub(crate) fn fact(name: &str, value: impl Into<Html>) -> Html {
    tag("div").with(tag("dt").with(name)).with(tag("dd").with(value)).into()
}

/// What is shown on demand.
pub(crate) fn folded(summary: impl Into<Html>, body: impl Into<Html>) -> Html {
    tag("details").with(tag("summary").with(summary)).with(body).into()
}

/// A drawing once more, as a table. On paper it is left out: there it would take page after page.
pub(crate) fn as_numbers(summary: &str, table: Html) -> Html {
    tag("details").class("numbers").with(tag("summary").with(summary)).with(table).into()
}

/// A table that scrolls within its own box where the screen is narrow. `numbers` says which columns are numbers.
pub(crate) fn table(name: &str, columns: &[(&str, Column)], rows: impl IntoIterator<Item = Vec<Html>>) -> Html {
    let cell = |name: &'static str, column: Column| match column {
        Column::Number => tag(name).class("number"),
        Column::Text => tag(name),
        Column::Long => tag(name).class("long"),
    };
    let heads = columns.iter().map(|(name, column)| cell("th", *column).attr("scope", "col").with(*name));
    let rows = rows.into_iter().map(|row| {
        tag("tr").all(row.into_iter().zip(columns).map(|(value, (_, column))| cell("td", *column).with(value)))
    });
    let table = tag("table").with(tag("thead").with(tag("tr").all(heads))).with(tag("tbody").all(rows));
    tag("div").class("scroll").attr("role", "region").attr("aria-label", name).attr("tabindex", 0).with(table).into()
}

/// What a column holds.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Column {
    /// Numbers, which stand on the right.
    Number,
    /// A few words.
    Text,
    /// Sentences, which may break.
    Long,
}
