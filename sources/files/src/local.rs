//! Files on this machine.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use enlist_core::{Error, ErrorKind};

use crate::columns::closest;
use crate::find::has_glob;
use crate::found::Found;
use crate::partitions::Partitions;

/// Folders inside folders that are entered; more than that is a loop of links.
const DEEPEST: usize = 32;

/// The files that `pattern`, a path, glob or folder, stands for, ordered by path.
///
/// # Errors
/// As [`find`](crate::find).
pub(crate) fn find(pattern: &str, handles: fn(&str) -> bool) -> Result<Vec<Found>, Error> {
    let path = Path::new(pattern);
    let (base, mut paths) = if path.is_dir() {
        let mut paths = Vec::new();
        walk(path, handles, 0, &mut paths)?;
        (path.to_path_buf(), paths)
    } else if path.exists() || !has_glob(pattern) {
        fs::metadata(path).map_err(|e| missing_or_closed(path, &e))?;
        (path.parent().unwrap_or(path).to_path_buf(), vec![path.to_path_buf()])
    } else {
        (fixed_part(path), matches(pattern, handles)?)
    };
    paths.sort();
    Ok(paths.into_iter().map(|path| Found::on_disk(Partitions::below(&base, &path), path)).collect())
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
    for entry in fs::read_dir(folder).map_err(|e| missing_or_closed(folder, &e))? {
        let entry = entry.map_err(|e| missing_or_closed(folder, &e))?;
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
    // By itself `**` matches folders alone.
    let all = if pattern.ends_with("**") { "/*" } else { "" };
    let found = glob::glob(&format!("{pattern}{all}")).map_err(|e| {
        Error::new(
            ErrorKind::Config,
            "source::glob",
            format!("{pattern} is not a glob: {} at character {}", e.msg, e.pos + 1),
        )
    })?;
    let (fixed, mut paths) = (fixed_part(Path::new(pattern)), Vec::new());
    let some_hidden = |below: &str| below.split('/').any(|part| part.starts_with(['.', '_']));
    // Whoever writes out a hidden name behind a wildcard means it.
    let wild = &pattern[pattern.find(['*', '?', '[']).unwrap_or(0)..];
    let meant = some_hidden(wild);
    let is_hidden = |below: &str| !meant && some_hidden(below);
    for path in found {
        let path = path.map_err(|e| missing_or_closed(e.path(), e.error()))?;
        let hidden = is_hidden(&path.strip_prefix(&fixed).unwrap_or(&path).to_string_lossy());
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
    let folders = pattern.components().take_while(|part| !has_glob(&part.as_os_str().to_string_lossy()));
    // What a glob matches has no `./` before it.
    folders.filter(|part| *part != Component::CurDir).collect()
}

/// The error for a path that cannot be opened.
pub(crate) fn missing_or_closed(path: &Path, cause: &io::Error) -> Error {
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
