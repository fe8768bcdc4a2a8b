//! Lines of cron as other schedulers take them.

use std::collections::BTreeSet;

/// Short forms and what they stand for.
const NICKNAMES: [(&str, &str); 6] = [
    ("@hourly", "0 * * * *"),
    ("@daily", "0 0 * * *"),
    ("@weekly", "0 0 * * 0"),
    ("@monthly", "0 0 1 * *"),
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
];

const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const DAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// What systemd calls the days, in the order of its weeks, and cron's numbers of them.
const WEEK: [(&str, u8); 7] = [("Mon", 1), ("Tue", 2), ("Wed", 3), ("Thu", 4), ("Fri", 5), ("Sat", 6), ("Sun", 0)];

/// A line of cron that says nothing but what POSIX has: numbers, lists, ranges and steps; Sunday is 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posix {
    minute: String,
    hour: String,
    day: String,
    month: String,
    weekday: String,
}

impl Posix {
    /// `cron` in these words; none where it says more, like `L`.
    pub fn parse(cron: &str) -> Option<Self> {
        let cron = cron.trim();
        let whole = NICKNAMES.iter().find(|(name, _)| cron.eq_ignore_ascii_case(name)).map_or(cron, |(_, whole)| whole);
        let fields: Vec<&str> = whole.split_whitespace().collect();
        let [minute, hour, day, month, weekday] = fields.as_slice() else { return None };
        let weekday = numbered(weekday, &DAYS, 0)?;
        Some(Self {
            minute: numbered(minute, &[], 0)?,
            hour: numbered(hour, &[], 0)?,
            day: numbered(day, &[], 0)?,
            month: numbered(month, &MONTHS, 1)?,
            // Some take 7 for Sunday and some do not; a range up to it would not be one any more.
            weekday: if weekday.contains('7') { list(&days(&weekday)?) } else { weekday },
        })
    }

    /// The line.
    pub fn line(&self) -> String {
        let Self { minute, hour, day, month, weekday } = self;
        format!("{minute} {hour} {day} {month} {weekday}")
    }

    /// The same as calendar events of systemd in a time zone (systemd.time(7)): due when any of them is. None where
    /// cron itself is not of one mind about what the line means.
    pub fn events(&self, zone: &str) -> Option<Vec<String>> {
        let time = format!("{}:{}:00 {zone}", event(&self.hour, 0), event(&self.minute, 0));
        let (day, month) = (event(&self.day, 1), event(&self.month, 1));
        let days = || week(&self.weekday);
        let starred = |field: &str| field.starts_with('*');
        Some(match (self.day.as_str(), self.weekday.as_str()) {
            (_, "*") => vec![format!("*-{month}-{day} {time}")],
            ("*", _) => vec![format!("{} *-{month}-* {time}", days()?)],
            // A day of the month or one of the week, and not only days that are both.
            (one, other) if !starred(one) && !starred(other) => {
                vec![format!("*-{month}-{day} {time}"), format!("{} *-{month}-* {time}", days()?)]
            }
            _ => return None,
        })
    }
}

/// A field with its names as numbers, the first of which is `first`; none where it has anything else.
fn numbered(field: &str, names: &[&str], first: usize) -> Option<String> {
    let parts = field.split_inclusive([',', '-', '/']).map(|part| {
        let word = part.trim_end_matches([',', '-', '/']);
        let (word, mark) = part.split_at(word.len());
        let digits = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
        if word == "*" || digits {
            return Some(part.to_owned());
        }
        let number = names.iter().position(|name| name.eq_ignore_ascii_case(word))? + first;
        Some(format!("{number}{mark}"))
    });
    parts.collect()
}

/// The days that a field of numbers names, Sunday as 0.
fn days(field: &str) -> Option<BTreeSet<u8>> {
    let mut days = BTreeSet::new();
    for item in field.split(',') {
        let (range, step) = item.split_once('/').map_or((item, Some(1)), |(range, step)| (range, step.parse().ok()));
        let (from, to) = match range.split_once('-') {
            Some((from, to)) => (from.parse().ok()?, to.parse().ok()?),
            None if range == "*" => (0, 6),
            None if item.contains('/') => (range.parse().ok()?, 6),
            None => (range.parse().ok()?, range.parse::<u8>().ok()?),
        };
        days.extend((from..=to).step_by(step.filter(|step| *step > 0)?).map(|day: u8| day % 7));
    }
    Some(days)
}

fn list(days: &BTreeSet<u8>) -> String {
    days.iter().map(u8::to_string).collect::<Vec<_>>().join(",")
}

/// A field of days as systemd writes them.
fn week(field: &str) -> Option<String> {
    let days = days(field)?;
    let named: Vec<usize> = (0..WEEK.len()).filter(|index| days.contains(&WEEK[*index].1)).collect();
    Some(match named.as_slice() {
        [first, .., last] if named.len() > 2 && last - first + 1 == named.len() => {
            format!("{}..{}", WEEK[*first].0, WEEK[*last].0)
        }
        several => several.iter().map(|index| WEEK[*index].0).collect::<Vec<_>>().join(","),
    })
}

/// A field of numbers as systemd writes it; steps begin at `first`.
fn event(field: &str, first: u8) -> String {
    let item = |item: &str| match item.split_once('/') {
        Some(("*", step)) => format!("{}/{step}", padded(&first.to_string())),
        Some((range, step)) => format!("{}/{step}", span(range)),
        None => span(item),
    };
    field.split(',').map(item).collect::<Vec<_>>().join(",")
}

fn span(range: &str) -> String {
    match range.split_once('-') {
        Some((from, to)) => format!("{}..{}", padded(from), padded(to)),
        None => padded(range),
    }
}

fn padded(number: &str) -> String {
    if number == "*" { number.to_owned() } else { format!("{number:0>2}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_told_in_words_that_every_scheduler_takes() {
        for (cron, line) in [
            ("0 6 * * *", Some("0 6 * * *")),
            ("@daily", Some("0 0 * * *")),
            (" */15  8-18 1,15 jan-MAR Mon-Fri ", Some("*/15 8-18 1,15 1-3 1-5")),
            ("0 6 * * 7", Some("0 6 * * 0")),
            ("0 6 * * 5-7", Some("0 6 * * 0,5,6")),
            ("0 6 * * SUN,WED", Some("0 6 * * 0,3")),
            ("0 6 L * *", None),
            ("0 6 * * FRI#2", None),
            ("0 6 15W * *", None),
            ("0 6 ? * *", None),
            ("@reboot", None),
            ("0 6 * *", None),
        ] {
            assert_eq!(Posix::parse(cron).map(|posix| posix.line()).as_deref(), line, "{cron}");
        }
    }

    #[test]
    fn the_same_times_are_told_to_systemd() {
        for (cron, events) in [
            ("@hourly", &["*-*-* *:00:00 UTC"][..]),
            ("0 6 * * *", &["*-*-* 06:00:00 UTC"]),
            ("*/15 8-18 * * MON-FRI", &["Mon..Fri *-*-* 08..18:00/15:00 UTC"]),
            ("30 6,18 * * 7", &["Sun *-*-* 06,18:30:00 UTC"]),
            ("0 6 * * 0,3", &["Wed,Sun *-*-* 06:00:00 UTC"]),
            ("5 0-23/2 1-7/2 */3 *", &["*-01/3-01..07/2 00..23/2:05:00 UTC"]),
            ("0 6 1 * *", &["*-*-01 06:00:00 UTC"]),
            ("0 6 13 * FRI", &["*-*-13 06:00:00 UTC", "Fri *-*-* 06:00:00 UTC"]),
        ] {
            assert_eq!(Posix::parse(cron).unwrap().events("UTC").unwrap(), events, "{cron}");
        }
        assert_eq!(Posix::parse("0 6 */2 * FRI").unwrap().events("UTC"), None);
    }
}
