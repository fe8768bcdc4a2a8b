//! What the documents promise is tested: every fault of docs/when-things-go-wrong.md, every control of docs/security.md.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Faults that are numbered.
const FAULTS: u32 = 84;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn page(name: &str) -> String {
    fs::read_to_string(root().join("docs").join(name)).unwrap()
}

/// The names of all functions in the Rust files of the project.
fn functions() -> BTreeSet<String> {
    fn walk(folder: &Path, names: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && name != "target" && !name.starts_with('.') {
                walk(&path, names);
            } else if name.ends_with(".rs") {
                let text = fs::read_to_string(&path).unwrap();
                let named = text.lines().filter_map(|line| line.trim_start().split_once("fn "));
                let named = named.filter(|(before, _)| before.chars().all(|c| c.is_ascii_lowercase() || c == ' '));
                names.extend(named.filter_map(|(_, name)| Some(name.split_once('(')?.0.to_owned())));
            }
        }
    }
    let mut names = BTreeSet::new();
    for part in ["core", "sources", "sinks", "cli", "tests"] {
        walk(&root().join(part), &mut names);
    }
    names
}

/// The cells of a row of a table that begins with a number, and the number.
fn numbered(line: &str) -> Option<(u32, Vec<&str>)> {
    let cells: Vec<&str> = line.strip_prefix('|')?.split('|').map(str::trim).collect();
    Some((cells.first()?.parse().ok()?, cells))
}

#[test]
fn every_fault_is_explained_once() {
    let page = page("when-things-go-wrong.md");
    let rows: Vec<(u32, Vec<&str>)> = page.lines().filter_map(numbered).collect();
    let numbers: Vec<u32> = rows.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, (1..=FAULTS).collect::<Vec<_>>(), "rows that are missing, twice or out of order");
    for (number, cells) in rows {
        let filled = cells.iter().filter(|cell| !cell.is_empty()).count();
        assert_eq!(filled, 5, "fault {number}: number, fault, what is seen, what was done, what to do: {cells:?}");
    }
}

#[test]
fn every_fault_has_a_test_and_every_such_test_a_fault() {
    let mut tests: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    for name in functions() {
        if let Some((number, sentence)) = name.strip_prefix("fault_").and_then(|rest| rest.split_once('_')) {
            let number = number.parse().unwrap_or_else(|_| panic!("{name}: which fault?"));
            assert!(!sentence.is_empty(), "{name} says nothing");
            tests.entry(number).or_default().push(name);
        }
    }
    let explained: BTreeSet<u32> =
        page("when-things-go-wrong.md").lines().filter_map(numbered).map(|row| row.0).collect();
    let tested: BTreeSet<u32> = tests.keys().copied().collect();
    let untested: Vec<&u32> = explained.difference(&tested).collect();
    let unexplained: Vec<&u32> = tested.difference(&explained).collect();
    assert!(untested.is_empty(), "faults without a test fault_NN_…: {untested:?}");
    assert!(unexplained.is_empty(), "tests without a row in docs/when-things-go-wrong.md: {unexplained:?}");
}

#[test]
fn every_test_that_the_security_page_names_exists() {
    let functions = functions();
    let page = page("security.md");
    let rows = page.lines().filter(|line| line.starts_with('|'));
    let is_name = |word: &&str| {
        word.contains('_') && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    // The last column of each table.
    let last = rows.filter_map(|row| row.trim_end().trim_end_matches('|').rsplit_once('|').map(|(_, cell)| cell));
    let named: BTreeSet<&str> = last.flat_map(|cell| cell.split('`').skip(1).step_by(2)).filter(is_name).collect();
    assert!(named.len() > 30, "only {} tests are named", named.len());
    let missing: Vec<&&str> = named.iter().filter(|name| !functions.contains(**name)).collect();
    assert!(missing.is_empty(), "docs/security.md names tests that do not exist: {missing:?}");
}
