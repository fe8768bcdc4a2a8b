//! Erasing people: from the ledger, from reject files, and from every later run.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use enlist_core::{Clock, Error, ErrorKind, Key, LedgerFile, StateFolder, normalise_email};
use serde_json::json;

use super::people;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::history;
use crate::output::Screen;
use crate::render::plural;

/// Most that is read from standard input: a million emails.
const LARGEST: u64 = 64 << 20;

/// Erases everybody whose email comes on standard input. Nobody is erased when one of the lines is no email.
pub fn forget(folder: &StateFolder, state: &Path, rejects: Vec<PathBuf>, screen: &Screen) -> Result<Exit, Failure> {
    let keys = read(folder, &mut io::stdin().lock())?;
    if keys.is_empty() {
        return Err(Failure::config("usage::input", "no email came on standard input")
            .help("one a line: enlist state forget < emails.txt; no flag takes an email, which would stay in the shell's history"));
    }
    let erased: Vec<Key> = keys.iter().copied().collect();
    // A run under way knows only who was erased before it began. Held meanwhile, so that none begins.
    let known = LedgerFile::open(&folder.ledger_path())?.map_or(Ok(Vec::new()), |ledger| ledger.holdings())?;
    let mut exports: Vec<String> = known.into_iter().map(|it| it.scope.export).collect();
    exports.sort();
    exports.dedup();
    let locks = exports.iter().map(|export| folder.lock_export(export, "forget")).collect::<Result<Vec<_>, _>>()?;
    let forgotten = enlist_core::forget(&folder.ledger_path(), &erased, Clock::start().unix_millis())?;
    let lines = lines_of(&erased, folders(state, rejects)?)?;
    drop(locks);
    let text = format!(
        "Erased {}: {} on record here, {} of reject files removed. No run sends them again.\n\
         ActiveCampaign still has them. For each, find the contact and delete it there:\n\
         \x20 curl -H \"Api-Token: $KEY\" \"https://$HOST/api/3/contacts?email=$EMAIL\"\n\
         \x20 curl -X DELETE -H \"Api-Token: $KEY\" \"https://$HOST/api/3/contacts/$ID\"\n\
         It can be restored there for 30 days. Remove them from the source too, and from backups of this folder.\n",
        people(erased.len() as u64),
        if forgotten.known == 1 { "1 was".to_owned() } else { format!("{} were", forgotten.known) },
        plural(lines, "line"),
    );
    let document = json!({
        "schema": "enlist.forget/1", "people": erased.len(), "known": forgotten.known,
        "erased_before": forgotten.before, "reject_lines": lines,
    });
    screen.result(&text, &document);
    Ok(Exit::Done)
}

/// The keys of the emails in `input`, one a line; empty lines count for nothing.
fn read(folder: &StateFolder, input: &mut impl BufRead) -> Result<BTreeSet<Key>, Failure> {
    let mut keys = BTreeSet::new();
    let mut text = String::new();
    let read = input.take(LARGEST + 1).read_to_string(&mut text);
    read.map_err(|e| {
        Failure::config("usage::input", format!("standard input cannot be read: {e}; nobody was erased"))
    })?;
    if text.len() as u64 > LARGEST {
        return Err(Failure::config("usage::input", "standard input is longer than 64 MiB; nobody was erased")
            .help("give the emails in several turns"));
    }
    for (number, line) in (1_u64..).zip(text.lines()) {
        let refuse = |why: String| {
            Failure::config("usage::email", format!("standard input, line {number}: {why}; nobody was erased"))
                .help("one email a line, as it stands in the source")
        };
        if !line.trim().is_empty() {
            let email = normalise_email(line.trim()).map_err(|rule| refuse(rule.to_string()))?;
            keys.insert(folder.hasher().key(&email));
        }
    }
    Ok(keys)
}

/// Folders of reject files: those of the configuration, and those that runs of this state wrote to.
fn folders(state: &Path, configured: Vec<PathBuf>) -> Result<BTreeSet<PathBuf>, Failure> {
    let files = history::read(state)?.into_iter().filter_map(|run| run.rejects_file);
    let written = files.filter_map(|file| Path::new(&file).parent().map(Path::to_owned));
    Ok(configured.into_iter().chain(written).collect())
}

/// Removes the lines of these people from reject files; returns how many. A shortened key may stand for somebody else
/// too: better a line too many than one too few.
fn lines_of(keys: &[Key], folders: BTreeSet<PathBuf>) -> Result<u64, Failure> {
    let shown: Vec<String> = keys.iter().map(|key| format!("\"{key}\"")).collect();
    let mut removed = 0;
    for folder in folders {
        let files = match fs::read_dir(&folder) {
            Ok(files) => files,
            Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
            Err(e) => {
                return Err(Error::new(ErrorKind::State, "state::rejects", format!("{}: {e}", folder.display()))
                    .help("the people are erased from the ledger; give the same emails again once it can be read")
                    .into());
            }
        };
        for file in files.flatten().map(|entry| entry.path()) {
            let is_plain = fs::symlink_metadata(&file).is_ok_and(|found| found.is_file());
            if is_plain && file.extension().is_some_and(|it| it == "jsonl") {
                removed += strip(&file, &shown).map_err(|e| {
                    Error::new(ErrorKind::State, "state::rejects", format!("{}: {e}", file.display()))
                        .help("check owner and permissions, then give the same emails again")
                })?;
            }
        }
    }
    Ok(removed)
}

fn strip(file: &Path, shown: &[String]) -> io::Result<u64> {
    let folder = file.parent().unwrap_or(Path::new("."));
    let mut kept = tempfile::Builder::new().prefix(".rejects-").tempfile_in(folder)?;
    let mut removed = 0;
    for line in BufReader::new(fs::File::open(file)?).lines() {
        let line = line?;
        if shown.iter().any(|key| line.contains(key)) {
            removed += 1;
        } else {
            writeln!(kept, "{line}")?;
        }
    }
    if removed > 0 {
        kept.as_file().sync_all()?;
        kept.persist(file).map_err(|e| e.error)?;
    }
    Ok(removed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_erased_go_and_the_others_stay() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("r_1.jsonl");
        let key = |byte: u8| Key([byte; 16]);
        let line = |key: Key| format!("{{\"row\":1,\"key\":\"{key}\"}}\n");
        fs::write(&file, format!("{}{}{}", line(key(1)), line(key(2)), line(key(1)))).unwrap();
        fs::write(folder.path().join("other.txt"), line(key(1))).unwrap();
        let removed = lines_of(&[key(1)], [folder.path().to_owned()].into()).unwrap();
        assert_eq!(removed, 2);
        assert_eq!(fs::read_to_string(&file).unwrap(), line(key(2)));
        assert_eq!(fs::read_to_string(folder.path().join("other.txt")).unwrap(), line(key(1)), "not a reject file");
    }

    #[test]
    fn one_line_that_is_no_email_erases_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let state = StateFolder::open(&folder.path().join("state")).unwrap();
        let failure = read(&state, &mut "ada@example.com\n\nnobody\n".as_bytes()).unwrap_err();
        assert!(failure.error.to_string().contains("line 3"), "{}", failure.error);
        let keys = read(&state, &mut " Ada@example.com \nada@example.com\n".as_bytes()).unwrap();
        assert_eq!(keys.len(), 1);
    }
}
