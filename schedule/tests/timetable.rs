//! When things are due, above all when clocks are changed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use enlist_schedule::{ScheduleError, Timetable};
use proptest::prelude::*;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// The next `count` due times on the wall.
fn walls(cron: &str, zone: &str, from: &str, count: usize) -> Vec<String> {
    let table = Timetable::parse(cron, Some(zone)).unwrap();
    let dues = std::iter::successors(table.next(at(from)), |due| table.next(*due));
    dues.take(count).map(|due| table.local(due).format("%m-%d %H:%M%:::z").to_string()).collect()
}

fn refused(cron: &str) -> String {
    let error = Timetable::parse(cron, None).unwrap_err();
    format!("{error}; {}", error.help())
}

#[test]
fn a_time_that_the_clock_skips_runs_once_when_it_has_moved_past() {
    let helsinki = |cron| walls(cron, "Europe/Helsinki", "2026-03-28T00:30:00Z", 3);
    assert_eq!(helsinki("30 3 * * *"), ["03-28 03:30+02", "03-29 04:00+03", "03-30 03:30+03"]);
    assert_eq!(helsinki("0,30 3 * * *"), ["03-28 03:00+02", "03-28 03:30+02", "03-29 04:00+03"]);
    assert_eq!(helsinki("0 3,4 * * *"), ["03-28 03:00+02", "03-28 04:00+02", "03-29 04:00+03"]);
    assert_eq!(
        walls("30 2 * * *", "America/New_York", "2026-03-07T12:00:00Z", 2),
        ["03-08 03:00-04", "03-09 02:30-04"]
    );
}

#[test]
fn a_time_that_the_clock_shows_twice_runs_the_first_time_only() {
    let helsinki = |cron| walls(cron, "Europe/Helsinki", "2026-10-24T12:00:00Z", 2);
    assert_eq!(helsinki("30 3 * * *"), ["10-25 03:30+03", "10-26 03:30+02"]);
    assert_eq!(helsinki("30 3-4 * * *"), ["10-25 03:30+03", "10-25 04:30+02"]);
    assert_eq!(walls("0 1 * * *", "America/New_York", "2026-10-31T12:00:00Z", 2), ["11-01 01:00-04", "11-02 01:00-05"]);
}

#[test]
fn between_the_two_showings_of_a_time_the_next_one_is_tomorrow() {
    // 00:45 UTC is the first 3:45, 01:15 the second 3:15.
    for from in ["2026-10-25T00:45:00Z", "2026-10-25T01:15:00Z"] {
        assert_eq!(walls("30 3 * * *", "Europe/Helsinki", from, 1), ["10-26 03:30+02"]);
    }
}

#[test]
fn a_line_of_every_hour_keeps_its_steps_of_real_time() {
    for (from, cron, minutes) in [
        ("2026-03-28T23:10:00Z", "0 * * * *", 60),
        ("2026-03-28T23:10:00Z", "*/15 * * * *", 15),
        ("2026-10-24T23:10:00Z", "30 * * * *", 60),
        ("2026-10-24T23:10:00Z", "*/20 0-23 * * *", 20),
    ] {
        let table = Timetable::parse(cron, Some("Europe/Helsinki")).unwrap();
        let first = table.next(at(from)).unwrap();
        let mut due = first;
        for step in 1..12 {
            due = table.next(due).unwrap();
            assert_eq!(due, first + TimeDelta::minutes(step * minutes), "{cron} from {from}");
        }
    }
}

#[test]
fn without_a_zone_the_clock_is_that_of_utc() {
    let table = Timetable::parse("@daily", None).unwrap();
    assert_eq!(table.next(at("2026-02-28T00:00:00Z")).unwrap(), at("2026-03-01T00:00:00Z"));
    assert_eq!((table.cron(), table.time_zone()), ("@daily", "UTC"));
}

#[test]
fn a_day_that_only_leap_years_have_is_waited_for() {
    let table = Timetable::parse("0 6 29 2 *", None).unwrap();
    assert_eq!(table.next(at("2026-01-01T00:00:00Z")).unwrap(), at("2028-02-29T06:00:00Z"));
}

#[test]
fn what_was_missed_is_the_latest_due_time_since() {
    let daily = Timetable::parse("0 6 * * *", None).unwrap();
    let now = at("2026-05-10T05:59:00Z");
    assert_eq!(daily.missed(Some(at("2026-05-01T00:00:00Z")), now), Some(at("2026-05-09T06:00:00Z")));
    assert_eq!(daily.missed(Some(at("2026-05-09T06:00:00Z")), now), None);
    assert_eq!(
        daily.missed(Some(at("2026-05-09T05:59:59Z")), at("2026-05-09T06:00:00Z")),
        Some(at("2026-05-09T06:00:00Z"))
    );
    assert_eq!(daily.missed(None, now), None);
    assert_eq!(daily.missed(Some(now + TimeDelta::days(9)), now), None);
    let minutely = Timetable::parse("* * * * *", None).unwrap();
    assert_eq!(minutely.missed(Some(at("1970-01-01T00:00:00Z")), now), Some(now));
    let yearly = Timetable::parse("@yearly", None).unwrap();
    assert_eq!(yearly.missed(Some(at("2001-01-01T00:00:00Z")), now), Some(at("2026-01-01T00:00:00Z")));
}

#[test]
fn a_line_that_cannot_be_read_says_which_part_and_what_to_write() {
    let cases = [
        ("61 * * * *", "`61` is no minute; 0-59"),
        ("0 25 * * *", "`25` is no hour; 0-23"),
        ("0 0 0 * *", "`0` is no day of the month; 1-31"),
        ("0 0 * 13 *", "`13` is no month; 1-12"),
        ("0 0 * * MONDAY", "`MONDAY` is no day of the week; 0-7"),
        ("*/0 * * * *", "`*/0` is no minute"),
        ("0 0 6 * * *", "it has 6 fields, and seconds are not taken; write minute, hour"),
        ("0 6 * *", "it has 4 of 5 fields"),
        ("0 6 * * * * *", "it has 7 of 5 fields"),
        ("  ", "it is empty"),
        ("@reboot", "`@reboot` is not known; there are @hourly"),
        ("every day", "it has 2 of 5 fields"),
    ];
    for (cron, says) in cases {
        let text = refused(cron);
        assert!(text.contains(says), "{cron}: {text}");
    }
}

#[test]
fn a_date_that_no_year_has_is_refused() {
    for cron in ["0 0 30 2 *", "0 0 31 4,6,9,11 *"] {
        assert_eq!(Timetable::parse(cron, None).unwrap_err(), ScheduleError::Never { cron: cron.to_owned() });
        assert!(refused(cron).contains("never happens"), "{}", refused(cron));
    }
}

#[test]
fn an_unknown_zone_is_answered_with_names_written_alike() {
    let help = |name| Timetable::parse("@daily", Some(name)).unwrap_err().help();
    for name in ["Europe/Helsinky", "europe/helsinki", "Helsinki", "Finland/Helsinki"] {
        assert!(help(name).starts_with("did you mean `Europe/Helsinki`"), "{name}: {}", help(name));
    }
    assert!(help("America/New York").contains("`America/New_York`"), "{}", help("America/New York"));
    assert!(help("Lodnon").contains("`Europe/London`"), "{}", help("Lodnon"));
    for name in ["", "the office", &"x".repeat(100_000)] {
        assert!(help(name).contains("a name like Europe/Helsinki"), "{}", help(name));
    }
}

fn lines() -> impl Strategy<Value = String> {
    let minute = prop_oneof![Just("*".to_owned()), Just("*/7".to_owned()), (0..60u32).prop_map(|n| n.to_string())];
    let hour = prop_oneof![
        Just("*".to_owned()),
        Just("*/2".to_owned()),
        Just("1-3".to_owned()),
        (0..24u32).prop_map(|n| n.to_string())
    ];
    let day = prop_oneof![Just("*".to_owned()), Just("L".to_owned()), (1..32u32).prop_map(|n| n.to_string())];
    let week = prop_oneof![Just("*".to_owned()), Just("MON-FRI".to_owned()), Just("0".to_owned())];
    (minute, hour, day, week).prop_map(|(minute, hour, day, week)| format!("{minute} {hour} {day} * {week}"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn due_times_increase_and_come_after_what_they_were_asked_for(
        line in lines(),
        zone in prop::sample::select(vec![
            "UTC", "Europe/Helsinki", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca",
        ]),
        // From before the day that Apia left out (2011) to 2030.
        second in 1_300_000_000..1_900_000_000_i64,
        nanos in 0..1_000_000_000_u32,
    ) {
        let table = Timetable::parse(&line, Some(zone)).unwrap();
        let mut after = Utc.timestamp_opt(second, nanos).unwrap();
        for _ in 0..30 {
            let due = table.next(after).unwrap();
            prop_assert!(due > after, "{line} in {zone}: {due} after {after}");
            // Nothing is due between the two, however one asks.
            prop_assert_eq!(table.next(due - TimeDelta::nanoseconds(1)), Some(due));
            prop_assert_eq!(table.missed(Some(after), due), Some(due));
            prop_assert_eq!(table.next(after + (due - after) / 2), Some(due));
            after = due;
        }
    }

    #[test]
    fn no_text_makes_a_timetable_panic(line in ".{0,40}", zone in ".{0,20}") {
        let _ = Timetable::parse(&line, None);
        let _ = Timetable::parse("@daily", Some(&zone));
    }
}
