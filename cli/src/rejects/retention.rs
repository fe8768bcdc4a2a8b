//! Reject files that are older than they shall be.

use std::fs;
use std::io;
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};

use crate::failure::cause;
use crate::run_name;

/// Removes the reject files in `folder` of runs that began more than `days` days before `now`, by the time in their
/// names. What does not have the name of a reject file is left alone.
///
/// # Errors
/// In words: that the folder cannot be read, or the first file that cannot be removed; all others are.
pub fn remove_older(folder: &Path, days: u32, now: DateTime<Utc>) -> Result<(), String> {
    let files = match fs::read_dir(folder) {
        Ok(files) => files,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(format!("{} cannot be read: {}", folder.display(), cause(&e))),
    };
    let Some(oldest) = now.checked_sub_signed(TimeDelta::days(days.into())) else { return Ok(()) };
    let mut failed = Ok(());
    for file in files.flatten() {
        let name = file.file_name();
        let run = name.to_str().and_then(|name| name.strip_suffix(".jsonl"));
        let is_old = run.and_then(run_name::began).is_some_and(|began| began < oldest);
        if !is_old || !file.file_type().is_ok_and(|kind| kind.is_file()) {
            continue;
        }
        match fs::remove_file(file.path()) {
            // Another run was quicker.
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(e) if failed.is_ok() => {
                failed = Err(format!("{} cannot be removed: {}", file.path().display(), cause(&e)));
            }
            _ => {}
        }
    }
    failed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_go_by_the_age_of_their_run_and_nothing_else_does() {
        let folder = tempfile::tempdir().unwrap();
        let all = [
            "r_20261023_060000_000_00ff.jsonl",
            "r_20261023_060001_001_1f0a.jsonl",
            "r_20261122_060000_000_1f0a.jsonl",
            "r_20260101_060000_000_1f0a.jsonl.bak",
            "r_20260101_060000_000_1f0a_mine.jsonl",
            "r_20261399_060000_000_1f0a.jsonl",
            "people.jsonl",
        ];
        for name in all {
            fs::write(folder.path().join(name), "").unwrap();
        }
        fs::create_dir(folder.path().join("r_20260101_060000_000_1f0b.jsonl")).unwrap();
        let now = "2026-11-22T06:00:01Z".parse().unwrap();
        remove_older(folder.path(), 30, now).unwrap();
        let gone: Vec<&str> = all.into_iter().filter(|name| !folder.path().join(name).exists()).collect();
        assert_eq!(gone, [all[0]]);
        remove_older(&folder.path().join("nowhere"), 30, now).unwrap();
        let failed = remove_older(&folder.path().join(all[1]), 30, now).unwrap_err();
        assert!(failed.contains("cannot be read"), "{failed}");
    }
}
