//! Prometheus and OpenTelemetry.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;

use enlist_history::RunDocument;
use enlist_signals::{metrics, otlp};
use serde_json::{Value, json};

use super::{HOSTILE, hostile, run, with_rejects};

type Labels = BTreeMap<String, String>;

/// A strict reader of Prometheus' text format: every sample by name and labels.
fn parse(text: &str) -> BTreeMap<(String, Labels), f64> {
    assert!(text.is_empty() || text.ends_with('\n'));
    let (mut samples, mut families, mut kind) = (BTreeMap::new(), BTreeSet::new(), None);
    for line in text.split_terminator('\n') {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let name = help.split(' ').next().unwrap().to_owned();
            assert!(families.insert(name.clone()), "{name} comes twice");
            kind = Some((name, String::new()));
        } else if let Some(of) = line.strip_prefix("# TYPE ") {
            let (name, word) = of.split_once(' ').unwrap();
            let (known, type_) = kind.as_mut().unwrap();
            assert_eq!(name, known);
            assert_eq!(word == "counter", name.ends_with("_total"), "{name} is a {word}");
            assert!(["counter", "gauge"].contains(&word));
            word.clone_into(type_);
        } else {
            let (name, rest) = line.split_once('{').expect(line);
            assert_eq!(name, kind.as_ref().unwrap().0);
            let (labels, number) = labels(rest);
            let sample = samples.insert((name.to_owned(), labels), number.parse().expect(line));
            assert!(sample.is_none(), "twice: {line}");
        }
    }
    samples
}

/// The labels up to the closing brace, and what stands after it.
fn labels(text: &str) -> (Labels, &str) {
    let (mut labels, mut rest) = (Labels::new(), text);
    loop {
        let (name, value) = rest.split_once("=\"").unwrap();
        assert!(name.chars().all(|c| c.is_ascii_lowercase() || c == '_') && !name.is_empty(), "{name}");
        let (mut unescaped, mut chars) = (String::new(), value.char_indices());
        let end = loop {
            match chars.next().unwrap() {
                (at, '"') => break at,
                (_, '\\') => unescaped.push(match chars.next().unwrap().1 {
                    'n' => '\n',
                    c @ ('"' | '\\') => c,
                    c => panic!("no such escape: {c}"),
                }),
                (_, c) => unescaped.push(c),
            }
        };
        assert!(labels.insert(name.to_owned(), unescaped).is_none());
        rest = &value[end + 1..];
        match rest.strip_prefix(',') {
            Some(more) => rest = more,
            None => return (labels, rest.strip_prefix("} ").unwrap()),
        }
    }
}

fn value(text: &str, name: &str, label: Option<(&str, &str)>) -> Option<f64> {
    let wanted = |labels: &Labels| label.is_none_or(|(name, value)| labels.get(name).is_some_and(|it| it == value));
    let samples = parse(text);
    let mut found = samples.iter().filter(|((it, labels), _)| it == name && wanted(labels)).map(|(_, value)| *value);
    let first = found.next();
    assert!(found.next().is_none(), "{name} has several");
    first
}

#[test]
fn the_metrics_of_a_run_are_these() {
    insta::assert_snapshot!(metrics::text(&[run()]));
}

#[test]
fn totals_grow_with_every_run_and_the_rest_is_of_the_latest() {
    let first = run();
    let second = RunDocument {
        seconds: 60.0,
        status: "failed".to_owned(),
        finished_at: "2026-05-02T03:01:00Z".to_owned(),
        timeline: None,
        ..with_rejects()
    };
    let one = metrics::text(std::slice::from_ref(&first));
    let two = metrics::text(&[first, second]);
    for ((name, labels), before) in parse(&one) {
        let after = parse(&two)[&(name.clone(), labels)];
        assert!(!name.ends_with("_total") || after >= before, "{name} fell from {before} to {after}");
    }
    assert_eq!(value(&two, "enlist_rows_total", Some(("outcome", "confirmed"))), Some(15_832.0));
    assert_eq!(value(&two, "enlist_requests_total", Some(("status", "throttled"))), Some(4.0));
    assert_eq!(value(&two, "enlist_requests_total", Some(("status", "answered"))), Some(74.0));
    assert_eq!(value(&two, "enlist_throttled_seconds_total", None), Some(3.0));
    assert_eq!(value(&two, "enlist_run_duration_seconds", None), Some(60.0));
    assert_eq!(value(&two, "enlist_pending_batches", None), Some(0.0));
    // Of the first run: the second failed and confirmed nothing.
    assert_eq!(value(&two, "enlist_last_success_timestamp_seconds", None), Some(1_777_605_245.0));
    assert_eq!(value(&two, "enlist_confirm_lag_seconds", None), Some(6.0));
}

#[test]
fn exports_have_series_of_their_own() {
    let other = RunDocument { export: "news".to_owned(), ..run() };
    let text = metrics::text(&[run(), other, run()]);
    let samples = parse(&text);
    let durations = samples.keys().filter(|(name, _)| name == "enlist_run_duration_seconds");
    let exports: Vec<_> = durations.map(|(_, labels)| labels["export"].as_str()).collect();
    assert_eq!(exports, ["news", "vip"]);
}

#[test]
fn a_run_that_found_the_export_locked_changes_nothing() {
    let locked = RunDocument { status: "locked".to_owned(), seconds: 0.1, ..RunDocument { outcome: None, ..run() } };
    assert_eq!(metrics::text(&[run(), locked]), metrics::text(&[run()]));
}

#[test]
fn what_is_not_known_is_left_out() {
    assert_eq!(metrics::text(&[]), "");
    let never = RunDocument { export: "vip".to_owned(), status: "failed".to_owned(), ..RunDocument::default() };
    let text = metrics::text(&[never]);
    assert!(parse(&text).keys().all(|(_, labels)| !labels.contains_key("host")), "{text}");
    assert!(!text.contains("enlist_last_success") && !text.contains("enlist_confirm_lag"), "{text}");
}

#[test]
fn hostile_text_stays_within_its_label_and_hostile_numbers_are_finite() {
    let samples = parse(&metrics::text(&[hostile(), hostile()]));
    assert!(samples.keys().all(|(_, labels)| labels["export"] == HOSTILE && labels["host"] == HOSTILE));
    assert!(samples.values().all(|number| number.is_finite()));
}

fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn names(folder: &PathBuf) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn the_file_is_replaced_whole_and_everybody_may_read_it() {
    let folder = folder("whole");
    let path = folder.join("enlist.prom");
    fs::write(&path, "old").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    // Left by a process of the same number that was killed.
    fs::write(folder.join(format!(".enlist.prom.{}.0.tmp", std::process::id())), "torn").unwrap();
    metrics::write(&path, "enlist 1\n").unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "enlist 1\n");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o644);
    assert_eq!(names(&folder).len(), 2);
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_link_in_place_of_the_file_is_replaced_and_not_followed() {
    let folder = folder("link");
    let (path, victim) = (folder.join("enlist.prom"), folder.join("victim"));
    fs::write(&victim, "precious").unwrap();
    symlink(&victim, &path).unwrap();
    metrics::write(&path, "enlist 1\n").unwrap();
    assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
    assert!(fs::symlink_metadata(&path).unwrap().is_file());
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_file_that_cannot_be_written_leaves_nothing_behind() {
    let folder = folder("refused");
    let path = folder.join("enlist.prom");
    fs::create_dir(&path).unwrap();
    assert!(metrics::write(&path, "enlist 1\n").is_err());
    assert_eq!(names(&folder), ["enlist.prom"]);
    assert!(metrics::write(&folder.join("not/there.prom"), "").is_err());
    fs::remove_dir_all(folder).unwrap();
}

fn metric<'a>(body: &'a Value, name: &str) -> &'a Value {
    let metrics = body["resourceMetrics"][0]["scopeMetrics"][0]["metrics"].as_array().unwrap();
    metrics.iter().find(|metric| metric["name"] == name).unwrap()
}

#[test]
fn open_telemetry_gets_the_same_metrics_in_its_own_shape() {
    let body = otlp::metrics(&[run(), with_rejects()]);
    let service = &body["resourceMetrics"][0]["resource"]["attributes"][0];
    assert_eq!(*service, json!({ "key": "service.name", "value": { "stringValue": "enlist" } }));
    let rows = &metric(&body, "enlist_rows_total")["sum"];
    assert_eq!((&rows["aggregationTemporality"], &rows["isMonotonic"]), (&json!(2), &json!(true)));
    let label = |key: &str, text: &str| json!({ "key": key, "value": { "stringValue": text } });
    let attributes = json!([
        label("export", "vip"),
        label("host", "acme.api-us1.com"),
        label("list", "7"),
        label("outcome", "confirmed")
    ]);
    let confirmed = json!({
        "attributes": attributes, "asInt": "15832",
        "startTimeUnixNano": "1777604400000000000", "timeUnixNano": "1777605245000000000",
    });
    assert_eq!(rows["dataPoints"][0], confirmed);
    let duration = metric(&body, "enlist_run_duration_seconds");
    assert_eq!((&duration["unit"], &duration["gauge"]["dataPoints"][0]["asDouble"]), (&json!("s"), &json!(845.2)));
    let names = |body: &Value| -> BTreeSet<String> {
        let metrics = body["resourceMetrics"][0]["scopeMetrics"][0]["metrics"].as_array().unwrap().clone();
        metrics.iter().map(|metric| metric["name"].as_str().unwrap().to_owned()).collect()
    };
    let prometheus: BTreeSet<String> =
        parse(&metrics::text(&[run(), with_rejects()])).into_keys().map(|(name, _)| name).collect();
    assert_eq!(names(&body), prometheus);
}

#[test]
fn a_run_is_one_span() {
    let body = otlp::trace(&run(), [0xab; 16], [0x0c; 8]);
    let spans = body["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap();
    assert_eq!(spans.len(), 1);
    let span = &spans[0];
    assert_eq!(span["traceId"], "ab".repeat(16));
    assert_eq!(span["spanId"], "0c".repeat(8));
    assert_eq!((&span["kind"], &span["status"]), (&json!(1), &json!({ "code": 1 })));
    assert_eq!(span["startTimeUnixNano"], "1777604400000000000");
    assert_eq!(span["endTimeUnixNano"], "1777605245000000000");
    let confirmed = json!({ "key": "enlist.rows.confirmed", "value": { "intValue": "7932" } });
    assert!(span["attributes"].as_array().unwrap().contains(&confirmed));
    let failed = otlp::trace(&hostile(), [1; 16], [1; 8]);
    let span = &failed["resourceSpans"][0]["scopeSpans"][0]["spans"][0];
    assert_eq!(span["status"], json!({ "code": 2, "message": HOSTILE }));
    assert_eq!((&span["startTimeUnixNano"], &span["endTimeUnixNano"]), (&json!("0"), &json!("0")));
}

#[test]
fn hostile_numbers_are_numbers_that_open_telemetry_can_read() {
    let text = otlp::metrics(&[hostile()]).to_string();
    assert!(text.contains(&format!("\"asInt\":\"{}\"", i64::MAX)), "{text}");
    assert!(!text.contains("null"), "{text}");
}
