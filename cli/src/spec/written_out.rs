//! A key that is written out is never shown, however it is written and whatever is wrong with the file.

use std::path::Path;

use super::{Document, Environment, masked, read};
use crate::render::{Style, error};

const CANARY: &str = "c4nary0fTheAccount";

/// How people write a key out, `@` standing for it, below `host` with this indentation.
const WAYS: [&str; 23] = [
    "api_key: @",
    "api_key:   '@'",
    "api_key: \"@\" # ours",
    "\"api_key\": @",
    "'api_key' : @",
    "api_key:\n      @",
    "api_key: |\n      @",
    "api_key: >-\n\n      @\n      @",
    "api_key: \"x\n      @\n      y\"",
    "api_key: x\n      @\n      y",
    "? api_key\n    : @",
    "api_key: ${GONE}@",
    "api_key: @${GONE}",
    "api_key: ${GONE:-@}",
    "api_key: \"${GONE} @\"",
    "api_key: ${GONE} @ ${GONE}",
    "api_key: |\n      @\n      ${GONE}@",
    "api_key: &k @",
    "api_key: !!str @",
    "apikey: @",
    "API-Key: @",
    "api_token: @",
    "password: \"@\"",
];

/// What may be wrong beside it; `@` stands for the way above.
const SLIPS: [&str; 10] = [
    "host: a\n    @",
    "nonsense: 1\n    @",
    "host: a\n    @\n    nonsense: 1",
    "host: a\n    @\n    @",
    "host: a\n    @\n\t tab: 1",
    "host: ${GONE}\n    @",
    "host: a\n    @\n    display_name: ${GONE}",
    "host: a\n    @\n    allow_host: maybe",
    "host: a\n    @\n   - out of place",
    "host: [a]\n    @\n  }",
];

fn screen(text: &str) -> String {
    let document = Document { name: "enlist.yaml".to_owned(), text: text.to_owned() };
    let failure = read(&document, &Environment::new([], Path::new(""))).err();
    failure.map(|failure| error::screen(&failure, &Style::PLAIN)).unwrap_or_default()
}

#[test]
fn a_key_is_not_shown_however_it_is_written_and_whatever_is_wrong_beside_it() {
    let mut objections = 0;
    for way in WAYS {
        for slip in SLIPS {
            let connection = slip.replace('@', way).replace('@', CANARY);
            let text = format!("version: 1\nconnections:\n  a:\n    {connection}\nexports: {{ b: {{ list: 0 }} }}\n");
            let shown = screen(&text);
            assert!(!shown.contains(CANARY), "{text}\n{shown}");
            objections += usize::from(!shown.is_empty());
        }
    }
    assert_eq!(objections, WAYS.len() * SLIPS.len());
}

#[test]
fn a_key_is_not_shown_behind_another_on_the_same_line() {
    for (first, second) in [("${GONE}", CANARY), (CANARY, "${GONE}"), ("${file:x}", CANARY), ("\"${GONE}\"", CANARY)] {
        let text = format!(
            "version: 1\nconnections: {{ a: {{ host: h, api_key: {first} }}, b: {{ api_key: {second}, x: 1 }} }}\n"
        );
        assert!(!screen(&text).contains(CANARY), "{}", screen(&text));
    }
}

#[test]
fn no_line_of_a_file_shows_a_key() {
    for way in WAYS {
        let text = format!("connections:\n  a:\n    host: h\n    {}\n    allow_host: on\n", way.replace('@', CANARY));
        for index in 0..text.lines().count() {
            assert!(!masked::line(&text, index as u64 + 1).unwrap().contains(CANARY), "{text}");
        }
        let last = masked::line(&text, text.lines().count() as u64);
        assert_eq!(last.as_deref(), Some("    allow_host: on"));
    }
}
