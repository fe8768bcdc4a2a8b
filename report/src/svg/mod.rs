//! Drawings. Each fills a box of 1000 by 100 that is stretched to the room there is, so lines keep their width and all words
//! stand beside the drawing, as text in its own size: a phone shows the same as a wide screen.

pub(crate) mod axis;
pub(crate) mod bars;
pub(crate) mod lines;

use crate::html::{Html, Tag, tag};

/// Width of the box.
pub(crate) const WIDTH: f64 = 1_000.0;
/// Height of the box.
pub(crate) const HEIGHT: f64 = 100.0;

/// A drawing with a name and, for those who do not see it, what it shows. `id` is unique on the page.
pub(crate) fn drawing(id: &'static str, title: &str, shows: &str, shapes: impl IntoIterator<Item = Html>) -> Tag {
    let (title_id, shows_id) = (format!("{id}-title"), format!("{id}-desc"));
    tag("svg")
        .attr("viewBox", format!("0 0 {WIDTH} {HEIGHT}"))
        .attr("preserveAspectRatio", "none")
        .attr("role", "img")
        .attr("aria-labelledby", format!("{title_id} {shows_id}"))
        .with(tag("title").attr("id", title_id).with(title))
        .with(tag("desc").attr("id", shows_id).with(shows))
        .all(shapes)
}

/// A number of the document as a length.
#[expect(clippy::cast_precision_loss, reason = "a length on a screen")]
pub(crate) fn length(number: u64) -> f64 {
    number as f64
}

/// A coordinate, short.
pub(crate) fn at(place: f64) -> String {
    let text = format!("{place:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}
