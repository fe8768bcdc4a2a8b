//! When the next call may leave. Pure: told the time in nanoseconds of a clock that never goes back.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{Lane, Quota};

/// Form of the stored state; another one is not read.
const VERSION: u8 = 1;

/// The part of a quota that is used, in percent: calls that leave evenly spaced may arrive unevenly.
const SHARE: u64 = 99;

/// The same for a window below [`SHORT_WINDOW`], where the same unevenness weighs more.
const SHARE_OF_SHORT: u64 = 90;

const SHORT_WINDOW: Duration = Duration::from_secs(10);

/// Slots further ahead than this are taken for damage: a run reserves one a lane, behind the longest hold.
const HORIZON: Duration = Duration::from_secs(3_600);

/// Longest wait that a destination can ask for.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(300);

/// First wait when the destination does not say how long; it doubles with each further throttle.
const FIRST_WAIT: Duration = Duration::from_secs(5);

/// Longest such wait: importers count calls per minute, so after a minute of silence nothing is left to wait for.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// What remains of the rate after a throttle, its least, and how long it takes to come back: the cubic recovery of
/// the AWS SDKs' adaptive retry mode, with their factor.
const AFTER_THROTTLE: f64 = 0.7;
const LEAST_RATE: f64 = 0.25;
const RECOVERY: Duration = Duration::from_secs(60);

/// What one account's quotas need to remember, in nanoseconds of its store's clock.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PaceState {
    version: u8,
    /// Whether calls of the past are known; if not, the first slot is one interval away.
    known: bool,
    /// Earliest next slot of each lane.
    bulk: u64,
    single: u64,
    general: u64,
    /// Slots after `bulk` that singles have taken; imports keep their distance from them.
    taken: Vec<u64>,
    imports: Brake,
    calls: Brake,
}

/// What throttling did to the lanes that share it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Brake {
    /// Nothing leaves before; the rate recovers from here on.
    until: u64,
    /// Throttles without a success in between.
    streak: u32,
    /// Part of the full rate at `until`.
    rate: f64,
}

impl Brake {
    const RELEASED: Self = Self { until: 0, streak: 0, rate: 1.0 };

    /// Part of the full rate at `now`: steep at first, flat where it was throttled before.
    fn rate(&self, now: u64) -> f64 {
        let elapsed = Duration::from_nanos(now.saturating_sub(self.until));
        let left = 1.0 - (elapsed.as_secs_f64() / RECOVERY.as_secs_f64()).min(1.0);
        1.0 - (1.0 - self.rate) * left.powi(3)
    }

    fn hold(&mut self, now: u64, retry_after: Option<Duration>) {
        // Answers to calls that left together are one throttle.
        let first = now >= self.until;
        if first {
            self.rate = (self.rate(now) * AFTER_THROTTLE).max(LEAST_RATE);
        }
        let wait = match retry_after {
            Some(asked) => asked.min(LONGEST_RETRY_AFTER),
            None if first => LONGEST_WAIT.min(FIRST_WAIT * 2_u32.saturating_pow(self.streak.min(8))),
            None => Duration::ZERO,
        };
        if first {
            self.streak = self.streak.saturating_add(1);
        }
        self.until = self.until.max(now.saturating_add(nanos(wait)));
    }
}

impl PaceState {
    /// The state of an account without calls in the past.
    pub fn idle() -> Self {
        Self {
            version: VERSION,
            known: true,
            bulk: 0,
            single: 0,
            general: 0,
            taken: Vec::new(),
            imports: Brake::RELEASED,
            calls: Brake::RELEASED,
        }
    }

    /// The state when nothing is known of the past: every lane begins one interval from the first call.
    pub fn unknown() -> Self {
        Self { known: false, ..Self::idle() }
    }

    /// Whether this version can use it at `now`: a damaged one could keep everybody waiting for years.
    pub(super) fn is_usable(&self, now: u64) -> bool {
        let brakes = [&self.imports, &self.calls];
        let horizon = now.saturating_add(nanos(HORIZON));
        let slots = [self.bulk, self.single, self.general].into_iter().chain(self.taken.iter().copied());
        self.version == VERSION
            && brakes.iter().all(|brake| brake.rate > 0.0 && brake.rate <= 1.0)
            && slots.chain(brakes.map(|brake| brake.until)).all(|at| at <= horizon)
    }

    /// Takes the next slot of `lane` at or after `now` and returns its time.
    ///
    /// Slots are evenly spaced, so that no window of a quota ever holds more calls than the quota. A [`Lane::Single`]
    /// takes a slot of [`Lane::Bulk`] too. A lane without a quota waits for holds only.
    pub fn reserve(&mut self, quotas: &[Quota], lane: Lane, now: u64) -> u64 {
        if !self.known {
            self.known = true;
            self.bulk = now.saturating_add(interval(quotas, Lane::Bulk, 1.0));
            self.single = now.saturating_add(interval(quotas, Lane::Single, 1.0));
            self.general = now.saturating_add(interval(quotas, Lane::General, 1.0));
        }
        let brake = self.brake(lane);
        let earliest = now.max(brake.until);
        let gap = |lane| interval(quotas, lane, brake.rate(earliest));
        match lane {
            Lane::General => {
                let slot = earliest.max(self.general);
                self.general = slot.saturating_add(gap(Lane::General));
                slot
            }
            Lane::Bulk => self.import(earliest, earliest, gap(Lane::Bulk)),
            Lane::Single => {
                let bulk = gap(Lane::Bulk);
                // A whole number of bulk slots, or each single would spoil the room of two.
                let single = gap(Lane::Single).div_ceil(bulk.max(1)).saturating_mul(bulk.max(1));
                let slot = self.import(earliest, earliest.max(self.single), bulk);
                self.single = slot.saturating_add(single);
                slot
            }
        }
    }

    /// Takes the first slot at or after `wanted` that is `gap` away from all others. When that leaves room for a
    /// whole slot at or after `earliest` (only singles ask for such), the room stays free for others.
    fn import(&mut self, earliest: u64, wanted: u64, gap: u64) -> u64 {
        let frontier = earliest.max(self.bulk);
        self.taken.retain(|taken| taken.saturating_add(gap) > frontier);
        let next = self.free_slot(frontier, gap);
        let slot = self.free_slot(frontier.max(wanted), gap);
        if slot >= next.saturating_add(gap) && gap > 0 {
            let at = self.taken.partition_point(|taken| *taken < slot);
            self.taken.insert(at, slot);
        } else {
            self.bulk = slot.saturating_add(gap);
        }
        slot
    }

    fn free_slot(&self, from: u64, gap: u64) -> u64 {
        let mut slot = from;
        for taken in &self.taken {
            if slot.abs_diff(*taken) < gap {
                slot = taken.saturating_add(gap);
            }
        }
        slot
    }

    /// Puts off `lane` after the destination throttled a call of it: for as long as it asks, at most 300 s, or else
    /// for 5 s, 10 s, … 60 s. [`Lane::Bulk`] and [`Lane::Single`] wait together.
    pub fn hold(&mut self, lane: Lane, now: u64, retry_after: Option<Duration>) {
        self.brake_mut(lane).hold(now, retry_after);
    }

    /// When `lane` is held at `now`: the end of it.
    pub fn held_until(&self, lane: Lane, now: u64) -> Option<u64> {
        Some(self.brake(lane).until).filter(|until| *until > now)
    }

    /// Notes that a call of `lane` was not throttled. Answers that arrive during a hold belong to calls before it.
    pub fn success(&mut self, lane: Lane, now: u64) {
        let brake = self.brake_mut(lane);
        if now >= brake.until {
            brake.streak = 0;
        }
    }

    fn brake(&self, lane: Lane) -> &Brake {
        match lane {
            Lane::Bulk | Lane::Single => &self.imports,
            Lane::General => &self.calls,
        }
    }

    fn brake_mut(&mut self, lane: Lane) -> &mut Brake {
        match lane {
            Lane::Bulk | Lane::Single => &mut self.imports,
            Lane::General => &mut self.calls,
        }
    }
}

/// Time between two slots of `lane` at `rate` of its quota, rounded up; 0 without a quota.
fn interval(quotas: &[Quota], lane: Lane, rate: f64) -> u64 {
    let of_lane = quotas.iter().filter(|quota| quota.lane == lane);
    let full = of_lane.map(|quota| {
        let share = if quota.window < SHORT_WINDOW { SHARE_OF_SHORT } else { SHARE };
        let slots = u64::from(quota.count.max(1)) * share;
        nanos(quota.window).saturating_mul(100).div_ceil(slots)
    });
    // A cast to an integer saturates.
    (full.max().unwrap_or(0) as f64 / rate).ceil() as u64
}

/// How late a call of `lane` may leave after its slot without its window exceeding the quota: half of what the unused
/// share leaves, the other half is for the way to the destination.
pub(super) fn slack(quotas: &[Quota], lane: Lane) -> u64 {
    let of_lane = quotas.iter().filter(|quota| quota.lane == lane);
    let spare = of_lane.map(|quota| {
        let spread = interval(quotas, lane, 1.0).saturating_mul(u64::from(quota.count));
        spread.saturating_sub(nanos(quota.window)) / 2
    });
    spare.min().unwrap_or(u64::MAX)
}

pub(super) fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
