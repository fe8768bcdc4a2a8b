//! Reject files of earlier runs: opened by the path that the history names, from whichever folder.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Component, Path, PathBuf};

use crate::failure::Failure;
use crate::history;

/// Opens the file of rejected rows that the history in the folder `state` names.
///
/// # Errors
/// Why not, in words that name the file.
pub fn open(file: &str, state: &Path) -> Result<BufReader<File>, String> {
    let opened = File::open(file).or_else(|e| match moved(file, state) {
        Some(there) if e.kind() == io::ErrorKind::NotFound => File::open(there).map_err(|_| e),
        _ => Err(e),
    });
    opened.map(BufReader::new).map_err(|e| match e.kind() {
        io::ErrorKind::NotFound => format!("{} is gone", nearby(file)),
        _ => format!("{} cannot be read: {e}", nearby(file)),
    })
}

/// Where `file` lies when its folder was moved, or is mounted elsewhere, together with the folder of the state.
fn moved(file: &str, state: &Path) -> Option<PathBuf> {
    let file = Path::new(file);
    let near = Path::new(file.parent()?.file_name()?).join(file.file_name()?);
    Some(std::path::absolute(state).ok()?.parent()?.join(near))
}

/// `file` as it is named from the working folder, where it lies in there.
pub fn nearby(file: &str) -> String {
    let folder = std::env::current_dir().unwrap_or_default();
    Path::new(file).strip_prefix(folder).map_or_else(|_| file.to_owned(), |near| near.display().to_string())
}

/// The name of `file` without its folders, for who is not at this machine.
pub fn name(file: &str) -> String {
    Path::new(file).file_name().map_or_else(|| file.to_owned(), |name| name.display().to_string())
}

/// Where the rows stand that the last run of `export` rejected, by origin.
///
/// # Errors
/// [`ErrorKind::Config`] with `usage::only_rejects` when it rejected none, and when its file is gone or unreadable.
pub fn of_last_run(state: &Path, export: &str) -> Result<BTreeMap<String, BTreeSet<u64>>, Failure> {
    #[derive(serde::Deserialize)]
    struct Place {
        row: u64,
        file: String,
    }
    let none = |why: String| Failure::config("usage::only_rejects", why).help("run without --only-rejects");
    let runs = history::read(state)?;
    let run = runs.iter().rev().find(|run| run.export == export && run.outcome.is_some());
    let file = run.and_then(|run| run.rejects_file.as_deref());
    let file = file.ok_or_else(|| none(format!("the last run of {export} rejected nothing")))?;
    let unknown = |why: String| none(format!("which rows the last run of {export} rejected is not known: {why}"));
    let damaged = |e: io::Error| unknown(format!("{} cannot be read: {e}", nearby(file)));
    let mut rows: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
    for line in open(file, state).map_err(unknown)?.lines() {
        let place: Place = serde_json::from_str(&line.map_err(damaged)?).map_err(|e| damaged(e.into()))?;
        rows.entry(place.file).or_default().insert(place.row);
    }
    Ok(named_from_here(rows, Path::new(file)))
}

/// The same rows under every name that their file may have for this run, which may have another working folder than the
/// one that wrote the names into the reject file `beside`. A name too many selects nothing that the run would not send.
fn named_from_here(rows: BTreeMap<String, BTreeSet<u64>>, beside: &Path) -> BTreeMap<String, BTreeSet<u64>> {
    let folder = std::env::current_dir().unwrap_or_default();
    let mut named = rows.clone();
    for (name, rows) in rows {
        // Reject files lie in the folder of the configuration unless it says otherwise, and sources near it.
        let there = beside.ancestors().skip(1).map(|near| near.join(&name)).find(|path| path.is_file());
        for name in there.iter().flat_map(|path| [Some(path.clone()), from(&folder, path)]).flatten() {
            named.entry(name.display().to_string()).or_default().extend(&rows);
        }
    }
    named
}

/// `path` as it is named from `folder`, with `..` where need be; both are absolute.
pub(super) fn from(folder: &Path, path: &Path) -> Option<PathBuf> {
    let shared = folder.ancestors().find(|shared| path.starts_with(shared))?;
    let up = folder.strip_prefix(shared).ok()?.components().map(|_| Component::ParentDir);
    Some(up.chain(path.strip_prefix(shared).ok()?.components()).collect())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_path_below_the_working_folder_is_shown_as_it_is_named_there() {
        let folder = std::env::current_dir().unwrap();
        assert_eq!(nearby(&folder.join("rejects/r_1.jsonl").display().to_string()), "rejects/r_1.jsonl");
        for other in ["/elsewhere/rejects/r_1.jsonl", "rejects/r_1.jsonl"] {
            assert_eq!(nearby(other), other);
        }
    }

    #[test]
    fn a_file_is_found_when_its_project_was_moved() {
        let project = tempfile::tempdir().unwrap();
        fs::create_dir(project.path().join("rejects")).unwrap();
        fs::write(project.path().join("rejects/r_1.jsonl"), "{}").unwrap();
        let state = project.path().join(".enlist");
        assert!(open("/elsewhere/rejects/r_1.jsonl", &state).is_ok());
        assert_eq!(open("/elsewhere/rejects/r_2.jsonl", &state).unwrap_err(), "/elsewhere/rejects/r_2.jsonl is gone");
        assert_eq!(name("/home/somebody/rejects/r_1.jsonl"), "r_1.jsonl");
    }

    #[test]
    fn a_file_is_named_from_another_folder() {
        let named = |folder: &str, path: &str| from(Path::new(folder), Path::new(path)).unwrap().display().to_string();
        assert_eq!(named("/a/b", "/a/b/c/people.csv"), "c/people.csv");
        assert_eq!(named("/a/x/y", "/a/b/people.csv"), "../../b/people.csv");
    }

    #[test]
    fn rows_of_a_source_keep_their_name_and_get_those_it_has_elsewhere() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("people.csv"), "").unwrap();
        let rows = BTreeMap::from(["people.csv", "crm"].map(|name| (name.to_owned(), BTreeSet::from([7]))));
        let named = named_from_here(rows, &folder.path().join("rejects/r_1.jsonl"));
        let there = folder.path().join("people.csv");
        let here = from(&std::env::current_dir().unwrap(), &there).unwrap();
        let mut expected =
            ["crm".to_owned(), "people.csv".to_owned(), there.display().to_string(), here.display().to_string()];
        expected.sort();
        assert_eq!(named.keys().cloned().collect::<Vec<_>>(), expected);
        assert!(named.values().all(|rows| rows.contains(&7)));
    }
}
