//! Numbers as people read them.

use std::time::Duration;

/// `1,000,000`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `1 request`, `2 requests`.
pub fn plural(number: u64, thing: &str) -> String {
    format!("{} {thing}{}", count(number), if number == 1 { "" } else { "s" })
}

/// `61 kB`, `212 MB`: decimal, as ActiveCampaign counts.
pub fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{} kB", bytes / 1_000),
        1_000_000..1_000_000_000 => format!("{} MB", bytes / 1_000_000),
        _ => format!("{}.{} GB", bytes / 1_000_000_000, bytes / 100_000_000 % 10),
    }
}

/// `0.2 s`, `12 s`, `40 m 31 s`, `1 h 20 m`.
pub fn time(span: Duration) -> String {
    let seconds = span.as_secs();
    match (seconds / 3_600, seconds / 60 % 60, seconds % 60) {
        (0, 0, 0..10) => format!("{}.{} s", seconds, span.subsec_millis() / 100),
        (0, 0, s) => format!("{s} s"),
        (0, m, s) => format!("{m} m {s} s"),
        (h, 0, _) => format!("{h} h"),
        (h, m, _) => format!("{h} h {m} m"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (12_480, "12,480"), (1_000_000, "1,000,000")] {
            assert_eq!(count(number), text);
        }
        assert_eq!((plural(1, "row"), plural(2_000, "row")), ("1 row".into(), "2,000 rows".into()));
    }

    #[test]
    fn sizes_and_times_are_rounded_down_to_what_matters() {
        for (bytes, text) in [(12, "12 B"), (61_999, "61 kB"), (212_000_000, "212 MB"), (1_250_000_000, "1.2 GB")] {
            assert_eq!(size(bytes), text);
        }
        for (millis, text) in [
            (0, "0.0 s"),
            (2_310, "2.3 s"),
            (12_000, "12 s"),
            (105_000, "1 m 45 s"),
            (2_431_200, "40 m 31 s"),
            (4_800_000, "1 h 20 m"),
            (21_600_000, "6 h"),
        ] {
            assert_eq!(time(Duration::from_millis(millis)), text);
        }
    }
}
