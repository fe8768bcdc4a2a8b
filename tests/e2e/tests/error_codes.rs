//! Codes are a promise to those who react to them: each stands in the documentation, and nothing else does.

#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use enlist_core::{Guard, Reason};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Whether `text` looks like `area::name`.
fn is_code(text: &str) -> bool {
    let word =
        |text: &str, more: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || more.contains(c));
    text.split_once("::").is_some_and(|(area, name)| word(area, "") && word(name, "_"))
}

/// The product's sources below `folder`, without their tests.
fn sources(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name == "tests" || name == "target" || name.ends_with("tests.rs") {
            continue;
        }
        if path.is_dir() {
            sources(&path, found);
        } else if name.ends_with(".rs") {
            let text = fs::read_to_string(&path).unwrap();
            let product = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
            found.push(product.to_owned());
        }
    }
}

/// Every string literal of the product that is a code, and the codes that are put together from names.
fn used() -> BTreeSet<String> {
    let mut texts = Vec::new();
    for part in ["core", "history", "report", "schedule", "signals", "sources", "sinks", "cli"] {
        sources(&root().join(part), &mut texts);
    }
    let literals = texts.iter().flat_map(|text| text.split('"'));
    let guards = Guard::ALL.map(|guard| format!("guard::{}", guard.name()));
    literals.filter(|text| is_code(text)).map(str::to_owned).chain(guards).collect()
}

#[test]
fn every_error_code_is_documented_and_every_documented_one_exists() {
    let page = fs::read_to_string(root().join("docs/errors.md")).unwrap();
    let documented: BTreeSet<String> = page.split('`').filter(|text| is_code(text)).map(str::to_owned).collect();
    let used = used();
    assert!(used.len() > 100, "only {} codes were found in the sources", used.len());
    let missing: Vec<_> = used.difference(&documented).collect();
    let invented: Vec<_> = documented.difference(&used).collect();
    assert!(missing.is_empty() && invented.is_empty(), "docs/errors.md lacks {missing:?} and invents {invented:?}");
}

#[test]
fn every_reject_reason_is_documented() {
    let page = fs::read_to_string(root().join("docs/mapping.md")).unwrap();
    for reason in Reason::ALL {
        let row = format!("| `{}` |", reason.code());
        assert!(page.contains(&row), "docs/mapping.md has no row {row}");
    }
}
