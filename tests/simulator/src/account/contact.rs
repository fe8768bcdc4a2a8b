//! One contact, and the small things an account consists of.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A contact's standing on a list. The numbers are those of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// 0: has not confirmed.
    Unconfirmed = 0,
    /// 1: gets mail.
    Active = 1,
    /// 2: asked not to get mail.
    Unsubscribed = 2,
    /// 3: mail came back.
    Bounced = 3,
}

impl Status {
    /// The status with this number.
    pub fn from_number(number: i64) -> Option<Self> {
        [Self::Unconfirmed, Self::Active, Self::Unsubscribed, Self::Bounced]
            .into_iter()
            .find(|status| *status as i64 == number)
    }
}

/// A contact as the account holds it. `Debug` shows no personal data.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// Number in the account.
    pub id: u32,
    /// Address, in lower case.
    pub email: String,
    /// Empty if unknown.
    pub first_name: String,
    /// Empty if unknown.
    pub last_name: String,
    /// Empty if unknown.
    pub phone: String,
    /// Values of custom fields by the field's id, as they were sent.
    pub fields: BTreeMap<u32, String>,
    /// Names of the tags.
    pub tags: BTreeSet<String>,
    /// Lists the contact is or was on.
    pub lists: BTreeMap<u32, Status>,
    /// How many imports applied the contact with automations on.
    pub automations: u32,
    /// When it was created, in seconds since the Unix epoch.
    pub created: u32,
}

impl fmt::Debug for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (fields, tags, lists) = (self.fields.len(), self.tags.len(), &self.lists);
        write!(f, "Contact({}, {fields} fields, {tags} tags, lists {lists:?})", self.id)
    }
}

/// A contact in store: as small as it goes, since there may be millions.
#[derive(Clone)]
pub(crate) struct Row {
    pub(crate) email: Arc<str>,
    pub(crate) first_name: Box<str>,
    pub(crate) last_name: Box<str>,
    pub(crate) phone: Box<str>,
    pub(crate) fields: Vec<(u32, Box<str>)>,
    pub(crate) tags: Vec<u32>,
    pub(crate) lists: Vec<(u32, Status)>,
    pub(crate) automations: u32,
    pub(crate) created: u32,
}

impl Row {
    pub(crate) fn new(email: Arc<str>, created: u32) -> Self {
        Self {
            email,
            first_name: Box::default(),
            last_name: Box::default(),
            phone: Box::default(),
            fields: Vec::new(),
            tags: Vec::new(),
            lists: Vec::new(),
            automations: 0,
            created,
        }
    }

    pub(crate) fn status(&self, list: u32) -> Option<Status> {
        self.lists.iter().find(|(id, _)| *id == list).map(|(_, status)| *status)
    }

    /// Sets the value of a field; an empty one removes it.
    pub(crate) fn set_field(&mut self, field: u32, value: &str) {
        match self.fields.iter().position(|(id, _)| *id == field) {
            Some(place) if value.is_empty() => {
                self.fields.remove(place);
            }
            Some(place) => self.fields[place].1 = value.into(),
            None if value.is_empty() => {}
            None => self.fields.push((field, value.into())),
        }
    }

    pub(crate) fn add_tag(&mut self, tag: u32) {
        if !self.tags.contains(&tag) {
            self.tags.push(tag);
        }
    }
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Row(…)")
    }
}

/// Type of a custom field, with the API's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names are the API's and say all")]
pub enum FieldType {
    Text,
    Textarea,
    Hidden,
    Date,
    Datetime,
    Dropdown,
    Radio,
    Checkbox,
    Listbox,
    Number,
}

/// A custom field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// Number in the account.
    pub id: u32,
    /// Name shown to people.
    pub title: String,
    /// What it holds.
    #[serde(rename = "type")]
    pub kind: FieldType,
    /// Personalisation tag, upper case, without percent signs.
    pub perstag: String,
    /// Choices of a dropdown, radio, checkbox or listbox.
    #[serde(default)]
    pub options: Vec<String>,
}

impl Field {
    /// A field whose personalisation tag is made from its title.
    pub fn new(id: u32, title: &str, kind: FieldType, options: &[&str]) -> Self {
        Self {
            id,
            title: title.to_owned(),
            kind,
            perstag: title.to_uppercase().replace(' ', "_"),
            options: options.iter().map(|option| (*option).to_owned()).collect(),
        }
    }
}

/// How the text of an exclusion is compared with an email.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Match {
    /// The whole address.
    Exact,
    /// Its beginning.
    Begins,
    /// Its end, for instance a domain.
    Ends,
}

/// Addresses that must not be imported. `Debug` does not show them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exclusion {
    /// Address or a part of it, in lower case.
    pub text: String,
    /// Which part.
    pub matching: Match,
    /// Lists it holds for; none stands for all.
    #[serde(default)]
    pub lists: Vec<u32>,
}

impl Exclusion {
    pub(crate) fn matches(&self, folded: &str) -> bool {
        match self.matching {
            Match::Exact => folded == self.text,
            Match::Begins => folded.starts_with(&self.text),
            Match::Ends => folded.ends_with(&self.text),
        }
    }
}

impl fmt::Debug for Exclusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Exclusion({:?}, lists {:?})", self.matching, self.lists)
    }
}

/// An email as the account compares it.
pub(crate) fn fold(email: &str) -> Cow<'_, str> {
    if email.chars().any(char::is_uppercase) { Cow::Owned(email.to_lowercase()) } else { Cow::Borrowed(email) }
}
