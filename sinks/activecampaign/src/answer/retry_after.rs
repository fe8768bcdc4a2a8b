//! How long the destination asks to wait.

use std::time::Duration;

use chrono::DateTime;
use http::HeaderMap;
use http::header::{DATE, RETRY_AFTER};

/// `Retry-After` in seconds or as a date, which is measured against the answer's own `Date` so that our clock
/// does not matter. `None` when absent, unreadable or past. Not clamped.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name)?.to_str().ok().map(str::trim);
    let wait = text(RETRY_AFTER)?;
    if let Ok(seconds) = wait.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = DateTime::parse_from_rfc2822(wait).ok()?;
    let present = DateTime::parse_from_rfc2822(text(DATE)?).ok()?;
    (until - present).to_std().ok()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn read(wait: &str, date: Option<&str>) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, HeaderValue::from_str(wait).unwrap());
        if let Some(date) = date {
            headers.insert(DATE, HeaderValue::from_str(date).unwrap());
        }
        retry_after(&headers)
    }

    #[test]
    fn seconds_are_read_without_a_bound() {
        assert_eq!(read("30", None), Some(Duration::from_secs(30)));
        assert_eq!(read(" 0 ", None), Some(Duration::ZERO));
        assert_eq!(read("1000000000", None), Some(Duration::from_secs(1_000_000_000)));
    }

    #[test]
    fn a_date_is_measured_against_the_answers_own_date() {
        let date = Some("Sun, 22 Nov 2026 10:00:00 GMT");
        assert_eq!(read("Sun, 22 Nov 2026 10:00:45 GMT", date), Some(Duration::from_secs(45)));
        assert_eq!(read("Sun, 22 Nov 2026 09:59:59 GMT", date), None);
        assert_eq!(read("Sun, 22 Nov 2026 10:00:45 GMT", None), None);
        assert_eq!(read("Sun, 22 Nov 2026 10:00:45 GMT", Some("yesterday")), None);
    }

    #[test]
    fn anything_else_is_no_advice() {
        for wait in ["", "-5", "1.5", "soon", "99999999999999999999999", "Sun, 99 Nov 2026 10:00:45 GMT"] {
            assert_eq!(read(wait, Some("Sun, 22 Nov 2026 10:00:00 GMT")), None, "{wait}");
        }
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }
}
