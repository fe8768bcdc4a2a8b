//! The only place that reads the time. Tokio's clock underneath, so that paused (virtual) time works everywhere.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// Monotonic time, and a wall clock that moves with it.
///
/// The wall time is read once, at [`start`](Self::start): a clock that is set back during a run cannot make a
/// duration negative, and under virtual time both advance together.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    origin: Instant,
    wall: SystemTime,
}

impl Clock {
    /// A clock that starts at the present.
    pub fn start() -> Self {
        Self {
            origin: Instant::now(),
            wall: SystemTime::now(),
        }
    }

    /// Monotonic present.
    pub fn now(&self) -> Instant {
        Instant::now()
    }

    /// Time since the start.
    pub fn elapsed(&self) -> Duration {
        self.origin.elapsed()
    }

    /// Wall-clock present.
    pub fn wall(&self) -> SystemTime {
        self.wall + self.elapsed()
    }

    /// Wall-clock present in milliseconds since the Unix epoch.
    pub fn unix_millis(&self) -> i64 {
        let since = self.wall().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }

    /// Sleeps until `at`; returns at once when it has passed.
    pub async fn sleep_until(&self, at: Instant) {
        tokio::time::sleep_until(at).await;
    }

    /// Sleeps for `time`.
    pub async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}
