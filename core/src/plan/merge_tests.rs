//! The merge against a model of sets and maps.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use arrow::array::{BinaryArray, StringArray, UInt64Array};
use bytes::Bytes;
use proptest::prelude::*;

use super::merge::{Merge, Merged};
use super::pack::Packed;
use super::queue::Queue;
use super::read::Segment;
use super::select::Selected;
use super::stage::{Partitions, Stage, Staged, Staging};
use super::{Fingerprint, Hasher, Key, Summary};
use crate::{
    ContactBatch, Digest, Encode, Envelope, Error, Keep, Lane, Ledger, Limits, Mapped, MemoryLedger, NewIntent, Place,
    Reason, Rejects, Scope, Settlement, Shape, Slot, Standing, Suppression,
};

const PRESENT: Digest = [1; 16];
const EARLIER: Digest = [0; 16];
const LIMITS: Limits = Limits { contacts: 4, bytes: 120 };

/// Writes `email=value;`.
struct Lines;

impl Encode for Lines {
    fn encode(&self, contacts: &ContactBatch) -> Result<BinaryArray, Error> {
        let lines = contacts.email.iter().flatten().zip(contacts.values[0].iter().flatten());
        Ok(BinaryArray::from_iter_values(lines.map(|(email, value)| format!("{email}={value};"))))
    }

    fn envelope(&self) -> Envelope {
        Envelope { open: Bytes::from_static(b"<"), separator: Bytes::new(), close: Bytes::from_static(b">") }
    }

    fn lane(&self, contacts: usize) -> Lane {
        if contacts == 1 { Lane::Single } else { Lane::Bulk }
    }
}

#[derive(Clone, Debug)]
struct Row {
    who: u8,
    value: u8,
    rank: u8,
}

/// What is on record about somebody.
#[derive(Clone, Debug, Default)]
struct Known {
    /// The last word and its value; absent without an entry.
    standing: Option<(Word, u8)>,
    late: BTreeSet<u8>,
    pending: bool,
    /// Whether the last word was of another generation.
    outdated: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    Confirmed,
    Rejected,
    Dirty,
}

fn email(who: u8) -> String {
    format!("p{who}@example.com")
}

fn hasher() -> Hasher {
    Hasher::new([3; 32])
}

fn key(who: u8) -> Key {
    hasher().key(&email(who))
}

fn print(who: u8, value: u8) -> Fingerprint {
    hasher().fingerprint(format!("{}={value};", email(who)).as_bytes())
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    prop::collection::vec((0_u8..24, 0_u8..3, 0_u8..3).prop_map(|(who, value, rank)| Row { who, value, rank }), 0..60)
}

fn known() -> impl Strategy<Value = BTreeMap<u8, Known>> {
    let word = prop_oneof![Just(Word::Confirmed), Just(Word::Rejected), Just(Word::Dirty)];
    let late = prop_oneof![3 => Just(BTreeSet::new()), 1 => prop::collection::btree_set(0_u8..3, 1..3)];
    let one =
        (prop::option::weighted(0.8, (word, 0_u8..3)), late, prop::bool::weighted(0.2), prop::bool::weighted(0.2));
    let one = one.prop_map(|(standing, late, pending, outdated)| Known {
        // Late values come with an entry.
        standing: standing.or((!late.is_empty()).then_some((Word::Dirty, 0))),
        late,
        pending,
        outdated,
    });
    prop::collection::btree_map(0_u8..32, one, 0..24)
}

fn ledger(known: &BTreeMap<u8, Known>) -> MemoryLedger {
    let mut ledger = MemoryLedger::new(Scope { export: "e".into(), account: "a".into(), list: 1 });
    for (generation, outdated) in [(EARLIER, true), (PRESENT, false)] {
        ledger.set_generation(generation).unwrap();
        for (&who, known) in known.iter().filter(|(_, known)| known.outdated == outdated) {
            for &value in &known.late {
                settle(&mut ledger, who, value, Word::Dirty, true);
            }
            if let Some((word, value)) = known.standing {
                settle(&mut ledger, who, value, word, false);
            }
        }
    }
    ledger
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

/// Rows with their places, in order of arrival, staged in batches of up to `batch`.
fn stage(arrivals: &[(usize, &Row)], batch: usize, keep: &Keep, folder: &std::path::Path) -> Partitions {
    let mut stage = Stage::create(folder).unwrap();
    for rows in arrivals.chunks(batch) {
        let ranks = rows.iter().map(|(_, row)| [row.rank]);
        let contacts = ContactBatch {
            shape: Arc::new(Shape { slots: vec![Slot::FirstName], tags: Vec::new() }),
            origin: 0,
            rows: UInt64Array::from_iter_values(rows.iter().map(|&(place, _)| place as u64)),
            email: StringArray::from_iter_values(rows.iter().map(|(_, row)| email(row.who))),
            values: vec![StringArray::from_iter_values(rows.iter().map(|(_, row)| row.value.to_string()))],
            rank: (*keep != Keep::First).then(|| BinaryArray::from_iter_values(ranks)),
        };
        let mapped = Mapped { contacts, rejects: Rejects::default(), reject_emails: Vec::new() };
        let (staged, rejects) = Staged::encode(mapped, &staging()).unwrap();
        assert!(rejects.is_empty());
        stage.push(staged).unwrap();
    }
    stage.finish().unwrap()
}

fn staging() -> Staging {
    let (encoder, suppression) = (Arc::new(Lines), Arc::default());
    Staging { encoder, limits: LIMITS, hasher: hasher(), suppression, emails: true }
}

fn merge(
    arrivals: &[(usize, &Row)],
    batch: usize,
    keep: &Keep,
    full: bool,
    known: &BTreeMap<u8, Known>,
) -> (Merged, Summary) {
    let pending: HashSet<Key> = known.iter().filter(|(_, known)| known.pending).map(|(&who, _)| key(who)).collect();
    merge_with(&ledger(known), &pending, (arrivals, batch), keep, full)
}

fn merge_with(
    ledger: &MemoryLedger,
    pending: &HashSet<Key>,
    (arrivals, batch): (&[(usize, &Row)], usize),
    keep: &Keep,
    full: bool,
) -> (Merged, Summary) {
    let folder = tempfile::tempdir().unwrap();
    let partitions = stage(arrivals, batch, keep, folder.path());
    let mut summary = Summary { read: arrivals.len() as u64, ..Summary::default() };
    let segment = Segment { partitions, rejected: HashSet::new() };
    let merge = Merge {
        ledger,
        generation: PRESENT,
        keep,
        full,
        selection: &Selected::default(),
        departure: None,
        suppression: &Suppression::default(),
        pending,
        encoder: &Lines,
        hasher: &hasher(),
        limits: LIMITS,
    };
    let merged = merge.run(&segment, folder.path(), &mut summary).unwrap();
    (merged, summary)
}

fn requests(queue: &Queue) -> Vec<Packed> {
    (0..queue.len()).map(|index| queue.load(index).unwrap()).collect()
}

fn contacts(queue: &Queue) -> Vec<(Key, Fingerprint, Place)> {
    let all = requests(queue).into_iter().flat_map(|request| request.contacts);
    all.map(|contact| (contact.key, contact.fingerprint, contact.place)).collect()
}

/// What should come of it: counts, and who is in which queue, by key.
#[derive(Debug, Default, PartialEq, Eq)]
struct Model {
    counts: [u64; 8],
    ready: BTreeMap<Key, (Fingerprint, u64)>,
    blocked: BTreeMap<Key, (Fingerprint, u64)>,
    known_bad: BTreeMap<Key, u64>,
}

fn model(rows: &[Row], keep: &Keep, full: bool, known: &BTreeMap<u8, Known>) -> Model {
    let mut winners: BTreeMap<u8, (usize, &Row)> = BTreeMap::new();
    for (place, row) in rows.iter().enumerate() {
        let best = winners.entry(row.who).or_insert((place, row));
        let weight = |row: &Row| (row.rank, print(row.who, row.value).0);
        if *keep != Keep::First && weight(row) > weight(best.1) {
            *best = (place, row);
        }
    }
    let mut model = Model::default();
    let [add, update, resend, unchanged, leave, duplicate, rejected, entries] = &mut model.counts;
    *duplicate = (rows.len() - winners.len()) as u64;
    for (who, (place, row)) in &winners {
        let known = known.get(who).cloned().unwrap_or_default();
        let certain = !full && !known.outdated && !known.pending && known.late.iter().all(|&late| late == row.value);
        let same = |word| certain && known.standing == Some((word, row.value));
        if same(Word::Confirmed) {
            *unchanged += 1;
        } else if same(Word::Rejected) {
            *rejected += 1;
            model.known_bad.insert(key(*who), *place as u64);
        } else {
            *(if known.standing.is_none() { &mut *add } else { &mut *update }) += 1;
            let unknown = known.outdated || matches!(known.standing, Some((Word::Dirty, _)));
            *resend += u64::from(known.standing.is_some() && unknown);
            let is_blocked = known.pending || known.late.iter().any(|&late| late != row.value);
            let queue = if is_blocked { &mut model.blocked } else { &mut model.ready };
            queue.insert(key(*who), (print(*who, row.value), *place as u64));
        }
    }
    for (who, known) in known {
        let Some((word, _)) = known.standing else { continue };
        *entries += 1;
        let refused = word == Word::Rejected;
        *leave += u64::from(!winners.contains_key(who) && !refused);
    }
    model
}

fn found(merged: &Merged, summary: &Summary) -> Model {
    let queue = |queue| {
        let all = contacts(queue).into_iter();
        all.map(|(key, print, place)| (key, (print, place.row))).collect()
    };
    let known_bad = merged.known_bad.iter().filter_map(|reject| Some((reject.key?, reject.place.row))).collect();
    Model {
        counts: [
            summary.add,
            summary.update,
            summary.resend,
            summary.unchanged,
            summary.leave,
            summary.duplicate,
            summary.rejected_total(),
            summary.known,
        ],
        ready: queue(&merged.rows.ready),
        blocked: queue(&merged.rows.blocked),
        known_bad,
    }
}

fn keeps() -> impl Strategy<Value = Keep> {
    prop_oneof![Just(Keep::First), Just(Keep::Latest { by: "rank".into() })]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn every_row_is_counted_once_and_every_contact_is_where_the_rules_put_it(
        rows in rows(), known in known(), keep in keeps(), full in prop::bool::weighted(0.2), batch in 1_usize..20,
    ) {
        let arrivals: Vec<_> = rows.iter().enumerate().collect();
        let (merged, summary) = merge(&arrivals, batch, &keep, full, &known);
        prop_assert_eq!(found(&merged, &summary), model(&rows, &keep, full, &known));
        let outcomes = summary.changes() + summary.unchanged + summary.rejected_total() + summary.duplicate;
        prop_assert_eq!(summary.read, outcomes);
        for queue in [&merged.rows.ready, &merged.rows.blocked] {
            let keys: Vec<Key> = contacts(queue).into_iter().map(|(key, ..)| key).collect();
            prop_assert!(keys.is_sorted(), "requests are in key order");
            let mut sent = keys.clone();
            sent.dedup();
            prop_assert_eq!(sent.len(), keys.len(), "nobody is sent twice");
            for request in requests(queue) {
                prop_assert!(request.contacts.len() <= LIMITS.contacts && request.body.len() <= LIMITS.bytes);
            }
        }
    }

    #[test]
    fn the_same_rows_in_another_order_of_arrival_give_the_same_bytes(
        (rows, order) in rows().prop_flat_map(|rows| {
            let order = Just((0..rows.len()).collect::<Vec<_>>()).prop_shuffle();
            (Just(rows), order)
        }),
        known in known(), keep in keeps(), batches in (1_usize..20, 1_usize..20),
    ) {
        let one: Vec<_> = rows.iter().enumerate().collect();
        let other: Vec<_> = order.iter().map(|&place| (place, &rows[place])).collect();
        let (one, counts) = merge(&one, batches.0, &keep, false, &known);
        let (other, others) = merge(&other, batches.1, &keep, false, &known);
        prop_assert_eq!(counts, others);
        prop_assert_eq!(requests(&one.rows.ready), requests(&other.rows.ready));
        prop_assert_eq!(requests(&one.rows.blocked), requests(&other.rows.blocked));
    }
}

/// Somebody for each standing, set of late values, pending or not, of this generation or not.
fn everybody() -> BTreeMap<u8, Known> {
    let word = |word, value| Some((word, value));
    let standings = [
        None,
        word(Word::Confirmed, 0),
        word(Word::Confirmed, 1),
        word(Word::Rejected, 0),
        word(Word::Rejected, 1),
        word(Word::Dirty, 0),
    ];
    let mut known = BTreeMap::new();
    for standing in standings {
        for late in [&[][..], &[0], &[1], &[0, 1]] {
            for (pending, outdated) in [(false, false), (false, true), (true, false), (true, true)] {
                // Late values and generations come with an entry.
                if standing.is_some() || (late.is_empty() && !outdated) {
                    let one = Known { standing, late: late.iter().copied().collect(), pending, outdated };
                    known.insert(known.len() as u8, one);
                }
            }
        }
    }
    known
}

#[test]
fn every_verdict_there_is_follows_the_rules() {
    let known = everybody();
    assert_eq!(known.len(), 5 * 4 * 4 + 2);
    for full in [false, true] {
        // The second segment lacks every other contact, in turn.
        for keep in [&(|_| true) as &dyn Fn(u8) -> bool, &|who| who % 2 == 0, &|who| who % 2 == 1] {
            let rows: Vec<Row> =
                known.keys().filter(|who| keep(**who)).map(|&who| Row { who, value: 0, rank: 0 }).collect();
            let arrivals: Vec<_> = rows.iter().enumerate().collect();
            let (merged, summary) = merge(&arrivals, 7, &Keep::First, full, &known);
            assert_eq!(found(&merged, &summary), model(&rows, &Keep::First, full, &known));
        }
    }
}

#[test]
fn emails_are_kept_of_whoever_is_sent_or_was_confirmed_before_a_refusal() {
    let one = |word, value| Known { standing: Some((word, value)), ..Known::default() };
    let mut ledger = ledger(&[(1, one(Word::Confirmed, 0)), (2, one(Word::Rejected, 1))].into());
    settle(&mut ledger, 1, 1, Word::Rejected, false);
    let rows: Vec<Row> = (1..4).map(|who| Row { who, value: 1, rank: 0 }).collect();
    let arrivals: Vec<_> = rows.iter().enumerate().collect();
    let (merged, summary) = merge_with(&ledger, &HashSet::new(), (&arrivals, 8), &Keep::First, false);
    assert_eq!((summary.rejected_total(), summary.add), (2, 1), "1 and 2 are known to be refused with this value");
    let kept: HashSet<Key> =
        (0..merged.emails.len()).flat_map(|block| merged.emails.load(block).unwrap()).map(|(key, _)| key).collect();
    assert_eq!(kept, [key(1), key(3)].into());
}

#[test]
fn a_ledger_of_the_model_reads_as_it_was_written() {
    let known = [(1, Known { standing: Some((Word::Confirmed, 2)), late: [0].into(), ..Known::default() })].into();
    let entries = ledger(&known).entries(&PRESENT, Key([0; 16]), Key([0xff; 16])).unwrap();
    assert_eq!(entries[0].standing, Standing::Confirmed(print(1, 2)));
    assert_eq!(entries[0].late, [print(1, 0)]);
}
