//! Which contacts a refused request stumbled over. Pure.
//!
//! A destination names contacts by number, but nobody knows whether it counts from 0 or from 1, nor whether it names
//! all of them. So a number alone convicts nobody: until the base is proven, both contacts it may mean are tried alone.

use crate::Complaint;

/// Most suspects that are tried alone; requests of one contact are dear.
const MOST_SUSPECTS: usize = 8;

/// What to do with a refused request; positions are those of its contacts, from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Isolation {
    /// The contacts at fault are known, with the destination's words; the others go again.
    Convict { culprits: Vec<(usize, String)>, rest: Vec<usize> },
    /// Each suspect goes alone, the others together. `named` is the number in question if it was just one.
    Suspect { suspects: Vec<usize>, rest: Vec<usize>, named: Option<u64> },
    /// Nothing can be made of the answer: the two halves go again.
    Halve,
}

/// Judges a refused request of `contacts`; `base` is the number of the first contact, where it is proven.
/// Returns the base as well if these complaints prove it.
pub(crate) fn isolate(contacts: usize, complaints: &[Complaint], base: Option<u64>) -> (Option<u64>, Isolation) {
    let named: Vec<(u64, &str)> =
        complaints.iter().filter_map(|complaint| Some((complaint.index?, complaint.reason.as_str()))).collect();
    let base = base.or_else(|| proven_base(contacts as u64, &named));
    let isolation = match base {
        Some(base) => convict(contacts, &named, base),
        None => suspect(contacts, &named),
    };
    (base, isolation)
}

/// Contact 0 exists only if counting starts there; contact `contacts` only if it starts at 1.
fn proven_base(contacts: u64, named: &[(u64, &str)]) -> Option<u64> {
    let has = |number| named.iter().any(|&(index, _)| index == number);
    match (has(0), has(contacts)) {
        (true, false) => Some(0),
        (false, true) => Some(1),
        _ => None,
    }
}

fn convict(contacts: usize, named: &[(u64, &str)], base: u64) -> Isolation {
    let mut culprits: Vec<(usize, String)> = named
        .iter()
        .filter_map(|(index, reason)| Some((usize::try_from(index.checked_sub(base)?).ok()?, (*reason).to_owned())))
        .filter(|(position, _)| *position < contacts)
        .collect();
    culprits.sort_unstable();
    culprits.dedup_by_key(|(position, _)| *position);
    if culprits.is_empty() {
        return Isolation::Halve;
    }
    let rest = others(contacts, culprits.iter().map(|(position, _)| *position));
    Isolation::Convict { culprits, rest }
}

fn suspect(contacts: usize, named: &[(u64, &str)]) -> Isolation {
    let mut suspects: Vec<usize> = named
        .iter()
        .flat_map(|&(index, _)| [index.checked_sub(1), Some(index)])
        .flatten()
        .filter_map(|position| usize::try_from(position).ok())
        .filter(|&position| position < contacts)
        .collect();
    suspects.sort_unstable();
    suspects.dedup();
    if suspects.is_empty() || suspects.len() > MOST_SUSPECTS {
        return Isolation::Halve;
    }
    let rest = others(contacts, suspects.iter().copied());
    let named = (named.len() == 1).then(|| named[0].0);
    Isolation::Suspect { suspects, rest, named }
}

/// Positions that are not among `taken`, which is sorted.
fn others(contacts: usize, taken: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut taken = taken.peekable();
    (0..contacts).filter(|position| taken.next_if_eq(position).is_none()).collect()
}

/// Two contacts one number may mean, each tried alone. Exactly one refusal proves the base.
#[derive(Clone, Debug)]
pub(crate) struct Trial {
    named: u64,
    verdicts: Vec<(usize, bool)>,
}

impl Trial {
    pub(crate) fn new(named: u64) -> Self {
        Self { named, verdicts: Vec::new() }
    }

    /// Notes whether the contact that stood at `position` was refused alone; returns the base once it is proven.
    pub(crate) fn note(&mut self, position: usize, refused: bool) -> Option<u64> {
        self.verdicts.push((position, refused));
        match self.verdicts.as_slice() {
            [(a, true), (_, false)] | [(_, false), (a, true)] => self.named.checked_sub(*a as u64),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeSet, HashMap};

    use proptest::prelude::*;

    use super::*;

    fn complaints(indices: &[u64]) -> Vec<Complaint> {
        indices.iter().map(|&index| Complaint { index: Some(index), reason: "bad".into() }).collect()
    }

    #[test]
    fn a_number_alone_convicts_nobody() {
        let (base, isolation) = isolate(5, &complaints(&[2]), None);
        assert_eq!(base, None);
        assert_eq!(isolation, Isolation::Suspect { suspects: vec![1, 2], rest: vec![0, 3, 4], named: Some(2) });
    }

    #[test]
    fn a_proven_base_convicts() {
        for (base, position) in [(0, 2), (1, 1)] {
            let (_, isolation) = isolate(4, &complaints(&[2]), Some(base));
            let rest: Vec<usize> = (0..4).filter(|&other| other != position).collect();
            assert_eq!(isolation, Isolation::Convict { culprits: vec![(position, "bad".into())], rest });
        }
    }

    #[test]
    fn the_ends_of_the_range_prove_the_base() {
        assert_eq!(isolate(3, &complaints(&[0]), None).0, Some(0));
        assert_eq!(isolate(3, &complaints(&[3]), None).0, Some(1));
        assert_eq!(isolate(3, &complaints(&[0, 3]), None).0, None);
    }

    #[test]
    fn what_cannot_be_understood_is_halved() {
        let unnamed = [Complaint { index: None, reason: "?".into() }];
        assert_eq!(isolate(4, &unnamed, None).1, Isolation::Halve);
        assert_eq!(isolate(4, &complaints(&[9]), Some(1)).1, Isolation::Halve);
        assert_eq!(isolate(50, &complaints(&[3, 6, 9, 12, 15]), None).1, Isolation::Halve);
    }

    #[test]
    fn one_refusal_of_two_proves_the_base() {
        let mut trial = Trial::new(7);
        assert_eq!(trial.note(6, true), None);
        assert_eq!(trial.note(7, false), Some(1));
        let mut trial = Trial::new(7);
        assert_eq!(trial.note(6, false), None);
        assert_eq!(trial.note(7, true), Some(0));
        let mut trial = Trial::new(7);
        assert_eq!(trial.note(6, true), None);
        assert_eq!(trial.note(7, true), None, "both refused proves nothing");
    }

    /// How a destination names the contacts at fault.
    #[derive(Clone, Copy, Debug)]
    enum Naming {
        All,
        /// The first ones, at most so many.
        First(usize),
        Last,
        /// One of them, anyhow.
        Any(usize),
        /// Each twice, and one that does not exist.
        Muddled,
        /// All but the first without a number.
        Halfway,
        WithoutNumbers,
        Nobody,
    }

    impl Naming {
        /// Complaints about contacts at these positions of a request, counted from `base`.
        fn complaints(self, at_fault: &[usize], contacts: usize, base: u64) -> Vec<Complaint> {
            let named: Vec<usize> = match self {
                Self::All | Self::Halfway | Self::WithoutNumbers => at_fault.to_vec(),
                Self::First(most) => at_fault.iter().copied().take(most).collect(),
                Self::Last => at_fault.last().copied().into_iter().collect(),
                Self::Any(which) => vec![at_fault[which % at_fault.len()]],
                Self::Muddled => at_fault.iter().rev().chain(at_fault).copied().chain([contacts + 1]).collect(),
                Self::Nobody => Vec::new(),
            };
            let number = |n: usize, position: usize| match self {
                Self::WithoutNumbers => None,
                Self::Halfway if n > 0 => None,
                _ => Some(position as u64 + base),
            };
            let complaint = |(n, &position)| Complaint { index: number(n, position), reason: "bad".into() };
            named.iter().enumerate().map(complaint).collect()
        }
    }

    fn naming() -> impl Strategy<Value = Naming> {
        prop_oneof![
            Just(Naming::All),
            (1_usize..4).prop_map(Naming::First),
            Just(Naming::Last),
            (0_usize..100).prop_map(Naming::Any),
            Just(Naming::Muddled),
            Just(Naming::Halfway),
            Just(Naming::WithoutNumbers),
            Just(Naming::Nobody),
        ]
    }

    /// What became of an import of `contacts`, some of them at fault.
    #[derive(Debug, Default)]
    struct Ended {
        taken: BTreeSet<usize>,
        refused: BTreeSet<usize>,
        base: Option<u64>,
        requests: usize,
    }

    /// Contacts of a request; the trial that one is sent alone for, and its position there.
    type Waiting = (Vec<usize>, Option<(usize, usize)>);

    /// Sends as delivery does, the requests that wait in any order.
    fn send(contacts: usize, culprits: &BTreeSet<usize>, base: u64, naming: &[Naming], mut order: usize) -> Ended {
        let mut ended = Ended::default();
        let mut trials: HashMap<usize, Trial> = HashMap::new();
        let mut waiting: Vec<Waiting> = vec![((0..contacts).collect(), None)];
        while !waiting.is_empty() {
            order = order.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let (request, trial) = waiting.swap_remove((order >> 33) % waiting.len());
            let naming = naming[ended.requests % naming.len()];
            ended.requests += 1;
            let at_fault: Vec<usize> = (0..request.len()).filter(|&at| culprits.contains(&request[at])).collect();
            if at_fault.is_empty() || request.len() == 1 {
                if let Some((trial, position)) = trial {
                    let base = trials.get_mut(&trial).and_then(|trial| trial.note(position, !at_fault.is_empty()));
                    ended.base = ended.base.or(base);
                }
                (if at_fault.is_empty() { &mut ended.taken } else { &mut ended.refused }).extend(request);
                continue;
            }
            let (proven, isolation) =
                isolate(request.len(), &naming.complaints(&at_fault, request.len(), base), ended.base);
            ended.base = proven;
            let part = |positions: &[usize]| positions.iter().map(|&at| request[at]).collect::<Vec<usize>>();
            match isolation {
                Isolation::Convict { culprits, rest } => {
                    let first = |(at, _): &(usize, String)| ended.refused.insert(request[*at]);
                    assert!(culprits.iter().all(first), "nobody is convicted twice");
                    waiting.push((part(&rest), None));
                }
                Isolation::Suspect { suspects, rest, named } => {
                    let trial = named.filter(|_| suspects.len() == 2).map(|named| {
                        trials.insert(trials.len(), Trial::new(named));
                        trials.len() - 1
                    });
                    waiting.push((part(&rest), None));
                    waiting.extend(suspects.iter().map(|&at| (part(&[at]), trial.map(|trial| (trial, at)))));
                }
                Isolation::Halve => {
                    let (left, right) = request.split_at(request.len() / 2);
                    waiting.extend([(left.to_vec(), None), (right.to_vec(), None)]);
                }
            }
            waiting.retain(|(request, _)| !request.is_empty());
        }
        ended
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn exactly_those_at_fault_are_refused_however_they_are_named(
            (contacts, culprits) in (1_usize..251).prop_flat_map(|contacts| {
                (Just(contacts), prop::collection::btree_set(0..contacts, 0..=contacts.min(12)))
            }),
            base in 0_u64..2, naming in prop::collection::vec(naming(), 1..4), order in any::<usize>(),
        ) {
            let ended = send(contacts, &culprits, base, &naming, order);
            let others: BTreeSet<usize> = (0..contacts).filter(|contact| !culprits.contains(contact)).collect();
            prop_assert_eq!(&ended.refused, &culprits);
            prop_assert_eq!(&ended.taken, &others);
            prop_assert!(ended.base.is_none_or(|proven| proven == base), "counted from {base}: {ended:?}");
            // For each culprit a path of halves down to it and the other halves on the way, or two suspects and the rest.
            let halvings = contacts.next_power_of_two().ilog2() as usize;
            prop_assert!(ended.requests <= 1 + culprits.len() * (2 * halvings + 3), "{} requests", ended.requests);
        }
    }
}
