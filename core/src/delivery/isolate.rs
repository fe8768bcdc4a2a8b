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
}
