//! Days and times as the API writes them, in UTC.

use std::time::{Duration, SystemTime};

const DAY: u64 = 24 * 3600;

/// The wall clock, read once and carried on by the time since the start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wall {
    /// Seconds between the Unix epoch and the start.
    start: u64,
}

impl Wall {
    pub(crate) fn read() -> Self {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self { start: since.as_secs() }
    }

    /// Seconds since the Unix epoch.
    pub(crate) fn seconds(self, at: Duration) -> u32 {
        u32::try_from(self.start.saturating_add(at.as_secs())).unwrap_or(u32::MAX)
    }

    /// Days since the Unix epoch.
    pub(crate) fn day(self, at: Duration) -> u64 {
        u64::from(self.seconds(at)) / DAY
    }
}

/// `2026-08-01` for days since the Unix epoch.
pub(crate) fn date(day: u64) -> String {
    // Years of 400-year eras begin in March, so that the leap day is the last of a year.
    let shifted = day + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// `2026-08-01T12:00:00+00:00` for seconds since the Unix epoch.
pub(crate) fn timestamp(seconds: u32) -> String {
    let (day, rest) = (u64::from(seconds) / DAY, u64::from(seconds) % DAY);
    format!("{}T{:02}:{:02}:{:02}+00:00", date(day), rest / 3600, rest / 60 % 60, rest % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_written_as_dates() {
        let cases = [
            (0, "1970-01-01"),
            (59, "1970-03-01"),
            (789, "1972-02-29"),
            (11_016, "2000-02-29"),
            (11_017, "2000-03-01"),
            (20_453, "2025-12-31"),
            (20_454, "2026-01-01"),
        ];
        for (day, expected) in cases {
            assert_eq!(date(day), expected);
        }
        assert_eq!(timestamp(951_782_399), "2000-02-28T23:59:59+00:00");
    }
}
