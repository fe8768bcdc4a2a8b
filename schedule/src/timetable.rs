//! When something is due: a line of cron in a time zone.

use chrono::{DateTime, LocalResult, NaiveDate, NaiveDateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::{GapInfo, Tz};
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};

use crate::{ScheduleError, zone};

/// The fields of a line in their order, and what may stand in each.
const FIELDS: [(&str, &str); 5] = [
    ("minute", "0-59"),
    ("hour", "0-23"),
    ("day of the month", "1-31 or L"),
    ("month", "1-12 or JAN-DEC"),
    ("day of the week", "0-7 or SUN-SAT"),
];

const NICKNAMES: [&str; 6] = ["@hourly", "@daily", "@weekly", "@monthly", "@yearly", "@annually"];

/// A line of cron in a time zone. Due times are whole minutes and strictly increase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timetable {
    text: String,
    cron: Cron,
    zone: Tz,
    /// A line that names every hour keeps its steps of real time when the clock is changed.
    every_hour: bool,
}

impl Timetable {
    /// The timetable of `cron` (minute, hour, day of the month, month, day of the week; or `@daily` and its like) in
    /// `time_zone`, a name of IANA's database; UTC when there is none.
    ///
    /// # Errors
    /// When the line cannot be read or never happens, or the zone does not exist.
    pub fn parse(cron: &str, time_zone: Option<&str>) -> Result<Self, ScheduleError> {
        let zone = time_zone.map_or(Ok(Tz::UTC), zone::named)?;
        let (text, cron) = (cron.trim().to_owned(), read(cron.trim())?);
        // The calendar repeats after 400 years, so what does not happen from here on never happens.
        let start = NaiveDate::from_ymd_opt(2000, 1, 1).unwrap_or_default().into();
        if cron.find_next_occurrence::<NaiveDateTime>(&start, true).is_err() {
            return Err(ScheduleError::Never { cron: text });
        }
        let every_hour = (0..24).all(|hour| cron.pattern.hour_match(hour).unwrap_or(false));
        Ok(Self { text, cron, zone, every_hour })
    }

    /// The line as it was written.
    pub fn cron(&self) -> &str {
        &self.text
    }

    /// Name of the time zone.
    pub fn time_zone(&self) -> &'static str {
        self.zone.name()
    }

    /// `at` as the clock on the wall of the time zone shows it.
    pub fn local(&self, at: DateTime<Utc>) -> DateTime<Tz> {
        at.with_timezone(&self.zone)
    }

    /// The first due time after `after`; none at the end of the calendar.
    pub fn next(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let local = self.local(after);
        if self.every_hour {
            return self.cron.find_next_occurrence(&local, false).ok().map(|due| due.to_utc());
        }
        let mut wall = local.naive_local();
        loop {
            wall = self.cron.find_next_occurrence(&wall, false).ok()?;
            // Times of the wall that the clock skips or repeats come to one and the same moment, or to a past one.
            let due = self.moment(wall)?;
            if due > after {
                return Some(due);
            }
        }
    }

    /// The latest due time after `last` and not after `now`. None when nothing was due, or `last` is not known.
    pub fn missed(&self, last: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let last = last.filter(|last| *last < now)?;
        // From `now` backwards in doubling steps: a line of every minute is not walked through a year of minutes.
        let mut window = TimeDelta::hours(1);
        loop {
            let from = now.checked_sub_signed(window).map_or(last, |from| from.max(last));
            let due =
                std::iter::successors(self.next(from), |due| self.next(*due)).take_while(|due| *due <= now).last();
            if due.is_some() || from == last {
                return due;
            }
            window = window.checked_mul(2).unwrap_or(TimeDelta::MAX);
        }
    }

    /// When the clock on the wall first shows `wall`, or first has moved past it.
    fn moment(&self, wall: NaiveDateTime) -> Option<DateTime<Utc>> {
        match self.zone.from_local_datetime(&wall) {
            LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => Some(at.to_utc()),
            LocalResult::None => GapInfo::new(&wall, &self.zone)?.end.map(|end| end.to_utc()),
        }
    }
}

/// The pattern of a line.
fn read(line: &str) -> Result<Cron, ScheduleError> {
    let error = |cause: String, help: &str| ScheduleError::Cron { cron: line.to_owned(), cause, help: help.to_owned() };
    let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
    let fields: Vec<&str> = line.split_whitespace().collect();
    let order =
        "write minute, hour, day of the month, month and day of the week: `0 6 * * MON-FRI` is 6:00 on working days";
    match fields.as_slice() {
        [word] if word.starts_with('@') => {
            let known = NICKNAMES.iter().any(|name| word.eq_ignore_ascii_case(name));
            let unknown = || error(format!("`{word}` is not known"), &format!("there are {}", NICKNAMES.join(", ")));
            return if known { parser.parse(line).map_err(|_| unknown()) } else { Err(unknown()) };
        }
        [_, _, _, _, _] => {}
        [] => return Err(error("it is empty".to_owned(), order)),
        [_, rest @ ..] if rest.len() == 5 => {
            return Err(error("it has 6 fields, and seconds are not taken".to_owned(), order));
        }
        many => return Err(error(format!("it has {} of 5 fields", many.len()), order)),
    }
    for (index, (name, room)) in FIELDS.iter().enumerate() {
        let mut alone = ["*"; 5];
        alone[index] = fields[index];
        if parser.parse(&alone.join(" ")).is_err() {
            let cause = format!("`{}` is no {name}", fields[index]);
            return Err(error(cause, &format!("{room}, lists (1,2), ranges (1-5) and steps (*/2)")));
        }
    }
    parser.parse(line).map_err(|cause| error(cause.to_string(), order))
}
