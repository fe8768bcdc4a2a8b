//! Names of runs: `r_20261122_073329_796_1f0a`.

use chrono::{DateTime, NaiveDateTime, Utc};

/// The name of a run that begins at `started`: unique within a state folder and in the order of time.
pub fn of(started: DateTime<Utc>) -> String {
    // Exports that are due at the same moment start within a millisecond.
    format!("r_{}_{:04x}", started.format("%Y%m%d_%H%M%S_%3f"), fastrand::u16(..))
}

/// When the run of this name began, to the second; none for what is no name of a run.
pub fn began(name: &str) -> Option<DateTime<Utc>> {
    let parts: Vec<&str> = name.split('_').collect();
    let ["r", date, time, millis, random] = parts[..] else { return None };
    let digits = |text: &str, length: usize| text.len() == length && text.chars().all(|c| c.is_ascii_hexdigit());
    if !digits(millis, 3) || !digits(random, 4) {
        return None;
    }
    let began = NaiveDateTime::parse_from_str(&format!("{date}_{time}"), "%Y%m%d_%H%M%S").ok()?;
    Some(began.and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_when_its_run_began() {
        let started = "2026-11-22T07:33:29Z".parse().unwrap();
        assert_eq!(began(&of(started)), Some(started));
        for name in ["r_20261122", "r_20261122_073329_796", "r_20261399_073329_796_1f0a", "r_20261122_073329_796_mine"]
        {
            assert_eq!(began(name), None, "{name}");
        }
    }
}
