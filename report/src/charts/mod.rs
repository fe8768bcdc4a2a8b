//! How a run went: drawings below each other over one axis of time.

mod frame;
mod marks;
mod numbers;

use enlist_history::RunDocument;

use self::frame::key;
use crate::html::{Html, tag};
use crate::page::{as_numbers, paragraph, section as a_section};
use crate::svg::axis::Axis;
use crate::svg::length;
use crate::svg::lines::{Step, area, limit, line};
use crate::timeline::{Bin, bins};
use crate::words::{count, percent, plural};

/// Below this a rate a minute would be a guess: counts are shown.
const A_MINUTE: u64 = 60;

/// How the run went over time; nothing where nothing was sent.
pub(crate) fn section(run: &RunDocument) -> Html {
    let bins = run.timeline.as_ref().map(bins).unwrap_or_default();
    let Some(seconds) =
        bins.last().map(|bin| bin.to).filter(|_| bins.iter().any(|bin| bin.imports > 0 || bin.accepted > 0))
    else {
        return Html::default();
    };
    let section = a_section("How it went over time");
    if bins.len() < 3 {
        return section.with(in_words(&bins, seconds)).into();
    }
    let over = Over { run, bins: &bins, seconds, rates: seconds >= A_MINUTE };
    section
        .with(over.introduction())
        .with(
            tag("div")
                .class("plots")
                .with(over.contacts())
                .with(over.imports())
                .with(over.pending())
                .with(over.latency())
                .with(over.marks())
                .with(over.axis()),
        )
        .with(as_numbers("These drawings as numbers", over.numbers()))
        .into()
}

fn in_words(bins: &[Bin], seconds: u64) -> Html {
    let sum = |of: fn(&Bin) -> u64| bins.iter().map(of).fold(0_u64, u64::saturating_add);
    paragraph(format!(
        "Everything happened within {}: {} sent, {} accepted, {} confirmed.",
        plural(seconds, "second"),
        plural(sum(|bin| bin.imports), "import"),
        plural(sum(|bin| bin.accepted), "contact"),
        count(sum(|bin| bin.confirmed)),
    ))
}

struct Over<'a> {
    run: &'a RunDocument,
    bins: &'a [Bin],
    seconds: u64,
    /// Whether numbers are shown as so many a minute.
    rates: bool,
}

impl Over<'_> {
    fn introduction(&self) -> Html {
        let rate = &self.run.rate;
        if !self.rates {
            let step = self.bins.first().map_or(1, |bin| bin.to - bin.from);
            let each = if step == 1 { "each second".to_owned() } else { format!("each {step} seconds") };
            return paragraph(format!(
                "The run took less than a minute, so these are counts of {each}, not rates a minute."
            ));
        }
        if rate.contacts_limit_per_min == 0 {
            return Html::default();
        }
        paragraph(format!(
            "ActiveCampaign takes at most {} contacts a minute ({} imports). This run confirmed {} a minute on average: {} of that.",
            count(rate.contacts_limit_per_min),
            count(rate.limit_per_min.into()),
            count(rate.contacts_per_min),
            percent(rate.contacts_per_min, rate.contacts_limit_per_min),
        ))
    }

    fn contacts(&self) -> Html {
        let (accepted, confirmed) = (self.steps(|bin| bin.accepted), self.steps(|bin| bin.confirmed));
        let ceiling = self.limit(self.run.rate.contacts_limit_per_min);
        let axis = Axis::up_to(most(&accepted).max(most(&confirmed)).max(ceiling.unwrap_or(0)));
        let shapes = [
            area("confirmed", &confirmed, self.seconds, &axis),
            line("accepted", &accepted, self.seconds, &axis),
            ceiling.map(|ceiling| limit(ceiling, &axis)).into(),
        ];
        let keys = [
            Some(key("fill confirmed", "confirmed".to_owned())),
            Some(key("line accepted", "accepted".to_owned())),
            ceiling.map(|ceiling| key("line limit", format!("ceiling {}", count(ceiling)))),
            self.bins.iter().any(|bin| bin.throttled > 0).then(|| key("ground held", "asked to slow down".to_owned())),
        ];
        // What is sent is spread evenly; what is finished comes as ActiveCampaign gets to it.
        let burst = ceiling.is_some_and(|ceiling| most(&confirmed) > ceiling);
        let note = burst.then_some(
            "Imports are finished in bursts, so confirmed contacts may stand above the ceiling for a while.",
        );
        let shows = format!(
            "At most {} accepted and {} confirmed{}{}.",
            count(most(&accepted)),
            count(most(&confirmed)),
            self.a_minute(),
            ceiling.map(|ceiling| format!("; the ceiling is {}", count(ceiling))).unwrap_or_default(),
        );
        let note = note.map(|note| tag("p").class("quiet").with(note));
        Html::from_iter([self.plot("contacts", self.named("Contacts"), &shows, keys, &axis, shapes), note.into()])
    }

    fn imports(&self) -> Html {
        let sent = self.steps(|bin| bin.imports);
        let allowed = self.limit(self.run.rate.limit_per_min.into());
        let axis = Axis::up_to(most(&sent).max(allowed.unwrap_or(0)));
        let shapes = [area("imports", &sent, self.seconds, &axis), allowed.map(|allowed| limit(allowed, &axis)).into()];
        let keys = [
            Some(key("fill imports", "sent".to_owned())),
            allowed.map(|allowed| key("line limit", format!("limit {}", count(allowed)))),
        ];
        let shows = format!(
            "At most {} sent{}{}.",
            plural(most(&sent), "import"),
            self.a_minute(),
            allowed.map(|allowed| format!("; the limit is {}", count(allowed))).unwrap_or_default(),
        );
        self.plot("imports", self.named("Imports"), &shows, keys, &axis, shapes)
    }

    fn pending(&self) -> Html {
        let pending: Vec<Step> = self.bins.iter().map(|bin| step(bin, Some(length(bin.pending)))).collect();
        let axis = Axis::up_to(most(&pending));
        let shows = format!("At most {} waited to be finished by ActiveCampaign.", plural(most(&pending), "import"));
        let keys = [Some(key("fill pending", "accepted, not finished".to_owned()))];
        self.plot(
            "pending",
            "Imports waiting".to_owned(),
            &shows,
            keys,
            &axis,
            [area("pending", &pending, self.seconds, &axis)],
        )
    }

    fn latency(&self) -> Html {
        let slowest: Vec<Step> =
            self.bins.iter().map(|bin| step(bin, (bin.latency_ms > 0).then(|| length(bin.latency_ms)))).collect();
        if most(&slowest) == 0 {
            return Html::default();
        }
        let axis = Axis::up_to(most(&slowest));
        let shows = format!("The slowest answer took {} milliseconds.", count(most(&slowest)));
        let keys = [Some(key("fill latency", "slowest".to_owned()))];
        self.plot(
            "latency",
            "Time to answer, ms".to_owned(),
            &shows,
            keys,
            &axis,
            [area("latency", &slowest, self.seconds, &axis)],
        )
    }

    fn steps(&self, of: fn(&Bin) -> u64) -> Vec<Step> {
        self.bins.iter().map(|bin| step(bin, Some(length(self.rate(bin, of(bin)))))).collect()
    }

    fn rate(&self, bin: &Bin, number: u64) -> u64 {
        if self.rates { bin.per_minute(number) } else { number }
    }

    /// A limit a minute, where rates are shown and there is one.
    fn limit(&self, number: u64) -> Option<u64> {
        (self.rates && number > 0).then_some(number)
    }

    fn named(&self, what: &str) -> String {
        format!("{what}{}", self.a_minute())
    }

    fn a_minute(&self) -> &'static str {
        if self.rates { " a minute" } else { "" }
    }
}

fn step(bin: &Bin, value: Option<f64>) -> Step {
    Step { from: bin.from, to: bin.to, value }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "values are counts")]
fn most(steps: &[Step]) -> u64 {
    steps.iter().filter_map(|step| step.value).fold(0.0, f64::max) as u64
}

#[cfg(test)]
mod tests {
    use enlist_history::{Rate, Sample, Timeline};

    use super::*;

    fn page(step_seconds: u64, steps: usize) -> String {
        let timeline: Timeline = serde_json::from_value(serde_json::json!({
            "step_seconds": step_seconds,
            "accepted": vec![400 * step_seconds; steps],
            "confirmed": vec![400 * step_seconds; steps],
            "imports": vec![2 * step_seconds; steps],
            "pending": vec![3; steps],
            "latency_ms": vec![140; steps],
        }))
        .unwrap();
        let rate = Rate { limit_per_min: 100, contacts_limit_per_min: 25_000, ..Rate::default() };
        section(&RunDocument { timeline: Some(timeline), rate, ..RunDocument::default() }).to_string()
    }

    #[test]
    fn a_long_run_is_shown_in_rates_below_its_ceiling() {
        let page = page(8, 304);
        assert!(
            page.contains("At most 24,000 accepted and 24,000 confirmed a minute; the ceiling is 25,000."),
            "{page}"
        );
        assert!(page.contains("never asked to slow down"));
    }

    #[test]
    fn a_run_below_a_minute_is_shown_in_counts_without_a_ceiling() {
        let page = page(1, 14);
        assert!(page.contains("counts of each second, not rates") && page.contains("At most 400 accepted"), "{page}");
        assert!(!page.contains("ceiling") && !page.contains(">Contacts a minute<"));
    }

    #[test]
    fn a_run_of_a_moment_is_told_in_a_sentence() {
        let page = page(1, 1);
        assert!(
            page.contains("Everything happened within 1 second: 2 imports sent, 400 contacts accepted, 400 confirmed."),
            "{page}"
        );
        assert!(!page.contains("<svg"));
    }

    #[test]
    fn nothing_sent_is_nothing_shown() {
        assert!(section(&RunDocument::default()).to_string().is_empty());
        let mut waited = Timeline::start();
        waited.push(9, Sample::default());
        assert!(section(&RunDocument { timeline: Some(waited), ..RunDocument::default() }).to_string().is_empty());
    }
}
