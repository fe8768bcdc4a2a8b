//! From a path, glob, folder or URL to the files of a segment.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use enlist_core::{Error, ErrorKind};

use crate::found::Found;
use crate::location::{Location, is_url, shown};
use crate::{local, store};

/// Whether `pattern` names files by wildcard: `*`, `**`, `?` or `[…]`.
pub fn has_glob(pattern: &str) -> bool {
    pattern.contains(['*', '?', '['])
}

/// The files that `location` stands for, ordered by path.
///
/// A path is one file. A folder is every file below it that `handles` accepts by name; other files, and anything
/// whose name begins with `.` or `_`, are left out. A glob is what it matches, a matched folder being read as above.
/// Folders named `key=value` below the folder or the fixed part of the glob become
/// [`Partitions`](crate::Partitions). Blocks on the disk or the store.
///
/// In an object store a folder is a prefix, with or without a `/` at its end, and its objects are listed only below the
/// fixed part of a glob.
///
/// # Errors
/// For a URL `store::url`, `store::options` and `store::profile` (configuration), `store::credentials`,
/// `store::denied`, `store::bucket`, `store::region`, `store::unreachable`, `store::timeout` and `store::failed`;
/// for all `source::file_missing`, with names nearby; `source::no_files` when nothing matches; `source::unreadable`;
/// `source::glob` (configuration) for a malformed glob; `source::partitions` when files disagree on partition keys;
/// `source::lake` when the files of this machine belong to a Delta Lake table.
pub fn find(location: &Location, handles: fn(&str) -> bool) -> Result<Vec<Found>, Error> {
    let files =
        if location.is_url() { store::find(location, handles)? } else { local::find(&location.pattern, handles)? };
    if files.is_empty() {
        let pattern = location.name();
        return Err(Error::new(ErrorKind::Source, "source::no_files", format!("no files match {pattern}"))
            .help("check the path, and that the export which writes the files has run"));
    }
    agree_on_keys(&files)?;
    if !location.is_url() && (has_glob(&location.pattern) || Path::new(&location.pattern).is_dir()) {
        refuse_lake(&files)?;
    }
    Ok(files)
}

/// Whether `pattern` names files that `handles` accepts: by its own name, or as a folder that holds some. Looks into
/// folders of this machine only.
pub fn offers(pattern: &str, handles: fn(&str) -> bool) -> bool {
    if is_url(pattern) {
        return handles(shown(pattern));
    }
    if Path::new(pattern).is_dir() {
        // Files that do not fit together are still files of this kind, and opening them says what is wrong.
        return find(&pattern.into(), handles).err().is_none_or(|error| error.code() == "source::partitions");
    }
    handles(pattern)
}

/// The error for a file called `name` that cannot be opened or read.
///
/// An [`Error`] that travels within `cause`, as those of object stores do, is that error.
pub fn unreadable(name: &str, cause: &io::Error) -> Error {
    if let Some(error) = carried(cause) {
        return error.clone();
    }
    local::missing_or_closed(Path::new(name), cause)
}

/// The error that travels within `cause`, which then says it all.
pub fn carried(cause: &io::Error) -> Option<&Error> {
    cause.get_ref()?.downcast_ref()
}

/// The folder of a Delta Lake table holds files of all its versions: read one by one, deleted rows would come back.
fn refuse_lake(files: &[Found]) -> Result<(), Error> {
    let folders: BTreeSet<&Path> = files.iter().filter_map(|file| Path::new(&file.name).parent()).collect();
    let mut above = folders.into_iter().flat_map(Path::ancestors);
    let Some(table) = above.find(|folder| folder.join("_delta_log").is_dir()) else { return Ok(()) };
    let table = table.display();
    Err(Error::new(ErrorKind::Source, "source::lake", format!("{table} is a Delta Lake table, not a folder of files"))
        .help(format!("read it as one: path: {table}")))
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

#[cfg(test)]
mod tests {
    use std::fs;

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
        let files = find(&(&format!("{}/{pattern}", folder.path().display())).into(), dat)?;
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
    fn a_wildcard_matches_no_hidden_folder_and_partitions_are_told_below_a_dot() {
        let folder = folder(&["a/_temporary/1.dat", "a/1.dat", "b/_done/2.dat", "dt=1/3.dat"]);
        assert_eq!(found(&folder, "a/**/*.dat").unwrap(), ["a/1.dat"]);
        assert_eq!(found(&folder, "*/_done/*.dat").unwrap(), ["b/_done/2.dat"]);
        let dotted = format!("{}/./dt=*/*.dat", folder.path().display());
        let files = find(&(&dotted).into(), dat).unwrap();
        assert_eq!(files[0].partitions.iter().collect::<Vec<_>>(), [("dt", Some("1"))]);
    }

    #[test]
    fn the_files_of_a_delta_table_are_not_read_one_by_one() {
        let folder = folder(&["lake/_delta_log/0.json", "lake/day=1/a.dat", "plain/b.dat"]);
        for pattern in ["lake", "lake/**/*.dat", "*/*/*.dat"] {
            assert_eq!(found(&folder, pattern).unwrap_err().code(), "source::lake", "{pattern}");
        }
        assert_eq!(found(&folder, "plain/*.dat").unwrap(), ["plain/b.dat"]);
        assert_eq!(found(&folder, "lake/day=1/a.dat").unwrap(), ["lake/day=1/a.dat"], "whoever names a file means it");
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
        let files = find(&folder.path().to_str().unwrap().into(), dat).unwrap();
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
