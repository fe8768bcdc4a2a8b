//! How the text of a cell is fitted to its place in a contact.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use phonenumber::country;

use super::EmailError;
use super::moment::{self, Style};
use super::phone::write_phone;

/// What stands around and between the values of a field that takes several.
pub(super) const PIPES: &str = "||";

/// The rule that a cell breaks. Displays the rule, never the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// The email is missing or bad.
    Email(EmailError),
    /// Bytes that are no text.
    NotUtf8,
    /// A NUL character.
    Nul,
    /// A number that is no number, or infinite.
    NotFinite,
    /// A date or time that four digits of a year cannot express.
    OutOfRange,
    /// Text for a date field that is no date.
    NotDate,
    /// Text for a date and time field that is neither a date nor a date with time.
    NotDateTime,
    /// Text for a number field that is no number.
    NotNumber,
    /// Text for a choice field that is none of its options.
    NotOption,
    /// One of several values that cannot be told apart from the separator.
    Pipes,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Email(error) => return error.fmt(f),
            Self::NotUtf8 => "bytes that are not valid UTF-8",
            Self::Nul => "a NUL character",
            Self::NotFinite => "not a finite number",
            Self::OutOfRange => "a date outside the years 1 to 9999, or a time outside the day",
            Self::NotDate => "not a date: YYYY-MM-DD",
            Self::NotDateTime => "not a date with time: YYYY-MM-DDTHH:MM:SS+00:00",
            Self::NotNumber => "not a number: digits, with a sign and a decimal point at most",
            Self::NotOption => "not one of the field's options, letter by letter",
            Self::Pipes => "a value of a list with || inside or | at an end",
        })
    }
}

/// What a place in a contact takes.
#[derive(Clone, Debug)]
pub(super) enum Form {
    /// A name: text without white space around it.
    Name,
    /// A phone number; with a country, as E.164 where valid.
    Phone(Option<country::Id>),
    /// Text as it stands.
    Text,
    /// `YYYY-MM-DD`.
    Date,
    /// `YYYY-MM-DDTHH:MM:SS+00:00`.
    DateTime,
    /// Digits.
    Number,
    /// One of the options; any text when the options are not known.
    Choice(HashSet<String>),
    /// `||a||b||` of the options; of any texts when they are not known.
    MultiChoice(HashSet<String>),
}

impl Form {
    /// How dates and timestamps are written for this form.
    pub(super) fn style(&self) -> Style {
        match self {
            Self::Date => Style::Date,
            Self::DateTime => Style::DateTime,
            _ => Style::Full,
        }
    }

    /// The text to send for the text of a cell; empty when there is nothing in the cell.
    pub(super) fn fit<'t>(&self, text: &'t str) -> Result<Cow<'t, str>, Rule> {
        if text.contains('\0') {
            return Err(Rule::Nul);
        }
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return Ok(Cow::Borrowed(""));
        }
        match self {
            Self::Text => Ok(Cow::Borrowed(text)),
            Self::Name => Ok(Cow::Borrowed(trimmed)),
            Self::Phone(None) => Ok(Cow::Borrowed(trimmed)),
            Self::Phone(Some(region)) => Ok(write_phone(trimmed, *region)),
            Self::Date | Self::DateTime => {
                let mut out = String::with_capacity(25);
                moment::restate(trimmed, self.style(), &mut out)?;
                Ok(Cow::Owned(out))
            }
            Self::Number if is_number(trimmed) => Ok(Cow::Borrowed(trimmed)),
            Self::Number => Err(Rule::NotNumber),
            Self::Choice(options) => check_option(options, text).map(|()| Cow::Borrowed(text)),
            Self::MultiChoice(options) => choices(options, text),
        }
    }
}

/// Digits with at most a sign before them and a point among or before them.
fn is_number(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    match text.split_once('.') {
        None => !text.is_empty() && digits(text),
        Some((whole, fraction)) => !fraction.is_empty() && digits(whole) && digits(fraction),
    }
}

fn check_option(options: &HashSet<String>, text: &str) -> Result<(), Rule> {
    if options.is_empty() || options.contains(text) { Ok(()) } else { Err(Rule::NotOption) }
}

/// Whether a value between [`PIPES`] cannot be told apart from them.
pub(super) fn is_ambiguous(value: &str) -> bool {
    value.contains(PIPES) || value.starts_with('|') || value.ends_with('|')
}

/// `a`, `a||b` and `||a||b||` become one form: the last.
fn choices<'t>(options: &HashSet<String>, text: &'t str) -> Result<Cow<'t, str>, Rule> {
    let mut out = String::with_capacity(text.len() + 2 * PIPES.len());
    for choice in text.split(PIPES).filter(|choice| !choice.trim().is_empty()) {
        if is_ambiguous(choice) {
            return Err(Rule::Pipes);
        }
        check_option(options, choice)?;
        if out.is_empty() {
            out.push_str(PIPES);
        }
        out.push_str(choice);
        out.push_str(PIPES);
    }
    Ok(Cow::Owned(out))
}
