//! The calls of the last minutes, held against their limits.

use std::time::Duration;

use serde_json::{Value, json};

use crate::record::{Lane, Record};
use crate::settings::Settings;

/// What a chart shows: sixty steps of five seconds.
const STEP: Duration = Duration::from_secs(5);
const STEPS: u32 = 60;

/// One chart a quota. `records` are in the order of arrival.
pub(crate) fn rates(records: &[Record], settings: &Settings, now: Duration) -> Vec<Value> {
    let limits = &settings.limits;
    let (minute, second) = (Duration::from_secs(60), Duration::from_secs(1));
    let first = first_step(now);
    let recent = &records[records.partition_point(|record| record.at + minute < first)..];
    let lanes = [
        (Lane::Bulk, limits.bulk_per_minute, minute),
        (Lane::Single, limits.single_per_minute, minute),
        (Lane::General, limits.general_per_second, second),
    ];
    let chart = |(lane, limit, window): (Lane, u32, Duration)| {
        let takes = |record: &&Record| record.counted && uses(settings, record.lane, lane);
        let taken: Vec<Duration> = recent.iter().filter(takes).map(|record| record.at).collect();
        let refused = recent.iter().filter(|record| record.lane == lane && is_throttled(record));
        json!({
            "lane": lane,
            "limit": settings.scaled(limit),
            "now": within(&taken, now, window),
            "peaks": peaks(&taken, now, window),
            "throttled": by_step(refused.map(|record| record.at), now),
        })
    };
    lanes.into_iter().map(chart).collect()
}

/// Whether a call of `lane` uses up the quota of `quota`.
fn uses(settings: &Settings, lane: Lane, quota: Lane) -> bool {
    lane == quota
        || (quota == Lane::Bulk && lane == Lane::Single && settings.limits.single_counts_as_bulk)
        || (quota == Lane::General && settings.bulk_in_general)
}

/// Whether a call was answered as throttled: it used up nothing, and not for want of the key.
fn is_throttled(record: &Record) -> bool {
    !record.counted && record.status.is_some_and(|status| status != 403)
}

/// Where the oldest step begins. Steps begin at whole multiples, so that a bar stays what it is while time goes on.
fn first_step(now: Duration) -> Duration {
    (STEP * (step_of(now) + 1)).saturating_sub(STEP * STEPS)
}

fn step_of(at: Duration) -> u32 {
    u32::try_from(at.as_secs() / STEP.as_secs()).unwrap_or(u32::MAX / STEPS)
}

/// Arrivals within the half-open window that ends with `now`.
fn within(arrivals: &[Duration], now: Duration, window: Duration) -> usize {
    let begin = arrivals.partition_point(|at| *at + window <= now);
    arrivals.partition_point(|at| *at <= now).saturating_sub(begin)
}

/// The most arrivals within any window that ends in each of the steps.
fn peaks(arrivals: &[Duration], now: Duration, window: Duration) -> Vec<usize> {
    let last = step_of(now);
    let mut peaks: Vec<usize> = steps(now).map(|step| within(arrivals, STEP * step, window)).collect();
    for (place, at) in arrivals.iter().enumerate() {
        // Those at the same time and later ones are not yet there.
        let held = place + 1 - arrivals.partition_point(|earlier| *earlier + window <= *at);
        if let Some(peak) = slot(*at, last).and_then(|slot| peaks.get_mut(slot)) {
            *peak = held.max(*peak);
        }
    }
    peaks
}

fn by_step(arrivals: impl Iterator<Item = Duration>, now: Duration) -> Vec<usize> {
    let last = step_of(now);
    let mut counts: Vec<usize> = steps(now).map(|_| 0).collect();
    for at in arrivals {
        if let Some(count) = slot(at, last).and_then(|slot| counts.get_mut(slot)) {
            *count += 1;
        }
    }
    counts
}

/// The steps that are shown; before the start of the simulator there was time as well.
fn steps(now: Duration) -> impl Iterator<Item = u32> {
    let last = step_of(now);
    (0..STEPS).map(move |place| (last + 1 + place).saturating_sub(STEPS))
}

/// The place of an arrival among the steps.
fn slot(at: Duration, last: u32) -> Option<usize> {
    let place = (step_of(at) + STEPS).checked_sub(last + 1)?;
    usize::try_from(place).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn seconds(times: &[u64]) -> Vec<Duration> {
        times.iter().map(|second| Duration::from_secs(*second)).collect()
    }

    #[test]
    fn a_step_shows_the_fullest_window_that_ends_in_it() {
        let peaks = peaks(&seconds(&[601, 602, 658, 662]), Duration::from_secs(664), MINUTE);
        assert_eq!(peaks.len(), 60);
        // 600..605 holds two, 655..660 three; at 660 there are still three, and at 662 two of them are gone.
        assert_eq!(peaks[59 - 12..], [2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3]);
        assert!(peaks[..59 - 12].iter().all(|peak| *peak == 0));
    }

    #[test]
    fn a_simulator_that_has_just_begun_shows_its_calls_in_the_last_step() {
        let arrivals = seconds(&[0, 1, 1]);
        let now = Duration::from_secs(2);
        let (peaks, counts) = (peaks(&arrivals, now, MINUTE), by_step(arrivals.iter().copied(), now));
        assert_eq!((peaks[59], counts[59]), (3, 3));
        assert!(counts[..59].iter().all(|count| *count == 0));
        assert_eq!(within(&arrivals, Duration::from_secs(60), MINUTE), 2);
    }

    #[test]
    fn what_is_older_than_five_minutes_is_not_shown() {
        let counts = by_step(seconds(&[100, 1_000]).into_iter(), Duration::from_secs(1_000));
        assert_eq!(counts.iter().sum::<usize>(), 1);
        assert_eq!(counts[59], 1);
    }
}
