//! How text is fitted to the places in a contact.

use std::collections::HashSet;

use chrono::{DateTime, FixedOffset, NaiveDateTime, TimeDelta};
use proptest::prelude::*;

use super::super::text::{Form, Rule};

fn options(texts: &[&str]) -> HashSet<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

fn fits(form: &Form, cases: &[(&str, &str)]) {
    for (text, sent) in cases {
        assert_eq!(form.fit(text).as_deref(), Ok(*sent), "{text:?} as {form:?}");
    }
}

fn breaks(form: &Form, rule: Rule, texts: &[&str]) {
    for text in texts {
        assert_eq!(form.fit(text), Err(rule), "{text:?} as {form:?}");
    }
}

#[test]
fn text_stays_as_it_stands_and_names_lose_the_white_space_around() {
    fits(&Form::Text, &[(" a b ", " a b "), ("\u{1}\ta", "\u{1}\ta"), ("Zoë", "Zoë")]);
    fits(&Form::Name, &[(" Ada  L \n", "Ada  L"), ("Zoë", "Zoë")]);
    fits(&Form::Phone(None), &[(" 040-1234 ", "040-1234")]);
}

#[test]
fn white_space_alone_is_empty_everywhere_and_nul_is_refused_everywhere() {
    let forms = [
        Form::Name,
        Form::Phone(None),
        Form::Text,
        Form::Date,
        Form::DateTime,
        Form::Number,
        Form::Choice(options(&["a"])),
        Form::MultiChoice(options(&["a"])),
    ];
    for form in forms {
        fits(&form, &[("", ""), ("  ", ""), ("\t\u{a0}\n", "")]);
        breaks(&form, Rule::Nul, &["\0", "a\0b"]);
    }
}

#[test]
fn dates_are_cut_from_iso_text() {
    fits(
        &Form::Date,
        &[
            ("2024-02-29", "2024-02-29"),
            (" 0001-01-01 ", "0001-01-01"),
            ("2024-02-29T23:59:59Z", "2024-02-29"),
            ("2024-02-29 23:59", "2024-02-29"),
            ("2024-02-29T23:59:59.123456789-11:30", "2024-02-29"),
        ],
    );
    breaks(
        &Form::Date,
        Rule::NotDate,
        &[
            "2023-02-29",
            "2024-13-01",
            "2024-2-9",
            "29.2.2024",
            "02/29/2024",
            "20240229",
            "0000-00-00",
            "2024-02-29x",
            "2024-02-29T",
            "2024-02-29T25:00",
            "2024-02-29T10",
            "12024-02-29",
            "２024-02-29",
            "tomorrow",
            "2024-02-2é",
        ],
    );
}

#[test]
fn moments_are_written_in_utc_to_the_second() {
    fits(
        &Form::DateTime,
        &[
            ("2024-02-29", "2024-02-29T00:00:00+00:00"),
            ("2024-02-29T10:20", "2024-02-29T10:20:00+00:00"),
            ("2024-02-29 10:20:30.999", "2024-02-29T10:20:30+00:00"),
            ("2024-02-29T10:20:30Z", "2024-02-29T10:20:30+00:00"),
            ("2024-02-29T10:20:30+02:00", "2024-02-29T08:20:30+00:00"),
            ("2024-02-29T01:20:30+0530", "2024-02-28T19:50:30+00:00"),
            ("2024-12-31T23:30:00-05", "2025-01-01T04:30:00+00:00"),
        ],
    );
    breaks(
        &Form::DateTime,
        Rule::NotDateTime,
        &[
            "2024-02-29T24:00:00",
            "2024-02-29T10:20:30+",
            "2024-02-29T10:20:30+2",
            "2024-02-29T10:20:30+02:60",
            "2024-02-29T10:20:30+99:00",
            "2024-02-29T10:20.5",
            "2024-02-29T10:20:30.",
            "2024-02-29T10:20:30:40",
            "2024-02-29T10:20:30 Europe/Helsinki",
            "1709202030",
        ],
    );
    breaks(&Form::DateTime, Rule::OutOfRange, &["9999-12-31T23:59:59-01:00", "0001-01-01T00:00:00+01:00"]);
}

#[test]
fn numbers_are_digits() {
    fits(&Form::Number, &[("0", "0"), (" 007 ", "007"), ("-1.50", "-1.50"), ("+3", "+3"), (".5", ".5")]);
    breaks(&Form::Number, Rule::NotNumber, &["1,5", "1e5", "1 000", "€5", "-", "+", ".", "5.", "--1", "1.2.3", "٣"]);
}

#[test]
fn a_choice_is_one_of_the_options_letter_by_letter() {
    let tier = Form::Choice(options(&["Gold", " odd "]));
    fits(&tier, &[("Gold", "Gold"), (" odd ", " odd ")]);
    breaks(&tier, Rule::NotOption, &["gold", "Gold ", "Bronze", "||Gold||"]);
    fits(&Form::Choice(options(&[])), &[("anything", "anything")]);
}

#[test]
fn choices_stand_between_pipes() {
    let any = Form::MultiChoice(options(&[]));
    fits(
        &any,
        &[
            ("a", "||a||"),
            ("a||b", "||a||b||"),
            ("||a||b||", "||a||b||"),
            ("||a|||| ||b||", "||a||b||"),
            ("||||", ""),
            ("a, b", "||a, b||"),
        ],
    );
    let tea = Form::MultiChoice(options(&["Tea", "Jam"]));
    fits(&tea, &[("Tea", "||Tea||"), ("Jam||Tea", "||Jam||Tea||")]);
    breaks(&tea, Rule::NotOption, &["tea", "Tea||Coffee", "Tea,Jam"]);
}

#[test]
fn a_choice_that_cannot_be_told_from_its_separator_is_refused() {
    let any = Form::MultiChoice(options(&[]));
    breaks(&any, Rule::Pipes, &["a|", "|a", "a|||b", "||a|||b||", "|", "|||", "||a|||"]);
    // Known or not: between pipes nobody can tell the option.
    breaks(&Form::MultiChoice(options(&["a|"])), Rule::Pipes, &["a|"]);
    fits(&any, &[("a|b", "||a|b||"), ("a|b||c", "||a|b||c||")]);
}

/// A form of each kind.
fn forms() -> Vec<Form> {
    let finland = super::super::phone::region("FI");
    vec![
        Form::Name,
        Form::Phone(None),
        Form::Phone(finland),
        Form::Text,
        Form::Date,
        Form::DateTime,
        Form::Number,
        Form::Choice(options(&["a", "b|", " "])),
        Form::Choice(options(&[])),
        Form::MultiChoice(options(&["a", "b", "a|b"])),
        Form::MultiChoice(options(&[])),
    ]
}

fn almost_anything() -> impl Strategy<Value = String> {
    prop_oneof![
        2 => "[ab| ]{0,9}",
        2 => "[0-9+. -]{0,12}",
        2 => "[ ]?[0-9]{4}-[01][0-9]-[0-3][0-9]([T ][0-2][0-9]:[0-5][0-9](:[0-6][0-9](\\.[0-9]{1,9})?)?(Z|[+-][01][0-9](:?[0-6][0-9])?)?)?",
        1 => "\\PC{0,20}",
        1 => any::<String>(),
    ]
}

/// `[+-]?([0-9]+|[0-9]*\.[0-9]+)`, spelled out.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let plain = digits.chars().all(|c| c.is_ascii_digit() || c == '.') && digits.matches('.').count() <= 1;
    plain && digits.ends_with(|c: char| c.is_ascii_digit())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_fits_fits_again_as_it_is(text in almost_anything()) {
        for form in forms() {
            if let Ok(once) = form.fit(&text) {
                prop_assert_eq!(form.fit(&once), Ok(once.clone()), "{:?} of {:?}", form, text);
            }
        }
    }

    #[test]
    fn a_number_is_what_the_pattern_says(text in prop_oneof!["[0-9+.-]{0,6}", "\\PC{0,4}"]) {
        let trimmed = text.trim();
        let fitted = Form::Number.fit(&text);
        match trimmed {
            "" => prop_assert_eq!(fitted.as_deref(), Ok("")),
            number if is_number(number) => prop_assert_eq!(fitted.as_deref(), Ok(number)),
            _ => prop_assert_eq!(fitted, Err(Rule::NotNumber)),
        }
    }

    #[test]
    fn choices_are_those_between_the_pipes(choices in prop::collection::vec("[a-c][a-c |]{0,3}[a-c]|[a-c]", 1..6)) {
        let apart = choices.iter().all(|choice| !choice.contains("||"));
        let joined = format!("||{}||", choices.join("||"));
        let form = Form::MultiChoice(options(&[]));
        for text in [joined.clone(), choices.join("||"), choices.join("||||")] {
            let fitted = form.fit(&text);
            prop_assert!(!apart || fitted.as_deref() == Ok(joined.as_str()), "{:?} became {:?}", text, fitted);
        }
    }

    #[test]
    fn a_moment_is_the_same_in_every_spelling(seconds in -62_000_000_000_i64..253_000_000_000, minutes in -839_i32..=839, nanos in 0_u32..1_000_000_000) {
        let zone = FixedOffset::east_opt(minutes * 60).unwrap();
        let utc = DateTime::from_timestamp(seconds, nanos).unwrap();
        let local: NaiveDateTime = utc.with_timezone(&zone).naive_local();
        let expected = |moment: NaiveDateTime| moment.format("%Y-%m-%dT%H:%M:%S+00:00").to_string();
        for pattern in ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S%.f", " %Y-%m-%dt%H:%M:%S%.3f "] {
            let text = local.format(pattern).to_string();
            prop_assert_eq!(Form::DateTime.fit(&text), Ok(expected(local).into()), "{}", text);
            prop_assert_eq!(Form::Date.fit(&text), Ok(local.format("%Y-%m-%d").to_string().into()));
        }
        for offset in ["%:z", "%z"] {
            let text = local.and_local_timezone(zone).unwrap().format(&format!("%Y-%m-%dT%H:%M:%S%.9f{offset}")).to_string();
            prop_assert_eq!(Form::DateTime.fit(&text), Ok(expected(utc.naive_utc()).into()), "{}", text);
            prop_assert_eq!(Form::Date.fit(&text), Ok(local.format("%Y-%m-%d").to_string().into()));
        }
        let text = utc.format("%Y-%m-%dT%H:%M:%SZ").to_string();
        prop_assert_eq!(Form::DateTime.fit(&text), Ok(expected(utc.naive_utc()).into()));
        let minute = utc.naive_utc() - TimeDelta::seconds(seconds.rem_euclid(60));
        let text = minute.format("%Y-%m-%d %H:%M").to_string();
        prop_assert_eq!(Form::DateTime.fit(&text), Ok(expected(minute).into()));
    }
}
