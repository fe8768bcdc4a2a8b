//! What happened to one person: the ledger knows keys, the last reject files know places.

use std::collections::BTreeMap;
use std::io::BufRead;
use std::path::Path;

use enlist_core::{Key, LedgerFile, Standing, StateFolder, Trace, normalise_email};
use enlist_history::RunDocument;
use serde::Deserialize;
use serde_json::json;

use crate::failure::Failure;
use crate::rejects;
use crate::render::status::Found;

/// Longest line of a reject file that is looked at.
const LONGEST: usize = 1 << 16;

/// The answer.
#[derive(Debug)]
pub struct Answer {
    /// The email in the form that counts.
    pub person: String,
    /// What each export says.
    pub exports: Vec<Found>,
    /// Whether the person was erased.
    pub suppressed: bool,
    /// Reject files that could not be looked at: what they may say of the person is missing here.
    pub notes: Vec<String>,
}

impl Answer {
    /// For programs; the email is the one they asked with.
    pub fn document(&self) -> serde_json::Value {
        let exports = self.exports.iter().map(|found| {
            json!({
                "export": found.export, "list": found.list.0, "host": found.list.1, "outcome": found.outcome,
                "reason": found.reason, "run_id": found.run.as_ref().map(|run| &run.0),
                "at": found.run.as_ref().map(|run| &run.1), "place": found.place, "left": found.left,
                "email_kept": found.email_kept,
            })
        });
        json!({
            "schema": "enlist.find/1", "email": self.person, "suppressed": self.suppressed,
            "exports": exports.collect::<Vec<_>>(), "warnings": self.notes,
        })
    }
}

/// Looks for `email` in every export of the state folder (with its path), whose history is `runs`, or in one of them.
///
/// # Errors
/// For what is no email, and when the ledger cannot be read.
pub fn find(
    email: &str,
    export: Option<&str>,
    folder: Option<(&StateFolder, &Path)>,
    runs: &[RunDocument],
) -> Result<Answer, Failure> {
    let person = normalise_email(email.trim()).map_err(|rule| {
        Failure::config("usage::email", format!("this is no email that a contact can have: {rule}"))
            .help("write it as it stands in the source")
    })?;
    let mut answer = Answer { person, exports: Vec::new(), suppressed: false, notes: Vec::new() };
    let Some((folder, path)) = folder else { return Ok(answer) };
    let key = folder.hasher().key(&answer.person);
    if let Some(ledger) = LedgerFile::open(&folder.ledger_path())? {
        answer.suppressed = ledger.suppressed()?.binary_search(&key).is_ok();
        let traces = ledger.find(key)?;
        answer.exports.extend(traces.into_iter().filter(|trace| is_of(trace, export)).map(found));
    }
    for run in last_runs(runs, export) {
        match rejected_here(key, run, path) {
            Ok(row) => answer.exports.extend(row),
            Err(why) => {
                let rows = format!("{}: the rows that {} rejected cannot be searched", run.export, run.run_id);
                answer.notes.push(format!("{rows}: {why}"));
            }
        }
    }
    Ok(answer)
}

fn is_of(trace: &Trace, export: Option<&str>) -> bool {
    export.is_none_or(|export| trace.scope.export == export)
}

fn found(trace: Trace) -> Found {
    let list = (trace.scope.list, trace.scope.account);
    let record = trace.record;
    let (outcome, reason) = match record.as_ref().map(|record| record.standing) {
        _ if trace.open > 0 => ("under_way", None),
        Some(Standing::Confirmed(_)) if trace.late == 0 => ("confirmed", None),
        Some(Standing::Rejected(_, reason)) => ("rejected", Some(reason.code().to_owned())),
        _ => ("uncertain", None),
    };
    let at = |millis| chrono::DateTime::from_timestamp_millis(millis).map(stamp);
    Found {
        export: trace.scope.export,
        list,
        outcome,
        reason,
        run: record.as_ref().and_then(|it| it.run.clone()).map(|(run, began)| (run, at(began).unwrap_or_default())),
        place: None,
        left: record.as_ref().is_some_and(|record| record.left),
        email_kept: record.is_some_and(|record| record.email),
    }
}

fn stamp(time: chrono::DateTime<chrono::Utc>) -> String {
    time.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

/// A line of a reject file.
#[derive(Deserialize)]
struct Line {
    row: u64,
    file: String,
    key: Option<String>,
    reason: String,
    stage: String,
}

/// The last run of each export, or of one, that got to rows.
fn last_runs<'a>(runs: &'a [RunDocument], export: Option<&str>) -> Vec<&'a RunDocument> {
    let mut last: BTreeMap<&str, &RunDocument> = BTreeMap::new();
    let with_rows = runs.iter().filter(|run| run.outcome.is_some());
    for run in with_rows.filter(|run| export.is_none_or(|export| export == run.export)) {
        last.insert(&run.export, run);
    }
    last.into_values().collect()
}

/// What the reject file of `run` says, where the row had a sound email. Keys in these files are shortened to four
/// bytes: among a million people there is one chance in four thousand of somebody else.
///
/// # Errors
/// Why the file cannot be looked at, in words that name it.
fn rejected_here(key: Key, run: &RunDocument, state: &Path) -> Result<Option<Found>, String> {
    let Some(file) = run.rejects_file.as_deref() else { return Ok(None) };
    let unreadable = |cause: String| format!("{} cannot be read: {cause}", rejects::nearby(file));
    let shown = key.to_string();
    for line in rejects::open(file, state)?.lines() {
        let line = line.map_err(|e| unreadable(e.to_string()))?;
        if line.len() >= LONGEST || !line.contains(&shown) {
            continue;
        }
        let line: Line = serde_json::from_str(&line).map_err(|e| unreadable(e.to_string()))?;
        if line.key.as_ref() == Some(&shown) && line.stage == "local" {
            return Ok(Some(Found {
                export: run.export.clone(),
                list: (run.destination.list, run.destination.host.clone()),
                outcome: "rejected_here",
                reason: Some(line.reason),
                run: Some((run.run_id.clone(), run.started_at.clone())),
                place: Some(format!("{} row {}", line.file, line.row)),
                left: false,
                email_kept: false,
            }));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use enlist_core::Key;
    use enlist_history::Outcome;

    use super::*;

    fn run(export: &str, name: &str, rejects_file: Option<String>) -> RunDocument {
        RunDocument {
            export: export.to_owned(),
            run_id: name.to_owned(),
            outcome: Some(Outcome::default()),
            rejects_file,
            ..RunDocument::default()
        }
    }

    #[test]
    fn the_last_run_that_got_to_rows_is_asked() {
        let failed = RunDocument { outcome: None, ..run("vip", "r_3", None) };
        let runs = [run("vip", "r_1", None), run("vip", "r_2", None), failed, run("gold", "r_4", None)];
        let names = |export| last_runs(&runs, export).into_iter().map(|run| run.run_id.as_str()).collect::<Vec<_>>();
        assert_eq!(names(None), ["r_4", "r_2"]);
        assert_eq!(names(Some("vip")), ["r_2"]);
    }

    #[test]
    fn a_reject_file_that_is_gone_or_damaged_is_not_taken_for_one_without_the_person() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("r_1.jsonl").display().to_string();
        let key = Key([0x5f; 16]);
        let asked = || rejected_here(key, &run("vip", "r_1", Some(file.clone())), Path::new("nowhere"));
        assert_eq!(asked().unwrap_err(), format!("{file} is gone"));
        fs::write(&file, format!("{{\"row\":7,\"key\":\"{key}\"\n")).unwrap();
        assert!(asked().unwrap_err().starts_with(&format!("{file} cannot be read: ")));
        fs::write(&file, b"\xff\n").unwrap();
        assert!(asked().unwrap_err().starts_with(&format!("{file} cannot be read: ")));
        let line = format!(
            "{{\"row\":7,\"file\":\"a.csv\",\"key\":\"{key}\",\"reason\":\"bad_value\",\"stage\":\"local\"}}\n"
        );
        fs::write(&file, line).unwrap();
        assert_eq!(asked().unwrap().and_then(|found| found.place).as_deref(), Some("a.csv row 7"));
        assert_eq!(rejected_here(key, &run("vip", "r_1", None), Path::new("nowhere")), Ok(None));
    }
}
