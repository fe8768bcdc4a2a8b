//! Dates and times of day as text, and back.
//!
//! Years run from 1 to 9999, so that a year has four digits and a text has one reading.

use std::fmt::Write;

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Timelike};

use super::text::Rule;

/// How dates and timestamps are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// ISO 8601 with all that the value has: `2024-05-06`, `2024-05-06T07:08:09.5+02:00`.
    Full,
    /// `YYYY-MM-DD`: the date where the value is at home, its own zone.
    Date,
    /// `YYYY-MM-DDTHH:MM:SS+00:00`: the moment in UTC, to the second. Without a zone it is taken as UTC.
    DateTime,
}

/// Writes a date.
pub(super) fn write_date(date: NaiveDate, style: Style, out: &mut String) -> Result<(), Rule> {
    put_date(date, out)?;
    if style == Style::DateTime {
        out.push_str("T00:00:00+00:00");
    }
    Ok(())
}

/// Writes a moment without a zone.
pub(super) fn write_local(moment: NaiveDateTime, style: Style, out: &mut String) -> Result<(), Rule> {
    put_date(moment.date(), out)?;
    match style {
        Style::Date => {}
        Style::Full => {
            out.push('T');
            put_time(moment.time(), out);
        }
        Style::DateTime => put_utc_time(moment.time(), out),
    }
    Ok(())
}

/// Writes a moment of a zone.
pub(super) fn write_zoned(moment: DateTime<FixedOffset>, style: Style, out: &mut String) -> Result<(), Rule> {
    match style {
        Style::DateTime => write_local(moment.naive_utc(), style, out),
        Style::Date => write_local(moment.naive_local(), style, out),
        Style::Full => {
            let moment = in_whole_minutes(moment);
            write_local(moment.naive_local(), style, out)?;
            append(out, format_args!("{}", moment.offset()));
            Ok(())
        }
    }
}

/// The same moment at an offset without seconds, which ISO 8601 does not have; local time had them before there were
/// time zones.
fn in_whole_minutes(moment: DateTime<FixedOffset>) -> DateTime<FixedOffset> {
    let seconds = moment.offset().local_minus_utc();
    FixedOffset::east_opt(seconds - seconds % 60).map_or(moment, |minutes| moment.with_timezone(&minutes))
}

/// Writes a time of day: `HH:MM:SS`, with as many digits of the second as it needs (none, 3, 6 or 9).
pub(super) fn put_time(time: NaiveTime, out: &mut String) {
    put_clock(time, out);
    match time.nanosecond() {
        0 => {}
        nanos if nanos % 1_000_000 == 0 => append(out, format_args!(".{:03}", nanos / 1_000_000)),
        nanos if nanos % 1_000 == 0 => append(out, format_args!(".{:06}", nanos / 1_000)),
        nanos => append(out, format_args!(".{nanos:09}")),
    }
}

fn put_utc_time(time: NaiveTime, out: &mut String) {
    out.push('T');
    put_clock(time, out);
    out.push_str("+00:00");
}

fn put_clock(time: NaiveTime, out: &mut String) {
    put_two(time.hour(), out);
    out.push(':');
    put_two(time.minute(), out);
    out.push(':');
    put_two(time.second(), out);
}

fn put_date(date: NaiveDate, out: &mut String) -> Result<(), Rule> {
    let year = u32::try_from(date.year()).map_err(|_| Rule::OutOfRange)?;
    if !(1..=9999).contains(&year) {
        return Err(Rule::OutOfRange);
    }
    put_two(year / 100, out);
    put_two(year % 100, out);
    out.push('-');
    put_two(date.month(), out);
    out.push('-');
    put_two(date.day(), out);
    Ok(())
}

/// Two digits of a number below 100.
fn put_two(number: u32, out: &mut String) {
    for digit in [number / 10 % 10, number % 10] {
        out.push(char::from_digit(digit, 10).unwrap_or('0'));
    }
}

/// Formats onto `out`.
pub(super) fn append(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = out.write_fmt(text);
}

/// Reads `YYYY-MM-DD`, alone or before a time of day (`T` or a space, `HH:MM[:SS[.f…]]`, then nothing, `Z`, `±HH:MM`,
/// `±HHMM` or `±HH`), and writes it in `style`, which must not be [`Style::Full`].
pub(super) fn restate(text: &str, style: Style, out: &mut String) -> Result<(), Rule> {
    let rule = if style == Style::Date { Rule::NotDate } else { Rule::NotDateTime };
    let moment = read(text).ok_or(rule)?;
    match moment {
        Moment::Date(date) => write_date(date, style, out),
        Moment::Local(local) => write_local(local, style, out),
        Moment::Zoned(zoned) => write_zoned(zoned, style, out),
    }
}

enum Moment {
    Date(NaiveDate),
    Local(NaiveDateTime),
    Zoned(DateTime<FixedOffset>),
}

fn read(text: &str) -> Option<Moment> {
    let (date, rest) = text.split_at_checked(10)?;
    let date = read_date(date)?;
    if rest.is_empty() {
        return Some(Moment::Date(date));
    }
    let time = rest.strip_prefix(['T', 't', ' '])?;
    let zone = time.find(['Z', 'z', '+', '-']).unwrap_or(time.len());
    let (time, zone) = time.split_at(zone);
    let local = date.and_time(read_time(time)?);
    if zone.is_empty() {
        return Some(Moment::Local(local));
    }
    let zoned = local.and_local_timezone(read_offset(zone)?).single()?;
    Some(Moment::Zoned(zoned))
}

fn read_date(text: &str) -> Option<NaiveDate> {
    let (year, rest) = text.split_at_checked(4)?;
    let (month, day) = rest.strip_prefix('-')?.split_once('-')?;
    NaiveDate::from_ymd_opt(i32::try_from(digits(year, 4)?).ok()?, digits(month, 2)?, digits(day, 2)?)
}

fn read_time(text: &str) -> Option<NaiveTime> {
    let (clock, fraction) = text.split_once('.').map_or((text, None), |(clock, rest)| (clock, Some(rest)));
    let mut parts = clock.split(':');
    let (hour, minute) = (digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    let second = match parts.next() {
        Some(second) => digits(second, 2)?,
        None if fraction.is_none() => 0,
        None => return None,
    };
    // Only moments to the second are written, so what follows the point only has to be digits.
    let plain = fraction.is_none_or(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()));
    if parts.next().is_some() || !plain {
        return None;
    }
    NaiveTime::from_hms_opt(hour, minute, second)
}

fn read_offset(text: &str) -> Option<FixedOffset> {
    if matches!(text, "Z" | "z") {
        return FixedOffset::east_opt(0);
    }
    let (sign, text) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+')?),
    };
    let (hours, minutes) = match text.split_once(':') {
        Some(parts) => parts,
        None if text.len() == 2 => (text, "00"),
        None => text.split_at_checked(2)?,
    };
    let (hours, minutes) = (digits(hours, 2)?, digits(minutes, 2)?);
    if minutes > 59 {
        return None;
    }
    FixedOffset::east_opt(sign * i32::try_from(hours * 3600 + minutes * 60).ok()?)
}

/// Exactly `width` ASCII digits.
fn digits(text: &str, width: usize) -> Option<u32> {
    let plain = text.len() == width && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}
