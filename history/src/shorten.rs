//! What stays of a history that has grown too long.

use std::collections::{BTreeMap, BTreeSet};

use crate::RunDocument;
use crate::document::SCHEMA;

/// The run that `line` holds; none when it is no document of this version.
pub(crate) fn document(line: &[u8]) -> Option<RunDocument> {
    let run = serde_json::from_slice::<RunDocument>(line).ok()?;
    (run.schema == SCHEMA && !run.run_id.is_empty()).then_some(run)
}

/// The lines of `text` to keep, in their order: its younger half, and what the older half alone knows of an export: its
/// last run, and the last of its runs that got to rows. An export that is run hourly pushes no other one out.
pub(crate) fn kept(text: &[u8]) -> Vec<&[u8]> {
    let half = text.len() / 2;
    let cut = text[half..].iter().position(|byte| *byte == b'\n').map_or(text.len(), |at| half + at + 1);
    let lines = |text| <[u8]>::split(text, |byte| *byte == b'\n').filter(|line| !line.is_empty());
    let older: Vec<&[u8]> = lines(&text[..cut]).collect();
    let mut last: BTreeMap<(String, bool), usize> = BTreeMap::new();
    for (at, line) in older.iter().enumerate() {
        for export in known_by(line) {
            last.insert(export, at);
        }
    }
    for export in lines(&text[cut..]).flat_map(known_by) {
        last.remove(&export);
    }
    let needed: BTreeSet<usize> = last.into_values().collect();
    needed.into_iter().map(|at| older[at]).chain(lines(&text[cut..])).collect()
}

/// The export whose run stands in `line`, without and with whether the run got to rows.
fn known_by(line: &[u8]) -> impl Iterator<Item = (String, bool)> {
    let run = document(line);
    let with_rows = run.as_ref().filter(|run| run.outcome.is_some()).map(|run| (run.export.clone(), true));
    run.map(|run| (run.export, false)).into_iter().chain(with_rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Outcome;

    fn line(name: &str, export: &str, outcome: Option<Outcome>) -> String {
        let run = RunDocument {
            schema: SCHEMA.to_owned(),
            run_id: name.to_owned(),
            export: export.to_owned(),
            outcome,
            ..RunDocument::default()
        };
        serde_json::to_string(&run).unwrap() + "\n"
    }

    fn names(text: &str) -> Vec<String> {
        kept(text.as_bytes()).into_iter().filter_map(document).map(|run| run.run_id).collect()
    }

    #[test]
    fn the_last_run_of_each_export_stays_however_often_another_one_runs() {
        let rare = line("r_1", "yearly", Some(Outcome::default())) + &line("r_2", "yearly", None);
        let hourly: String = (3..99).map(|n| line(&format!("r_{n}"), "hourly", Some(Outcome::default()))).collect();
        let names = names(&(rare + &hourly));
        assert_eq!(names[..2], ["r_1", "r_2"], "the last that got to rows, and the last");
        assert!((48..=51).contains(&names.len()) && names.ends_with(&["r_98".to_owned()]), "{names:?}");
    }

    #[test]
    fn what_the_younger_half_knows_is_not_kept_twice() {
        let text: String = (0..10).map(|n| line(&format!("r_{n}"), "vip", Some(Outcome::default()))).collect();
        assert_eq!(names(&text), ["r_6", "r_7", "r_8", "r_9"].map(str::to_owned));
    }

    #[test]
    fn one_line_that_fills_everything_stays_too() {
        assert_eq!(names(&line("r_1", "vip", None)), ["r_1"]);
        assert!(kept(b"").is_empty());
    }
}
