//! From a path, glob or folder to the files of a segment.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use enlist_core::{Error, ErrorKind};

use crate::columns::closest;
use crate::partitions::Partitions;

/// Folders inside folders that are entered; more than that is a loop of links.
const DEEPEST: usize = 32;

/// One file of a segment.
#[derive(Clone, Debug)]
pub struct Found {
    /// Where the file is.
    pub path: PathBuf,
    /// What messages call it: the path as the pattern spells it.
    pub name: String,
    /// What the names of its folders say about every row of it.
    pub partitions: Partitions,
}

/// Whether `pattern` names files by wildcard: `*`, `**`, `?` or `[…]`.
pub fn has_glob(pattern: &str) -> bool {
    pattern.contains(['*', '?', '['])
}

/// The files that `pattern` stands for, ordered by path.
///
/// A path is one file. A folder is every file below it that `handles` accepts by name; other files, and anything
/// whose name begins with `.` or `_`, are left out. A glob is what it matches, a matched folder being read as above.
/// Folders named `key=value` below the folder or the fixed part of the glob become [`Partitions`].
///
/// # Errors
/// `source::file_missing`, with names nearby; `source::no_files` when nothing matches; `source::unreadable`;
/// `source::glob` (configuration) for a malformed glob; `source::partitions` when files disagree on partition keys.
pub fn find(pattern: &str, handles: fn(&str) -> bool) -> Result<Vec<Found>, Error> {
    let path = Path::new(pattern);
    let (base, mut paths) = if path.is_dir() {
        let mut paths = Vec::new();
        walk(path, handles, 0, &mut paths)?;
        (path.to_path_buf(), paths)
    } else if path.exists() || !has_glob(pattern) {
        fs::metadata(path).map_err(|e| unreadable(path, &e))?;
        (path.parent().unwrap_or(path).to_path_buf(), vec![path.to_path_buf()])
    } else {
        (fixed_part(path), matches(pattern, handles)?)
    };
    paths.sort();
    if paths.is_empty() {
        return Err(Error::new(ErrorKind::Source, "source::no_files", format!("no files match {pattern}"))
            .help("check the path, and that the export which writes the files has run"));
    }
    let files: Vec<Found> = paths
        .into_iter()
        .map(|path| Found {
            name: path.to_string_lossy().into_owned(),
            partitions: Partitions::below(&base, &path),
            path,
        })
        .collect();
    agree_on_keys(&files)?;
    Ok(files)
}

/// Adds every accepted file below `folder`.
fn walk(folder: &Path, handles: fn(&str) -> bool, depth: usize, paths: &mut Vec<PathBuf>) -> Result<(), Error> {
    if depth > DEEPEST {
        return Err(Error::new(
            ErrorKind::Source,
            "source::unreadable",
            format!("{} is more than {DEEPEST} folders deep", folder.display()),
        )
        .help("look for a link that leads back to a folder above it"));
    }
    for entry in fs::read_dir(folder).map_err(|e| unreadable(folder, &e))? {
        let entry = entry.map_err(|e| unreadable(folder, &e))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with(['.', '_']) {
            continue;
        }
        let path = entry.path();
        if path.is_dir() {
            walk(&path, handles, depth + 1, paths)?;
        } else if handles(&name) {
            paths.push(path);
        }
    }
    Ok(())
}

/// What a glob matches.
fn matches(pattern: &str, handles: fn(&str) -> bool) -> Result<Vec<PathBuf>, Error> {
    let found = glob::glob(pattern).map_err(|e| {
        Error::new(
            ErrorKind::Config,
            "source::glob",
            format!("{pattern} is not a glob: {} at character {}", e.msg, e.pos + 1),
        )
    })?;
    let mut paths = Vec::new();
    for path in found {
        let path = path.map_err(|e| unreadable(e.path(), e.error()))?;
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(['.', '_']));
        if path.is_dir() {
            // `**` also matches every folder on the way, whose files other matches bring.
            if !pattern.contains("**") && !hidden {
                walk(&path, handles, 1, &mut paths)?;
            }
        } else if !hidden {
            paths.push(path);
        }
    }
    Ok(paths)
}

/// The folders of a glob before its first wildcard.
fn fixed_part(pattern: &Path) -> PathBuf {
    pattern.components().take_while(|part| !has_glob(&part.as_os_str().to_string_lossy())).collect()
}

/// Files of one segment have the same partition columns, or rows would silently lack some.
fn agree_on_keys(files: &[Found]) -> Result<(), Error> {
    let first = &files[0];
    let Some(odd) = files.iter().find(|file| file.partitions.keys().ne(first.partitions.keys())) else {
        return Ok(());
    };
    Err(Error::new(
        ErrorKind::Source,
        "source::partitions",
        format!("{} and {} lie in folders with different key=value names", first.name, odd.name),
    )
    .help("name every folder level alike, or read one of them with a narrower path"))
}

/// The error for a path that cannot be opened.
pub fn unreadable(path: &Path, cause: &io::Error) -> Error {
    let shown = path.display();
    if cause.kind() != io::ErrorKind::NotFound {
        return Error::new(ErrorKind::Source, "source::unreadable", format!("cannot read {shown}: {cause}"));
    }
    let error = Error::new(ErrorKind::Source, "source::file_missing", format!("no such file: {shown}"));
    match nearby(path) {
        Some(help) => error.help(help),
        None => error,
    }
}

/// What stands where a missing file was expected.
fn nearby(path: &Path) -> Option<String> {
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let wanted = path.file_name()?.to_string_lossy().into_owned();
    let Ok(entries) = fs::read_dir(folder) else {
        return Some(format!("the folder {} does not exist either", folder.display()));
    };
    let mut names: Vec<String> = entries
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort();
    if let Some(name) = closest(&wanted, names.iter().map(String::as_str)) {
        return Some(format!("did you mean {}?", folder.join(name).display()));
    }
    names.truncate(8);
    (!names.is_empty()).then(|| format!("{} holds {}", folder.display(), names.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        folder
    }

    fn dat(name: &str) -> bool {
        name.ends_with(".dat")
    }

    fn found(folder: &tempfile::TempDir, pattern: &str) -> Result<Vec<String>, Error> {
        let files = find(&format!("{}/{pattern}", folder.path().display()), dat)?;
        let prefix = format!("{}/", folder.path().display());
        Ok(files.into_iter().map(|file| file.name.trim_start_matches(&prefix).to_owned()).collect())
    }

    #[test]
    fn a_folder_is_every_file_of_its_kind_below_it_in_order_of_path() {
        let folder = folder(&["b.dat", "a/z.dat", "a.dat", "readme.md", "_tmp/c.dat", ".d.dat", "_SUCCESS"]);
        assert_eq!(found(&folder, "").unwrap(), ["a/z.dat", "a.dat", "b.dat"]);
    }

    #[test]
    fn a_glob_is_what_it_matches_and_folders_it_matches_are_read_whole() {
        let folder = folder(&["x/1.dat", "x/deep/2.dat", "y/3.dat", "4.dat"]);
        assert_eq!(found(&folder, "*.dat").unwrap(), ["4.dat"]);
        assert_eq!(found(&folder, "x*").unwrap(), ["x/1.dat", "x/deep/2.dat"]);
        assert_eq!(found(&folder, "**/*.dat").unwrap(), ["4.dat", "x/1.dat", "x/deep/2.dat", "y/3.dat"]);
    }

    #[test]
    fn a_file_whose_name_looks_like_a_glob_is_that_file() {
        let folder = folder(&["a[1].dat", "a1.dat"]);
        assert_eq!(found(&folder, "a[1].dat").unwrap(), ["a[1].dat"]);
    }

    #[test]
    fn a_missing_file_is_an_error_that_points_to_its_neighbour() {
        let folder = folder(&["people.dat", "orders.dat"]);
        let error = found(&folder, "poeple.dat").unwrap_err();
        assert_eq!(error.code(), "source::file_missing");
        assert!(error.help_text().unwrap().contains("people.dat?"), "{error:?}");
        let error = found(&folder, "nowhere/people.dat").unwrap_err();
        assert!(error.help_text().unwrap().contains("nowhere does not exist"), "{error:?}");
    }

    #[test]
    fn no_match_is_an_error_and_never_an_empty_segment() {
        let folder = folder(&["readme.md"]);
        assert_eq!(found(&folder, "*.dat").unwrap_err().code(), "source::no_files");
        assert_eq!(found(&folder, "").unwrap_err().code(), "source::no_files");
        assert_eq!(found(&folder, "***.dat").unwrap_err().code(), "source::glob");
    }

    #[test]
    fn folders_named_key_value_are_partitions() {
        let folder = folder(&["dt=2026-01-02/land=FI/a.dat", "dt=2026-01-01/land=__HIVE_DEFAULT_PARTITION__/b.dat"]);
        let files = find(folder.path().to_str().unwrap(), dat).unwrap();
        let said: Vec<Vec<_>> = files.iter().map(|f| f.partitions.iter().collect()).collect();
        assert_eq!(said[0], [("dt", Some("2026-01-01")), ("land", None)]);
        assert_eq!(said[1], [("dt", Some("2026-01-02")), ("land", Some("FI"))]);
    }

    #[test]
    fn files_with_different_partition_keys_are_not_one_segment() {
        let folder = folder(&["dt=1/a.dat", "b.dat"]);
        assert_eq!(found(&folder, "").unwrap_err().code(), "source::partitions");
    }
}
