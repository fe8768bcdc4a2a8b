//! Numbers and times as people read them.

use std::time::Duration;

/// `1,000,000`.
pub(crate) fn count(number: u64) -> String {
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

/// `1 request`, `2 requests`, `2 retries`.
pub(crate) fn plural(number: u64, thing: &str) -> String {
    match (number, thing.strip_suffix("ry")) {
        (1, _) => format!("1 {thing}"),
        (_, Some(start)) => format!("{} {start}ries", count(number)),
        (_, None) => format!("{} {thing}s", count(number)),
    }
}

/// `0.2 s`, `12 s`, `40 m 31 s`, `1 h 20 m`. What is no time (negative, not a number) is none.
pub(crate) fn time(seconds: f64) -> String {
    let span = Duration::try_from_secs_f64(seconds).unwrap_or_default();
    let seconds = span.as_secs();
    match (seconds / 3_600, seconds / 60 % 60, seconds % 60) {
        (0, 0, 0..10) if span.subsec_millis() >= 100 || seconds == 0 => {
            format!("{seconds}.{} s", span.subsec_millis() / 100)
        }
        (0, 0, s) => format!("{s} s"),
        (0, m, 0) => format!("{m} m"),
        (0, m, s) => format!("{m} m {s} s"),
        (h, 0, _) => format!("{h} h"),
        (h, m, _) => format!("{h} h {m} m"),
    }
}

/// `45 minutes`, `30 seconds`: a time that somebody chose.
pub(crate) fn chosen_time(seconds: u64) -> String {
    match seconds {
        60.. if seconds.is_multiple_of(60) => plural(seconds / 60, "minute"),
        _ => plural(seconds, "second"),
    }
}

/// `12.5 %`. A part that is there is never none, and a part that is not everything is never all.
pub(crate) fn percent(part: u64, whole: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "shown with three digits")]
    match (part, whole) {
        (0, _) | (_, 0) => "0 %".to_owned(),
        (part, whole) if part == whole => "100 %".to_owned(),
        (part, whole) => match part as f64 / whole as f64 * 100.0 {
            share if share < 0.1 => "< 0.1 %".to_owned(),
            share if share > 99.9 && part < whole => "> 99.9 %".to_owned(),
            share => format!("{share:.1} %"),
        },
    }
}

/// `22 Nov 2026, 10:00 UTC` from RFC 3339 in UTC; anything else as it is.
pub(crate) fn moment(rfc3339: &str) -> String {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let parts = || {
        let (date, clock) = rfc3339.strip_suffix('Z')?.split_once('T')?;
        let mut date = date.split('-').map(str::parse::<usize>);
        let (year, month, day) = (date.next()?.ok()?, date.next()?.ok()?, date.next()?.ok()?);
        let month = MONTHS.get(month.checked_sub(1)?)?;
        let clock = clock.get(..5).filter(|clock| clock.chars().all(|c| c.is_ascii_digit() || c == ':'))?;
        Some(format!("{day} {month} {year}, {clock} UTC"))
    };
    parts().unwrap_or_else(|| rfc3339.to_owned())
}

/// `a, b and c`.
pub(crate) fn listing(things: &[String]) -> String {
    match things {
        [] => String::new(),
        [only] => only.clone(),
        [start @ .., last] => format!("{} and {last}", start.join(", ")),
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
        assert_eq!((plural(1, "retry"), plural(4, "retry")), ("1 retry".into(), "4 retries".into()));
    }

    #[test]
    fn times_are_rounded_down_to_what_matters() {
        for (seconds, text) in [
            (0.0, "0.0 s"),
            (2.31, "2.3 s"),
            (5.0, "5 s"),
            (12.9, "12 s"),
            (60.0, "1 m"),
            (2_431.2, "40 m 31 s"),
            (4_800.0, "1 h 20 m"),
            (7_200.0, "2 h"),
            (-1.0, "0.0 s"),
            (f64::NAN, "0.0 s"),
            (f64::INFINITY, "0.0 s"),
        ] {
            assert_eq!(time(seconds), text);
        }
        assert_eq!(
            (chosen_time(5_400), chosen_time(60), chosen_time(45)),
            ("90 minutes".into(), "1 minute".into(), "45 seconds".into())
        );
    }

    #[test]
    fn a_share_is_none_or_all_only_when_it_is() {
        for (part, whole, text) in [
            (0, 10, "0 %"),
            (0, 0, "0 %"),
            (10, 10, "100 %"),
            (1, 1_000_000, "< 0.1 %"),
            (999_999, 1_000_000, "> 99.9 %"),
            (1, 8, "12.5 %"),
            (30, 10, "300.0 %"),
        ] {
            assert_eq!(percent(part, whole), text, "{part} of {whole}");
        }
    }

    #[test]
    fn a_moment_is_a_date_and_a_time_of_day() {
        assert_eq!(moment("2026-11-22T10:00:00Z"), "22 Nov 2026, 10:00 UTC");
        assert_eq!(moment("2026-02-01T10:00:00.123Z"), "1 Feb 2026, 10:00 UTC");
        for odd in ["", "yesterday", "2026-13-01T10:00:00Z", "2026-11-22T日本語Z", "2026-11-22T10:00:00+02:00"] {
            assert_eq!(moment(odd), odd);
        }
    }

    #[test]
    fn things_are_listed_as_in_a_sentence() {
        let things = ["a", "b", "c"].map(String::from);
        assert_eq!([listing(&[]), listing(&things[..1]), listing(&things)], ["", "a", "a, b and c"]);
    }
}
