//! Packing: contacts in key order become requests that are as full as the destination allows.

use std::ops::Range;

use bytes::Bytes;

use super::{Fingerprint, Key};
use crate::{Envelope, Limits, Place};

/// One contact of a packed request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PackedContact {
    pub(crate) key: Key,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) place: Place,
    /// Where its payload stands in the body.
    pub(crate) span: Range<usize>,
}

/// A request body that remembers whose bytes are where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Packed {
    pub(crate) contacts: Vec<PackedContact>,
    pub(crate) body: Bytes,
}

impl Packed {
    /// The request with only the contacts at `picks`, in that order. The payloads are the same bytes.
    pub(crate) fn pick(&self, envelope: &Envelope, picks: &[usize]) -> Self {
        let mut open = Open::default();
        for contact in picks.iter().filter_map(|&pick| self.contacts.get(pick)) {
            open.push(contact.key, contact.fingerprint, contact.place, &self.body[contact.span.clone()]);
        }
        open.close(envelope)
    }
}

/// Payloads of a request that is still being filled.
#[derive(Default)]
struct Open {
    contacts: Vec<PackedContact>,
    payloads: Vec<u8>,
}

impl Open {
    fn push(&mut self, key: Key, fingerprint: Fingerprint, place: Place, payload: &[u8]) {
        let start = self.payloads.len();
        self.payloads.extend_from_slice(payload);
        self.contacts.push(PackedContact { key, fingerprint, place, span: start..self.payloads.len() });
    }

    /// Takes the last contact off; used to give a lone follower company.
    fn pop(&mut self) -> Option<(PackedContact, Vec<u8>)> {
        let contact = self.contacts.pop()?;
        let payload = self.payloads.split_off(contact.span.start);
        Some((contact, payload))
    }

    fn close(mut self, envelope: &Envelope) -> Packed {
        let mut body = Vec::with_capacity(envelope.size(self.contacts.len(), self.payloads.len()));
        body.extend_from_slice(&envelope.open);
        for (n, contact) in self.contacts.iter_mut().enumerate() {
            if n > 0 {
                body.extend_from_slice(&envelope.separator);
            }
            let start = body.len();
            body.extend_from_slice(&self.payloads[contact.span.clone()]);
            contact.span = start..body.len();
        }
        body.extend_from_slice(&envelope.close);
        Packed { contacts: self.contacts, body: body.into() }
    }
}

/// Fills requests up to both limits. Order is kept, nothing appears twice.
///
/// A request of one contact has a far smaller quota than one of many, so the last full request waits until its
/// follower has two contacts, and gives one away if it never gets them.
pub(crate) struct Packer {
    envelope: Envelope,
    limits: Limits,
    full: Option<Open>,
    open: Open,
}

impl Packer {
    pub(crate) fn new(envelope: Envelope, limits: Limits) -> Self {
        Self { envelope, limits, full: None, open: Open::default() }
    }

    /// Adds a contact; returns a request when one is complete. A payload that alone exceeds the limits must have been
    /// rejected before.
    pub(crate) fn push(&mut self, key: Key, fingerprint: Fingerprint, place: Place, payload: &[u8]) -> Option<Packed> {
        let done =
            if self.fits(&self.open, payload.len()) { None } else { self.full.replace(std::mem::take(&mut self.open)) };
        self.open.push(key, fingerprint, place, payload);
        done.map(|full| full.close(&self.envelope))
    }

    /// The last requests.
    pub(crate) fn finish(mut self) -> Vec<Packed> {
        if self.open.contacts.len() == 1 {
            self.rebalance();
        }
        let rest = self.full.into_iter().chain(Some(self.open)).filter(|open| !open.contacts.is_empty());
        rest.map(|open| open.close(&self.envelope)).collect()
    }

    /// Moves one contact from the full request to the lone one behind it, if it fits and leaves two behind.
    fn rebalance(&mut self) {
        let Some(full) = &mut self.full else { return };
        if full.contacts.len() < 3 {
            return;
        }
        let Some((contact, payload)) = full.pop() else { return };
        let alone = std::mem::take(&mut self.open);
        if self.envelope.size(2, payload.len() + alone.payloads.len()) > self.limits.bytes {
            full.push(contact.key, contact.fingerprint, contact.place, &payload);
            self.open = alone;
            return;
        }
        self.open.push(contact.key, contact.fingerprint, contact.place, &payload);
        for last in &alone.contacts {
            self.open.push(last.key, last.fingerprint, last.place, &alone.payloads[last.span.clone()]);
        }
    }

    fn fits(&self, open: &Open, payload: usize) -> bool {
        let contacts = open.contacts.len() + 1;
        contacts <= self.limits.contacts
            && self.envelope.size(contacts, open.payloads.len() + payload) <= self.limits.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn envelope() -> Envelope {
        Envelope {
            open: Bytes::from_static(b"["),
            separator: Bytes::from_static(b","),
            close: Bytes::from_static(b"]"),
        }
    }

    fn place(row: usize) -> Place {
        Place { origin: 0, row: row as u64 }
    }

    fn pack(sizes: &[usize], limits: Limits) -> Vec<Packed> {
        let mut packer = Packer::new(envelope(), limits);
        let mut packed = Vec::new();
        for (row, &size) in sizes.iter().enumerate() {
            let id = u32::try_from(row).unwrap().to_be_bytes();
            let mut key = [0; 16];
            key[..4].copy_from_slice(&id);
            let payload: Vec<u8> = id.into_iter().cycle().take(size).collect();
            packed.extend(packer.push(Key(key), Fingerprint(key), place(row), &payload));
        }
        packed.extend(packer.finish());
        packed
    }

    /// Numbers of contacts by the rule alone: each request takes what fits, and one that is left over gets company.
    fn naive(sizes: &[usize], limits: Limits) -> Vec<usize> {
        let bytes = |group: &[usize]| 2 + group.iter().sum::<usize>() + group.len() - 1;
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for &size in sizes {
            match groups.last_mut() {
                Some(last) if last.len() < limits.contacts && bytes(last) + 1 + size <= limits.bytes => last.push(size),
                _ => groups.push(vec![size]),
            }
        }
        if let [.., full, last] = groups.as_mut_slice()
            && let (3.., [alone]) = (full.len(), last.as_slice())
            && bytes(&[full[full.len() - 1], *alone]) <= limits.bytes
        {
            last.extend(full.pop());
        }
        groups.iter().map(Vec::len).collect()
    }

    #[test]
    fn both_limits_are_reached_exactly() {
        let limits = Limits { contacts: 3, bytes: 100 };
        assert_eq!(pack(&[1; 6], limits).iter().map(|packed| packed.contacts.len()).collect::<Vec<_>>(), [3, 3]);
        // Two payloads of 48 and 49 bytes, two brackets and a comma are 100 bytes; one more is 101.
        let limits = Limits { contacts: 10, bytes: 100 };
        assert_eq!(pack(&[48, 49], limits).len(), 1);
        assert_eq!(pack(&[49, 49], limits).len(), 2);
        assert_eq!(pack(&[48, 49], limits)[0].body.len(), 100);
    }

    #[test]
    fn a_body_of_exactly_the_limit_is_one_request_whatever_its_contacts() {
        for contacts in 2..=20_usize {
            // Two brackets, a comma between each two, and the payloads.
            let payloads = 100 - 2 - (contacts - 1);
            let mut sizes = vec![payloads / contacts; contacts];
            sizes[0] += payloads % contacts;
            let limits = Limits { contacts, bytes: 100 };
            let packed = pack(&sizes, limits);
            assert_eq!((packed.len(), packed[0].body.len(), packed[0].contacts.len()), (1, 100, contacts));
            assert_eq!(pack(&sizes, Limits { contacts: contacts - 1, bytes: 100 }).len(), 2);
            assert_eq!(pack(&sizes, Limits { contacts, bytes: 99 }).len(), 2);
        }
    }

    #[test]
    fn the_last_contact_is_given_company() {
        let limits = Limits { contacts: 3, bytes: 1_000 };
        assert_eq!(pack(&[1; 7], limits).iter().map(|packed| packed.contacts.len()).collect::<Vec<_>>(), [3, 2, 2]);
        // As long as both fit, to the byte.
        let counts = |sizes: &[usize]| {
            let packed = pack(sizes, Limits { contacts: 9, bytes: 100 });
            packed.iter().map(|packed| packed.contacts.len()).collect::<Vec<_>>()
        };
        assert_eq!(counts(&[1, 1, 48, 49]), [2, 2]);
        assert_eq!(counts(&[1, 1, 48, 50]), [3, 1]);
    }

    #[test]
    fn a_change_set_of_one_is_one_request_of_one() {
        let packed = pack(&[5], Limits { contacts: 3, bytes: 1_000 });
        assert_eq!(packed.len(), 1);
        assert_eq!(packed[0].contacts.len(), 1);
    }

    proptest! {
        #[test]
        fn every_contact_is_packed_once_in_order_within_both_limits(
            sizes in prop::collection::vec(prop_oneof![1_usize..60, 1_usize..99, Just(98)], 0..80), contacts in 1_usize..9,
        ) {
            let limits = Limits { contacts, bytes: 100 };
            let packed = pack(&sizes, limits);
            let counts: Vec<usize> = packed.iter().map(|request| request.contacts.len()).collect();
            prop_assert_eq!(counts, naive(&sizes, limits));
            let rows: Vec<u64> = packed.iter().flat_map(|p| p.contacts.iter().map(|c| c.place.row)).collect();
            prop_assert_eq!(rows, (0..sizes.len() as u64).collect::<Vec<_>>());
            for request in &packed {
                prop_assert!(!request.contacts.is_empty() && request.contacts.len() <= limits.contacts);
                prop_assert!(request.body.len() <= limits.bytes);
                for contact in &request.contacts {
                    let id = &contact.key.0[..4];
                    let expected: Vec<u8> =
                        id.iter().copied().cycle().take(sizes[usize::try_from(contact.place.row).unwrap()]).collect();
                    prop_assert_eq!(&request.body[contact.span.clone()], &expected[..]);
                }
            }
        }

        #[test]
        fn parts_of_a_request_have_the_same_bytes_as_packed_alone(
            sizes in prop::collection::vec(1_usize..9, 2..9), mask in 1_u32..255,
        ) {
            let whole = pack(&sizes, Limits { contacts: 100, bytes: 10_000 }).remove(0);
            let picks: Vec<usize> = (0..sizes.len()).filter(|n| mask >> n & 1 == 1).collect();
            let part = whole.pick(&envelope(), &picks);
            prop_assert_eq!(part.contacts.len(), picks.len());
            for (contact, &pick) in part.contacts.iter().zip(&picks) {
                prop_assert_eq!(contact.place, place(pick));
                prop_assert_eq!(&part.body[contact.span.clone()], &whole.body[whole.contacts[pick].span.clone()]);
            }
            let expected = envelope().size(picks.len(), picks.iter().map(|&pick| sizes[pick]).sum());
            prop_assert_eq!(part.body.len(), expected);
        }
    }
}
