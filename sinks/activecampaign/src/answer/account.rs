//! Answers that describe the account: lists, custom fields, tags, room for contacts.

use std::collections::HashMap;

use enlist_core::{Field, FieldKind, Headroom};
use serde_json::Value;

use super::{items, member, number};

/// Name of the list in an answer of `GET /lists/{id}`.
pub(crate) fn list_name(json: &Value) -> Option<String> {
    text(member(json, "list")?, "name")
}

/// Ids and names in a page of `GET /lists`.
pub(crate) fn lists(page: &Value) -> Vec<(u64, String)> {
    let lists = member(page, "lists").map(items).unwrap_or_default();
    lists.into_iter().filter_map(|list| Some((id(list)?, text(list, "name")?))).collect()
}

/// Names in a page of `GET /tags`.
pub(crate) fn tags(page: &Value) -> Vec<String> {
    let tags = member(page, "tags").map(items).unwrap_or_default();
    tags.into_iter().filter_map(|tag| text(tag, "tag")).collect()
}

/// Room for contacts in an answer of `GET /settings/account`.
pub(crate) fn headroom(json: &Value) -> Option<Headroom> {
    let count = |key| member(json, key).and_then(number);
    Some(Headroom { limit: count("subscriber_limit")?, used: count("subscriber_total")? })
}

/// Custom fields in pages of `GET /fields`. Options may stand beside the fields (on any page) or inside them.
pub(crate) fn fields(pages: &[Value]) -> Vec<Field> {
    let mut options: HashMap<u64, Vec<String>> = HashMap::new();
    for option in pages.iter().filter_map(|page| member(page, "fieldOptions")).flat_map(items) {
        if let (Some(field), Some(text)) = (member(option, "field").and_then(number), option_text(option)) {
            options.entry(field).or_default().push(text);
        }
    }
    let listed = pages.iter().filter_map(|page| member(page, "fields")).flat_map(items);
    listed.filter_map(|json| field(json, &options)).collect()
}

fn field(json: &Value, options: &HashMap<u64, Vec<String>>) -> Option<Field> {
    let id = id(json)?;
    let kind = kind(&text(json, "type").unwrap_or_default());
    let options = match kind {
        FieldKind::Choice | FieldKind::MultiChoice => options.get(&id).cloned().unwrap_or_else(|| own_options(json)),
        _ => Vec::new(),
    };
    Some(Field {
        id,
        title: text(json, "title").unwrap_or_default(),
        tag: text(json, "perstag").unwrap_or_default().trim_matches('%').to_owned(),
        kind,
        options,
    })
}

/// Options inside a field. Mere digits are ids of options that are described elsewhere.
fn own_options(field: &Value) -> Vec<String> {
    let listed = member(field, "options").map(items).unwrap_or_default();
    let named = listed.into_iter().filter_map(|option| match option {
        Value::String(text) if !text.bytes().all(|b| b.is_ascii_digit()) => Some(text.clone()),
        other => option_text(other),
    });
    named.collect()
}

fn option_text(option: &Value) -> Option<String> {
    text(option, "value").or_else(|| text(option, "label"))
}

/// Types in ActiveCampaign's OpenAPI description of v3 (read 2026-11-22), which lists "NULL" as a type of text, and
/// `currency`, which stands for an amount.
fn kind(name: &str) -> FieldKind {
    match name.to_ascii_lowercase().as_str() {
        "date" => FieldKind::Date,
        "datetime" => FieldKind::DateTime,
        "number" | "currency" => FieldKind::Number,
        "dropdown" | "radio" => FieldKind::Choice,
        "checkbox" | "listbox" | "multiselect" => FieldKind::MultiChoice,
        _ => FieldKind::Text,
    }
}

fn id(json: &Value) -> Option<u64> {
    member(json, "id").and_then(number)
}

fn text(json: &Value, key: &str) -> Option<String> {
    member(json, key)?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn one(json: Value) -> Field {
        fields(&[json]).remove(0)
    }

    #[test]
    fn kinds_decide_how_values_are_written() {
        for (name, kind) in [
            ("text", FieldKind::Text),
            ("textarea", FieldKind::Text),
            ("hidden", FieldKind::Text),
            ("NULL", FieldKind::Text),
            ("hologram", FieldKind::Text),
            ("date", FieldKind::Date),
            ("datetime", FieldKind::DateTime),
            ("dropdown", FieldKind::Choice),
            ("radio", FieldKind::Choice),
            ("checkbox", FieldKind::MultiChoice),
            ("listbox", FieldKind::MultiChoice),
            ("multiselect", FieldKind::MultiChoice),
            ("number", FieldKind::Number),
            ("currency", FieldKind::Number),
        ] {
            let field = one(json!({"fields": [{"id": "3", "title": "T", "type": name, "perstag": "%T%"}]}));
            assert_eq!((field.id, field.kind, field.tag.as_str()), (3, kind, "T"), "{name}");
        }
        assert_eq!(one(json!({"fields": [{"id": 3, "type": null}]})).kind, FieldKind::Text);
    }

    #[test]
    fn options_beside_the_fields_are_joined_across_pages() {
        let found = fields(&[
            json!({"fields": [{"id": "3", "type": "dropdown", "options": ["8", "9"]}], "fieldOptions": []}),
            json!({"fields": [], "fieldOptions": [
                {"id": "8", "field": "3", "value": "Gold"}, {"id": "9", "field": 3, "label": "Iron"},
                {"id": "7", "field": "4", "value": "Other"},
            ]}),
        ]);
        assert_eq!(found[0].options, ["Gold", "Iron"]);
    }

    #[test]
    fn options_inside_a_field_are_read_but_ids_are_not_options() {
        let own = |options: Value| one(json!({"fields": [{"id": 3, "type": "radio", "options": options}]})).options;
        assert_eq!(own(json!([{"value": "Gold"}, "Iron"])), ["Gold", "Iron"]);
        assert!(own(json!(["8", "9"])).is_empty());
        assert!(own(json!(null)).is_empty());
    }

    #[test]
    fn headroom_is_read_from_numbers_and_text() {
        let expected = Some(Headroom { limit: 500, used: 20 });
        assert_eq!(headroom(&json!({"subscriber_limit": "500", "subscriber_total": 20})), expected);
        assert_eq!(headroom(&json!({"account": "acme"})), None);
    }
}
