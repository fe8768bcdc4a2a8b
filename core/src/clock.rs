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
        Self::at(SystemTime::now())
    }

    /// A clock that starts at `wall`.
    pub fn at(wall: SystemTime) -> Self {
        Self { origin: Instant::now(), wall }
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

/// Nanoseconds since the machine started, suspension included: the same for all processes, so that they can share it.
///
/// Where the system has no such clock, its monotonic one, which stands still while the machine is suspended.
pub(crate) fn boot_nanos() -> u64 {
    #[cfg(target_os = "linux")]
    const CLOCK: rustix::time::ClockId = rustix::time::ClockId::Boottime;
    #[cfg(not(target_os = "linux"))]
    const CLOCK: rustix::time::ClockId = rustix::time::ClockId::Monotonic;
    let now = rustix::time::clock_gettime(CLOCK);
    let whole = u64::try_from(now.tv_sec).unwrap_or(0).saturating_mul(1_000_000_000);
    whole.saturating_add(u64::try_from(now.tv_nsec).unwrap_or(0))
}
