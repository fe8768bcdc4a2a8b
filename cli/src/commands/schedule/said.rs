//! What `schedule` says: a line for people on standard error, or one of JSON on standard output.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use enlist_schedule::{Entry, Event, Timetable};
use serde::Serialize;

use crate::output::Screen;
use crate::render::time;

/// Version of [`Line`]. Within a version keys and words are added, never changed or removed.
const SCHEMA: &str = "enlist.schedule/1";

/// One event, for programs and for people.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Line<'a> {
    schema: &'static str,
    /// `due`, `started`, `ended`, `missed` or `skipped`.
    #[serde(rename = "type")]
    kind: &'static str,
    export: &'a str,
    /// When a run is or was due, RFC 3339 in UTC; of `due` with the jitter in it.
    due: String,
    /// Of `ended`: what the run ended with; null when it could not be started.
    exit_code: Option<i32>,
    #[serde(skip)]
    text: String,
}

/// Says what happens, each time in the time zone of the export.
pub struct Speaker {
    screen: Screen,
    timetables: HashMap<String, Timetable>,
    stopping: AtomicBool,
}

impl Speaker {
    /// Speaks of `entries`.
    pub fn new(screen: Screen, entries: &[Entry]) -> Self {
        let timetables = entries.iter().map(|entry| (entry.name.clone(), entry.timetable.clone()));
        Self { screen, timetables: timetables.collect(), stopping: AtomicBool::new(false) }
    }

    /// Tells of an event at `now`. The end of a run is told by [`ended`](Self::ended), which knows more of it.
    pub fn event(&self, event: &Event, now: DateTime<Utc>) {
        self.say(self.line(event, now));
    }

    /// Tells how the run of `export` that was due at `due` ended.
    pub fn ended(&self, export: &str, due: DateTime<Utc>, ended: io::Result<i32>) {
        let text = match &ended {
            Ok(code) => format!("ended with exit code {code}"),
            Err(cause) => format!("could not be run: {cause}"),
        };
        self.say(Some(Line { exit_code: ended.ok(), ..line("ended", export, due, text) }));
    }

    /// Tells that nothing starts any more.
    pub fn stopping(&self) {
        self.stopping.store(true, Ordering::Relaxed);
        if !self.screen.quiet && !self.screen.json {
            self.screen.notice("stopping: runs under way finish their requests; another signal ends them at once\n");
        }
    }

    fn line<'a>(&self, event: &'a Event, now: DateTime<Utc>) -> Option<Line<'a>> {
        let wall = |name: &str, at: DateTime<Utc>| self.wall(name, at);
        Some(match event {
            // It will not be waited for.
            Event::Waiting { .. } if self.stopping.load(Ordering::Relaxed) => return None,
            Event::Waiting { name, until } => {
                let text = format!("is due next at {} (in {})", wall(name, *until), span(*until - now));
                line("due", name, *until, text)
            }
            Event::Missed { name, due } => {
                line("missed", name, *due, format!("was missed at {}, runs now", wall(name, *due)))
            }
            Event::Skipped { name, due } => {
                line("skipped", name, *due, format!("has no run of its own for {}", wall(name, *due)))
            }
            Event::Started { name, due } => line("started", name, *due, format!("starts, due at {}", wall(name, *due))),
            Event::Ended { .. } => return None,
        })
    }

    fn say(&self, line: Option<Line<'_>>) {
        match line {
            Some(line) if self.screen.json => self.screen.result("", &line),
            Some(line) if !self.screen.quiet => self.screen.notice(&format!("{} {}\n", line.export, line.text)),
            _ => {}
        }
    }

    /// `2026-11-23 06:00 EET`.
    fn wall(&self, export: &str, at: DateTime<Utc>) -> String {
        const SHAPE: &str = "%Y-%m-%d %H:%M %Z";
        match self.timetables.get(export) {
            Some(timetable) => timetable.local(at).format(SHAPE).to_string(),
            None => at.format(SHAPE).to_string(),
        }
    }
}

fn line<'a>(kind: &'static str, export: &'a str, due: DateTime<Utc>, text: String) -> Line<'a> {
    let due = due.to_rfc3339_opts(SecondsFormat::Secs, true);
    Line { schema: SCHEMA, kind, export, due, exit_code: None, text }
}

fn span(left: TimeDelta) -> String {
    match left.num_days() {
        days @ 2.. => format!("{days} days"),
        _ => time(left.to_std().unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn speaker() -> Speaker {
        let mut screen = Screen::plain(false);
        screen.quiet = true;
        let timetable = Timetable::parse("0 6 * * *", Some("Europe/Helsinki")).unwrap();
        let entry = Entry { name: "vip".to_owned(), timetable, last: None, jitter: Duration::ZERO, catch_up: true };
        Speaker::new(screen, &[entry])
    }

    #[test]
    fn times_are_told_as_the_clock_of_the_export_shows_them() {
        let (name, now) = (|| "vip".to_owned(), at("2026-11-22T20:48:00Z"));
        for (event, text) in [
            (
                Event::Waiting { name: name(), until: at("2026-11-23T04:00:00Z") },
                "is due next at 2026-11-23 06:00 EET (in 7 h 12 m)",
            ),
            (
                Event::Waiting { name: name(), until: at("2026-11-26T04:00:00Z") },
                "is due next at 2026-11-26 06:00 EET (in 3 days)",
            ),
            (
                Event::Missed { name: name(), due: at("2026-07-22T03:00:00Z") },
                "was missed at 2026-07-22 06:00 EEST, runs now",
            ),
            (
                Event::Skipped { name: name(), due: at("2026-11-22T04:00:00Z") },
                "has no run of its own for 2026-11-22 06:00 EET",
            ),
            (Event::Started { name: name(), due: at("2026-11-22T04:00:00Z") }, "starts, due at 2026-11-22 06:00 EET"),
        ] {
            assert_eq!(speaker().line(&event, now).unwrap().text, text);
        }
        assert_eq!(speaker().line(&Event::Ended { name: name() }, now), None);
        let speaker = speaker();
        speaker.stopping();
        assert_eq!(speaker.line(&Event::Waiting { name: name(), until: at("2026-11-23T04:00:00Z") }, now), None);
    }

    #[test]
    fn programs_read_the_same_in_utc() {
        let event = Event::Waiting { name: "vip".to_owned(), until: at("2026-11-23T04:00:07.250Z") };
        let speaker = speaker();
        let line = serde_json::to_value(speaker.line(&event, at("2026-11-22T20:48:00Z")).unwrap()).unwrap();
        let expected = serde_json::json!({
            "schema": "enlist.schedule/1", "type": "due", "export": "vip", "due": "2026-11-23T04:00:07Z",
            "exit_code": null,
        });
        assert_eq!(line, expected);
    }
}
