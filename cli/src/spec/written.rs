//! The file as written: its shape and its keys. Every scalar stays text until its variables are filled in.
//!
//! Nothing here implements `Debug`: a key may be written out in the file.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_saphyr::Spanned;

/// A scalar and where it stands.
pub type Text = Spanned<String>;

/// A mapping in the order it is written.
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

macro_rules! written {
    ($($(#[$doc:meta])* $name:ident { $($(#[$meta:meta])* $field:ident: $kind:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(serde::Deserialize)]
        #[serde(deny_unknown_fields, rename_all = "snake_case")]
        pub struct $name { $($(#[$meta])* pub $field: $kind,)* }
    )*};
}

written! {
    /// The whole file.
    File {
        version: Text,
        #[serde(default)] connections: Pairs<Connection>,
        #[serde(default)] sources: Pairs<Source>,
        #[serde(default)] exports: Pairs<Export>,
        defaults: Option<Defaults>,
        state: Option<Folder>,
    }
    /// Host and key of an account.
    Connection {
        display_name: Option<Text>,
        host: Text,
        api_key: Option<Text>,
        ca_file: Option<Text>,
        allow_host: Option<Text>,
    }
    /// Files, a table or a database with a name.
    Source {
        path: Option<Text>,
        format: Option<Text>,
        options: Option<Pairs<Text>>,
        delimiter: Option<Text>,
        header: Option<Text>,
        names: Option<Vec<Text>>,
        version: Option<Text>,
        timestamp: Option<Text>,
        entity: Option<Text>,
        types: Option<Text>,
        profiles: Option<Text>,
        memberships: Option<Text>,
        segment: Option<Text>,
        unmatched: Option<Text>,
        url: Option<Text>,
        password: Option<Text>,
        tls: Option<Text>,
        ca_file: Option<Text>,
        table: Option<Text>,
        partition: Option<Partition>,
    }
    /// How a table is read in parallel.
    Partition {
        by: Text,
        parts: Text,
    }
    /// What is carried where.
    Export {
        connection: Option<Text>,
        list: Text,
        source: Option<Text>,
        sql: Option<Text>,
        map: Option<Map>,
        unique_by: Option<UniqueBy>,
        empty_values: Option<Text>,
        phone_region: Option<Text>,
        automations: Option<Text>,
        guards: Option<Guards>,
        deadline: Option<Text>,
        rejects: Option<Folder>,
        notify: Option<Text>,
    }
    /// Which column becomes what.
    Map {
        email: Option<Text>,
        first_name: Option<Text>,
        last_name: Option<Text>,
        phone: Option<Text>,
        #[serde(default)] fields: Pairs<Text>,
        #[serde(default)] tags: Vec<Text>,
    }
    /// Which of two rows with the same email wins.
    UniqueBy {
        keep: Text,
        by: Option<Text>,
    }
    /// What stops a run before it sends anything.
    Guards {
        max_change: Option<Text>,
        max_rejects: Option<Text>,
        min_rows: Option<Text>,
        max_adds: Option<Text>,
    }
    /// What exports have in common.
    Defaults {
        connection: Option<Text>,
        notify: Option<Text>,
    }
    /// A folder.
    Folder {
        path: Text,
    }
}
