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
    pub(crate) fn push(
        &mut self,
        key: Key,
        fingerprint: Fingerprint,
        place: Place,
        payload: &[u8],
    ) -> Option<Packed> {
        let done = if self.fits(&self.open, payload.len()) {
            None
        } else {
            self.full.replace(std::mem::take(&mut self.open))
        };
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
