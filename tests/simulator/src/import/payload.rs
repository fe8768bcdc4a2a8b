//! The body of an import request, read without copying.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};

/// The whole body. Unknown keys are ignored, as the real importer does.
#[derive(Deserialize)]
pub(crate) struct Payload<'a> {
    #[serde(borrow, default)]
    pub(crate) contacts: Vec<Entry<'a>>,
    #[serde(default)]
    pub(crate) exclude_automations: Option<bool>,
}

impl<'a> Payload<'a> {
    pub(crate) fn parse(body: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(body).ok()
    }

    /// Whether automations are to stay off for `entry`: the switch is documented in the payload and shown in a contact.
    pub(crate) fn excludes_automations(&self, entry: &Entry<'_>) -> bool {
        self.exclude_automations.unwrap_or(false) || entry.exclude_automations.unwrap_or(false)
    }
}

/// One contact.
#[derive(Deserialize)]
pub(crate) struct Entry<'a> {
    #[serde(borrow)]
    pub(crate) email: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) first_name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) last_name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) phone: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(crate) fields: Vec<FieldValue<'a>>,
    #[serde(borrow, default)]
    pub(crate) tags: Vec<Text<'a>>,
    #[serde(default)]
    pub(crate) subscribe: Vec<ListRef>,
    #[serde(default)]
    pub(crate) unsubscribe: Vec<ListRef>,
    pub(crate) exclude_automations: Option<bool>,
}

/// A custom field's value; both keys are required.
#[derive(Deserialize)]
pub(crate) struct FieldValue<'a> {
    pub(crate) id: Option<Id>,
    #[serde(borrow)]
    pub(crate) value: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(crate) struct ListRef {
    pub(crate) listid: Id,
}

/// A string; numbers and booleans are taken as their text.
#[derive(Clone, Debug)]
pub(crate) struct Text<'a>(pub(crate) Cow<'a, str>);

impl Text<'_> {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// A number, or its decimal text; 0 stands for anything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Id(pub(crate) u32);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = deserializer.deserialize_any(TextVisitor)?;
        Ok(Self(text.0.parse().unwrap_or(0)))
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Text(Cow::Owned(text.to_owned())))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<Self::Value, E> {
        self.visit_str(if truth { "1" } else { "" })
    }
}
