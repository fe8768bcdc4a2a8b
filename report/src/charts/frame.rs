//! What all drawings over time share: the frame, the axis of time and the keys.

use super::Over;
use crate::html::{Html, Tag, tag};
use crate::svg::axis::{Axis, times};
use crate::svg::lines::{ground, x};
use crate::svg::{WIDTH, drawing};

impl Over<'_> {
    /// A drawing with its name, its keys and the numbers beside it.
    pub(super) fn plot(
        &self,
        id: &'static str,
        title: String,
        shows: &str,
        keys: impl IntoIterator<Item = Option<Html>>,
        axis: &Axis,
        shapes: impl IntoIterator<Item = Html>,
    ) -> Html {
        let held = ground(
            "held",
            self.bins.iter().filter(|bin| bin.throttled > 0).map(|bin| (bin.from, bin.to)),
            self.seconds,
        );
        let caption = tag("figcaption").with(tag("h3").with(title.as_str())).with(tag("p").class("keys").all(keys));
        let shapes = [held, axis.grid()].into_iter().chain(shapes);
        let frame = tag("div").class("frame").with(axis.labels()).with(drawing(id, &title, shows, shapes));
        tag("figure").class("plot").with(caption).with(frame).into()
    }

    /// The times below all drawings.
    pub(super) fn axis(&self) -> Tag {
        let labels = times(self.seconds).into_iter().enumerate().map(|(n, (second, label))| {
            let class = if n % 2 == 1 { "odd" } else { "even" };
            tag("span")
                .class(class)
                .attr("style", format!("left:{:.2}%", x(second, self.seconds) / WIDTH * 100.0))
                .with(label)
        });
        let name = tag("p").class("quiet").with("time since the start");
        tag("div").class("x").attr("aria-hidden", "true").with(tag("div").all(labels)).with(name)
    }
}

/// What a shape means.
pub(super) fn key(class: &'static str, name: String) -> Html {
    let swatch = tag("span").attr("class", format!("key {class}")).attr("aria-hidden", "true");
    tag("span").class("entry").with(swatch).with(name).into()
}
