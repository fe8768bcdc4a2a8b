//! Phone numbers in one spelling, where they are plainly numbers.

use std::borrow::Cow;

use phonenumber::{Mode, country, metadata::DATABASE};

/// Digits of numbers worth parsing: E.164 allows 15, and a national prefix in brackets may add some.
const DIGITS: std::ops::RangeInclusive<usize> = 4..=17;

/// The country with this ISO 3166 alpha-2 code, if it has a numbering plan.
pub(super) fn region(code: &str) -> Option<country::Id> {
    let id: country::Id = code.to_ascii_uppercase().parse().ok()?;
    DATABASE.by_id(id.as_ref()).map(|_| id)
}

/// A number as E.164, read as one of `region` unless it has a country code. What is not a valid number stays as it
/// stands: ActiveCampaign stores any text, and a person may still make sense of it.
///
/// A number that already looks like E.164 is not looked up. A number with letters (an extension, a remark) stays,
/// since E.164 could not express them.
pub(super) fn write_phone(text: &str, region: country::Id) -> Cow<'_, str> {
    if is_e164(text) {
        return Cow::Borrowed(text);
    }
    let valid =
        bare(text).and_then(|number| phonenumber::parse(Some(region), number).ok()).filter(|number| number.is_valid());
    match valid {
        Some(number) => Cow::Owned(number.format().mode(Mode::E164).to_string()),
        None => Cow::Borrowed(text),
    }
}

/// `+` and 8 to 15 digits, the first not 0.
fn is_e164(text: &str) -> bool {
    let Some(digits) = text.strip_prefix('+') else {
        return false;
    };
    (8..=15).contains(&digits.len()) && !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// The digits, and the plus before them, when nothing else but punctuation of numbers is there.
fn bare(text: &str) -> Option<String> {
    let mut number = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '0'..='9' => number.push(c),
            '+' if number.is_empty() => number.push(c),
            ' ' | '\u{a0}' | '(' | ')' | '-' | '\u{2010}'..='\u{2013}' | '.' | '/' => {}
            _ => return None,
        }
    }
    DIGITS.contains(&number.trim_start_matches('+').len()).then_some(number)
}
