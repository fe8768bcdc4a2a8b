//! A ledger that is cut off, flipped, of the future, gone, or of last week.

use std::fs;
use std::path::Path;
use std::thread;

use enlist_core::{Digest, Entry, Error, Fingerprint, Key, Ledger, NewIntent, Scope, Settlement, SqliteLedger};

use super::process::{Ended, signal};
use super::proxy::{Moment, OUTCOME};
use super::site::{People, Site, copy_folder};

/// One request.
const PEOPLE: People = People::first(250);

/// Bits to flip; four sites share them.
const FLIPS: usize = 48;

const GENERATION: Digest = [9; 16];

fn scope() -> Scope {
    Scope { export: "people".to_owned(), account: "acme.example.com".to_owned(), list: 7 }
}

/// A list that is in step, with its ledger on disk in one file.
fn settled() -> Site {
    let site = Site::prompt();
    site.has(PEOPLE);
    site.converge(&[]);
    assert!(!site.state_file("ledger.db-wal").exists(), "the journal was not folded in");
    site
}

/// Checks that a run was refused for its ledger and nothing was sent.
#[track_caller]
fn assert_refused(site: &Site, code: &str, help: &str) {
    let ended = site.run(&[]);
    assert_eq!(ended.code, 12, "{ended:?}");
    assert!(ended.stderr.contains(&format!("error[{code}]")), "{}", ended.stderr);
    assert!(ended.stderr.contains(help), "{}", ended.stderr);
    assert_eq!(site.proxy.imports().len(), 1, "something was sent");
}

#[test]
fn fault_50_a_flipped_bit_in_the_ledger_is_refused_or_harmless() {
    let refused: usize = thread::scope(|scope| {
        let quarter = |from: usize| {
            let site = settled();
            let path = site.state_file("ledger.db");
            let whole = fs::read(&path).unwrap();
            let mut refused = 0;
            for n in (from..FLIPS).step_by(4) {
                // The header of the file, the heads of its pages, and places all over it.
                let at = [n * 2, n * 4_096 % whole.len() + n % 8, whole.len() / FLIPS * n + n][n % 3];
                let mut damaged = whole.clone();
                damaged[at] ^= 1 << (n % 8);
                fs::write(&path, damaged).unwrap();
                let ended = site.run(&["--json"]);
                let flip = format!("bit {} of byte {at}: {ended:?}", n % 8);
                if ended.code == 0 {
                    assert_eq!(ended.document()["outcome"]["unchanged"], 250, "the ledger was reset, {flip}");
                } else {
                    assert_eq!(ended.code, 12, "{flip}");
                    assert!(ended.stderr.contains("help: "), "{flip}");
                    assert!(!ended.stderr.contains("panicked"), "{flip}");
                    refused += 1;
                }
                // A run on a sound copy may have written to it.
                let _ = fs::remove_file(site.state_file("ledger.db-wal"));
                let _ = fs::remove_file(site.state_file("ledger.db-shm"));
            }
            assert_eq!(site.proxy.imports().len(), 1, "something was sent on a damaged ledger");
            refused
        };
        let quarters: Vec<_> = (0..4).map(|from| scope.spawn(move || quarter(from))).collect();
        quarters.into_iter().map(|quarter| quarter.join().unwrap()).sum()
    });
    assert!(refused > FLIPS / 4, "only {refused} of {FLIPS} flips were noticed");
}

/// Everything the ledger at `path` says, asked for as a plan does: one range of keys after the other.
fn entries(path: &Path) -> Result<Vec<Entry>, Error> {
    let ledger = SqliteLedger::open(path, &scope())?;
    let ranges = (0..=u8::MAX).map(|first| {
        let (mut from, mut to) = ([0; 16], [0xff; 16]);
        (from[0], to[0]) = (first, first);
        ledger.entries(&GENERATION, Key(from), Key(to))
    });
    Ok(ranges.collect::<Result<Vec<_>, _>>()?.concat())
}

/// Each bit of the pages that only lead to others: one that is wrong there sends a search the wrong way.
#[test]
fn fault_50_a_flipped_bit_in_the_order_of_the_ledger_is_refused_or_harmless() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let mut ledger = SqliteLedger::open(&path, &scope()).unwrap();
    ledger.set_generation(GENERATION).unwrap();
    let keys = (0..2_000_u128).map(|n| (n * (u128::MAX / 2_000)).to_be_bytes());
    let contacts: Vec<_> = keys.map(|key| (Key(key), Fingerprint([7; 16]))).collect();
    let intent = ledger.record(&[NewIntent { contacts: contacts.clone() }], 0).unwrap()[0];
    ledger.settle(intent, &Settlement { confirmed: contacts, ..Settlement::default() }).unwrap();
    drop(ledger);
    let (sound, whole) = (entries(&path).unwrap(), fs::read(&path).unwrap());
    // Interior pages of an index begin with a 2, <https://sqlite.org/fileformat2.html> §1.6.
    let pages = (0..whole.len()).step_by(4_096).filter(|page| whole[*page] == 2);
    let cells = pages.flat_map(|page| {
        let from = usize::from(u16::from_be_bytes([whole[page + 5], whole[page + 6]]));
        page + from..page + 4_096
    });
    let mut flips = 0;
    for at in cells {
        let mut damaged = whole.clone();
        damaged[at] ^= 1 << (at % 8);
        fs::write(&path, damaged).unwrap();
        if let Ok(found) = entries(&path) {
            assert_eq!(found.len(), sound.len(), "bit {} of byte {at} hides contacts", at % 8);
            assert!(found == sound, "bit {} of byte {at} changes what is on record", at % 8);
        }
        flips += 1;
    }
    assert!(flips > 100, "{flips}");
}

#[test]
fn fault_50_the_refusal_says_that_nothing_was_sent_and_what_to_do() {
    let mut site = settled();
    let path = site.state_file("ledger.db");
    let whole = fs::read(&path).unwrap();
    let last = whole.len() - 4_096 + 8;
    let mut damaged = whole.clone();
    damaged[last..].iter_mut().for_each(|byte| *byte ^= 0xff);
    fs::write(&path, &damaged).unwrap();
    assert_refused(&site, "state::damaged", "help: nothing was sent; restore the state folder from a backup");
    assert_eq!(fs::read(&path).unwrap(), damaged, "the damaged ledger is the user's to look at");
    fs::write(&path, whole).unwrap();
    assert_eq!(site.converge(&[])["outcome"]["unchanged"], 250);
    site.assert_landed(PEOPLE);
}

#[test]
fn fault_50_a_ledger_cut_off_at_any_length_is_refused() {
    let site = settled();
    let path = site.state_file("ledger.db");
    let whole = fs::read(&path).unwrap();
    let step = whole.len() / 60;
    for length in (0..whole.len()).step_by(step).chain([1, 16, 99, 100, 4_095, 4_096, whole.len() - 1]) {
        fs::write(&path, &whole[..length]).unwrap();
        assert_refused(&site, "state::damaged", "restore the state folder from a backup");
    }
}

#[test]
fn fault_51_a_ledger_of_a_later_format_is_refused_by_its_number() {
    let site = settled();
    let path = site.state_file("ledger.db");
    let mut later = fs::read(&path).unwrap();
    // `user_version` of the header, <https://sqlite.org/fileformat2.html> §1.3.
    later[60..64].copy_from_slice(&42_u32.to_be_bytes());
    fs::write(&path, &later).unwrap();
    assert_refused(&site, "state::newer_format", "has format 42, this version of enlist knows formats up to 3");
    assert_eq!(fs::read(&path).unwrap(), later, "the ledger belongs to another version");
}

#[test]
fn fault_52_a_deleted_state_is_a_full_resend_that_the_plan_announces_and_a_guard_holds_back() {
    let mut site = settled();
    let host = site.proxy.host();
    site.world.write(
        "enlist.yaml",
        format!(
            "version: 1\nconnections: {{ a: {{ host: \"{host}\", api_key: \"${{file:key}}\" }} }}\n\
             exports:\n  people: {{ list: 7, source: people.csv, guards: {{ max_adds: 100 }} }}\n"
        ),
    );
    fs::remove_dir_all(site.state()).unwrap();
    let plan = site.world.enlist(&["plan", "--json"]).document();
    assert_eq!((&plan["plan"]["add"], &plan["first_load"]), (&250.into(), &true.into()), "{plan}");
    let held = site.world.enlist(&["run"]);
    assert_eq!(held.code, 8, "{held:?}");
    assert!(held.stderr.contains("error[guard::max_adds]: 250 contacts would be added"), "{}", held.stderr);
    assert_eq!(site.proxy.imports().len(), 1, "something was sent");
    let sent = site.world.enlist(&["run", "--allow", "max_adds"]);
    assert_eq!(sent.code, 0, "{sent:?}");
    assert_eq!(site.proxy.imports().len(), 2);
    site.assert_landed(PEOPLE);
}

#[test]
fn a_ledger_without_its_key_is_refused() {
    let site = settled();
    fs::remove_file(site.state_file("key")).unwrap();
    assert_refused(&site, "state::key_missing", "help: restore the key from a backup");
}

#[test]
fn fault_53_a_state_restored_from_a_backup_converges() {
    let mut site = settled();
    let (state, backup) = (site.state(), site.world.folder().join("backup"));
    copy_folder(&state, &backup);
    let restore = || {
        fs::remove_dir_all(&state).unwrap();
        copy_folder(&backup, &state);
    };
    site.has(PEOPLE.at(1));
    site.converge(&[]);
    // The ledger says edition 0, the account has edition 1, the source has gone on …
    restore();
    for edition in [1, 2] {
        site.has(PEOPLE.at(edition));
        site.converge(&[]);
        site.assert_landed(PEOPLE.at(edition));
    }
    // … or has gone back to what the ledger takes for confirmed: that is for --full to repair.
    restore();
    site.has(PEOPLE);
    site.converge(&["--full"]);
    site.assert_landed(PEOPLE);
}

#[test]
fn fault_53_a_backup_of_a_run_under_way_converges() {
    let mut site = Site::prompt();
    site.has(PEOPLE);
    site.proxy.hold(Moment::Arrived, OUTCOME, 1);
    let run = site.start(&[]);
    site.proxy.wait_held();
    let (state, backup) = (site.state(), site.world.folder().join("backup"));
    copy_folder(&state, &backup);
    site.proxy.release();
    assert_eq!(Ended::of(run.wait_with_output().unwrap()).code, 0);
    fs::remove_dir_all(&state).unwrap();
    copy_folder(&backup, &state);
    site.has(PEOPLE.at(1));
    site.converge(&[]);
    site.assert_landed(PEOPLE.at(1));
}

/// R7: a page of the log that is bad although later ones were committed is no torn end.
#[test]
fn fault_50_a_flipped_bit_in_the_middle_of_the_log_is_refused_or_harmless() {
    let mut site = settled();
    site.has(PEOPLE.at(1));
    site.proxy.hold(Moment::Arrived, OUTCOME, 1);
    let mut run = site.start(&[]);
    site.proxy.wait_held();
    signal(&run, "KILL");
    run.wait().unwrap();
    site.proxy.release();
    // The log begins with a head of 32 bytes; each page in it has one of 24, <https://sqlite.org/fileformat2.html> §4.1.
    let path = site.state_file("ledger.db-wal");
    let mut log = fs::read(&path).unwrap();
    log[32 + 24 + 100] ^= 1;
    fs::write(&path, log).unwrap();
    // The source has gone back to what the ledger without its log calls confirmed.
    site.has(PEOPLE);
    let ended = site.run(&[]);
    if ended.code == 0 {
        site.assert_landed(PEOPLE);
    } else {
        assert_eq!(ended.code, 12, "{ended:?}");
    }
}
