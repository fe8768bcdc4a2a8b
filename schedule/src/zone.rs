//! Time zones by name.

use chrono_tz::{TZ_VARIANTS, Tz};

use crate::ScheduleError;

/// Most names to offer instead of an unknown one.
const OFFERED: usize = 3;

/// The time zone called `name` in the database of IANA.
///
/// # Errors
/// When there is none; the error offers names written alike.
pub(crate) fn named(name: &str) -> Result<Tz, ScheduleError> {
    let unknown = || ScheduleError::TimeZone { name: name.to_owned(), similar: similar(name) };
    name.parse().map_err(|_| unknown())
}

/// Names that differ by a few letters, or whose last part does: `helsinki` is Europe/Helsinki.
fn similar(name: &str) -> Vec<&'static str> {
    let fold = |text: &str| text.trim().to_ascii_lowercase().replace([' ', '-'], "_");
    let wanted = fold(name);
    let place = |zone: &str| zone.rsplit('/').next().unwrap_or_default().to_owned();
    // A third of the letters may be wrong: past that anything is like anything.
    let limit = wanted.chars().count().min(64) / 3;
    let mut found: Vec<(usize, &'static str)> = TZ_VARIANTS
        .iter()
        .map(|zone| {
            let folded = fold(zone.name());
            // Whole names win over last parts that are as close.
            let whole = 2 * distance(&wanted, &folded);
            (whole.min(2 * distance(&place(&wanted), &place(&folded)) + 1), zone.name())
        })
        .filter(|(far, _)| far / 2 <= limit)
        .collect();
    found.sort_by_key(|(far, name)| (*far, name.len()));
    found.truncate(OFFERED);
    let best = found.first().map_or(0, |(far, _)| *far);
    found.into_iter().filter(|(far, _)| *far <= best + 1).map(|(_, name)| name).collect()
}

/// How many letters must be put in, taken out or exchanged to turn `a` into `b` (Levenshtein's distance). What is far
/// longer than any name of a zone is far away.
fn distance(a: &str, b: &str) -> usize {
    const LONGEST: usize = 64;
    if a.len() > LONGEST {
        return a.len();
    }
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, right) in b.iter().enumerate() {
            let exchanged = diagonal + usize::from(left != *right);
            diagonal = row[j + 1];
            row[j + 1] = exchanged.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
