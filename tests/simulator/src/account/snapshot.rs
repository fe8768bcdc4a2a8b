//! The account as a document that outlives the process.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Account, Contact, Exclusion, Field, Row};

/// What an account holds. Imports that are accepted and not applied are not part of it: they are lost with the
/// process, as a client has to expect of the real service. `Debug` shows no personal data.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Snapshot {
    /// Id of the latest contact, deleted or not.
    last_id: u32,
    lists: BTreeMap<u32, String>,
    fields: Vec<Field>,
    tags: Vec<String>,
    exclusions: Vec<Exclusion>,
    bounced: Vec<String>,
    contacts: Vec<Contact>,
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Snapshot({} contacts, {} lists)", self.contacts.len(), self.lists.len())
    }
}

impl Account {
    pub(crate) fn to_snapshot(&self) -> Snapshot {
        let mut bounced: Vec<String> = self.bounced.iter().map(|email| email.to_string()).collect();
        bounced.sort_unstable();
        Snapshot {
            last_id: u32::try_from(self.rows.len()).unwrap_or(u32::MAX),
            lists: self.lists.iter().map(|(id, list)| (*id, list.name.to_string())).collect(),
            fields: self.fields.values().cloned().collect(),
            tags: self.tags.iter().map(|tag| tag.to_string()).collect(),
            exclusions: self.exclusions.clone(),
            bounced,
            contacts: self.rows_after(0).filter_map(|(id, _)| self.view(id)).collect(),
        }
    }

    /// Contacts with an id above `last_id`, or one that is taken, and a second contact of an email are left out.
    pub(crate) fn from_snapshot(snapshot: Snapshot) -> Self {
        let mut account = Self {
            exclusions: snapshot.exclusions,
            bounced: snapshot.bounced.into_iter().map(Into::into).collect(),
            fields: snapshot.fields.into_iter().map(|field| (field.id, field)).collect(),
            ..Self::default()
        };
        for (id, name) in &snapshot.lists {
            account.add_list(*id, name);
        }
        for tag in &snapshot.tags {
            account.tag(tag);
        }
        let known = u32::try_from(snapshot.contacts.len()).unwrap_or(u32::MAX);
        // Ids are places: a gap costs memory, so that a damaged document must not ask for too many of them.
        let last = snapshot.last_id.min(known.saturating_mul(16).saturating_add(65_536));
        account.rows.resize_with(usize::try_from(last).unwrap_or(usize::MAX), || None);
        for contact in snapshot.contacts {
            account.put_back(contact);
        }
        account
    }

    fn put_back(&mut self, contact: Contact) {
        let mut row = Row::new(contact.email.to_lowercase().into(), contact.created);
        row.first_name = contact.first_name.into();
        row.last_name = contact.last_name.into();
        row.phone = contact.phone.into();
        row.fields = contact.fields.into_iter().map(|(id, value)| (id, value.into())).collect();
        row.tags = contact.tags.iter().map(|tag| self.tag(tag)).collect();
        row.automations = contact.automations;
        let free = !self.by_email.contains_key(&row.email);
        let slot = super::place(contact.id).and_then(|place| self.rows.get_mut(place));
        if let Some(slot @ None) = slot
            && free
        {
            self.by_email.insert(row.email.clone(), contact.id);
            *slot = Some(row);
            for (list, status) in contact.lists {
                self.join(contact.id, list, status);
            }
        }
    }
}
