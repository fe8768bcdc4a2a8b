//! Faults and latencies, drawn from the seeded generator.

use std::time::Duration;

use fastrand::Rng;
use serde::{Deserialize, Serialize, Serializer};

use crate::settings::{is_share, seconds};

/// Shares of the calls that go wrong. A call has at most one fault; the shares add up to at most 1.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    /// Which calls are concerned.
    pub scope: FaultScope,
    /// Answered as throttled.
    pub throttle: f64,
    /// Answered with a 5xx. 504, 520 and 524 come from a gateway that gave up: the call was processed.
    pub server_error: f64,
    /// Answered with 200 and an HTML page; the call was processed in half of the cases.
    pub html: f64,
    /// Answered with 403 although the token is valid.
    pub forbidden: f64,
    /// The connection is lost before the call is processed.
    pub cut_before: f64,
    /// The connection is lost after the call was processed.
    pub cut_after: f64,
    /// The call was processed, the connection is lost in the middle of the answer.
    pub truncated: f64,
    /// Answered correctly, but later by `slow_by`.
    pub slow: f64,
    /// See `slow`.
    #[serde(deserialize_with = "seconds", serialize_with = "as_seconds")]
    pub slow_by: Duration,
}

/// Which calls faults are injected into.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultScope {
    /// All of them.
    #[default]
    All,
    /// Import requests.
    Bulk,
    /// All but import requests.
    General,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Throttle,
    /// The flag says whether the call was processed all the same.
    ServerError(u16, bool),
    Html(bool),
    Forbidden,
    CutBefore,
    CutAfter,
    Truncated,
    Slow,
}

const SERVER_ERRORS: [(u16, bool); 8] =
    [(500, false), (502, false), (503, false), (504, true), (511, false), (520, true), (522, false), (524, true)];

impl Faults {
    pub(crate) fn draw(&self, rng: &mut Rng, bulk: bool) -> Option<Fault> {
        let concerned = match self.scope {
            FaultScope::All => true,
            FaultScope::Bulk => bulk,
            FaultScope::General => !bulk,
        };
        // Drawn in any case, so that the scope of the faults does not change other chance.
        let (mut left, which, processed) = (rng.f64(), rng.usize(..SERVER_ERRORS.len()), rng.bool());
        if !concerned {
            return None;
        }
        let (status, committed) = SERVER_ERRORS[which];
        let shares = [
            (self.throttle, Fault::Throttle),
            (self.server_error, Fault::ServerError(status, committed)),
            (self.html, Fault::Html(processed)),
            (self.forbidden, Fault::Forbidden),
            (self.cut_before, Fault::CutBefore),
            (self.cut_after, Fault::CutAfter),
            (self.truncated, Fault::Truncated),
            (self.slow, Fault::Slow),
        ];
        for (share, fault) in shares {
            if left < share {
                return Some(fault);
            }
            left -= share;
        }
        None
    }

    /// Whether every share is one.
    pub(crate) fn are_shares(&self) -> bool {
        self.shares().into_iter().all(|(name, share)| is_share(name, share).is_ok())
    }

    /// What in it cannot be meant, in words: a share that is none, or more than one fault a call.
    pub(crate) fn check(&self) -> Result<(), String> {
        let shares = self.shares();
        shares.into_iter().try_for_each(|(name, share)| is_share(name, share))?;
        let sum: f64 = shares.into_iter().map(|(_, share)| share).sum();
        // Ten tenths are a little more than one.
        if sum > 1.0 + 1e-9 { Err(format!("the shares of faults add up to {sum:.2}: at most 1")) } else { Ok(()) }
    }

    fn shares(&self) -> [(&'static str, f64); 8] {
        [
            ("faults.throttle", self.throttle),
            ("faults.server_error", self.server_error),
            ("faults.html", self.html),
            ("faults.forbidden", self.forbidden),
            ("faults.cut_before", self.cut_before),
            ("faults.cut_after", self.cut_after),
            ("faults.truncated", self.truncated),
            ("faults.slow", self.slow),
        ]
    }
}

fn as_seconds<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(time.as_secs_f64())
}

/// How long an answer takes, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Latency {
    /// Always the same.
    Fixed(f64),
    /// Evenly distributed.
    Uniform {
        /// Shortest.
        from: f64,
        /// Longest.
        to: f64,
    },
    /// Log-normal pieces through three percentiles.
    Lognormal {
        /// Median.
        p50: f64,
        /// Exceeded by one call in ten.
        p90: f64,
        /// Exceeded by one call in a hundred.
        p99: f64,
    },
}

impl Latency {
    /// None at all.
    pub fn none() -> Self {
        Self::Fixed(0.0)
    }

    /// As the server's own times in recorded answers of 2020.
    pub fn recorded() -> Self {
        Self::Lognormal { p50: 0.135, p90: 0.309, p99: 0.565 }
    }

    /// Of the importer; nothing is published or recorded.
    pub fn bulk() -> Self {
        Self::Uniform { from: 0.15, to: 0.8 }
    }

    pub(crate) fn draw(self, rng: &mut Rng) -> Duration {
        let seconds = match self {
            Self::Fixed(time) => time,
            Self::Uniform { from, to } => from + (to - from) * rng.f64(),
            Self::Lognormal { p50, p90, p99 } => lognormal(normal(rng), p50, p90, p99),
        };
        Duration::try_from_secs_f64(seconds).unwrap_or_default()
    }
}

/// The standard normal quantiles of 0.9 and 0.99.
const Z90: f64 = 1.2816;
const Z99: f64 = 2.3263;

/// Straight lines between the percentiles on a logarithmic scale, so that each of them is exact.
fn lognormal(z: f64, p50: f64, p90: f64, p99: f64) -> f64 {
    let slope = (p90 / p50).ln() / Z90;
    let exponent = if z <= Z90 { p50.ln() + z * slope } else { p90.ln() + (z - Z90) * (p99 / p90).ln() / (Z99 - Z90) };
    exponent.exp()
}

/// A standard normal number (Box-Muller), within ±3.5.
fn normal(rng: &mut Rng) -> f64 {
    let radius = (-2.0 * (1.0 - rng.f64()).ln()).sqrt();
    (radius * (std::f64::consts::TAU * rng.f64()).cos()).clamp(-3.5, 3.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latencies_have_the_percentiles_asked_for() {
        let mut rng = Rng::with_seed(7);
        let mut times: Vec<f64> = (0..100_000).map(|_| Latency::recorded().draw(&mut rng).as_secs_f64()).collect();
        times.sort_by(f64::total_cmp);
        for (rank, expected) in [(50_000, 0.135), (90_000, 0.309), (99_000, 0.565)] {
            let ratio: f64 = times[rank] / expected;
            assert!((0.97..1.03).contains(&ratio), "percentile {rank} is off by {ratio}");
        }
    }

    #[test]
    fn faults_occur_in_their_share_and_scope() {
        let faults = Faults { scope: FaultScope::Bulk, cut_after: 0.25, html: 0.25, ..Faults::default() };
        let mut rng = Rng::with_seed(7);
        let drawn: Vec<_> = (0..10_000).map(|_| faults.draw(&mut rng, true)).collect();
        let cuts = drawn.iter().filter(|fault| **fault == Some(Fault::CutAfter)).count();
        let none = drawn.iter().filter(|fault| fault.is_none()).count();
        assert!((2_300..2_700).contains(&cuts), "{cuts} cuts");
        assert!((4_800..5_200).contains(&none), "{none} without fault");
        assert!((0..1_000).all(|_| faults.draw(&mut rng, false).is_none()));
    }
}
