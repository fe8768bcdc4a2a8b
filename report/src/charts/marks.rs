//! What was not as it should be, on the axis of time.

use super::Over;
use crate::html::{Html, tag};
use crate::svg::lines::x;
use crate::svg::{HEIGHT, WIDTH, at, drawing, length};
use crate::timeline::Bin;
use crate::words::{plural, time};

impl Over<'_> {
    /// A line of marks for what was not as it should be.
    pub(super) fn marks(&self) -> Html {
        let lane = |id, name: &'static str, class, of: fn(&Bin) -> u64, shows: &str| {
            let there = self.bins.iter().filter(|bin| of(bin) > 0);
            let marks = there.map(|bin| {
                let (from, to) = (x(bin.from, self.seconds), x(bin.to, self.seconds));
                let says = format!("{} at {}", plural(of(bin), name), time(length(bin.from)));
                let rect = tag("rect").class(class).attr("x", at(from)).attr("y", 0);
                // Wide enough to be seen.
                let rect = rect.attr("width", at((to - from).max(WIDTH / 250.0))).attr("height", HEIGHT);
                Html::from(rect.with(tag("title").with(says)))
            });
            let name = tag("span").class("lane-name").attr("aria-hidden", "true").with(name);
            tag("div").class("lane").with(name).with(drawing(id, shows, shows, marks))
        };
        let sum = |of: fn(&Bin) -> u64| self.bins.iter().map(of).fold(0_u64, u64::saturating_add);
        let (throttled, retries) = (sum(|bin| bin.throttled), sum(|bin| bin.retries));
        if throttled == 0 && retries == 0 {
            return tag("p")
                .class("quiet calm")
                .with("ActiveCampaign never asked to slow down, and nothing had to be sent again.")
                .into();
        }
        let asked = format!("ActiveCampaign asked {} to slow down", plural(throttled, "time"));
        let again = format!("{} sent again", plural(retries, "import"));
        let caption = tag("figcaption")
            .with(tag("h3").with("Slowed down or sent again"))
            .with(tag("p").class("keys").with(format!("{asked}; {again}")));
        tag("figure")
            .class("plot")
            .with(caption)
            .with(lane("throttled", "throttle", "mark throttled", |bin| bin.throttled, &asked))
            .with(lane("retries", "retry", "mark retried", |bin| bin.retries, &again))
            .into()
    }
}
