//! How text is fitted to the places in a contact.

use std::collections::HashSet;

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
