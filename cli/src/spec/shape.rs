//! What stands behind a key: a scalar, a list or a mapping, each with its place in the file.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Unexpected, Visitor};
use serde_saphyr::Spanned;

use super::written::{Mark, Notify};

/// A scalar and where it stands.
#[derive(Clone, serde::Deserialize)]
#[serde(transparent)]
pub struct Text(Spanned<String>);

impl Deref for Text {
    type Target = Spanned<String>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

/// A mapping in the order it is written.
#[derive(Clone)]
pub struct Pairs<T>(pub Vec<(Text, T)>);

impl<T> Default for Pairs<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Pairs<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for InOrder<T> {
            type Value = Pairs<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`name: value` lines")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }

        deserializer.deserialize_map(InOrder(PhantomData))
    }
}

/// A scalar, or a list of `L`, or the keys of `K`.
#[derive(Clone)]
pub enum Shape<L, K> {
    /// A scalar.
    Word(Text),
    /// A list.
    List(Vec<L>),
    /// A mapping.
    Keys(K),
}

/// A scalar or a list of scalars.
pub type Many = Shape<Text, Never>;
/// A URL, or who is told of which ends.
pub type Endpoints = Shape<Notify, Never>;
/// A word, or a custom field.
pub type Leavers = Shape<Never, Mark>;

/// What does not occur.
#[derive(Clone)]
pub enum Never {}

/// What a list or a mapping is called in messages; none for one that does not occur.
pub trait Part {
    /// It.
    const NAME: Option<&'static str>;
}

impl Part for Never {
    const NAME: Option<&'static str> = None;
}

impl Part for Text {
    const NAME: Option<&'static str> = Some("a list: [first, second]");
}

impl Part for Notify {
    const NAME: Option<&'static str> = Some("a list of `on` and `webhook`");
}

impl Part for Mark {
    const NAME: Option<&'static str> = Some("`field` and `value`");
}

impl<'de> Deserialize<'de> for Never {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(D::Error::custom("nothing belongs here"))
    }
}

impl<'de, L: Part + Deserialize<'de>, K: Part + Deserialize<'de>> Deserialize<'de> for Shape<L, K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Spanned { value, referenced, defined } = Spanned::<Raw<L, K>>::deserialize(deserializer)?;
        Ok(match value {
            Raw::Word(text) => Self::Word(Text(Spanned::new(text, referenced, defined))),
            Raw::List(list) => Self::List(list),
            Raw::Keys(keys) => Self::Keys(keys),
        })
    }
}

/// A [`Shape`] without the place of its scalar.
enum Raw<L, K> {
    Word(String),
    List(Vec<L>),
    Keys(K),
}

impl<'de, L: Part + Deserialize<'de>, K: Part + Deserialize<'de>> Deserialize<'de> for Raw<L, K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyShape(PhantomData))
    }
}

struct AnyShape<L, K>(PhantomData<(L, K)>);

impl<'de, L: Part + Deserialize<'de>, K: Part + Deserialize<'de>> Visitor<'de> for AnyShape<L, K> {
    type Value = Raw<L, K>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<&str> = [Some("one value"), L::NAME, K::NAME].into_iter().flatten().collect();
        f.write_str(&parts.join(" or "))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Raw::Word(text.to_owned()))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Raw::Word(value.to_string()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Raw::Word(value.to_string()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Raw::Word(value.to_string()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Raw::Word(value.to_string()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        if L::NAME.is_none() {
            return Err(A::Error::invalid_type(Unexpected::Seq, &self));
        }
        let mut all = Vec::new();
        while let Some(one) = list.next_element()? {
            all.push(one);
        }
        Ok(Raw::List(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        if K::NAME.is_none() {
            return Err(A::Error::invalid_type(Unexpected::Map, &self));
        }
        K::deserialize(MapAccessDeserializer::new(map)).map(Raw::Keys)
    }
}
