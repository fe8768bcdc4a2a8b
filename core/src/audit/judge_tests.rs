//! Classes of contacts against a model of maps.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use arrow::array::{BinaryArray, StringArray, UInt64Array};
use bytes::Bytes;
use proptest::prelude::*;

use super::judge::Court;
use super::roll::{code, membership};
use super::{Classes, Finding, FindingKind};
use crate::plan::{PARTITIONS, Partitions, Selected, Stage, Staged, Staging};
use crate::{
    Compare, ContactBatch, Digest, Encode, Envelope, Error, Fingerprint, Hasher, Keep, Key, Lane, Ledger, Limits,
    Mapped, Membership, MemoryLedger, NewIntent, Place, Reason, Rejects, Scope, Settlement, Shape, Slot, Suppression,
};

const PRESENT: Digest = [1; 16];
const EARLIER: Digest = [0; 16];

/// Writes `email=value`.
struct Lines;

impl Encode for Lines {
    fn encode(&self, contacts: &ContactBatch) -> Result<BinaryArray, Error> {
        let lines = contacts.email.iter().flatten().zip(contacts.values[0].iter().flatten());
        Ok(BinaryArray::from_iter_values(lines.map(|(email, value)| format!("{email}={value}"))))
    }

    fn envelope(&self) -> Envelope {
        Envelope { open: Bytes::new(), separator: Bytes::new(), close: Bytes::new() }
    }

    fn lane(&self, _: usize) -> Lane {
        Lane::Bulk
    }
}

/// A record is the value alone.
impl Compare for Lines {
    fn differences(&self, payload: &[u8], record: &[u8]) -> Result<Vec<String>, Error> {
        let sent = payload.rsplit(|byte| *byte == b'=').next().unwrap();
        Ok(if sent == record { Vec::new() } else { vec!["value".into()] })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    Confirmed,
    Rejected,
    Dirty,
}

/// What is on record about somebody.
#[derive(Clone, Debug)]
struct Known {
    word: Word,
    value: u8,
    /// A value that may still land.
    late: Option<u8>,
    outdated: bool,
    pending: bool,
}

#[derive(Clone, Debug)]
struct Listed {
    who: u8,
    standing: Membership,
    value: u8,
}

fn hasher() -> Hasher {
    Hasher::new([3; 32])
}

fn email(who: u8) -> String {
    format!("p{who}@example.com")
}

fn key(who: u8) -> Key {
    hasher().key(&email(who))
}

fn print(who: u8, value: u8) -> Fingerprint {
    hasher().fingerprint(format!("{}={value}", email(who)).as_bytes())
}

fn standing() -> impl Strategy<Value = Membership> {
    use Membership::{Bounced, Other, Subscribed, Unconfirmed, Unsubscribed};
    prop_oneof![
        5 => Just(Subscribed), 1 => Just(Unsubscribed), 1 => Just(Unconfirmed), 1 => Just(Bounced),
        1 => any::<u8>().prop_map(Other),
    ]
}

fn list() -> impl Strategy<Value = Vec<Listed>> {
    let one = (0_u8..32, standing(), 0_u8..3).prop_map(|(who, standing, value)| Listed { who, standing, value });
    prop::collection::vec(one, 0..40)
}

fn known() -> impl Strategy<Value = BTreeMap<u8, Known>> {
    let word = prop_oneof![4 => Just(Word::Confirmed), 1 => Just(Word::Rejected), 1 => Just(Word::Dirty)];
    let one =
        (word, 0_u8..3, prop::option::weighted(0.1, 0_u8..3), prop::bool::weighted(0.1), prop::bool::weighted(0.1));
    let one = one.prop_map(|(word, value, late, outdated, pending)| Known { word, value, late, outdated, pending });
    prop::collection::btree_map(0_u8..32, one, 0..28)
}

fn settle(ledger: &mut MemoryLedger, who: u8, value: u8, word: Word, in_doubt: bool) {
    let contact = (key(who), print(who, value));
    let intent = ledger.record(&[NewIntent { contacts: vec![contact] }], 1).unwrap()[0];
    let mut settlement = Settlement { in_doubt, ..Settlement::default() };
    match word {
        Word::Confirmed => settlement.confirmed.push(contact),
        Word::Rejected => settlement.rejected.push((contact.0, contact.1, Reason::Refused)),
        Word::Dirty => settlement.dirty.push(contact),
    }
    ledger.settle(intent, &settlement).unwrap();
}

fn ledger(known: &BTreeMap<u8, Known>) -> MemoryLedger {
    let mut ledger = MemoryLedger::new(Scope { export: "e".into(), account: "a".into(), list: 1 });
    for (generation, outdated) in [(EARLIER, true), (PRESENT, false)] {
        ledger.set_generation(generation).unwrap();
        for (&who, known) in known.iter().filter(|(_, known)| known.outdated == outdated) {
            if let Some(late) = known.late {
                settle(&mut ledger, who, late, Word::Dirty, true);
            }
            settle(&mut ledger, who, known.value, known.word, false);
        }
    }
    ledger
}

/// The value of somebody by row, the first of which counts.
fn segment(rows: &[(u8, u8)], folder: &Path) -> Partitions {
    let contacts = ContactBatch {
        shape: Arc::new(Shape { slots: vec![Slot::FirstName], tags: Vec::new() }),
        origin: 0,
        rows: UInt64Array::from_iter_values(0..rows.len() as u64),
        email: StringArray::from_iter_values(rows.iter().map(|(who, _)| email(*who))),
        values: vec![StringArray::from_iter_values(rows.iter().map(|(_, value)| value.to_string()))],
        rank: None,
    };
    let mapped = Mapped { contacts, rejects: Rejects::default(), reject_emails: Vec::new() };
    let mut stage = Stage::create(folder).unwrap();
    let staging = Staging {
        encoder: Arc::new(Lines),
        limits: Limits { contacts: 9, bytes: 99 },
        hasher: hasher(),
        suppression: Arc::default(),
        emails: false,
    };
    stage.push(Staged::encode(mapped, &staging).unwrap().0).unwrap();
    stage.finish().unwrap()
}

/// Contacts of the list in the order of their ids, from 1.
fn members(list: &[Listed], folder: &Path) -> Partitions {
    let mut stage = Stage::create(folder).unwrap();
    for (at, listed) in list.iter().enumerate() {
        let place = Place { origin: code(listed.standing), row: at as u64 + 1 };
        let value = listed.value.to_string();
        stage.push(Staged::of(&[(key(listed.who), place, value.as_bytes())]).unwrap()).unwrap();
    }
    stage.finish().unwrap()
}

fn audit(rows: &[(u8, u8)], known: &BTreeMap<u8, Known>, list: &[Listed]) -> (Classes, Vec<Finding>) {
    let folder = tempfile::tempdir().unwrap();
    let court = Court {
        ledger: Box::new(ledger(known)),
        generation: PRESENT,
        keep: Keep::First,
        pending: known.iter().filter(|(_, known)| known.pending).map(|(&who, _)| key(who)).collect(),
        rejected: std::collections::HashSet::new(),
        encoder: Arc::new(Lines),
        hasher: hasher(),
        limits: Limits { contacts: 9, bytes: 99 },
        selection: Selected::default(),
        suppression: Suppression::default(),
        compare: Arc::new(Lines),
        contacts: segment(rows, folder.path()),
        members: members(list, folder.path()),
    };
    let (mut classes, mut findings, mut duplicate, mut entries) = (Classes::default(), Vec::new(), 0, 0);
    for partition in 0..PARTITIONS {
        let judged = court.judge(partition, classes).unwrap();
        classes = judged.classes;
        findings.extend(judged.findings);
        (duplicate, entries) = (duplicate + judged.duplicate, entries + judged.known);
    }
    assert_eq!(classes.in_segment() + duplicate, rows.len() as u64);
    assert_eq!(entries, known.len() as u64);
    findings.sort_by_key(|finding| finding.key);
    (classes, findings)
}

fn model(rows: &[(u8, u8)], known: &BTreeMap<u8, Known>, list: &[Listed]) -> (Classes, Vec<Finding>) {
    let (mut classes, mut findings) = (Classes::default(), Vec::new());
    let everybody: BTreeSet<u8> = (0..32).collect();
    for who in everybody {
        let row = rows.iter().position(|row| row.0 == who);
        let entry = known.get(&who);
        let of_them = || (1..).zip(list).filter(|(_, listed)| listed.who == who);
        let member = of_them().min_by_key(|(id, listed)| (code(listed.standing), *id));
        let subscribed = member.is_some_and(|(_, listed)| listed.standing == Membership::Subscribed);
        let Some(row) = row else {
            let (refused, pending) =
                (entry.is_some_and(|e| e.word == Word::Rejected && !e.outdated), entry.is_some_and(|e| e.pending));
            let applied = entry.is_some() && !refused;
            match (subscribed, member.is_some()) {
                (true, _) if applied || pending => classes.left += 1,
                (true, _) => classes.unknown += 1,
                (false, is_member) => classes.gone += u64::from(is_member || applied),
            }
            continue;
        };
        let value = rows[row].1;
        let settled =
            entry.filter(|e| !e.outdated && !e.pending && e.value == value && e.late.is_none_or(|late| late == value));
        let finding = |kind, parts| Finding {
            kind,
            key: key(who),
            contact: member.map(|(id, _)| id),
            place: Place { origin: 0, row: row as u64 },
            parts,
        };
        match (settled.map(|e| e.word), member.map(|(_, listed)| listed)) {
            (None | Some(Word::Dirty), _) => classes.pending += 1,
            (Some(Word::Rejected), _) => classes.refused += 1,
            (Some(Word::Confirmed), Some(Listed { standing: Membership::Subscribed, value: there, .. })) => {
                if *there == value {
                    classes.agree += 1;
                } else {
                    classes.different += 1;
                    findings.push(finding(FindingKind::Different, vec!["value".into()]));
                }
            }
            (Some(Word::Confirmed), listed) => {
                let (count, kind) = match listed.map(|listed| listed.standing) {
                    Some(Membership::Unsubscribed) => (&mut classes.unsubscribed, FindingKind::Unsubscribed),
                    Some(Membership::Unconfirmed) => (&mut classes.unconfirmed, FindingKind::Unconfirmed),
                    Some(Membership::Bounced) => (&mut classes.bounced, FindingKind::Bounced),
                    _ => (&mut classes.missing, FindingKind::Missing),
                };
                *count += 1;
                findings.push(finding(kind, Vec::new()));
            }
        }
    }
    findings.sort_by_key(|finding| finding.key);
    (classes, findings)
}

proptest! {
    // Each case reads 512 partitions.
    #![proptest_config(ProptestConfig::with_cases(100))]
    #[test]
    fn every_contact_is_in_one_class_as_the_model_says(
        rows in prop::collection::vec((0_u8..24, 0_u8..3), 0..50), known in known(), list in list(),
    ) {
        prop_assert_eq!(audit(&rows, &known, &list), model(&rows, &known, &list));
    }
}

fn confirmed(value: u8) -> Known {
    Known { word: Word::Confirmed, value, late: None, outdated: false, pending: false }
}

#[test]
fn each_class_is_reached() {
    let known: BTreeMap<u8, Known> = (0..=10).map(|who| (who, confirmed(1))).collect();
    let rows: Vec<(u8, u8)> = (0..=6).map(|who| (who, 1)).chain([(7, 2), (11, 1)]).collect();
    let listed = |who, standing, value| Listed { who, standing, value };
    let list = [
        listed(0, Membership::Subscribed, 1),
        listed(1, Membership::Subscribed, 2),
        listed(2, Membership::Unsubscribed, 1),
        listed(3, Membership::Unconfirmed, 1),
        listed(4, Membership::Bounced, 1),
        listed(5, Membership::Other(91), 1),
        listed(8, Membership::Subscribed, 1),
        listed(9, Membership::Unsubscribed, 1),
        listed(12, Membership::Subscribed, 1),
    ];
    let (classes, findings) = audit(&rows, &known, &list);
    let expected = Classes {
        agree: 1,
        different: 1,
        unsubscribed: 1,
        unconfirmed: 1,
        bounced: 1,
        missing: 2,
        pending: 2,
        refused: 0,
        left: 1,
        gone: 2,
        unknown: 1,
    };
    assert_eq!(classes, expected);
    assert_eq!((classes.findings(), findings.len()), (6, 6));
    let removed = findings.iter().find(|finding| finding.key == key(5)).unwrap();
    assert_eq!((removed.kind, removed.contact), (FindingKind::Missing, Some(6)));
}

#[test]
fn standings_survive_as_numbers() {
    let others = (0..=u8::MAX).map(Membership::Other);
    let named = [Membership::Subscribed, Membership::Unconfirmed, Membership::Bounced, Membership::Unsubscribed];
    for standing in others.chain(named) {
        assert_eq!(membership(code(standing)), standing);
    }
}
