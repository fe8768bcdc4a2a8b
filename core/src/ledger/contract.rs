//! What every [`Ledger`] does, checked against a model that remembers all that happened and nothing else.

use proptest::prelude::*;

use super::*;

/// Opens the ledger again, as a process does that starts after the one before it died.
type Open<'a> = &'a mut dyn FnMut() -> Box<dyn Ledger>;

const FIRST: Key = Key([0; 16]);
const LAST: Key = Key([0xff; 16]);

fn scope() -> Scope {
    Scope { export: "vip".to_owned(), account: "acme.example.com".to_owned(), list: u64::MAX }
}

fn key(n: u8) -> Key {
    Key([n.wrapping_mul(37); 16])
}

fn fp(n: u8) -> Fingerprint {
    Fingerprint([n; 16])
}

#[derive(Clone, Debug)]
enum Step {
    Generation(u8),
    Record(Vec<Vec<(u8, u8)>>),
    Accept(usize, bool),
    /// What becomes of each contact of the intent (cycled), and whether it was in doubt.
    Settle(usize, Vec<u8>, bool),
    /// Values of intents up to so many before the last.
    ClearLate(i64),
    ExpireLate(i64),
    Restart,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let contacts = || prop::collection::btree_map(0..6u8, 0..4u8, 0..5).prop_map(|c| c.into_iter().collect::<Vec<_>>());
    let step = prop_oneof![
        1 => (0..3u8).prop_map(Step::Generation),
        4 => prop::collection::vec(contacts(), 0..3).prop_map(Step::Record),
        2 => (0..4usize, any::<bool>()).prop_map(|(at, doubt)| Step::Accept(at, doubt)),
        4 => (0..4usize, prop::collection::vec(0..5u8, 1..5), any::<bool>()).prop_map(|(a, f, d)| Step::Settle(a, f, d)),
        1 => (0..4i64).prop_map(Step::ClearLate),
        1 => (0..4i64).prop_map(Step::ExpireLate),
        1 => Just(Step::Restart),
    ];
    prop::collection::vec((step, 0..40i64).prop_map(|(step, _)| step), 1..30)
}

/// Everything that happened, in order; what is on record is worked out by reading it from the start.
#[derive(Default)]
struct History {
    facts: Vec<Fact>,
    intents: Vec<Intent>,
    last: IntentId,
}

enum Fact {
    Generation(Digest),
    Stands(Key, Standing),
    Late(Key, Fingerprint, IntentId),
    Cleared(IntentId),
    Expired(IntentId),
}

impl History {
    fn generation_at(&self, at: usize) -> Option<Digest> {
        let declared = self.facts[..at].iter().rev();
        declared.into_iter().find_map(|fact| if let Fact::Generation(d) = fact { Some(*d) } else { None })
    }

    fn entry(&self, wanted: Key, generation: Digest) -> Option<Entry> {
        let (mut standing, mut raw, mut earlier, mut held) = (None, None, None, None);
        let holds = |raw: Option<Standing>, held| match raw {
            Some(Standing::Confirmed(value)) => Some(value),
            _ => held,
        };
        let mut late: Vec<(Fingerprint, IntentId)> = Vec::new();
        for (at, fact) in self.facts.iter().enumerate() {
            match fact {
                Fact::Stands(key, now) if *key == wanted => {
                    held = if let Standing::Confirmed(_) = now { None } else { holds(raw, held) };
                    raw = Some(*now);
                    let same = self.generation_at(at) == Some(generation);
                    standing = Some(if same { *now } else { Standing::Dirty });
                    earlier = Some(*now).filter(|now| !same && *now != Standing::Dirty);
                }
                Fact::Late(key, fp, intent) if *key == wanted => {
                    let before = late.iter().position(|(known, _)| known == fp).map(|at| late.swap_remove(at).1);
                    late.push((*fp, before.map_or(*intent, |before| before.max(*intent))));
                }
                Fact::Expired(through) => {
                    let expired = late.iter_mut().filter(|(_, intent)| intent <= through);
                    expired.for_each(|(_, intent)| *intent = IntentId::NONE);
                }
                Fact::Cleared(through) => {
                    let other = |fp: &Fingerprint| !raw.is_some_and(|raw: Standing| raw.is_of(*fp));
                    if late.iter().any(|(fp, intent)| intent <= through && other(fp)) {
                        held = holds(raw, held);
                        raw = Some(Standing::Dirty);
                        standing = raw;
                        earlier = None;
                    }
                    late.retain(|(_, intent)| intent > through);
                }
                _ => {}
            }
        }
        late.sort();
        let late = late.into_iter().map(|(fp, _)| fp).collect();
        standing.map(|standing| Entry { late, earlier, held, ..Entry::of(wanted, standing) })
    }

    fn entries(&self, generation: Digest) -> Vec<Entry> {
        let mut all: Vec<_> = (0..6).filter_map(|n| self.entry(key(n), generation)).collect();
        all.sort_by_key(|entry| entry.key);
        all
    }

    fn late_of(&mut self, intent: &Intent) {
        self.facts.extend(intent.contacts.iter().map(|(key, fp)| Fact::Late(*key, *fp, intent.id)));
    }

    fn record(&mut self, ids: Vec<IntentId>, new: &[NewIntent], now: i64) {
        assert_eq!(ids.len(), new.len());
        for (id, new) in ids.into_iter().zip(new) {
            assert!(self.last < id, "names of intents grow");
            self.last = id;
            self.intents.push(Intent {
                id,
                since: now,
                state: IntentState::Open,
                in_doubt: false,
                contacts: new.contacts.clone(),
            });
        }
    }
}

/// Takes one step with both and returns nothing: [`agree`] compares.
fn take(step: &Step, now: i64, ledger: &mut dyn Ledger, history: &mut History) {
    let pick = |at: usize, history: &History| at.checked_rem(history.intents.len());
    match step {
        Step::Generation(n) => {
            ledger.set_generation([*n; 16]).unwrap();
            history.facts.push(Fact::Generation([*n; 16]));
        }
        Step::Record(intents) => {
            let contacts = |of: &Vec<(u8, u8)>| of.iter().map(|(k, f)| (key(*k), fp(*f))).collect();
            let new: Vec<_> = intents.iter().map(|of| NewIntent { contacts: contacts(of) }).collect();
            let ids = ledger.record(&new, now).unwrap();
            history.record(ids, &new, now);
        }
        Step::Accept(at, doubt) => {
            let Some(at) = pick(*at, history) else { return };
            let intent = &mut history.intents[at];
            let job = JobId(format!("job-{now}"));
            ledger.accept(intent.id, &job, *doubt).unwrap();
            intent.state = IntentState::Accepted(job);
            intent.in_doubt |= doubt;
        }
        Step::Settle(at, fates, doubt) => {
            let Some(at) = pick(*at, history) else { return };
            let intent = history.intents.remove(at);
            let mut settlement = Settlement { in_doubt: *doubt, ..Settlement::default() };
            for (&(key, fp), fate) in intent.contacts.iter().zip(fates.iter().cycle()) {
                let standing = match fate {
                    0 | 1 => {
                        settlement.confirmed.push((key, fp));
                        Standing::Confirmed(fp)
                    }
                    2 => {
                        settlement.rejected.push((key, fp, Reason::Refused));
                        Standing::Rejected(fp, Reason::Refused)
                    }
                    3 => {
                        settlement.dirty.push((key, fp));
                        Standing::Dirty
                    }
                    _ if *doubt || intent.in_doubt => Standing::Dirty,
                    _ => continue,
                };
                history.facts.push(Fact::Stands(key, standing));
            }
            ledger.settle(intent.id, &settlement).unwrap();
            if *doubt || intent.in_doubt {
                history.late_of(&intent);
            }
        }
        Step::ClearLate(back) => {
            let through = IntentId(history.last.0 - back);
            let values = |h: &History| h.entries([0; 16]).iter().map(|entry| entry.late.len() as u64).sum::<u64>();
            let held = values(history);
            history.facts.push(Fact::Cleared(through));
            assert_eq!(ledger.clear_late(through).unwrap(), held - values(history));
        }
        Step::ExpireLate(back) => {
            let through = IntentId(history.last.0 - back);
            history.facts.push(Fact::Expired(through));
            ledger.expire_late(through).unwrap();
        }
        Step::Restart => {}
    }
}

fn agree(ledger: &dyn Ledger, history: &History) {
    for generation in 0..3 {
        let expected = history.entries([generation; 16]);
        assert_eq!(ledger.entries(&[generation; 16], FIRST, LAST).unwrap(), expected);
        assert_eq!(ledger.len().unwrap(), expected.len() as u64);
        assert_eq!(ledger.is_empty().unwrap(), expected.is_empty());
        let (from, to) = (key(1), key(4));
        let within: Vec<_> = expected.into_iter().filter(|e| from <= e.key && e.key <= to).collect();
        assert_eq!(ledger.entries(&[generation; 16], from, to).unwrap(), within);
    }
    assert_eq!(ledger.intents().unwrap(), history.intents);
    assert_eq!(ledger.last_intent().unwrap(), history.last);
    assert_eq!(ledger.generation().unwrap(), history.generation_at(history.facts.len()));
}

/// Time moves on with each step, and at times back.
fn follow(steps: &[Step], open: Open<'_>) {
    let (mut ledger, mut history) = (open(), History::default());
    for (at, step) in steps.iter().enumerate() {
        let now = at as i64 + if at % 7 == 6 { -3 } else { 0 };
        if matches!(step, Step::Restart) {
            drop(ledger);
            ledger = open();
        }
        take(step, now, ledger.as_mut(), &mut history);
        agree(ledger.as_ref(), &history);
    }
}

fn an_ended_intent_is_refused(open: Open<'_>) {
    let mut ledger = open();
    let contacts = vec![(key(1), fp(1))];
    let id = ledger.record(&[NewIntent { contacts }], 1).unwrap()[0];
    ledger.settle(id, &Settlement::default()).unwrap();
    let job = JobId("7".to_owned());
    for refused in [ledger.accept(id, &job, false).unwrap_err(), ledger.settle(id, &Settlement::default()).unwrap_err()]
    {
        assert_eq!((refused.kind(), refused.code()), (ErrorKind::State, "state::no_intent"));
    }
    let again = ledger.record(&[NewIntent { contacts: vec![] }], 4).unwrap()[0];
    assert!(again > id, "the name of an ended intent is not given again");
}

fn add_dirty(ledger: &mut dyn Ledger, key: Key) -> Result<(), Error> {
    let contacts = vec![(key, fp(0))];
    let id = ledger.record(&[NewIntent { contacts: contacts.clone() }], 1)?[0];
    ledger.settle(id, &Settlement { dirty: contacts, ..Settlement::default() })
}

fn a_value_that_may_have_landed_over_another_makes_its_contact_dirty(open: Open<'_>) {
    let mut ledger = open();
    ledger.set_generation([1; 16]).unwrap();
    for (value, in_doubt) in [(1, true), (2, false)] {
        let confirmed = vec![(key(1), fp(value))];
        let id = ledger.record(&[NewIntent { contacts: confirmed.clone() }], 5).unwrap()[0];
        ledger.settle(id, &Settlement { confirmed, in_doubt, ..Settlement::default() }).unwrap();
    }
    let entry = |ledger: &dyn Ledger| ledger.entries(&[1; 16], FIRST, LAST).unwrap().remove(0);
    assert_eq!((entry(&*ledger).standing, entry(&*ledger).late), (Standing::Confirmed(fp(2)), vec![fp(1)]));
    assert_eq!(ledger.clear_late(IntentId(1)).unwrap(), 1);
    assert_eq!((entry(&*ledger).standing, entry(&*ledger).late), (Standing::Dirty, vec![]));
}

fn a_backward_range_is_empty(open: Open<'_>) {
    let mut ledger = open();
    add_dirty(&mut *ledger, key(1)).unwrap();
    assert_eq!(ledger.entries(&[0; 16], LAST, FIRST).unwrap(), vec![]);
}

fn values_of_an_earlier_generation_are_dirty_until_it_returns(open: Open<'_>) {
    let mut ledger = open();
    ledger.set_generation([1; 16]).unwrap();
    let contacts = vec![(key(1), fp(1))];
    let id = ledger.record(&[NewIntent { contacts: contacts.clone() }], 1).unwrap()[0];
    let confirmed = Settlement { confirmed: contacts, ..Settlement::default() };
    ledger.settle(id, &confirmed).unwrap();
    ledger.set_generation([2; 16]).unwrap();
    let standing = |generation| ledger.entries(&[generation; 16], FIRST, LAST).unwrap()[0].standing;
    assert_eq!(standing(2), Standing::Dirty);
    assert_eq!(standing(1), Standing::Confirmed(fp(1)));
}

fn contract(make: &dyn Fn() -> Box<dyn FnMut() -> Box<dyn Ledger>>) {
    an_ended_intent_is_refused(&mut *make());
    a_backward_range_is_empty(&mut *make());
    a_value_that_may_have_landed_over_another_makes_its_contact_dirty(&mut *make());
    values_of_an_earlier_generation_are_dirty_until_it_returns(&mut *make());
}

fn memory() -> Box<dyn FnMut() -> Box<dyn Ledger>> {
    let mut ledger = MemoryLedger::new(scope());
    Box::new(move || {
        ledger = ledger.crash();
        Box::new(ledger.clone())
    })
}

fn sqlite() -> Box<dyn FnMut() -> Box<dyn Ledger>> {
    let folder = tempfile::tempdir().unwrap();
    Box::new(move || Box::new(SqliteLedger::open(&folder.path().join("ledger.db"), &scope()).unwrap()))
}

#[test]
fn the_memory_ledger_keeps_the_contract() {
    contract(&memory);
}

#[test]
fn the_sqlite_ledger_keeps_the_contract() {
    contract(&sqlite);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn the_memory_ledger_equals_the_model(steps in steps()) {
        follow(&steps, &mut *memory());
    }
}

proptest! {
    // Each step is a durable write.
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn the_sqlite_ledger_equals_the_model(steps in steps()) {
        follow(&steps, &mut *sqlite());
    }
}

#[test]
fn a_failed_write_is_lost_or_kept_as_planned() {
    for (fault, kept) in [(WriteFault::Lost, 0), (WriteFault::Kept, 1)] {
        let mut ledger = MemoryLedger::new(scope());
        ledger.fail_write(3, fault);
        ledger.set_generation([1; 16]).unwrap();
        assert_eq!(add_dirty(&mut ledger, key(1)).unwrap_err().code(), "state::unwritable");
        let restarted = ledger.crash();
        assert_eq!(restarted.len().unwrap(), kept);
        add_dirty(&mut ledger, key(2)).unwrap();
        assert_eq!(restarted.len().unwrap(), kept, "a restarted process does not see what a dead one writes");
        assert_eq!(ledger.writes(), 5);
    }
}
