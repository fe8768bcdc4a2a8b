//! From what a model calls its partitions to the files there are.
//!
//! A model names files by the URL they were written to. A folder may have been copied since, or is mounted, so only the
//! end of the URL counts: as much of it as leads to a file below the folder.

use std::path::Path;

use enlist_core::{Error, ErrorKind};
use enlist_source_files::{Location, compression, find};
use url::Url;

use crate::model::{EntityModel, Format};

/// A file of a table.
pub(crate) struct Partition {
    pub(crate) location: Location,
    pub(crate) format: Format,
}

/// The files of `entity` below `folder`, in the order of the model. Blocks meanwhile.
///
/// # Errors
/// `insights::partition` when one is missing or the newest folder has another number of them.
pub(crate) fn partitions(folder: &Location, entity: &EntityModel, model: &str) -> Result<Vec<Partition>, Error> {
    let named = entity.partitions.as_deref().unwrap_or_default();
    let paths = named.iter().map(|partition| path(partition.location.as_deref().unwrap_or_default(), entity, model));
    let paths = paths.collect::<Result<Vec<Vec<String>>, Error>>()?;
    let formats = || named.iter().map(|partition| partition.format.clone().unwrap_or_default());
    let files = match by_name(folder, &paths)? {
        Some(files) => whole(files, &paths, entity, model)?,
        None => newest(folder, entity, named.len())?,
    };
    // A folder that was found by its date alone is written as the first partition was, if any was named.
    let usual = formats().next().unwrap_or_default();
    let formats = formats().chain(std::iter::repeat(usual));
    Ok(files.into_iter().zip(formats).map(|(location, format)| Partition { location, format }).collect())
}

/// The folders and the file that a location names, without host and query.
fn path(location: &str, entity: &EntityModel, model: &str) -> Result<Vec<String>, Error> {
    let odd = || {
        Error::new(
            ErrorKind::Source,
            "insights::partition",
            format!("{model}: entity \"{}\" has a partition without a usable location", entity.name),
        )
        .help("run the export again")
    };
    let decoded = match Url::parse(location) {
        // A path of this machine in a URL is the one that the crate decodes.
        Ok(url) => Url::parse(&format!("file://{}", url.path()))
            .ok()
            .and_then(|url| url.to_file_path().ok())
            .ok_or_else(odd)?,
        Err(_) => location.into(),
    };
    let parts =
        decoded.to_string_lossy().split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    if parts.is_empty() || parts.iter().any(|part| part == "." || part == "..") {
        return Err(odd());
    }
    Ok(parts)
}

/// For each of `paths` the file at its end, all cut at the depth at which the first is there; `None` for one that is
/// missing. `None` when there is no file for any of them.
fn by_name(folder: &Location, paths: &[Vec<String>]) -> Result<Option<Vec<Option<Location>>>, Error> {
    for path in paths {
        for depth in (1..=path.len()).rev() {
            if file(folder, path, depth)?.is_some() {
                return paths.iter().map(|path| file(folder, path, depth)).collect::<Result<_, _>>().map(Some);
            }
        }
    }
    Ok(None)
}

/// The file that the last `depth` parts of `path` lead to, which may have been compressed since.
fn file(folder: &Location, path: &[String], depth: usize) -> Result<Option<Location>, Error> {
    let Some(from) = path.len().checked_sub(depth) else { return Ok(None) };
    let plain = format!("{}/{}", folder.pattern, path[from..].join("/"));
    for pattern in [plain.clone(), format!("{plain}.gz")] {
        let location = Location { pattern, ..folder.clone() };
        match find(&location, |_| true) {
            // A folder of that name is no partition.
            Ok(files) if files.len() == 1 && files[0].name == location.pattern => return Ok(Some(location)),
            Ok(_) => {}
            Err(error) if is_absent(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

/// All of `files`, if none is missing.
fn whole(
    files: Vec<Option<Location>>,
    paths: &[Vec<String>],
    entity: &EntityModel,
    model: &str,
) -> Result<Vec<Location>, Error> {
    let (all, name) = (files.len(), &entity.name);
    let missing: Vec<String> =
        files.iter().zip(paths).filter(|(file, _)| file.is_none()).map(|(_, path)| path.join("/")).collect();
    let error = |message: String| Error::new(ErrorKind::Source, "insights::partition", format!("{model}: {message}"));
    if let Some(first) = missing.first() {
        let missing = missing.len();
        return Err(error(format!(
            "{missing} of {all} partitions of entity \"{name}\" are missing, the first being {first}"
        ))
        .help("the export may still be being written: run again when it is complete, or copy the whole folder"));
    }
    let files: Vec<Location> = files.into_iter().flatten().collect();
    if let Some(twin) = (1..all).find(|at| files[..*at].contains(&files[*at])) {
        let twin = &files[twin].pattern;
        return Err(error(format!("two partitions of entity \"{name}\" are the same file, {twin}"))
            .help("copy the folder with the folders in it"));
    }
    Ok(files)
}

/// The files of the newest dated folder, `<entity>/<year>/<month>/<day>/<hour and minute>/`, in the order of their
/// numbers. `named` is how many there should be, if the model says so.
fn newest(folder: &Location, entity: &EntityModel, named: usize) -> Result<Vec<Location>, Error> {
    let name = &entity.name;
    let base = Location { pattern: format!("{}/{name}", folder.pattern), ..folder.clone() };
    let error = |message: String| Error::new(ErrorKind::Source, "insights::partition", message);
    let found = match find(&base, |file| compression(file).1.to_ascii_lowercase().ends_with(".csv")) {
        Ok(found) => found,
        Err(cause) if is_absent(&cause) => Vec::new(),
        Err(cause) => return Err(cause),
    };
    let start = base.pattern.len() + 1;
    let dated = found.into_iter().filter_map(|file| Some((date(file.name.get(start..)?)?, file.name)));
    let dated: Vec<(Date, String)> = dated.collect();
    let Some(last) = dated.iter().map(|(date, _)| *date).max() else {
        let help = format!("looked for {}/<year>/<month>/<day>/<time>/*.csv, too; run the export again", base.pattern);
        return Err(error(format!("{}: entity \"{name}\" has no partition", folder.pattern)).help(help));
    };
    let mut files: Vec<String> = dated.into_iter().filter(|(date, _)| *date == last).map(|(_, file)| file).collect();
    if named > 0 && files.len() != named {
        let (at, there) = (Path::new(&files[0]).parent().unwrap_or(Path::new("")).display(), files.len());
        return Err(error(format!("{at} holds {there} files of entity \"{name}\", but the model names {named}"))
            .help("the export may still be being written: run again when it is complete, or copy the whole folder"));
    }
    files.sort_by_key(|file| (number(file), file.clone()));
    Ok(files.into_iter().map(|pattern| Location { pattern, ..folder.clone() }).collect())
}

/// Year, month, day, and hour with minute.
type Date = (u16, u16, u16, u16);

/// The date that the folders of a path say.
fn date(path: &str) -> Option<Date> {
    let mut parts = path.split('/');
    let mut part = |digits: usize| {
        let part = parts.next()?;
        (part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit())).then(|| part.parse().ok()).flatten()
    };
    let date = (part(4)?, part(2)?, part(2)?, part(4)?);
    parts.next()?;
    parts.next().is_none().then_some(date)
}

/// The number at the end of the name of a partition, `Customer_12.csv`; those without one come last.
fn number(file: &str) -> u64 {
    let stem = compression(file).1;
    let stem = stem.rsplit_once('.').map_or(stem, |(stem, _)| stem);
    stem.rsplit_once('_').and_then(|(_, number)| number.parse().ok()).unwrap_or(u64::MAX)
}

fn is_absent(error: &Error) -> bool {
    matches!(error.code(), "source::file_missing" | "source::no_files")
}
