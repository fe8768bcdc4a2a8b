//! A key that is written out is never shown, however it is written and whatever is wrong with the file.

use std::path::Path;

use super::{Document, Environment, Secrets, masked, read};
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
    let document = Document { name: "enlist.yaml".to_owned(), text: text.to_owned(), owner: None };
    let failure = read(&document, &Environment::new([], Path::new("")), Secrets::Read).err();
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

/// Files laid out in a way of their own, `@` standing for a secret.
const LAYOUTS: [&str; 35] = [
    " version: 1\n connections:\n   a:\n     host: h\n     apikey: @\n",
    "version: 1\nconnections:\n  a:\n    host: h\n    api_key:\n      @${GONE}\n",
    "version: 1\nconnections:\n  a:\n    host: h\n    api_key:\n      ${GONE}\n      x: @\n",
    "version: 1\nconnections :\n  a: { host: h, apikey: @ }\n",
    "\u{feff}connections:\n  a: { host: h, apikey: @ }\nversion: 1\n",
    "{ version: 1, connections: { a: { apikey: @ } } }\n",
    "{ version: 1, connections: { a: { \"apikey\":@ } } }\n",
    "{ version: 1, connections: { a: { apikey:@ } } }\n",
    "{\nversion: 1,\nexports: {},\nconnections: { a: { apikey: @ } } }\n",
    "version: 1\n? connections\n: a: { host: h, apikey: @ }\n",
    "version: 1\nconnection:\n  a:\n    apikey: @\n",
    "version: 1\nconnection: { a: { host: h, apikey: @ } }\n",
    "version: 1\nConnections:\n  a: { host: h, apikey: @ }\n",
    "version: 1\nexports:\nconnections: { a: { apikey: @ } }\n",
    "version: 1 apikey: @\n",
    "version: 1, apikey: @\n",
    "apikey: @\n",
    "version: 1\ndefaults:\n  notifiy: https://hooks.example.com/@\n",
    "version: 1\ndefaults:\n  webhook: https://hooks.example.com/@\n",
    "version: 1\ndefaults: { webhook: @, connection: a }\n",
    "version: 1\ndefaults: { connection: a, \"webhook\":@ }\n",
    "version: 1\ndefaults: { connection: a, @ }\n",
    "version: 1\ndefaults: {\n  webhook:\n    { path: @ } }\n",
    "version: 1\ndefaults:\n  notify:\n    - https://hooks.example.com/@\n",
    "version: 1\ndefaults:\n  notify:\n  - @\n",
    "version: 1\ndefaults:\n  notify:\n    url: https://hooks.example.com/@\n",
    "version: 1\ndefaults:\n  notify:\n    path: @\n",
    "version: 1\ndefaults:\n  notify:\n    https://hooks.example.com/@/${GONE}\n",
    "version: 1\ndefaults:\n  notify: >-\n    @\n    list: ${GONE}\n",
    "version: 1\ndefaults:\n  connection: https://hooks.example.com/a,@\n",
    "version: 1\ndefaults:\n  connection: a # @\n",
    "version: 1\nexports:\n  list:\n    @\n",
    "version: 1\nexports:\n  list:\n    apikey:\t@\n",
    "version: 1\nexports:\n  x: @\n",
    "version: 1\nexports:\n  x:\n    map:\n      \"apikey\":@\n",
];

#[test]
fn neither_a_key_nor_an_address_is_shown_however_the_file_is_laid_out() {
    for layout in LAYOUTS {
        let text = layout.replace('@', CANARY);
        let shown = screen(&text);
        assert!(!shown.is_empty() || layout.contains("# @"), "no objection to {text}");
        assert!(!shown.contains(CANARY), "{text}\n{shown}");
        for index in 0..text.lines().count() {
            let line = masked::line(&text, index as u64 + 1).unwrap();
            assert!(!line.contains(CANARY), "{text}\n{line}");
        }
    }
}

#[test]
fn what_is_harmless_is_shown_in_every_line_of_a_sound_file() {
    let text = "\
version: 1
connections:
  marketing:
    display_name: ActiveCampaign EU marketing
    host: acme.api-us1.com
    api_key: ${KEY}
sources:
  lake: { path: \"s3://bucket/**/*.parquet\" }
  sheet: { path: people.csv, delimiter: \";\", names: [email, name] }
exports:
  vip_customers:
    list: ${LIST:-7}
    source: lake
    sql: |
      select email, given as first_name
      from lake where price > '$5'
    map:
      email: email
      tags: [\"segment:${SEGMENT:-vip}\"]
    unique_by: { keep: latest, by: updated_at }
    guards: { max_change: 30%, min_rows: 1 }
    rejects:
      path: out
defaults: { connection: marketing }
state: { path: var/state }
";
    for (index, line) in text.lines().enumerate() {
        assert_eq!(masked::line(text, index as u64 + 1).as_deref(), Some(line));
    }
}
