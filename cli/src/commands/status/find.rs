//! What happened to one person: the ledger knows keys, the last reject files know places.

use std::io::{BufRead, BufReader};
use std::path::Path;

use enlist_core::{Key, LedgerFile, Standing, StateFolder, Trace, normalise_email};
use serde::Deserialize;
use serde_json::json;

use crate::failure::Failure;
use crate::history;
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
            "exports": exports.collect::<Vec<_>>(),
        })
    }
}

/// Looks for `email` in every export of the state folder, or in one.
///
/// # Errors
/// For what is no email, and when the state cannot be read.
pub fn find(email: &str, export: Option<&str>, folder: Option<&StateFolder>, state: &Path) -> Result<Answer, Failure> {
    let person = normalise_email(email.trim()).map_err(|rule| {
        Failure::config("usage::email", format!("this is no email that a contact can have: {rule}"))
            .help("write it as it stands in the source")
    })?;
    let mut answer = Answer { person, exports: Vec::new(), suppressed: false };
    let Some(folder) = folder else { return Ok(answer) };
    let key = folder.hasher().key(&answer.person);
    if let Some(ledger) = LedgerFile::open(&folder.ledger_path())? {
        answer.suppressed = ledger.suppressed()?.binary_search(&key).is_ok();
        let traces = ledger.find(key)?;
        answer.exports.extend(traces.into_iter().filter(|trace| is_of(trace, export)).map(found));
    }
    answer.exports.extend(rejected_here(key, export, state)?);
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

/// What the reject file of each export's last run says, where the row had a sound email. Keys in these files are
/// shortened to four bytes: among a million people there is one chance in four thousand of somebody else.
fn rejected_here(key: Key, export: Option<&str>, state: &Path) -> Result<Vec<Found>, Failure> {
    let runs = history::read(state)?;
    let mut exports: Vec<&str> = runs.iter().map(|run| run.export.as_str()).collect();
    exports.sort_unstable();
    exports.dedup();
    let mut all = Vec::new();
    for name in exports.into_iter().filter(|name| export.is_none_or(|export| export == *name)) {
        let Some(run) = runs.iter().rev().find(|run| run.export == name && run.outcome.is_some()) else { continue };
        let Some(file) = run.rejects_file.as_deref().and_then(|file| std::fs::File::open(file).ok()) else { continue };
        let shown = key.to_string();
        let lines = BufReader::new(file).lines().map_while(Result::ok).filter(|line| line.len() < LONGEST);
        let mut lines = lines.filter(|line| line.contains(&shown));
        let line = lines.find_map(|line| {
            let line = serde_json::from_str::<Line>(&line).ok()?;
            (line.key.as_ref() == Some(&shown) && line.stage == "local").then_some(line)
        });
        all.extend(line.map(|line| Found {
            export: name.to_owned(),
            list: (run.destination.list, run.destination.host.clone()),
            outcome: "rejected_here",
            reason: Some(line.reason),
            run: Some((run.run_id.clone(), run.started_at.clone())),
            place: Some(format!("{} row {}", line.file, line.row)),
            left: false,
            email_kept: false,
        }));
    }
    Ok(all)
}
