//! The timeline of a run in the steps that are drawn: whole minutes where there are many of them.

use enlist_history::Timeline;

/// Most steps that are drawn.
const MOST: u64 = 120;

/// What happened from one time to another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bin {
    /// Seconds since the start.
    pub(crate) from: u64,
    /// Seconds since the start.
    pub(crate) to: u64,
    /// Contacts in imports that were accepted.
    pub(crate) accepted: u64,
    /// Contacts confirmed.
    pub(crate) confirmed: u64,
    /// Imports sent.
    pub(crate) imports: u64,
    /// Answers that asked to slow down.
    pub(crate) throttled: u64,
    /// Attempts after the first.
    pub(crate) retries: u64,
    /// Most imports that waited for their end.
    pub(crate) pending: u64,
    /// Slowest answer in milliseconds; 0 without one.
    pub(crate) latency_ms: u64,
}

impl Bin {
    /// A count of this bin as so many a minute.
    pub(crate) fn per_minute(&self, count: u64) -> u64 {
        let (count, seconds) = (u128::from(count), u128::from(self.to.saturating_sub(self.from).max(1)));
        u64::try_from((count * 60 + seconds / 2) / seconds).unwrap_or(u64::MAX)
    }
}

/// The steps to draw. Their sums are those of the timeline, and they follow each other without a gap.
pub(crate) fn bins(timeline: &Timeline) -> Vec<Bin> {
    let length = timeline.step_seconds.max(1);
    let columns = [&timeline.accepted, &timeline.confirmed, &timeline.imports, &timeline.throttled, &timeline.retries];
    let steps = columns.iter().map(|column| column.len()).max().unwrap_or(0);
    let together = together(steps as u64, length);
    let mut bins: Vec<Bin> =
        (0..steps).step_by(together).map(|from| bin(timeline, from, (from + together).min(steps), length)).collect();
    // A rest of a step would be drawn with a rate that says little.
    if let [.., before, rest] = bins.as_mut_slice()
        && (rest.to - rest.from).saturating_mul(2) < before.to - before.from
    {
        *before = joined(before, rest);
        bins.pop();
    }
    bins
}

/// How many steps make one that is drawn: a minute of a long run, a quarter of one of a short run, a step of one below a minute. A
/// quarter holds a whole number of imports at the usual 100 a minute, so their even pace does not look like a sawtooth.
fn together(steps: u64, length: u64) -> usize {
    let wished: u64 = match steps.saturating_mul(length) {
        0..60 => 1,
        60..360 => 15,
        360..900 => 30,
        _ => 60,
    };
    usize::try_from(wished.div_ceil(length).max(steps.div_ceil(MOST))).unwrap_or(usize::MAX).max(1)
}

fn bin(timeline: &Timeline, from: usize, to: usize, length: u64) -> Bin {
    let part = |column: &'_ [u64]| column.get(from..to.min(column.len())).unwrap_or_default().to_vec();
    let sum = |column: &[u64]| part(column).into_iter().fold(0_u64, u64::saturating_add);
    let most = |column: &[u64]| part(column).into_iter().max().unwrap_or(0);
    Bin {
        from: (from as u64).saturating_mul(length),
        to: (to as u64).saturating_mul(length),
        accepted: sum(&timeline.accepted),
        confirmed: sum(&timeline.confirmed),
        imports: sum(&timeline.imports),
        throttled: sum(&timeline.throttled),
        retries: sum(&timeline.retries),
        pending: most(&timeline.pending),
        latency_ms: most(&timeline.latency_ms),
    }
}

fn joined(a: &Bin, b: &Bin) -> Bin {
    Bin {
        from: a.from,
        to: b.to,
        accepted: a.accepted.saturating_add(b.accepted),
        confirmed: a.confirmed.saturating_add(b.confirmed),
        imports: a.imports.saturating_add(b.imports),
        throttled: a.throttled.saturating_add(b.throttled),
        retries: a.retries.saturating_add(b.retries),
        pending: a.pending.max(b.pending),
        latency_ms: a.latency_ms.max(b.latency_ms),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(document: serde_json::Value) -> Timeline {
        serde_json::from_value(document).unwrap()
    }

    fn timeline(step_seconds: u64, steps: usize) -> Timeline {
        let column: Vec<u64> = (0..steps as u64).collect();
        of(serde_json::json!({ "step_seconds": step_seconds, "accepted": column, "imports": column }))
    }

    #[test]
    fn sums_stay_and_steps_follow_each_other() {
        for (step, steps) in [(1, 1), (1, 59), (1, 61), (2, 200), (8, 304), (16, 338), (256, 338), (1, 5_000)] {
            let bins = bins(&timeline(step, steps));
            let sum: u64 = bins.iter().map(|bin| bin.accepted).sum();
            assert_eq!(sum, (0..steps as u64).sum::<u64>(), "{step} {steps}");
            assert!(bins.windows(2).all(|pair| pair[0].to == pair[1].from), "{step} {steps}");
            assert_eq!((bins[0].from, bins[bins.len() - 1].to), (0, step * steps as u64));
            assert!(bins.len() <= 120);
        }
    }

    #[test]
    fn a_long_run_is_drawn_in_minutes_and_a_very_short_one_as_it_is() {
        assert_eq!(bins(&timeline(8, 304))[0].to, 64);
        assert_eq!(bins(&timeline(1, 300))[0].to, 15);
        assert_eq!(bins(&timeline(1, 14)).len(), 14);
    }

    #[test]
    fn a_rate_is_scaled_to_a_minute() {
        let bin = Bin { from: 10, to: 20, ..Bin::default() };
        assert_eq!((bin.per_minute(16), bin.per_minute(u64::MAX)), (96, u64::MAX));
    }

    #[test]
    fn columns_of_unequal_length_are_no_reason_to_fail() {
        let torn = of(serde_json::json!({ "step_seconds": 0, "accepted": [1, 2, 3], "pending": [4] }));
        assert_eq!(bins(&torn).iter().map(|bin| bin.accepted).sum::<u64>(), 6);
        assert!(bins(&Timeline::default()).is_empty());
    }
}
