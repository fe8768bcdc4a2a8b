//! Dates and times as exports write them.
//!
//! ISO 8601 with `T` or a space, with or without seconds' fraction and zone, and what Synapse Link writes for some
//! columns, `5/27/2021 10:17:13 PM`, unless the model is of another culture than `en-US`: there, 5/6 may be the 5th of
//! June. A time without a zone is taken as UTC, in which Customer Insights keeps all times.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};

/// With a fraction of any length, which chrono reads to the nanosecond.
const ISO: [&str; 4] = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"];
const AMERICAN: &str = "%m/%d/%Y %I:%M:%S %p";

/// Microseconds since 1970 of a time; what is finer is cut off.
pub(crate) fn instant(text: &str, american: bool) -> Option<i64> {
    let time = zoned(text).or_else(|| plain(text, american).map(|time| time.and_utc()))?;
    Some(time.timestamp_micros())
}

/// Days since 1970 of a date, or of a time at midnight.
pub(crate) fn day(text: &str, american: bool) -> Option<i32> {
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().or_else(|| {
        let time = zoned(text).map(|time| time.naive_utc()).or_else(|| plain(text, american))?;
        (time.time() == NaiveTime::MIN).then(|| time.date())
    })?;
    Some(date.to_epoch_days())
}

fn zoned(text: &str) -> Option<DateTime<Utc>> {
    let formats =
        ["%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%d %H:%M:%S%.f%#z", "%Y-%m-%d %H:%M:%S%.f %#z", "%Y-%m-%dT%H:%M%#z"];
    let zoned = formats.iter().find_map(|format| DateTime::parse_from_str(text, format).ok());
    zoned.map(|time| time.to_utc()).or_else(|| plain(text.strip_suffix('Z')?, false).map(|time| time.and_utc()))
}

fn plain(text: &str, american: bool) -> Option<NaiveDateTime> {
    let iso = ISO.iter().find_map(|format| NaiveDateTime::parse_from_str(text, format).ok());
    iso.or_else(|| Some(NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_time(NaiveTime::MIN)))
        .or_else(|| NaiveDateTime::parse_from_str(text, AMERICAN).ok().filter(|_| american))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_in_every_notation_that_exports_have() {
        let expected = DateTime::parse_from_rfc3339("2021-05-27T22:17:13Z").unwrap().timestamp_micros();
        for text in [
            "2021-05-27T22:17:13Z",
            "2021-05-27T22:17:13",
            "2021-05-27 22:17:13",
            "2021-05-27 22:17:13Z",
            "2021-05-27T22:17:13.0000000Z",
            "2021-05-28T01:17:13.000+03:00",
            "2021-05-28 01:17:13 +03:00",
            "5/27/2021 10:17:13 PM",
            "05/27/2021 10:17:13 PM",
        ] {
            assert_eq!(instant(text, true), Some(expected), "{text}");
        }
        assert_eq!(instant("2021-05-27T22:17:13.1234567Z", true), Some(expected + 123_456));
        assert_eq!(instant("2021-05-27", true), instant("2021-05-27T00:00", true));
        assert_eq!(instant("0001-01-01T00:00:00", true), Some(-62_135_596_800_000_000));
    }

    #[test]
    fn what_could_be_two_dates_is_none() {
        for text in ["5/6/2021 10:17:13 PM", "5/27/2021", "27/5/2021 10:17:13 PM", "2021-13-01", "yesterday", "Z", ""] {
            assert_eq!(instant(text, false), None, "{text}");
        }
        assert_eq!(instant("5/6/2021 22:17:13", true), None);
    }

    #[test]
    fn a_date_has_no_time() {
        assert_eq!(day("1970-01-02", true), Some(1));
        assert_eq!(day("1970-01-02T00:00:00Z", true), Some(1));
        assert_eq!(day("1/2/1970 12:00:00 AM", true), Some(1));
        assert_eq!(day("1970-01-02T00:00:01", true), None);
        assert_eq!(day("1/2/1970 12:00:00 AM", false), None);
    }
}
