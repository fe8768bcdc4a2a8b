//! The members of an object, their values as written.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::error::Category;
use serde_json::value::RawValue;

use crate::fault::Fault;
use crate::lines::Line;

/// Hands every member of the object on `line` to `each`: its key, and its value as written, without spaces around.
pub(crate) fn members(line: &Line<'_>, each: impl FnMut(&str, &str) -> Result<(), Fault>) -> Result<(), Fault> {
    if !line.text.trim_start().starts_with('{') {
        return Err(Fault::NotObject { line: line.number, array: line.text.trim_start().starts_with('[') });
    }
    let mut stopped = None;
    let mut parser = serde_json::Deserializer::from_str(line.text);
    let outcome = Members { each, stopped: &mut stopped }.deserialize(&mut parser).and_then(|()| parser.end());
    match (stopped, outcome) {
        (Some(fault), _) => Err(fault),
        (None, outcome) => outcome.map_err(|fault| syntax(line, &fault)),
    }
}

/// The elements of the array that `raw` is, as written.
pub(crate) fn elements(raw: &str) -> Result<Vec<&RawValue>, serde_json::Error> {
    serde_json::from_str(raw)
}

/// The single value that `raw` is, as text; `None` for null.
pub(crate) fn scalar(raw: &str) -> Result<Option<Cow<'_, str>>, serde_json::Error> {
    match raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(inner) if !inner.contains('\\') => Ok(Some(Cow::Borrowed(inner))),
        Some(_) => serde_json::from_str(raw).map(|text| Some(Cow::Owned(text))),
        None => Ok((raw != "null").then_some(Cow::Borrowed(raw))),
    }
}

/// What is wrong with a `line`, by the parser's word.
pub(crate) fn syntax(line: &Line<'_>, fault: &serde_json::Error) -> Fault {
    let number = line.number;
    match fault.classify() {
        Category::Eof if line.ended => Fault::Spread { line: number },
        Category::Eof => Fault::CutOff { line: number },
        _ => {
            let said = fault.to_string();
            let cause = said.split(" at line ").next().unwrap_or_default().to_owned();
            Fault::Syntax { line: number, byte: fault.column(), cause }
        }
    }
}

struct Members<'a, F> {
    each: F,
    /// Why `each` ended the reading.
    stopped: &'a mut Option<Fault>,
}

impl<'de, F: FnMut(&str, &str) -> Result<(), Fault>> DeserializeSeed<'de> for Members<'_, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, F: FnMut(&str, &str) -> Result<(), Fault>> Visitor<'de> for Members<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(Key(key)) = map.next_key()? {
            let value: &RawValue = map.next_value()?;
            if let Err(fault) = (self.each)(&key, value.get()) {
                *self.stopped = Some(fault);
                return Err(A::Error::custom("stopped"));
            }
        }
        Ok(())
    }
}

/// A key, borrowed from its line unless it is written with escapes.
struct Key<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(KeyVisitor)
    }
}

struct KeyVisitor;

impl<'de> Visitor<'de> for KeyVisitor {
    type Value = Key<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Key<'de>, E> {
        Ok(Key(Cow::Borrowed(key)))
    }

    fn visit_str<E>(self, key: &str) -> Result<Key<'de>, E> {
        Ok(Key(Cow::Owned(key.to_owned())))
    }
}
