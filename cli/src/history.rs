//! What a run leaves in its state folder: its document when it ended, its position while it lasts.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};
use enlist_core::{Error, ErrorKind, StateFolder};
use enlist_history::{Held, History, RunDocument};
use serde::{Deserialize, Serialize};

use crate::output::Screen;
use crate::render::{count, plural};
use crate::views;

/// A position older than this is of a run that has died: a living one writes every second.
const STALE: Duration = Duration::from_secs(15);

/// Appends `run` to the history of `state`. The run is over: what cannot be kept is worth a warning and no more.
pub fn keep(state: &Path, run: &RunDocument, screen: &Screen) {
    // Without a state folder nothing was begun, and none is made for it; one that a run refused is not written to.
    if !matches!(StateFolder::open_existing_read_only(state), Ok(Some(_))) {
        return;
    }
    if let Err(error) = History::of(state).append(run) {
        screen.warning(&format!("the run is not in the history: {error}"));
    }
}

/// All runs of `state`, oldest first.
///
/// # Errors
/// [`ErrorKind::State`] with `state::history`.
pub fn read(state: &Path) -> Result<Vec<RunDocument>, Error> {
    look(&History::of(state)).map(|held| held.runs)
}

/// The same, with one warning for the lines of the history that hold no run.
///
/// # Errors
/// As [`read`].
pub fn read_aloud(state: &Path, screen: &Screen) -> Result<Vec<RunDocument>, Error> {
    let history = History::of(state);
    let held = look(&history)?;
    if let Some(warning) = skipped(history.path(), &held.unreadable) {
        screen.warning(&warning);
    }
    Ok(held.runs)
}

fn look(history: &History) -> Result<Held, Error> {
    history.look().map_err(|error| {
        Error::new(ErrorKind::State, "state::history", error.to_string())
            .help("check owner and permissions of the file")
    })
}

/// What to say of `lines` of the file that cannot be read; nothing when there is none.
fn skipped(file: &Path, lines: &[u64]) -> Option<String> {
    /// More of them would hide what was asked for.
    const NAMED: usize = 5;
    let named: Vec<String> = lines.iter().take(NAMED).map(|line| count(*line)).collect();
    let more = if lines.len() > NAMED { ", …" } else { "" };
    let (are, they) = if lines.len() == 1 { ("line", "it is") } else { ("lines", "they are") };
    let there = plural(lines.len() as u64, "line");
    let says =
        format!("{there} of {} cannot be read ({are} {}{more}); {they} skipped", file.display(), named.join(", "));
    (!lines.is_empty()).then_some(says)
}

/// Where a run stands, for others to read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Position {
    /// Name of the run.
    pub run_id: String,
    /// Name of its export.
    pub export: String,
    /// Its process.
    pub pid: u32,
    /// When it started, RFC 3339 in UTC.
    pub started_at: String,
    /// The line that progress shows of it.
    pub line: String,
}

/// The file that says where a run of an export stands; gone when the run ended.
#[derive(Debug)]
pub struct Beacon {
    path: PathBuf,
    position: Position,
}

impl Beacon {
    /// The position of `run` of `export` in the folder `state`, which must exist.
    pub fn light(state: &Path, export: &str, run: &str, started: DateTime<Utc>) -> Self {
        let position = Position {
            run_id: run.to_owned(),
            export: export.to_owned(),
            pid: std::process::id(),
            started_at: views::stamp(started),
            line: String::new(),
        };
        Self { path: path_of(state, export), position }
    }

    /// Says where the run stands. A failure only hides the run from `status --watch`.
    pub fn show(&mut self, line: String) {
        self.position.line = line;
        let write = || -> std::io::Result<()> {
            let folder = self.path.parent().unwrap_or(Path::new("."));
            let mut file = tempfile::Builder::new().prefix(".progress-").tempfile_in(folder)?;
            file.write_all(&serde_json::to_vec(&self.position)?)?;
            file.persist(&self.path).map(drop).map_err(|e| e.error)
        };
        if let Err(e) = write() {
            tracing::debug!(error = %e, "the position of the run cannot be written");
        }
    }
}

impl Drop for Beacon {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// Ending of the files that say where runs stand.
const ENDING: &str = "progress";

fn path_of(state: &Path, export: &str) -> PathBuf {
    state.join(format!("{export}.{ENDING}"))
}

/// A run that ended without a word, as a kill or a power cut ends it.
#[derive(Debug)]
pub struct Dead {
    /// Where it stood.
    pub position: Position,
    /// When that was, to about a second.
    pub seen: DateTime<Utc>,
    path: PathBuf,
}

impl Dead {
    /// Takes away what it left: it is in the history.
    pub fn bury(self) {
        // What stays is found again by the next run.
        let _ = fs::remove_file(self.path);
    }
}

/// The run of `export` in the folder `state` that ended without a word, if the last one did. The export must be held:
/// who says where a run stands holds it, and takes the file away when the run ends.
pub fn dead(state: &Path, export: &str) -> Option<Dead> {
    let path = path_of(state, export);
    let seen = fs::symlink_metadata(&path).ok()?.modified().ok()?.into();
    let position: Position = serde_json::from_slice(&fs::read(&path).ok()?).ok()?;
    (position.export == export && !position.run_id.is_empty()).then_some(Dead { position, seen, path })
}

/// What the history says of a run that ended without a word.
pub const KILLED: &str = "run::killed";

/// The last run of `export` in the folder `state` that may have sent something.
pub fn last(state: &Path, export: &str) -> Option<String> {
    let runs = read(state).unwrap_or_default();
    let killed = |run: &RunDocument| run.error.as_ref().is_some_and(|error| error.code == KILLED);
    let sent = |run: &&RunDocument| run.export == export && (run.outcome.is_some() || killed(run));
    runs.iter().rev().find(sent).map(|run| run.run_id.clone())
}

/// The runs in the folder `state` that say at this moment where they stand, by export.
pub fn under_way(state: &Path) -> Vec<Position> {
    let position = |path: PathBuf| -> Option<Position> {
        let age = fs::symlink_metadata(&path).ok()?.modified().ok()?.elapsed().unwrap_or_default();
        let text = fs::read(&path).ok()?;
        (age < STALE).then(|| serde_json::from_slice(&text).ok()).flatten()
    };
    let files = fs::read_dir(state).into_iter().flatten().flatten().map(|entry| entry.path());
    let told = files.filter(|path| path.extension().is_some_and(|ending| ending == ENDING));
    let mut runs: Vec<Position> = told.filter_map(position).filter(|run: &Position| !run.run_id.is_empty()).collect();
    runs.sort_by(|a, b| a.export.cmp(&b.export));
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_cannot_be_read_are_told_in_one_warning() {
        let of = |lines: &[u64]| skipped(Path::new(".enlist/runs.jsonl"), lines);
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[17]).unwrap(), "1 line of .enlist/runs.jsonl cannot be read (line 17); it is skipped");
        assert_eq!(
            of(&[1, 2, 3, 4, 5, 1_000]).unwrap(),
            "6 lines of .enlist/runs.jsonl cannot be read (lines 1, 2, 3, 4, 5, …); they are skipped"
        );
    }

    #[test]
    fn a_run_is_under_way_from_its_first_word_until_it_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let mut beacon = Beacon::light(folder.path(), "vip", "r_1", Utc::now());
        let seen = || under_way(folder.path());
        assert!(seen().is_empty());
        beacon.show("phase=send".to_owned());
        assert_eq!(seen().iter().map(|it| it.line.as_str()).collect::<Vec<_>>(), ["phase=send"]);
        drop(beacon);
        assert!(seen().is_empty());
    }
}
