//! Values with a notation of their own.

use std::time::Duration;

/// A share of rows in percent, from 0 to 100.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Percent(pub f64);

impl Percent {
    /// The share as a number from 0 to 1.
    pub fn fraction(self) -> f64 {
        self.0 / 100.0
    }
}

/// Reads `30%` or `0.5%`.
///
/// # Errors
/// What to write instead.
pub fn parse_percent(text: &str) -> Result<Percent, String> {
    text.strip_suffix('%')
        .and_then(|number| number.trim().parse().ok())
        .filter(|number| (0.0..=100.0).contains(number))
        .map(Percent)
        .ok_or_else(|| "write a share such as 30% or 0.5%".to_owned())
}

/// Reads `90m`, `1h30m` or `45s`: whole days, hours, minutes and seconds, the largest first.
///
/// # Errors
/// What to write instead.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    const UNITS: [(char, u64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];
    let parts = || {
        let mut seconds: u64 = 0;
        let mut units = UNITS.into_iter();
        let mut rest = text;
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit())?;
            let (number, tail) = rest.split_at_checked(digits)?;
            let unit = tail.chars().next()?;
            let (_, size) = units.find(|(letter, _)| *letter == unit)?;
            seconds = seconds.checked_add(number.parse::<u64>().ok()?.checked_mul(size)?)?;
            rest = tail.get(1..)?;
        }
        (seconds > 0).then(|| Duration::from_secs(seconds))
    };
    parts().ok_or_else(|| "write a time such as 90m, 1h30m or 45s".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_with_their_units() {
        for (text, seconds) in [("45s", 45), ("90m", 5_400), ("1h30m", 5_400), ("2h", 7_200), ("1d2h3m4s", 93_784)] {
            assert_eq!(parse_duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "90", "m", "0s", "30m1h", "1h1h", "-5m", "1.5h", "9 m", "1é", "99999999999999999999d"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn shares_need_their_sign() {
        assert_eq!(parse_percent("30%").map(Percent::fraction), Ok(0.3));
        assert_eq!(parse_percent("0.5 %"), Ok(Percent(0.5)));
        for text in ["30", "%", "101%", "-1%", "NaN%", "inf%", "x%"] {
            assert!(parse_percent(text).is_err(), "{text}");
        }
    }
}
