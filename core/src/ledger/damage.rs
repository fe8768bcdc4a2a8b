//! The ledger file under damage, other processes and full disks: what was committed, or an error; never a reset.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use tempfile::TempDir;

use super::schema::beside;
use super::*;

const GENERATION: Digest = [9; 16];

fn scope(export: &str) -> Scope {
    Scope { export: export.to_owned(), account: "acme.example.com".to_owned(), list: 7 }
}

fn key(n: u32) -> Key {
    let mut bytes = [0; 16];
    bytes[..4].copy_from_slice(&n.to_be_bytes());
    Key(bytes)
}

fn fp(n: u32) -> Fingerprint {
    Fingerprint(key(n).0)
}

fn place() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    (folder, path)
}

/// Everything a ledger tells.
type Content = (Option<Digest>, Vec<Entry>, Vec<Intent>);

fn content(ledger: &dyn Ledger) -> Result<Content, Error> {
    let entries = ledger.entries(&GENERATION, Key([0; 16]), Key([0xff; 16]))?;
    Ok((ledger.generation()?, entries, ledger.intents()?))
}

fn content_at(path: &Path) -> Result<Content, Error> {
    content(&SqliteLedger::open(path, &scope("vip"))?)
}

/// A ledger with something in every table and several levels of pages.
fn fill(path: &Path) -> Content {
    let mut ledger = SqliteLedger::open(path, &scope("vip")).unwrap();
    ledger.set_generation(GENERATION).unwrap();
    let intent = |from: u32, to: u32| NewIntent { contacts: (from..to).map(|n| (key(n), fp(n))).collect() };
    let new = [intent(0, 3_000), intent(3_000, 3_400), intent(3_400, 3_500)];
    let ids = ledger.record(&new, 5).unwrap();
    let settlement = Settlement {
        confirmed: new[0].contacts[..2_500].to_vec(),
        rejected: new[0].contacts[2_500..2_900].iter().map(|(k, f)| (*k, *f, Reason::Refused)).collect(),
        dirty: new[0].contacts[2_900..].to_vec(),
        in_doubt: false,
    };
    ledger.settle(ids[0], &settlement).unwrap();
    ledger.accept(ids[1], &JobId("31337".to_owned()), true).unwrap();
    ledger.settle(ids[2], &Settlement { in_doubt: true, ..Settlement::default() }).unwrap();
    ledger.record(&[intent(3_400, 3_450), intent(3_450, 3_500)], 7).unwrap();
    let left: Vec<Key> = (0..40).map(key).collect();
    ledger.note_absence(&left, &[]).unwrap();
    let emails: Vec<_> = left.iter().map(|&key| (key, format!("{key}@example.com"))).collect();
    ledger.keep_emails(&emails).unwrap();
    content(&ledger).unwrap()
}

/// Two commits: an intent, and its end without an answer.
fn add_dirty(ledger: &mut SqliteLedger, keys: &[Key]) -> Result<(), Error> {
    let contacts: Vec<_> = keys.iter().map(|&key| (key, fp(0))).collect();
    let id = ledger.record(&[NewIntent { contacts: contacts.clone() }], 1)?[0];
    let dirty = Settlement { dirty: contacts, ..Settlement::default() };
    ledger.settle(id, &dirty)
}

fn assert_refused(outcome: Result<Content, Error>, code: &str) {
    let error = outcome.expect_err("the damage was not noticed");
    assert_eq!((error.kind(), error.code()), (ErrorKind::State, code), "{error}");
    assert!(error.help_text().is_some());
}

#[test]
fn a_file_cut_off_anywhere_is_refused() {
    let (_folder, path) = place();
    fill(&path);
    let whole = fs::read(&path).unwrap();
    let step = whole.len() / 150;
    for length in (0..whole.len()).step_by(step).chain([1, 99, 100, 512, 4_095, 4_096, whole.len() - 1]) {
        fs::write(&path, &whole[..length]).unwrap();
        let _ = fs::remove_file(beside(&path, "-wal"));
        let outcome = content_at(&path);
        assert!(outcome.is_err(), "cut at {length} of {}", whole.len());
        assert_refused(outcome, "state::damaged");
    }
}

thread_local! {
    static SOUND: (Vec<u8>, Content) = {
        let (_folder, path) = place();
        let content = fill(&path);
        (fs::read(&path).unwrap(), content)
    };
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, max_shrink_iters: 0, ..ProptestConfig::default() })]
    #[test]
    fn a_flipped_bit_is_refused_or_harmless(
        at in prop_oneof![4 => any::<prop::sample::Index>().prop_map(Some), 1 => Just(None)],
        low in 0..120usize,
        bit in 0..8u32,
    ) {
        SOUND.with(|(whole, sound)| {
            let (_folder, path) = place();
            let mut damaged = whole.clone();
            // One in five strikes the file's header, where a flip does most.
            let at = at.map_or(low, |at| at.index(whole.len()));
            damaged[at] ^= 1 << bit;
            fs::write(&path, damaged).unwrap();
            match content_at(&path) {
                Ok(found) => assert!(found == *sound, "bit {bit} of byte {at} changed what is on record"),
                Err(error) => assert_eq!(error.kind(), ErrorKind::State),
            }
        });
    }
}

#[test]
fn a_torn_log_leaves_a_prefix_of_what_was_committed_and_a_damaged_one_is_refused() {
    let (_folder, path) = place();
    let mut ledger = SqliteLedger::open(&path, &scope("vip")).unwrap();
    for n in 0..20 {
        add_dirty(&mut ledger, &[key(n)]).unwrap();
    }
    // As kill -9 leaves them: nothing is folded into the file.
    let (file, log) = (fs::read(&path).unwrap(), fs::read(beside(&path, "-wal")).unwrap());
    drop(ledger);
    let (mut longest, mut refused) = (0, 0);
    for at in (0..log.len()).step_by(log.len() / 120).chain([log.len()]) {
        for flip in [false, true] {
            let (_folder, path) = place();
            let mut log = log.clone();
            match log.get_mut(at) {
                Some(byte) if flip => *byte ^= 1,
                _ => log.truncate(at),
            }
            fs::write(&path, &file).unwrap();
            fs::write(beside(&path, "-wal"), &log).unwrap();
            let flipped = flip && at < log.len();
            let (_, entries, _) = match content_at(&path) {
                Ok(content) => content,
                Err(error) if flipped => {
                    assert_eq!(error.code(), "state::damaged", "{error}");
                    refused += 1;
                    continue;
                }
                Err(error) => panic!("cut at {at}: {error}"),
            };
            // Two commits a contact: only the last one may be missing, as after a crash.
            assert!(!flipped || entries.len() >= 19, "a flip at {at} lost {} contacts", 20 - entries.len());
            let expected: Vec<_> = (0..entries.len() as u32).map(key).collect();
            assert_eq!(entries.iter().map(|entry| entry.key).collect::<Vec<_>>(), expected);
            longest = longest.max(entries.len());
        }
    }
    assert_eq!(longest, 20);
    assert!(refused > 100, "{refused}");
}

#[test]
fn a_log_whose_beginning_was_zeroed_is_refused() {
    let (_folder, path) = place();
    let mut ledger = SqliteLedger::open(&path, &scope("vip")).unwrap();
    add_dirty(&mut ledger, &[key(1)]).unwrap();
    let (file, log) = (fs::read(&path).unwrap(), fs::read(beside(&path, "-wal")).unwrap());
    drop(ledger);
    for zeroed in [32, 56, 512, 4_096] {
        let (_folder, path) = place();
        fs::write(&path, &file).unwrap();
        fs::write(beside(&path, "-wal"), [vec![0; zeroed], log[zeroed..].to_vec()].concat()).unwrap();
        assert_refused(content_at(&path), "state::damaged");
    }
}

#[test]
fn a_late_value_that_was_changed_does_not_vanish_unseen() {
    for damage in
        ["UPDATE late SET intent = 0", "UPDATE late SET fp = zeroblob(16)", "UPDATE contact SET fp = zeroblob(16)"]
    {
        let (_folder, path) = place();
        let mut ledger = SqliteLedger::open(&path, &scope("vip")).unwrap();
        let contacts = vec![(key(1), fp(1))];
        let id = ledger.record(&[NewIntent { contacts: contacts.clone() }], 1).unwrap()[0];
        let settlement = Settlement { confirmed: contacts, in_doubt: true, ..Settlement::default() };
        ledger.settle(id, &settlement).unwrap();
        ledger.conn.execute_batch(damage).unwrap();
        assert_eq!(ledger.clear_late(id).unwrap_err().code(), "state::damaged", "{damage}");
    }
}

#[test]
fn a_later_format_is_refused_by_its_number() {
    let (_folder, path) = place();
    let ledger = SqliteLedger::open(&path, &scope("vip")).unwrap();
    ledger.conn.pragma_update(None, "user_version", 42).unwrap();
    drop(ledger);
    let error = content_at(&path).unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::State, "state::newer_format"));
    assert!(error.to_string().contains("format 42"), "{error}");
}

#[test]
fn a_file_of_something_else_is_refused() {
    let (_folder, path) = place();
    fs::write(&path, "email,name\n".repeat(100)).unwrap();
    assert_refused(content_at(&path), "state::damaged");
    fs::remove_file(&path).unwrap();
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE contact (x);").unwrap();
    drop(other);
    assert_refused(content_at(&path), "state::damaged");
}

#[test]
fn a_log_without_its_file_is_refused() {
    let (_folder, path) = place();
    fs::write(beside(&path, "-wal"), [7; 64]).unwrap();
    assert_refused(content_at(&path), "state::damaged");
    assert_eq!(SqliteLedger::open_read_only(&path, &scope("vip")).unwrap_err().code(), "state::damaged");
}

#[test]
fn a_place_that_takes_no_files_is_unwritable() {
    let outcome = SqliteLedger::open(Path::new("/proc/self/ledger.db"), &scope("vip"));
    assert_eq!(outcome.unwrap_err().code(), "state::unwritable");
}

#[test]
fn a_full_disk_loses_nothing_that_was_committed() {
    let (_folder, path) = place();
    let before = fill(&path);
    let mut ledger = SqliteLedger::open(&path, &scope("vip")).unwrap();
    let pages: i64 = ledger.conn.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
    ledger.conn.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(())).unwrap();
    let many: Vec<_> = (10_000..20_000).map(key).collect();
    let error = add_dirty(&mut ledger, &many).unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::State, "state::unwritable"));
    assert!(error.to_string().contains("full"), "{error}");
    assert_eq!(content(&ledger).unwrap(), before);
}

#[test]
fn scopes_of_one_file_do_not_see_each_other() {
    let (_folder, path) = place();
    let mut first = SqliteLedger::open(&path, &scope("vip")).unwrap();
    let mut second = SqliteLedger::open(&path, &scope("news")).unwrap();
    first.set_generation([1; 16]).unwrap();
    second.set_generation([2; 16]).unwrap();
    for n in 0..20 {
        add_dirty(&mut first, &[key(n)]).unwrap();
        add_dirty(&mut second, &[key(100 + n), key(200 + n)]).unwrap();
    }
    let new = NewIntent { contacts: vec![(key(1), fp(1))] };
    let id = first.record(&[new], 1).unwrap()[0];
    assert_eq!(second.settle(id, &Settlement::default()).unwrap_err().code(), "state::no_intent");
    assert_eq!((first.len().unwrap(), second.len().unwrap()), (20, 40));
    assert_eq!((first.generation().unwrap(), second.generation().unwrap()), (Some([1; 16]), Some([2; 16])));
    assert_eq!((first.intents().unwrap().len(), second.intents().unwrap().len()), (1, 0));
}

fn listing(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap());
    let mut files: Vec<_> =
        files.map(|file| (file.file_name().into_string().unwrap(), fs::read(file.path()).unwrap())).collect();
    files.sort();
    files
}

#[test]
fn reading_leaves_the_folder_as_it_was() {
    let (folder, path) = place();
    assert!(SqliteLedger::open_read_only(&path, &scope("vip")).unwrap().is_none());
    assert_eq!(listing(folder.path()), vec![]);
    let filled = fill(&path);
    let before = listing(folder.path());
    assert_eq!(before.len(), 1);
    assert!(SqliteLedger::open_read_only(&path, &scope("other")).unwrap().is_none());
    let mut reader = SqliteLedger::open_read_only(&path, &scope("vip")).unwrap().unwrap();
    assert_eq!(content(&reader).unwrap(), filled);
    assert_eq!(add_dirty(&mut reader, &[key(1)]).unwrap_err().code(), "state::unwritable");
    drop(reader);
    assert_eq!(listing(folder.path()), before);
}

#[test]
fn reading_after_a_crash_leaves_the_log_as_it_was() {
    let (_folder, path) = place();
    let mut ledger = SqliteLedger::open(&path, &scope("vip")).unwrap();
    add_dirty(&mut ledger, &[key(1)]).unwrap();
    let (crashed, copy) = place();
    for suffix in ["", "-wal", "-shm"] {
        fs::copy(beside(&path, suffix), beside(&copy, suffix)).unwrap();
    }
    let without_index = |files: Vec<(String, Vec<u8>)>| -> Vec<_> {
        files.into_iter().filter(|(name, _)| !name.ends_with("-shm")).collect()
    };
    let before = without_index(listing(crashed.path()));
    let reader = SqliteLedger::open_read_only(&copy, &scope("vip")).unwrap().unwrap();
    assert_eq!(reader.len().unwrap(), 1);
    drop(reader);
    assert_eq!(without_index(listing(crashed.path())), before);
}

#[test]
fn a_reader_keeps_its_moment_while_another_process_writes() {
    let (_folder, path) = place();
    let filled = fill(&path);
    let mut writer = SqliteLedger::open(&path, &scope("vip")).unwrap();
    let reader = SqliteLedger::open_read_only(&path, &scope("vip")).unwrap().unwrap();
    for n in 0..200 {
        add_dirty(&mut writer, &[key(n), key(50_000 + n)]).unwrap();
    }
    assert_eq!(content(&reader).unwrap(), filled);
    drop(reader);
    let later = SqliteLedger::open_read_only(&path, &scope("vip")).unwrap().unwrap();
    assert_eq!(later.len().unwrap(), writer.len().unwrap());
}

#[test]
fn only_the_owner_can_read_the_files() {
    let (folder, path) = place();
    let mut ledger = SqliteLedger::open(&path, &scope("vip")).unwrap();
    add_dirty(&mut ledger, &[key(1)]).unwrap();
    let files: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap()).collect();
    assert_eq!(files.len(), 3, "the file and its two side files");
    for file in files {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", file.file_name());
    }
}
