//! What a ledger tells of itself, and what erasing leaves.

use std::path::{Path, PathBuf};

use super::*;
use crate::Reason;

fn scope(export: &str) -> Scope {
    Scope { export: export.to_owned(), account: "acme.example.com".to_owned(), list: 7 }
}

fn key(n: u8) -> Key {
    Key([n; 16])
}

fn fp(n: u8) -> Fingerprint {
    Fingerprint([n; 16])
}

/// Two exports of the same people: 1 and 2 confirmed, 3 refused, 4 dirty with a late value, 5 under way.
fn filled() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    for (export, run) in [("vip", "r_1"), ("gold", "r_2")] {
        let mut ledger = SqliteLedger::open(&path, &scope(export)).unwrap();
        ledger.begin(run, 1_000).unwrap();
        ledger.set_generation([1; 16]).unwrap();
        let contacts: Vec<_> = (1..=4).map(|n| (key(n), fp(n))).collect();
        let id = ledger.record(&[NewIntent { contacts: contacts.clone() }], 5).unwrap()[0];
        let settlement = Settlement {
            confirmed: contacts[..2].to_vec(),
            rejected: vec![(key(3), fp(3), Reason::Refused)],
            dirty: vec![contacts[3]],
            in_doubt: false,
        };
        ledger.settle(id, &settlement).unwrap();
        ledger.record(&[NewIntent { contacts: vec![(key(5), fp(5))] }], 6).unwrap();
        ledger.note_absence(&[key(2), key(9)], &[]).unwrap();
        ledger.keep_emails(&[(key(1), "ada@example.com".to_owned()), (key(5), "eve@example.com".to_owned())]).unwrap();
    }
    (folder, path)
}

fn open(path: &Path) -> LedgerFile {
    LedgerFile::open(path).unwrap().unwrap()
}

#[test]
fn what_is_held_is_counted_scope_by_scope() {
    let (_folder, path) = filled();
    let holdings = open(&path).holdings().unwrap();
    assert_eq!(holdings.iter().map(|it| it.scope.export.as_str()).collect::<Vec<_>>(), ["vip", "gold"]);
    for it in holdings {
        let counts = (it.confirmed, it.rejected, it.dirty, it.left, it.late, it.open, it.emails);
        assert_eq!(counts, (2, 1, 1, 1, 0, 1, 2), "whoever has no entry cannot have left");
    }
    assert!(LedgerFile::open(&path.with_file_name("none.db")).unwrap().is_none());
}

#[test]
fn one_person_is_found_in_every_export_with_the_run_that_wrote_it() {
    let (_folder, path) = filled();
    let ledger = open(&path);
    let found = ledger.find(key(3)).unwrap();
    let told: Vec<_> = found.iter().map(|it| (it.scope.export.as_str(), it.record.clone().unwrap())).collect();
    for ((export, record), (wanted, run)) in told.iter().zip([("vip", "r_1"), ("gold", "r_2")]) {
        assert_eq!((*export, record.run.clone().unwrap()), (wanted, (run.to_owned(), 1_000)));
        assert_eq!(record.standing, Standing::Rejected(fp(3), Reason::Refused));
    }
    let under_way = ledger.find(key(5)).unwrap();
    assert!(under_way.iter().all(|it| it.record.is_none() && it.open == 1) && under_way.len() == 2);
    assert!(ledger.find(key(2)).unwrap().iter().all(|it| it.record.as_ref().unwrap().left));
    assert!(ledger.find(key(200)).unwrap().is_empty());
}

#[test]
fn a_value_that_may_land_once_more_where_it_is_casts_no_doubt() {
    let (_folder, path) = filled();
    let mut ledger = SqliteLedger::open(&path, &scope("vip")).unwrap();
    let one = vec![(key(1), fp(1))];
    // An attempt without an answer, and another that brought the same value.
    let id = ledger.record(&[NewIntent { contacts: one.clone() }], 7).unwrap()[0];
    ledger.settle(id, &Settlement { confirmed: one, in_doubt: true, ..Settlement::default() }).unwrap();
    drop(ledger);
    let found = open(&path).find(key(1)).unwrap();
    assert_eq!((found[0].late, found[0].record.as_ref().unwrap().standing), (0, Standing::Confirmed(fp(1))));
    assert_eq!(open(&path).holdings().unwrap()[0].late, 0);
}

#[test]
fn every_row_is_read_and_every_contact_handed_over() {
    let (_folder, path) = filled();
    let ledger = open(&path);
    let mut keys = Vec::new();
    ledger
        .each(|scope, record| {
            keys.push((scope.export.clone(), record.key));
            Ok(())
        })
        .unwrap();
    assert_eq!(keys.len(), 8);
    // For each scope: itself, 4 contacts, 1 intent, 2 emails, 1 who left; and one generation.
    assert_eq!(ledger.verify().unwrap(), 2 * 9 + 1);
}

#[test]
fn whoever_is_forgotten_is_gone_from_every_export_and_does_not_come_back() {
    let (_folder, path) = filled();
    let forgotten = forget(&path, &[key(1), key(5), key(77)], 9).unwrap();
    assert_eq!(forgotten, Forgotten { known: 2, before: 0 }, "of 5 there is an email, of 77 nothing");
    assert_eq!(forget(&path, &[key(1)], 10).unwrap(), Forgotten { known: 0, before: 1 });
    assert!(open(&path).find(key(1)).unwrap().is_empty());
    let bytes = std::fs::read(&path).unwrap();
    assert!(!bytes.windows(15).any(|part| part == b"ada@example.com"), "what is deleted is overwritten");

    let mut ledger = SqliteLedger::open(&path, &scope("vip")).unwrap();
    assert_eq!(ledger.suppressed().unwrap(), [key(1), key(5), key(77)]);
    let id = ledger.intents().unwrap()[0].id;
    let confirmed = vec![(key(5), fp(5))];
    ledger.settle(id, &Settlement { confirmed, in_doubt: true, ..Settlement::default() }).unwrap();
    ledger.keep_emails(&[(key(5), "eve@example.com".to_owned())]).unwrap();
    assert!(ledger.entries(&[1; 16], key(5), key(5)).unwrap().is_empty());
    assert_eq!(open(&path).holdings().unwrap()[0].emails, 0);
    assert!(open(&path).verify().is_ok());
}

#[test]
fn a_reset_forgets_one_export_and_keeps_who_is_suppressed() {
    let (_folder, path) = filled();
    forget(&path, &[key(4)], 9).unwrap();
    assert_eq!(reset(&path, "vip").unwrap(), 3);
    let holdings = open(&path).holdings().unwrap();
    assert_eq!(holdings.iter().map(|it| it.scope.export.as_str()).collect::<Vec<_>>(), ["gold"]);
    assert_eq!(open(&path).suppressed().unwrap(), [key(4)]);
    let again = SqliteLedger::open(&path, &scope("vip")).unwrap();
    assert!(again.is_empty().unwrap() && again.intents().unwrap().is_empty());
    assert_eq!(reset(&path, "nobody").unwrap(), 0);
}

#[test]
fn who_left_is_noted_and_unnoted_alike_by_both_ledgers() {
    let (_folder, path) = filled();
    let mut sqlite = SqliteLedger::open(&path, &scope("vip")).unwrap();
    let mut memory = MemoryLedger::new(scope("vip"));
    memory.set_generation([1; 16]).unwrap();
    let contacts: Vec<_> = (1..=4).map(|n| (key(n), fp(n))).collect();
    let id = memory.record(&[NewIntent { contacts: contacts.clone() }], 5).unwrap()[0];
    memory.settle(id, &Settlement { confirmed: contacts, ..Settlement::default() }).unwrap();
    let both: [&mut dyn Ledger; 2] = [&mut sqlite, &mut memory];
    for ledger in both {
        ledger.clear_emails().unwrap();
        ledger.note_absence(&[key(1), key(3), key(99)], &[key(2)]).unwrap();
        ledger.keep_emails(&[(key(1), "ada@example.com".to_owned())]).unwrap();
        ledger.keep_emails(&[(key(1), "other@example.com".to_owned())]).unwrap();
        let entries = ledger.entries(&[1; 16], key(0), key(255)).unwrap();
        let left: Vec<_> = entries.iter().filter(|entry| entry.left).map(|entry| entry.key).collect();
        let emails: Vec<_> = entries.iter().filter_map(|entry| entry.email.clone()).collect();
        assert_eq!((left, emails), (vec![key(1), key(3)], vec!["ada@example.com".to_owned()]));
        assert_eq!(ledger.clear_emails().unwrap(), 1);
    }
}
