//! Axes with round numbers.

use super::{HEIGHT, WIDTH, at, length};
use crate::html::{Html, Tag, tag};
use crate::words::count;

/// From 0 to the first round number that nothing exceeds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Axis {
    /// Its end.
    pub(crate) top: u64,
    /// Where there is a number, 0 and `top` included.
    pub(crate) ticks: Vec<u64>,
}

impl Axis {
    /// An axis that holds 0 to `most` with three to five steps.
    pub(crate) fn up_to(most: u64) -> Self {
        let step = round_step(most.div_ceil(4));
        let steps = most.div_ceil(step).max(1);
        let ticks: Vec<u64> = (0..=steps).map(|n| step.saturating_mul(n)).collect();
        Self { top: step.saturating_mul(steps), ticks }
    }

    /// An axis that ends at `most`, for a drawing too small for more than that number.
    pub(crate) fn exactly(most: u64) -> Self {
        Self { top: most.max(1), ticks: vec![0, most.max(1)] }
    }

    /// The height of `number` in the box, from its top.
    pub(crate) fn y(&self, number: f64) -> f64 {
        HEIGHT - (number / length(self.top)).clamp(0.0, 1.0) * HEIGHT
    }

    /// Lines behind the drawing.
    pub(crate) fn grid(&self) -> Html {
        let path: String = self.ticks.iter().map(|tick| format!("M0 {}H{WIDTH}", at(self.y(length(*tick))))).collect();
        tag("path").class("grid").attr("d", path).into()
    }

    /// The numbers beside it.
    pub(crate) fn labels(&self) -> Tag {
        let labels = self.ticks.iter().map(|tick| {
            let style = format!("top:{}%", at(self.y(length(*tick))));
            tag("span").attr("style", style).with(count(*tick))
        });
        tag("div").class("y").attr("aria-hidden", "true").all(labels)
    }
}

/// The smallest of 1, 2, 5, 10, 20, 25, 50, 100 and so on that is at least `least`.
fn round_step(least: u64) -> u64 {
    let mut power = 1_u64;
    loop {
        for (times, parts) in [(1, 1), (2, 1), (5, 2), (5, 1)] {
            let step = power.saturating_mul(times) / parts;
            if step >= least && (parts == 1 || power >= 10) {
                return step.max(1);
            }
        }
        match power.checked_mul(10) {
            Some(next) => power = next,
            None => return least.max(1),
        }
    }
}

/// Seconds with a label, in round steps of time, at most nine of them.
pub(crate) fn times(seconds: u64) -> Vec<(u64, String)> {
    const STEPS: [u64; 17] = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200];
    let step = STEPS.into_iter().find(|step| seconds / step <= 8).unwrap_or_else(|| (seconds / 8).max(1));
    (0..=seconds / step).map(|n| (n * step, label(n * step))).collect()
}

fn label(seconds: u64) -> String {
    match (seconds / 3_600, seconds / 60 % 60, seconds % 60) {
        (0, 0, 0) => "0".to_owned(),
        (0, 0, s) => format!("{s} s"),
        (0, m, 0) => format!("{m} m"),
        (0, m, s) => format!("{m}:{s:02} m"),
        (h, 0, _) => format!("{h} h"),
        (h, m, _) => format!("{h}:{m:02} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_hold_everything() {
        for (most, ticks) in [
            (0, vec![0, 1]),
            (1, vec![0, 1]),
            (3, vec![0, 1, 2, 3]),
            (17, vec![0, 5, 10, 15, 20]),
            (100, vec![0, 25, 50, 75, 100]),
            (104, vec![0, 50, 100, 150]),
            (25_000, vec![0, 10_000, 20_000, 30_000]),
            (26_300, vec![0, 10_000, 20_000, 30_000]),
        ] {
            assert_eq!(Axis::up_to(most).ticks, ticks, "{most}");
        }
    }

    #[test]
    fn no_number_breaks_an_axis() {
        for shift in 0..64 {
            for most in [1_u64 << shift, (1 << shift) - 1, u64::MAX >> shift] {
                let axis = Axis::up_to(most);
                assert!(axis.top >= most && (2..=6).contains(&axis.ticks.len()), "{most}: {axis:?}");
                assert!(axis.y(length(most)).abs() <= HEIGHT);
            }
        }
    }

    #[test]
    fn times_are_round() {
        let labels = |seconds| times(seconds).into_iter().map(|(_, label)| label).collect::<Vec<_>>();
        assert_eq!(labels(0), ["0"]);
        assert_eq!(labels(14), ["0", "2 s", "4 s", "6 s", "8 s", "10 s", "12 s", "14 s"]);
        assert_eq!(labels(100), ["0", "15 s", "30 s", "45 s", "1 m", "1:15 m", "1:30 m"]);
        assert_eq!(labels(2_431), ["0", "5 m", "10 m", "15 m", "20 m", "25 m", "30 m", "35 m", "40 m"]);
        assert_eq!(labels(5_400), ["0", "15 m", "30 m", "45 m", "1 h", "1:15 h", "1:30 h"]);
        for seconds in [u64::MAX, 86_400, 1_000_000] {
            assert!(times(seconds).len() <= 10, "{seconds}");
        }
    }
}
