//! The JSON Schema of the configuration, for editors: made of the same structs that read it.

use std::borrow::Cow;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use super::shape::{Never, Pairs, Shape, Text};
use super::written::File;

/// Words of a switch.
pub const SWITCH: [&str; 4] = ["on", "off", "true", "false"];

/// The schema of `enlist.yaml`. What it accepts may still be objected to: names that lead nowhere, for example.
pub fn schema() -> Value {
    // The draft that the language server of YAML knows best.
    let mut schema = SchemaSettings::draft07().into_generator().into_root_schema_for::<File>();
    schema.insert("title".to_owned(), json!("enlist.yaml"));
    schema.to_value()
}

/// One of these words, or a reference that becomes one.
pub fn one_of(words: &[&str]) -> Value {
    let truths = words.contains(&"true").then(|| json!({ "type": "boolean" }));
    let all = [json!({ "enum": words }), reference()].into_iter().chain(truths);
    Value::Array(all.collect())
}

/// The same for each item of a list.
pub fn word_of(words: &[&str]) -> Value {
    json!({ "anyOf": one_of(words) })
}

/// A whole number, or a reference that becomes one.
pub fn count() -> Value {
    json!([{ "type": "integer", "minimum": 0 }, { "type": "string", "pattern": "^[0-9_]+$" }, reference()])
}

/// A share, or a reference that becomes one.
pub fn share() -> Value {
    json!([{ "type": "string", "pattern": "^[0-9]+(\\.[0-9]+)? ?%$" }, reference()])
}

/// A time, or a reference that becomes one.
pub fn duration() -> Value {
    json!([{ "type": "string", "pattern": "^([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$" }, reference()])
}

/// Names of connections, sources and exports.
pub fn names() -> Value {
    json!({ "pattern": "^[a-z0-9_-]{1,64}$" })
}

fn reference() -> Value {
    json!({ "type": "string", "pattern": "\\$\\{" })
}

impl JsonSchema for Text {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Text".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "number", "boolean"] })
    }
}

impl<T: JsonSchema> JsonSchema for Pairs<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Pairs_of_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object", "additionalProperties": generator.subschema_for::<T>() })
    }
}

impl JsonSchema for Never {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Never".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        false.into()
    }
}

impl<L: JsonSchema, K: JsonSchema> JsonSchema for Shape<L, K> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("{}_or_{}", L::schema_name(), K::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (item, keys) = (generator.subschema_for::<L>(), generator.subschema_for::<K>());
        let word = generator.subschema_for::<Text>();
        let occurs = |schema: &Schema| *schema.as_value() != json!(false);
        let list = occurs(&item).then(|| json!({ "type": "array", "items": item }));
        let keys = occurs(&keys).then(|| keys.to_value());
        let all: Vec<Value> = [Some(word.to_value()), list, keys].into_iter().flatten().collect();
        json_schema!({ "anyOf": all })
    }
}
