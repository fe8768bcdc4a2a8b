//! What the account holds: contacts, lists, fields, tags, and who may not be imported.

mod contact;
mod demo;
mod snapshot;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

pub use contact::{Contact, Exclusion, Field, FieldType, Match, Status};
pub(crate) use contact::{Row, fold};
pub use snapshot::Snapshot;

/// A list, with the number of contacts in each [`Status`].
#[derive(Clone, Debug)]
pub(crate) struct List {
    pub(crate) name: Box<str>,
    pub(crate) members: [usize; 4],
}

#[derive(Debug, Default)]
pub(crate) struct Account {
    /// A contact's id is its place plus one; deleted contacts leave a gap.
    rows: Vec<Option<Row>>,
    by_email: HashMap<Arc<str>, u32>,
    pub(crate) lists: BTreeMap<u32, List>,
    pub(crate) fields: BTreeMap<u32, Field>,
    /// A tag's id is its place plus one.
    pub(crate) tags: Vec<Arc<str>>,
    by_tag: HashMap<Arc<str>, u32>,
    pub(crate) exclusions: Vec<Exclusion>,
    pub(crate) bounced: HashSet<Box<str>>,
    /// Memberships that went from unsubscribed to active.
    pub(crate) resubscribed: u64,
}

impl Account {
    /// Number of contacts.
    pub(crate) fn len(&self) -> usize {
        self.by_email.len()
    }

    /// The id of the contact with this email, which is in lower case.
    pub(crate) fn find(&self, folded: &str) -> Option<u32> {
        self.by_email.get(folded).copied()
    }

    pub(crate) fn row(&self, id: u32) -> Option<&Row> {
        self.rows.get(place(id)?)?.as_ref()
    }

    pub(crate) fn row_mut(&mut self, id: u32) -> Option<&mut Row> {
        self.rows.get_mut(place(id)?)?.as_mut()
    }

    /// Contacts in the order of their ids, beginning after `after`.
    pub(crate) fn rows_after(&self, after: u32) -> impl DoubleEndedIterator<Item = (u32, &Row)> {
        let start = usize::try_from(after).unwrap_or(usize::MAX).min(self.rows.len());
        let rows = self.rows[start..].iter().enumerate();
        rows.filter_map(move |(place, row)| Some((u32::try_from(start + place + 1).ok()?, row.as_ref()?)))
    }

    /// Creates a contact; the email is in lower case and not taken.
    pub(crate) fn create(&mut self, folded: &str, created: u32) -> u32 {
        let email: Arc<str> = folded.into();
        self.rows.push(Some(Row::new(Arc::clone(&email), created)));
        let id = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        self.by_email.insert(email, id);
        id
    }

    pub(crate) fn find_or_create(&mut self, folded: &str, created: u32) -> u32 {
        self.find(folded).unwrap_or_else(|| self.create(folded, created))
    }

    /// Deletes a contact; false if there is none.
    pub(crate) fn delete(&mut self, id: u32) -> bool {
        let Some(row) = place(id).and_then(|place| self.rows.get_mut(place)).and_then(Option::take) else {
            return false;
        };
        self.by_email.remove(&row.email);
        for (list, status) in row.lists {
            if let Some(list) = self.lists.get_mut(&list) {
                list.members[status as usize] -= 1;
            }
        }
        true
    }

    /// Puts a contact on a list, or changes its status there. Does nothing if either does not exist.
    pub(crate) fn join(&mut self, id: u32, list: u32, status: Status) {
        let Some(row) = place(id).and_then(|place| self.rows.get_mut(place)).and_then(Option::as_mut) else {
            return;
        };
        let Some(entry) = self.lists.get_mut(&list) else {
            return;
        };
        entry.members[status as usize] += 1;
        match row.lists.iter_mut().find(|(id, _)| *id == list) {
            Some((_, present)) => {
                entry.members[*present as usize] -= 1;
                if *present == Status::Unsubscribed && status == Status::Active {
                    self.resubscribed += 1;
                }
                *present = status;
            }
            None => row.lists.push((list, status)),
        }
    }

    /// The id of a tag, which is created if there is none of that name.
    pub(crate) fn tag(&mut self, name: &str) -> u32 {
        if let Some(&id) = self.by_tag.get(name) {
            return id;
        }
        let name: Arc<str> = name.into();
        self.tags.push(Arc::clone(&name));
        let id = u32::try_from(self.tags.len()).unwrap_or(u32::MAX);
        self.by_tag.insert(name, id);
        id
    }

    pub(crate) fn find_tag(&self, name: &str) -> Option<u32> {
        self.by_tag.get(name).copied()
    }

    pub(crate) fn tag_name(&self, id: u32) -> Option<&str> {
        Some(self.tags.get(place(id)?)?)
    }

    pub(crate) fn add_list(&mut self, id: u32, name: &str) {
        let members = self.lists.get(&id).map_or([0; 4], |list| list.members);
        self.lists.insert(id, List { name: name.into(), members });
    }

    /// Takes over everything of another account but its contacts.
    pub(crate) fn furnish_like(&mut self, other: &Self) {
        other.lists.iter().for_each(|(id, list)| self.add_list(*id, &list.name));
        other.tags.iter().for_each(|name| {
            self.tag(name);
        });
        self.fields.extend(other.fields.clone());
        self.exclusions.clone_from(&other.exclusions);
        self.bounced.clone_from(&other.bounced);
        self.resubscribed = other.resubscribed;
    }

    /// The highest list id plus one.
    pub(crate) fn next_list(&self) -> u32 {
        self.lists.keys().next_back().map_or(1, |id| id + 1)
    }

    /// Whether an email in lower case is excluded from one of `lists`, or from everything.
    pub(crate) fn is_excluded(&self, folded: &str, mut lists: impl FnMut(u32) -> bool) -> bool {
        self.exclusions.iter().any(|exclusion| {
            exclusion.matches(folded) && (exclusion.lists.is_empty() || exclusion.lists.iter().any(|&list| lists(list)))
        })
    }

    /// A contact as it is shown to tests.
    pub(crate) fn view(&self, id: u32) -> Option<Contact> {
        let row = self.row(id)?;
        Some(Contact {
            id,
            email: row.email.to_string(),
            first_name: row.first_name.to_string(),
            last_name: row.last_name.to_string(),
            phone: row.phone.to_string(),
            fields: row.fields.iter().map(|(field, value)| (*field, value.to_string())).collect(),
            tags: row.tags.iter().filter_map(|&tag| self.tag_name(tag)).map(str::to_owned).collect(),
            lists: row.lists.iter().copied().collect(),
            automations: row.automations,
            created: row.created,
        })
    }
}

fn place(id: u32) -> Option<usize> {
    usize::try_from(id.checked_sub(1)?).ok()
}
