//! Reject files: one JSON object a line for each row that was not taken. Positions and reasons, and no cell values but
//! those of columns that the configuration names.

mod cells;
mod read;
mod retention;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use cells::check as check_columns;
pub use cells::{SharedCells, Watched};
use enlist_core::{Error, ErrorKind, Reason, Reject, RejectWriter, Rejects};
use enlist_history::RejectExample;
pub use read::{name, nearby, of_last_run, open};
pub use retention::remove_older;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::failure::{Failure, cause};

/// A line of the file.
#[derive(Serialize)]
struct Line<'a> {
    row: u64,
    file: &'a str,
    key: Option<String>,
    reason: &'a str,
    field: Option<&'a str>,
    message: &'a str,
    stage: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    columns: Option<Map<String, Value>>,
}

/// A reject file being written. It appears under its name when it is complete, and not at all otherwise.
#[derive(Debug)]
pub struct RejectFile {
    path: PathBuf,
    /// In a file without a name until it is complete, so that a run that is killed leaves none behind.
    lines: BufWriter<File>,
    rows: u64,
}

impl RejectFile {
    /// Starts the file of a run in `folder`, which is made if need be. Only the user may read either.
    ///
    /// # Errors
    /// [`ErrorKind::State`] when the folder or the file cannot be made.
    pub fn create(folder: &Path, run: &str) -> Result<Self, Failure> {
        let failed = |e: io::Error| unwritable(folder, &e);
        check_folder(folder)?;
        private_folder(folder).map_err(failed)?;
        let lines = BufWriter::new(tempfile::tempfile_in(folder).map_err(failed)?);
        Ok(Self { path: folder.join(format!("{run}.jsonl")), lines, rows: 0 })
    }

    /// Adds a row of the origin called `file`, with its cells where some were asked for.
    ///
    /// # Errors
    /// [`ErrorKind::State`] when it cannot be written.
    pub fn push(&mut self, file: &str, reject: &Reject, columns: Option<Map<String, Value>>) -> Result<(), Failure> {
        let line = Line {
            row: reject.place.row,
            file,
            key: reject.key.map(|key| key.to_string()),
            reason: reject.reason.code(),
            field: reject.field.as_deref(),
            message: &reject.message,
            stage: reject.stage.code(),
            columns,
        };
        let written = serde_json::to_writer(&mut self.lines, &line)
            .map_err(io::Error::from)
            .and_then(|()| self.lines.write_all(b"\n"));
        written.map_err(|e| unwritable(&self.path, &e))?;
        self.rows += 1;
        Ok(())
    }

    /// Gives the file its name, over an older one of the same run; none when there was no row. The path is absolute:
    /// the history keeps it, and is read from other folders too.
    ///
    /// # Errors
    /// [`ErrorKind::State`] when it cannot be written out or renamed.
    pub fn finish(self) -> Result<Option<PathBuf>, Failure> {
        let Self { path, lines, rows } = self;
        if rows == 0 {
            return Ok(None);
        }
        let named = || -> io::Result<PathBuf> {
            let mut lines = lines.into_inner().map_err(io::IntoInnerError::into_error)?;
            lines.rewind()?;
            // A random name opened with O_EXCL and mode 0600: nobody can have prepared a link of this name.
            let folder = path.parent().unwrap_or(Path::new("."));
            let mut file = tempfile::Builder::new().prefix(".rejects-").suffix(".part").tempfile_in(folder)?;
            io::copy(&mut lines, &mut file)?;
            file.as_file().sync_all()?;
            // Renaming replaces a link at the target; it does not follow it.
            file.persist(&path).map_err(|e| e.error)?;
            std::path::absolute(&path)
        };
        named().map(Some).map_err(|e| unwritable(&path, &e))
    }
}

/// Rows of one reason that the document of a run shows.
const EXAMPLES: usize = 5;

/// Takes the rejects of a run; its file begins with the first of them. Clones share the file.
#[derive(Clone, Debug)]
pub struct RunRejects {
    folder: PathBuf,
    run: String,
    file: Arc<Mutex<Option<RejectFile>>>,
    examples: Arc<Mutex<BTreeMap<&'static str, Vec<RejectExample>>>>,
    cells: SharedCells,
}

impl RunRejects {
    /// No rejects yet of `run`, whose file will be in `folder`. Beside each row stand its `cells`.
    pub fn new(folder: &Path, run: &str, cells: SharedCells) -> Self {
        let (file, examples) = Default::default();
        Self { folder: folder.to_owned(), run: run.to_owned(), file, examples, cells }
    }

    /// Some of the rejected rows, by reason.
    pub fn examples(&self) -> Vec<RejectExample> {
        let examples = self.examples.lock().unwrap_or_else(PoisonError::into_inner);
        examples.values().flatten().cloned().collect()
    }

    fn show(&self, origin: &str, reject: &Reject) {
        let mut examples = self.examples.lock().unwrap_or_else(PoisonError::into_inner);
        let of_reason = examples.entry(reject.reason.code()).or_default();
        if of_reason.len() < EXAMPLES {
            of_reason.push(RejectExample {
                reason: reject.reason.code().to_owned(),
                file: origin.to_owned(),
                row: reject.place.row,
                message: reject.message.clone(),
            });
        }
    }

    /// Gives the file its name; none when nothing was rejected.
    ///
    /// # Errors
    /// As [`RejectFile::finish`].
    pub fn finish(&self) -> Result<Option<PathBuf>, Failure> {
        self.file().take().map_or(Ok(None), RejectFile::finish)
    }

    fn file(&self) -> MutexGuard<'_, Option<RejectFile>> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RejectWriter for RunRejects {
    fn write(&mut self, origins: &[String], rejects: &Rejects) -> Result<(), Error> {
        if rejects.is_empty() {
            return Ok(());
        }
        let mut file = self.file();
        let file = match &mut *file {
            Some(file) => file,
            none => none.insert(RejectFile::create(&self.folder, &self.run).map_err(|failure| failure.error)?),
        };
        // In the order of the source: the cells of neighbours lie together.
        let mut rejects: Vec<&Reject> = rejects.iter().collect();
        rejects.sort_by_key(|reject| reject.place);
        for reject in rejects {
            let origin = usize::try_from(reject.place.origin).ok().and_then(|origin| origins.get(origin));
            let origin = origin.map_or("", String::as_str);
            self.show(origin, reject);
            // Nothing says who the people are that must not be sent: some of them were erased.
            let columns = if reject.reason == Reason::Suppressed { None } else { self.cells.at(reject.place)? };
            file.push(origin, reject, columns).map_err(|failure| failure.error)?;
        }
        Ok(())
    }
}

/// Refuses a folder of reject files that is a link, which somebody else may have laid to a place of their own.
///
/// # Errors
/// [`ErrorKind::Config`] with `config::rejects_folder`.
pub fn check_folder(folder: &Path) -> Result<(), Failure> {
    let refuse = |why: &str, help: &str| {
        let message = format!("the folder of reject files {} is {why}", folder.display());
        Err(Failure::config("config::rejects_folder", message).help(help))
    };
    match fs::symlink_metadata(folder) {
        Ok(found) if found.is_symlink() => refuse("a symbolic link", "name the folder it points to in rejects.path"),
        Ok(found) if !found.is_dir() => refuse("not a folder", "name another path in rejects.path"),
        // What is not there is made, and what cannot be looked at fails when it is used.
        _ => Ok(()),
    }
}

fn private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}

fn unwritable(path: &Path, e: &io::Error) -> Failure {
    let message = format!("rejected rows cannot be written to {}: {}", path.display(), cause(e));
    Error::new(ErrorKind::State, "state::rejects", message).help("make room, or set rejects: { path: … }").into()
}

#[cfg(test)]
mod tests {
    use enlist_core::{Key, Place, Reason, Stage};

    use super::*;

    fn reject(row: u64, key: Option<Key>) -> Reject {
        Reject {
            place: Place { origin: 0, row },
            stage: Stage::Local,
            field: Some("email".into()),
            reason: Reason::BadEmail,
            message: "no dot after \"@\"".into(),
            key,
        }
    }

    #[test]
    fn each_row_is_a_line_of_json_in_a_private_file() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = RejectFile::create(&folder.path().join("rejects"), "r_8a1").unwrap();
        file.push("part-03.parquet", &reject(18_230, Some(Key([0x5f; 16]))), None).unwrap();
        let columns = Map::from_iter([("customer_id".to_owned(), "A-17".into()), ("age".to_owned(), Value::Null)]);
        file.push("part-04.parquet", &reject(2, None), Some(columns)).unwrap();
        let path = file.finish().unwrap().unwrap();
        insta::assert_snapshot!(fs::read_to_string(&path).unwrap());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        }
    }

    #[test]
    fn the_history_is_given_a_path_that_is_found_from_any_folder() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = RejectFile::create(folder.path(), "r_1").unwrap();
        file.path = read::from(&std::env::current_dir().unwrap(), &file.path).unwrap();
        assert!(file.path.is_relative());
        file.push("a", &reject(1, None), None).unwrap();
        let path = file.finish().unwrap().unwrap();
        assert!(path.is_absolute() && path.is_file(), "{}", path.display());
    }

    #[test]
    fn a_file_without_rows_or_without_an_end_does_not_appear() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(RejectFile::create(folder.path(), "r_1").unwrap().finish().unwrap(), None);
        let mut file = RejectFile::create(folder.path(), "r_2").unwrap();
        file.push("a", &reject(1, None), None).unwrap();
        drop(file);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_at_the_target_is_replaced_and_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let victim = folder.path().join("victim");
        fs::write(&victim, "mine").unwrap();
        std::os::unix::fs::symlink(&victim, folder.path().join("r_1.jsonl")).unwrap();
        let mut file = RejectFile::create(folder.path(), "r_1").unwrap();
        file.push("a", &reject(1, None), None).unwrap();
        file.finish().unwrap();
        assert_eq!(fs::read_to_string(victim).unwrap(), "mine");
    }
}
