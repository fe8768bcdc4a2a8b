//! The documents of a state folder: JSON lines that are appended to.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use crate::RunDocument;
use crate::shorten::{document, kept};

/// Name of the file in the state folder.
const FILE: &str = "runs.jsonl";

/// What takes its place when it is shortened, while it is written.
const PART: &str = "runs.jsonl.part";

/// Past this size the file is shortened: about ten thousand runs.
const LARGEST: u64 = 32 << 20;

/// Permission bits of people other than the owner.
const OTHERS: u32 = 0o077;

/// The runs of a state folder.
#[derive(Clone, Debug)]
pub struct History {
    path: PathBuf,
    /// Bytes past which the file is shortened.
    largest: u64,
}

/// What a history holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Held {
    /// The runs, oldest first.
    pub runs: Vec<RunDocument>,
    /// Lines (from 1) that are no document of this version: torn by a crash, or written by somebody else.
    pub unreadable: Vec<u64>,
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
        Self { path: state.join(FILE), largest: LARGEST }
    }

    /// Where it is kept.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends `run` as one line, durable on return. The file has mode 0600 afterwards, whatever it had before.
    ///
    /// A file past 32 MiB is replaced by a shorter one: its younger half, and the last run of each export that is not
    /// in there. A crash leaves either file whole.
    ///
    /// # Errors
    /// When the file cannot be written, or is a link.
    pub fn append(&self, run: &RunDocument) -> Result<(), HistoryError> {
        self.write(run).map_err(|cause| self.error(cause))
    }

    /// All runs, oldest first. A line that is no document is left out; [`look`](Self::look) counts them.
    ///
    /// # Errors
    /// When there is a file that cannot be read, or is a link.
    pub fn read(&self) -> Result<Vec<RunDocument>, HistoryError> {
        self.look().map(|held| held.runs)
    }

    /// All runs, and the lines that hold none.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn look(&self) -> Result<Held, HistoryError> {
        self.lines().map_err(|cause| self.error(cause))
    }

    fn lines(&self) -> io::Result<Held> {
        let mut held = Held::default();
        let file = match private().open(&self.path) {
            Ok(file) => file,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(held),
            Err(e) => return Err(e),
        };
        // So that no line is read that is being written. Where there are no locks, such a line counts as torn.
        let _ = file.lock_shared();
        for (number, line) in (1..).zip(BufReader::new(file).split(b'\n')) {
            let line = line?;
            match document(&line) {
                Some(run) => held.runs.push(run),
                None if line.trim_ascii().is_empty() => {}
                None => held.unreadable.push(number),
            }
        }
        Ok(held)
    }

    fn write(&self, run: &RunDocument) -> io::Result<()> {
        let mut line = serde_json::to_vec(run)?;
        line.push(b'\n');
        let mut file = self.locked()?;
        let found = file.metadata()?;
        if found.permissions().mode() & OTHERS != 0 {
            file.set_permissions(fs::Permissions::from_mode(0o600))?;
        }
        // Without room for a second file the run is still worth its line.
        if found.len() > self.largest {
            match self.shorten(&mut file, &line) {
                Ok(()) => return Ok(()),
                // What there is of the second file takes the room that the line needs.
                Err(_) => _ = fs::remove_file(self.path.with_file_name(PART)),
            }
        }
        if ends_torn(&file, found.len())? {
            line.insert(0, b'\n');
        }
        file.write_all(&line)?;
        file.sync_data()?;
        if found.len() == 0 { self.sync_folder() } else { Ok(()) }
    }

    /// The file, to be appended to by nobody else. Who waited for the lock of a file that has been replaced meanwhile
    /// takes that of the other one.
    fn locked(&self) -> io::Result<File> {
        loop {
            let file = private().append(true).create(true).open(&self.path)?;
            file.lock()?;
            let held = file.metadata()?;
            match fs::symlink_metadata(&self.path) {
                Ok(named) if (named.dev(), named.ino()) == (held.dev(), held.ino()) => return Ok(file),
                Ok(_) => {}
                Err(e) if e.kind() == io::ErrorKind::NotFound => {}
                Err(e) => return Err(e),
            }
        }
    }

    /// Puts a shorter file that ends with `line` in the place of `file`, whose lock is held.
    fn shorten(&self, file: &mut File, line: &[u8]) -> io::Result<()> {
        let mut text = Vec::new();
        file.read_to_end(&mut text)?;
        let path = self.path.with_file_name(PART);
        // One that a crash left.
        match fs::remove_file(&path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
            _ => {}
        }
        let mut part = private().write(true).create_new(true).open(&path)?;
        for kept in kept(&text) {
            part.write_all(kept)?;
            part.write_all(b"\n")?;
        }
        part.write_all(line)?;
        part.sync_all()?;
        fs::rename(&path, &self.path)?;
        self.sync_folder()
    }

    /// Makes the name of the file durable.
    fn sync_folder(&self) -> io::Result<()> {
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    }

    fn error(&self, cause: io::Error) -> HistoryError {
        HistoryError { path: self.path.clone(), cause }
    }
}

/// Whether the last line of `file`, which has `len` bytes, has no end, as a crash leaves it.
fn ends_torn(file: &File, len: u64) -> io::Result<bool> {
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
        RunDocument {
            schema: crate::SCHEMA.to_owned(),
            run_id: name.to_owned(),
            export: "vip".to_owned(),
            ..RunDocument::default()
        }
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
    fn lines_that_hold_no_run_are_counted() {
        let folder = tempfile::tempdir().unwrap();
        let history = History::of(folder.path());
        history.append(&run("r_1")).unwrap();
        let mut file = OpenOptions::new().append(true).open(history.path()).unwrap();
        file.write_all(b"{\"run_id\":\"r_2\",\"schema\":\"enlist.run/9\"}\n\nhello\n\xff\n{\"run_id\":\"r_to").unwrap();
        history.append(&run("r_3")).unwrap();
        assert_eq!(names(&history), ["r_1", "r_3"]);
        assert_eq!(history.look().unwrap().unreadable, [2, 4, 5, 6]);
    }

    #[test]
    fn a_file_that_has_grown_too_long_is_replaced_by_a_shorter_private_one() {
        let folder = tempfile::tempdir().unwrap();
        let length = u64::try_from(serde_json::to_vec(&run("r_1")).unwrap().len()).unwrap();
        let history = History { largest: 8 * length, ..History::of(folder.path()) };
        let rare = RunDocument { export: "yearly".to_owned(), ..run("r_rare") };
        history.append(&rare).unwrap();
        fs::write(folder.path().join(PART), "left by a crash").unwrap();
        for n in 0..100 {
            history.append(&run(&format!("r_{n}"))).unwrap();
            let found = fs::metadata(history.path()).unwrap();
            assert!(found.len() < 11 * length && found.permissions().mode() & 0o777 == 0o600);
            assert_eq!(names(&history).last(), Some(&format!("r_{n}")));
        }
        assert_eq!(names(&history)[0], "r_rare");
        assert!(!folder.path().join(PART).exists());
    }

    #[test]
    fn who_waits_while_the_file_is_replaced_appends_to_the_one_that_stays() {
        let folder = tempfile::tempdir().unwrap();
        let history = History { largest: 2_000, ..History::of(folder.path()) };
        std::thread::scope(|scope| {
            for writer in 0..4 {
                let history = history.clone();
                scope.spawn(move || {
                    for n in 0..25 {
                        let export = format!("export_{writer}");
                        history.append(&RunDocument { export, ..run(&format!("r_{n}")) }).unwrap();
                    }
                });
            }
        });
        let held = history.look().unwrap();
        assert!(held.unreadable.is_empty());
        for writer in 0..4 {
            let last = held.runs.iter().rfind(|run| run.export == format!("export_{writer}"));
            assert_eq!(last.map(|run| run.run_id.as_str()), Some("r_24"), "of writer {writer}");
        }
    }

    #[test]
    fn a_file_that_others_may_read_is_closed_to_them() {
        let folder = tempfile::tempdir().unwrap();
        let history = History::of(folder.path());
        history.append(&run("r_1")).unwrap();
        fs::set_permissions(history.path(), fs::Permissions::from_mode(0o644)).unwrap();
        history.append(&run("r_2")).unwrap();
        assert_eq!(fs::metadata(history.path()).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn the_file_is_private_and_no_link_is_followed() {
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
