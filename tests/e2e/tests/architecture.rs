//! Who may import what (ARCHITECTURE.md), read from `cargo metadata` and the sources themselves.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Longest file before it is split; tables and fixtures are excepted by name.
const LONGEST_FILE: usize = 400;
const TABLES: [&str; 1] = ["sinks/activecampaign/src/answer/table.rs"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Normal dependencies of each workspace package, by name.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let mut cargo = Command::new(env!("CARGO"));
    let output = cargo.args(["metadata", "--no-deps", "--format-version", "1"]).current_dir(root()).output().unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let name = |value: &Value| value["name"].as_str().unwrap().to_owned();
    let normal = |package: &Value| {
        let all = package["dependencies"].as_array().unwrap().iter();
        all.filter(|dependency| dependency["kind"].is_null()).map(name).collect()
    };
    metadata["packages"].as_array().unwrap().iter().map(|package| (name(package), normal(package))).collect()
}

fn rust_files() -> Vec<(String, String)> {
    fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && !name.starts_with('.') && name != "target" {
                walk(&path, files);
            } else if name.ends_with(".rs") {
                files.push(path);
            }
        }
    }
    let (root, mut files) = (root(), Vec::new());
    walk(&root, &mut files);
    let name = |path: &PathBuf| path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
    files.iter().map(|path| (name(path), fs::read_to_string(path).unwrap())).collect()
}

#[test]
fn core_knows_nobody_and_siblings_do_not_know_each_other() {
    let ours = |name: &str| name.starts_with("enlist-");
    let allowed: BTreeMap<&str, &[&str]> = [
        ("enlist-core", &[][..]),
        ("enlist-source-files", &["enlist-core"]),
        ("enlist-source-query", &["enlist-core", "enlist-source-files"]),
        ("enlist-source-parquet", &["enlist-core", "enlist-source-files"]),
        ("enlist-source-csv", &["enlist-core", "enlist-source-files"]),
        ("enlist-source-jsonl", &["enlist-core", "enlist-source-files"]),
        ("enlist-source-ipc", &["enlist-core", "enlist-source-files"]),
        ("enlist-source-avro", &["enlist-core", "enlist-source-files"]),
        ("enlist-source-delta", &["enlist-core", "enlist-source-files"]),
        ("enlist-source-sql", &["enlist-core", "enlist-source-files", "enlist-source-query"]),
        ("enlist-source-customer-insights", &["enlist-core", "enlist-source-csv", "enlist-source-files"]),
        ("enlist-sink-activecampaign", &["enlist-core"]),
        ("enlist-sink-null", &["enlist-core"]),
        ("enlist-simulator", &[]),
        ("enlist-history", &[]),
        ("enlist-schedule", &[]),
        ("enlist-report", &["enlist-history"]),
        ("enlist-signals", &["enlist-history"]),
    ]
    .into();
    let dependencies = dependencies();
    for (package, allowed) in allowed {
        let used: Vec<_> = dependencies[package].iter().filter(|name| ours(name)).collect();
        for name in used {
            assert!(allowed.contains(&name.as_str()), "{package} must not depend on {name}");
        }
    }
}

#[test]
fn core_has_no_http_no_query_engine_no_files_and_no_command_line() {
    let forbidden =
        ["reqwest", "hyper", "http", "axum", "datafusion", "parquet", "clap", "object_store", "enlist-simulator"];
    for name in forbidden {
        assert!(!dependencies()["enlist-core"].contains(name), "enlist-core must not depend on {name}");
    }
}

#[test]
fn only_sources_see_the_query_engine() {
    for (package, used) in dependencies() {
        if used.contains("datafusion") {
            assert!(package.starts_with("enlist-source-"), "{package} must not depend on datafusion");
        }
    }
}

#[test]
fn formats_know_files_and_only_those_that_find_them_know_object_stores() {
    let (packages, format) = (dependencies(), ["parquet", "csv", "jsonl", "ipc", "avro", "delta"]);
    for name in format.map(|name| format!("enlist-source-{name}")) {
        assert!(!packages[&name].contains("datafusion"), "{name} must not depend on datafusion");
    }
    for (package, used) in packages {
        let room = ["enlist-source-files", "enlist-source-delta"].contains(&package.as_str());
        assert!(room || !used.contains("object_store"), "{package} must not depend on object_store");
    }
}

#[test]
fn only_sinks_open_a_connection_to_a_destination() {
    for (package, used) in dependencies() {
        if used.contains("reqwest") {
            assert!(package.starts_with("enlist-sink-"), "{package} must not depend on reqwest");
        }
    }
}

#[test]
fn only_the_clock_reads_the_time() {
    let reading = ["Instant::now()", "SystemTime::now()", ".elapsed()"];
    for (name, text) in rust_files() {
        let product = text.split("#[cfg(test)]").next().unwrap();
        let room = name.starts_with("core/src/") && name != "core/src/clock.rs" && !name.contains("test");
        for call in reading.iter().filter(|call| room && product.contains(**call)) {
            assert!(
                name.starts_with("core/src/delivery/pacer") || *call == ".elapsed()",
                "{name} reads the time: {call}"
            );
        }
    }
}

#[test]
fn only_one_file_hands_work_to_blocking_threads() {
    for (name, text) in rust_files() {
        if name.starts_with("core/src/") && name != "core/src/cpu.rs" {
            assert!(!text.contains("spawn_blocking"), "{name} calls spawn_blocking; use cpu::run");
        }
    }
}

#[test]
fn only_delivery_writes_the_ledger() {
    let writes = [
        ".record(",
        ".settle(",
        ".clear_late(",
        ".expire_late(",
        ".set_generation(",
        ".note_absence(",
        ".keep_emails(",
        ".clear_emails(",
    ];
    for (name, text) in rust_files() {
        let product = text.split("#[cfg(test)]").next().unwrap();
        let outside =
            name.contains("/src/") && !name.starts_with("core/src/delivery/") && !name.starts_with("core/src/ledger/");
        let outside = outside && !name.ends_with("_tests.rs");
        for call in writes.iter().filter(|_| outside && !name.starts_with("tests/")) {
            assert!(!product.contains(call), "{name} writes the ledger: {call}");
        }
    }
}

#[test]
fn files_are_short_enough_to_read() {
    for (name, text) in rust_files() {
        let lines = text.lines().count();
        assert!(lines <= LONGEST_FILE || TABLES.contains(&name.as_str()), "{name} has {lines} lines");
    }
}
