//! Whether ActiveCampaign holds what was sent.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, NaiveDate, NaiveDateTime};
use enlist_core::{Compare, Error, Field, FieldKind};
use serde_json::Value;

use crate::{answer, error};

/// Furthest that local time is from UTC, and the step of time zones, in seconds.
const FURTHEST_ZONE: i64 = 14 * 3_600;
const ZONE_STEP: i64 = 900;

/// Compares payloads of the [`Encoder`](crate::Encoder) with records of members.
///
/// | part | the same |
/// |---|---|
/// | names, phone, text, option | the same text, but for white space around it and the ends of its lines |
/// | date | the same day; a time of day behind it does not count |
/// | date and time | the same moment; one without an offset stands for any time zone |
/// | number | the same number: `5`, `5.0` and `05` |
/// | several options | the same options in any order |
///
/// Tags are not compared.
pub(crate) struct Comparer {
    fields: HashMap<u64, (FieldKind, String)>,
}

impl Comparer {
    /// A comparer that knows the account's `fields`; values of others are text.
    pub(crate) fn new(fields: &[Field]) -> Self {
        let name = |field: &Field| if field.title.is_empty() { unnamed(field.id) } else { field.title.clone() };
        Self { fields: fields.iter().map(|field| (field.id, (field.kind, name(field)))).collect() }
    }
}

impl Compare for Comparer {
    fn differences(&self, payload: &[u8], record: &[u8]) -> Result<Vec<String>, Error> {
        let (sent, found) = (read(payload)?, read(record)?);
        let mut differences = Vec::new();
        for part in ["first_name", "last_name", "phone"] {
            if let Some(value) = sent.get(part).and_then(Value::as_str)
                && !is_same_text(value, found.get(part).and_then(Value::as_str).unwrap_or_default())
            {
                differences.push(part.to_owned());
            }
        }
        for field in sent.get("fields").map(answer::items).unwrap_or_default() {
            let (Some(id), Some(value)) = (field["id"].as_u64(), field["value"].as_str()) else {
                return Err(error::record());
            };
            let (kind, name) = self.fields.get(&id).map_or((FieldKind::Text, None), |(kind, name)| (*kind, Some(name)));
            if !is_same(kind, value, answer::field_value(&found, id)) {
                differences.push(name.cloned().unwrap_or_else(|| unnamed(id)));
            }
        }
        Ok(differences)
    }
}

fn unnamed(field: u64) -> String {
    format!("field {field}")
}

fn read(bytes: &[u8]) -> Result<Value, Error> {
    serde_json::from_slice(bytes).ok().filter(Value::is_object).ok_or_else(error::record)
}

/// Whether `found` is how the account may write what was `sent` to a field of this kind.
fn is_same(kind: FieldKind, sent: &str, found: &str) -> bool {
    let by_kind = match kind {
        FieldKind::Text | FieldKind::Choice => None,
        FieldKind::Date => day(sent).map(|sent| Some(sent) == day(found)),
        FieldKind::DateTime => moment(sent).map(|sent| is_same_moment(sent, found)),
        FieldKind::Number => digits(sent).map(|sent| Some(sent) == digits(found)),
        FieldKind::MultiChoice => Some(options(sent) == options(found)),
    };
    is_same_text(sent, found) || by_kind.unwrap_or_default()
}

fn is_same_text(sent: &str, found: &str) -> bool {
    sent.trim().lines().eq(found.trim().lines())
}

/// The day of a date; `Some(None)` for an empty one, which ActiveCampaign also writes with zeros.
fn day(text: &str) -> Option<Option<NaiveDate>> {
    let text = text.trim();
    if text.is_empty() || text.starts_with("0000-00-00") {
        return Some(None);
    }
    NaiveDate::parse_from_str(text.get(..10)?, "%Y-%m-%d").ok().map(Some)
}

/// Seconds since the Unix epoch; `Some(None)` for an empty moment.
fn moment(text: &str) -> Option<Option<i64>> {
    if day(text) == Some(None) {
        return Some(None);
    }
    let zoned = ["%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%d %H:%M:%S%.f%#z"];
    let parsed = zoned.iter().find_map(|form| DateTime::parse_from_str(text.trim(), form).ok());
    parsed.map(|moment| Some(moment.timestamp()))
}

fn is_same_moment(sent: Option<i64>, found: &str) -> bool {
    if let Some(found) = moment(found) {
        return sent == found;
    }
    let local = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M"];
    let found = local.iter().find_map(|form| NaiveDateTime::parse_from_str(found.trim(), form).ok());
    sent.zip(found).is_some_and(|(sent, found)| {
        let apart = found.and_utc().timestamp() - sent;
        apart.abs() <= FURTHEST_ZONE && apart % ZONE_STEP == 0
    })
}

/// The sign and the digits of a number before and after its point, without those that mean nothing.
fn digits(text: &str) -> Option<(bool, &str, &str)> {
    let text = text.trim();
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |text| (true, text));
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if (whole.is_empty() && fraction.is_empty()) || !plain(whole) || !plain(fraction) {
        return None;
    }
    let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
    let zero = whole.is_empty() && fraction.is_empty();
    Some((negative && !zero, whole, fraction))
}

fn options(text: &str) -> BTreeSet<&str> {
    text.split("||").map(str::trim).filter(|option| !option.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use FieldKind::{Choice, Date, DateTime, MultiChoice, Number, Text};
    use enlist_core::ErrorKind;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_value_is_the_same_however_the_account_writes_it() {
        for (kind, sent, found) in [
            (Text, "Ada", " Ada\n"),
            (Text, "", "  "),
            (Text, "a\nb", "a\r\nb"),
            (Choice, "Gold", "Gold"),
            (Date, "2026-05-19", "2026-05-19"),
            (Date, "2026-05-19", "2026-05-19T00:00:00-05:00"),
            (Date, "2026-05-19", "2026-05-19 00:00:00"),
            (Date, "", "0000-00-00"),
            (DateTime, "2026-05-19T07:45:00+00:00", "2026-05-19T02:45:00-05:00"),
            (DateTime, "2026-05-19T07:45:00+00:00", "2026-05-19T02:45:00-0500"),
            (DateTime, "2026-05-19T07:45:00+00:00", "2026-05-19T07:45:00Z"),
            (DateTime, "2026-05-19T07:45:00+00:00", "2026-05-19 07:45:00.000+00:00"),
            (DateTime, "2026-05-19T07:45:00+00:00", "2026-05-19 13:15:00"),
            (DateTime, "", "0000-00-00 00:00:00"),
            (Number, "5", "5.00"),
            (Number, "-0.50", "-.5"),
            (Number, "0", "-0.0"),
            (Number, "007", "7"),
            (MultiChoice, "||a||b||", "b||a"),
            (MultiChoice, "||a||", "a"),
            (MultiChoice, "", "||||"),
        ] {
            assert!(is_same(kind, sent, found), "{kind:?} {sent:?} {found:?}");
        }
    }

    #[test]
    fn another_value_is_another_value() {
        for (kind, sent, found) in [
            (Text, "Ada", "ada"),
            (Text, "007", "7"),
            (Text, "a b", "a  b"),
            (Text, "", "x"),
            (Text, "a\nb", "ab"),
            (Choice, "Gold", "gold"),
            (Date, "2026-05-19", "2026-05-20"),
            (Date, "2026-05-19", ""),
            (Date, "2026-05-19", "19.05.2026"),
            (Date, "", "2026-05-19"),
            (DateTime, "2026-05-19T07:45:00+00:00", "2026-05-19T07:45:00-05:00"),
            (DateTime, "2026-05-19T07:45:00+00:00", "2026-05-19 07:46:00"),
            (DateTime, "2026-05-19T07:45:00+00:00", "2026-05-20 07:45:00"),
            (DateTime, "2026-05-19T07:45:00+00:00", "2026-05-19"),
            (DateTime, "2026-05-19T07:45:00+00:00", ""),
            (DateTime, "", "2026-05-19 07:46:00"),
            (Number, "5", "50"),
            (Number, "5", "-5"),
            (Number, "5", ""),
            (Number, "0", ""),
            (Number, "5", "5.01"),
            (MultiChoice, "||a||b||", "||a||"),
            (MultiChoice, "||a||", "||a b||"),
        ] {
            assert!(!is_same(kind, sent, found), "{kind:?} {sent:?} {found:?}");
        }
    }

    #[test]
    fn what_is_no_payload_or_record_is_a_defect_that_is_told() {
        let comparer = Comparer::new(&[]);
        for (payload, record) in [
            ("", "{}"),
            ("{}", "[]"),
            ("{}", "\u{fe}"),
            (r#"{"fields":[{"id":"1"}]}"#, "{}"),
            (r#"{"fields":[1]}"#, "{}"),
        ] {
            let error = comparer.differences(payload.as_bytes(), record.as_bytes()).unwrap_err();
            assert_eq!((error.kind(), error.code()), (ErrorKind::Bug, "bug::record"), "{payload} {record}");
        }
    }

    proptest! {
        #[test]
        fn every_value_is_the_same_as_itself_and_none_is_a_crash(
            kind in prop::sample::select(vec![Text, Date, DateTime, Number, Choice, MultiChoice]),
            sent in prop_oneof![any::<String>(), "[-0-9.:TZ+| ]{0,28}"],
            found in prop_oneof![any::<String>(), "[-0-9.:TZ+| ]{0,28}"],
        ) {
            prop_assert!(is_same(kind, &sent, &sent));
            let _ = is_same(kind, &sent, &found);
        }
    }
}
