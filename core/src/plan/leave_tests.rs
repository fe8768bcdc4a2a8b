//! What becomes of contacts that are not in the segment.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::BinaryArray;
use bytes::Bytes;

use super::leave::NOWHERE;
use super::merge::{Merge, Merged};
use super::read::Segment;
use super::stage::Stage;
use super::{Fingerprint, Hasher, Key, Selection, Summary};
use crate::{
    ContactBatch, Departure, Encode, Envelope, Error, Keep, Lane, Ledger, Limits, MemoryLedger, NewIntent, Reason,
    Scope, Settlement, Suppression,
};

struct Farewells;

impl Encode for Farewells {
    fn encode(&self, _: &ContactBatch) -> Result<BinaryArray, Error> {
        Ok(BinaryArray::from_iter_values(std::iter::empty::<&[u8]>()))
    }

    fn encode_leaver(&self, email: &str, departure: &Departure) -> Result<Vec<u8>, Error> {
        Ok(format!("{email} {departure:?}").into_bytes())
    }

    fn envelope(&self) -> Envelope {
        Envelope { open: Bytes::new(), separator: Bytes::new(), close: Bytes::new() }
    }

    fn lane(&self, _: usize) -> Lane {
        Lane::Bulk
    }
}

fn email(who: u8) -> String {
    format!("p{who}@example.com")
}

fn key(who: u8) -> Key {
    hasher().key(&email(who))
}

fn hasher() -> Hasher {
    Hasher::new([5; 32])
}

fn told(who: u8) -> Fingerprint {
    hasher().fingerprint(format!("{} {:?}", email(who), Departure::Unsubscribe).as_bytes())
}

const MEMBER: Fingerprint = Fingerprint([1; 16]);
const GENERATION: [u8; 16] = [9; 16];

/// A ledger of confirmed contacts whose emails are kept.
fn ledger(people: &[u8]) -> MemoryLedger {
    let mut ledger = MemoryLedger::new(Scope { export: "e".into(), account: "a".into(), list: 1 });
    ledger.set_generation(GENERATION).unwrap();
    for &who in people {
        confirm(&mut ledger, who, MEMBER);
    }
    let emails: Vec<_> = people.iter().map(|&who| (key(who), email(who))).collect();
    ledger.keep_emails(&emails).unwrap();
    ledger
}

fn confirm(ledger: &mut MemoryLedger, who: u8, value: Fingerprint) {
    settle(ledger, who, value, |contact| Settlement { confirmed: vec![contact], ..Settlement::default() });
}

fn settle(ledger: &mut MemoryLedger, who: u8, value: Fingerprint, end: impl Fn((Key, Fingerprint)) -> Settlement) {
    let contact = (key(who), value);
    let intent = ledger.record(&[NewIntent { contacts: vec![contact] }], 1).unwrap()[0];
    ledger.settle(intent, &end(contact)).unwrap();
}

fn refuse(ledger: &mut MemoryLedger, who: u8, value: Fingerprint) {
    settle(ledger, who, value, |(key, print)| Settlement {
        rejected: vec![(key, print, Reason::Refused)],
        ..Settlement::default()
    });
}

/// Everything of a merge of an empty segment that a test may bend.
struct Case {
    departure: Option<Departure>,
    selection: Selection,
    suppression: Suppression,
    rejected: HashSet<Key>,
    pending: HashSet<Key>,
    full: bool,
}

impl Default for Case {
    fn default() -> Self {
        Self {
            departure: Some(Departure::Unsubscribe),
            selection: Selection::default(),
            suppression: Suppression::default(),
            rejected: HashSet::new(),
            pending: HashSet::new(),
            full: false,
        }
    }
}

impl Case {
    fn merge(&self, ledger: &MemoryLedger) -> (Merged, Summary) {
        let folder = tempfile::tempdir().unwrap();
        let partitions = Stage::create(folder.path()).unwrap().finish().unwrap();
        let segment = Segment { partitions, rejected: self.rejected.clone() };
        let mut summary = Summary::default();
        let merge = Merge {
            ledger,
            generation: GENERATION,
            keep: &Keep::First,
            full: self.full,
            selection: &self.selection.of(&[]),
            departure: self.departure.as_ref(),
            suppression: &self.suppression,
            pending: &self.pending,
            encoder: &*Arc::new(Farewells),
            hasher: &hasher(),
            limits: Limits { contacts: 10, bytes: 10_000 },
        };
        let merged = merge.run(&segment, folder.path(), &mut summary).unwrap();
        (merged, summary)
    }

    /// Who is told, at once and later, and the summary.
    fn told(&self, ledger: &MemoryLedger) -> (HashSet<Key>, HashSet<Key>, Summary) {
        let (merged, summary) = self.merge(ledger);
        let who = |queue: &super::Queue| {
            let requests = (0..queue.len()).map(|index| queue.load(index).unwrap());
            let contacts = requests.flat_map(|request| request.contacts);
            contacts.inspect(|contact| assert_eq!(contact.place, NOWHERE)).map(|contact| contact.key).collect()
        };
        (who(&merged.leavers.ready), who(&merged.leavers.blocked), summary)
    }
}

fn keys(people: &[u8]) -> HashSet<Key> {
    people.iter().map(|&who| key(who)).collect()
}

#[test]
fn who_left_is_told_once_and_counted_once_as_leaving() {
    let mut ledger = ledger(&[1, 2]);
    let (ready, blocked, summary) = Case::default().told(&ledger);
    assert_eq!((ready, blocked), (keys(&[1, 2]), keys(&[])));
    assert_eq!((summary.leave, summary.known, summary.leavers.tell), (2, 2, 2));

    ledger.note_absence(&[key(1), key(2)], &[]).unwrap();
    confirm(&mut ledger, 1, told(1));
    let (ready, _, summary) = Case::default().told(&ledger);
    assert_eq!(ready, keys(&[2]), "whoever was told and confirmed it is not told again");
    assert_eq!((summary.leave, summary.known), (0, 0), "they left before: no guard counts them again");
    assert_eq!((summary.leavers.told, summary.leavers.tell), (1, 1));

    let (ready, ..) = Case { full: true, ..Case::default() }.told(&ledger);
    assert_eq!(ready, keys(&[2]), "told is told, in a full run too");
    ledger.set_generation([8; 16]).unwrap();
    let (ready, _, summary) = Case::default().told(&ledger);
    assert_eq!((ready, summary.leavers.resend), (keys(&[2]), 0), "another mapping tells nobody again");
}

#[test]
fn a_leaver_of_a_pending_import_or_with_a_late_value_waits() {
    let mut ledger = ledger(&[1, 2, 3]);
    settle(&mut ledger, 2, MEMBER, |contact| Settlement {
        dirty: vec![contact],
        in_doubt: true,
        ..Settlement::default()
    });
    let (ready, blocked, _) = Case { pending: keys(&[1]), ..Case::default() }.told(&ledger);
    assert_eq!((ready, blocked), (keys(&[3]), keys(&[1, 2])));
}

#[test]
fn nobody_is_told_who_is_in_the_segment_suppressed_or_was_never_taken() {
    let mut ledger = ledger(&[1, 2, 4]);
    refuse(&mut ledger, 3, MEMBER);
    ledger.keep_emails(&[(key(3), email(3))]).unwrap();
    let mut suppression = Suppression::default();
    suppression.add_key(key(2));
    let case = Case { rejected: keys(&[1]), suppression, ..Case::default() };
    let (ready, blocked, summary) = case.told(&ledger);
    assert_eq!(
        (ready, blocked),
        (keys(&[4]), keys(&[])),
        "1 has a row that was rejected, 2 is suppressed, 3 was refused and nothing else"
    );
    assert_eq!(summary.leave, 2);
}

#[test]
fn who_was_refused_after_a_confirmation_is_on_the_list_and_is_told() {
    let mut ledger = ledger(&[1, 2]);
    refuse(&mut ledger, 1, Fingerprint([2; 16]));
    // A crash in between leaves it open what became of 2, and the next value was refused.
    settle(&mut ledger, 2, MEMBER, |contact| Settlement { dirty: vec![contact], ..Settlement::default() });
    refuse(&mut ledger, 2, Fingerprint([2; 16]));
    let (ready, _, summary) = Case::default().told(&ledger);
    assert_eq!(ready, keys(&[1, 2]));
    assert_eq!((summary.leave, summary.leavers.tell), (2, 2));

    ledger.note_absence(&[key(1), key(2)], &[]).unwrap();
    confirm(&mut ledger, 1, told(1));
    refuse(&mut ledger, 2, told(2));
    let (ready, _, summary) = Case::default().told(&ledger);
    assert_eq!((ready, summary.leavers.told, summary.leavers.refused), (keys(&[]), 1, 1));
}

#[test]
fn who_comes_back_is_refused_and_leaves_again_is_told_again() {
    let mut ledger = ledger(&[1]);
    confirm(&mut ledger, 1, told(1));
    refuse(&mut ledger, 1, MEMBER);
    let (ready, _, summary) = Case::default().told(&ledger);
    assert_eq!((ready, summary.leave), (keys(&[1]), 1));
}

#[test]
fn a_run_over_a_part_of_the_segment_tells_nobody() {
    let ledger = ledger(&[1, 2]);
    for selection in [
        Selection { limit: Some(5), ..Selection::default() },
        Selection { rejects: Some([].into()), ..Selection::default() },
    ] {
        let (ready, blocked, summary) = Case { selection, ..Case::default() }.told(&ledger);
        assert!(ready.is_empty() && blocked.is_empty());
        assert_eq!((summary.leave, summary.leavers), (0, Default::default()));
    }
}

#[test]
fn a_refusal_of_the_farewell_is_remembered() {
    let mut ledger = ledger(&[1]);
    ledger.note_absence(&[key(1)], &[]).unwrap();
    refuse(&mut ledger, 1, told(1));
    let (ready, _, summary) = Case::default().told(&ledger);
    assert!(ready.is_empty());
    assert_eq!(summary.leavers.refused, 1);
}

#[test]
fn without_an_email_nobody_can_be_told_and_without_a_policy_nobody_is() {
    let mut ledger = ledger(&[1]);
    confirm(&mut ledger, 2, MEMBER);
    let (ready, _, summary) = Case::default().told(&ledger);
    assert_eq!((ready, summary.leavers.unknown), (keys(&[1]), 1));

    let (merged, summary) = Case { departure: None, ..Case::default() }.merge(&ledger);
    assert_eq!(merged.leavers.ready.len(), 0);
    assert_eq!((summary.leave, summary.leavers), (2, Default::default()));
    assert_eq!(merged.left.len(), 2, "who left is noted all the same");
}
