//! The documents of a state folder: JSON lines that are only ever appended to.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use crate::RunDocument;

/// Name of the file in the state folder.
const FILE: &str = "runs.jsonl";

/// Past this size the older half of the file is dropped: about ten thousand runs.
const LARGEST: u64 = 32 << 20;

/// The runs of a state folder.
#[derive(Clone, Debug)]
pub struct History {
    path: PathBuf,
}

/// A history that cannot be read or written.
#[derive(Debug)]
pub struct HistoryError {
    /// The file.
    pub path: PathBuf,
    /// Why.
    pub cause: io::Error,
}

impl std::fmt::Display for HistoryError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the history {}: {}", self.path.display(), self.cause)
    }
}

impl std::error::Error for HistoryError {}

impl History {
    /// The history of the state folder at `state`, which need not have one yet.
    pub fn of(state: &Path) -> Self {
        Self { path: state.join(FILE) }
    }

    /// Where it is kept.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends `run` as one line (the file has mode 0600), durable on return.
    ///
    /// # Errors
    /// When the file cannot be written, or is a link.
    pub fn append(&self, run: &RunDocument) -> Result<(), HistoryError> {
        self.write(run).map_err(|cause| self.error(cause))
    }

    /// All runs, oldest first. A line that is no document (torn by a crash, or of a later version) is left out.
    ///
    /// # Errors
    /// When there is a file that cannot be read, or is a link.
    pub fn read(&self) -> Result<Vec<RunDocument>, HistoryError> {
        let mut runs = Vec::new();
        self.lines(|line| {
            runs.extend(serde_json::from_str::<RunDocument>(line).ok().filter(|run| !run.run_id.is_empty()))
        })
        .map_err(|cause| self.error(cause))?;
        Ok(runs)
    }

    fn lines(&self, mut take: impl FnMut(&str)) -> io::Result<()> {
        let file = match private().open(&self.path) {
            Ok(file) => file,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(e) => return Err(e),
        };
        let mut reader = BufReader::new(file);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line)? > 0 {
            if let Ok(text) = std::str::from_utf8(&line) {
                take(text.trim_end());
            }
            line.clear();
        }
        Ok(())
    }

    fn write(&self, run: &RunDocument) -> io::Result<()> {
        let mut line = serde_json::to_vec(run)?;
        line.push(b'\n');
        let mut file = private().append(true).create(true).open(&self.path)?;
        file.lock()?;
        if file.metadata()?.len() > LARGEST {
            self.drop_older_half(&mut file)?;
        }
        if ends_torn(&self.path)? {
            line.insert(0, b'\n');
        }
        file.write_all(&line)?;
        file.sync_data()
    }

    /// Rewrites the file in place, so that another process that waits for its lock appends to the same file.
    fn drop_older_half(&self, file: &mut File) -> io::Result<()> {
        let text = fs::read(&self.path)?;
        let half = text.len() / 2;
        let from = text[half..].iter().position(|byte| *byte == b'\n').map_or(text.len(), |at| half + at + 1);
        file.set_len(0)?;
        file.write_all(&text[from..])
    }

    fn error(&self, cause: io::Error) -> HistoryError {
        HistoryError { path: self.path.clone(), cause }
    }
}

/// Whether the last line has no end, as a crash leaves it.
fn ends_torn(path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::FileExt;
    let file = File::open(path)?;
    let len = file.metadata()?.len();
    let mut last = [b'\n'];
    if len > 0 {
        file.read_exact_at(&mut last, len - 1)?;
    }
    Ok(last != [b'\n'])
}

/// Opens a file for reading, mode 0600 when it is created, never through a link.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).mode(0o600).custom_flags(OFlags::NOFOLLOW.bits().cast_signed());
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(name: &str) -> RunDocument {
        RunDocument { run_id: name.to_owned(), export: "vip".to_owned(), ..RunDocument::default() }
    }

    fn names(history: &History) -> Vec<String> {
        history.read().unwrap().into_iter().map(|run| run.run_id).collect()
    }

    #[test]
    fn runs_come_back_in_order_and_a_torn_line_loses_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let history = History::of(folder.path());
        assert!(names(&history).is_empty());
        history.append(&run("r_1")).unwrap();
        OpenOptions::new().append(true).open(history.path()).unwrap().write_all(b"{\"run_id\":\"r_to").unwrap();
        history.append(&run("r_2")).unwrap();
        assert_eq!(names(&history), ["r_1", "r_2"]);
    }

    #[test]
    fn the_file_is_private_and_no_link_is_followed() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let history = History::of(folder.path());
        history.append(&run("r_1")).unwrap();
        assert_eq!(fs::metadata(history.path()).unwrap().permissions().mode() & 0o777, 0o600);
        let victim = folder.path().join("victim");
        fs::rename(history.path(), &victim).unwrap();
        std::os::unix::fs::symlink(&victim, history.path()).unwrap();
        assert!(history.append(&run("r_2")).is_err() && history.read().is_err());
    }

    #[test]
    fn a_document_reads_back_as_it_was_written() {
        let run = RunDocument {
            rejected_by_reason: crate::Tally(vec![("refused".to_owned(), 3), ("bad_email".to_owned(), 1)]),
            outcome: Some(crate::Outcome { confirmed: 7, ..crate::Outcome::default() }),
            ..run("r_1")
        };
        let folder = tempfile::tempdir().unwrap();
        let history = History::of(folder.path());
        history.append(&run).unwrap();
        assert_eq!(history.read().unwrap(), [run]);
    }
}
