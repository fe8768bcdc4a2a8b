//! Custom fields and tags.

use http::StatusCode;
use serde_json::{Value, json};

use super::meta;
use crate::account::Field;
use crate::reply::{Call, Reply};
use crate::state::State;

/// `GET /fields`.
pub(crate) fn fields(state: &State, call: &Call) -> Reply {
    let query = &call.query;
    let perstag = query.get("filters[perstag]").map(str::to_uppercase);
    let wanted = |field: &&Field| perstag.as_ref().is_none_or(|tag| *tag == field.perstag);
    let all = state.account.fields.values().filter(wanted);
    let total = all.clone().count();
    let shown: Vec<&Field> = query.page(100, 100).cut(all).collect();
    Reply::ok(&json!({
        "fieldOptions": shown.iter().flat_map(|field| option_rows(field)).collect::<Vec<_>>(),
        "fieldRels": shown.iter().map(|field| relation(field)).collect::<Vec<_>>(),
        "fields": shown.iter().map(|field| row(field)).collect::<Vec<_>>(),
        "meta": meta(total),
    }))
}

/// `GET /fields/{id}`.
pub(crate) fn field(state: &State, id: &str) -> Reply {
    match find(state, id) {
        Some(field) => Reply::ok(&json!({
            "fieldOptions": option_rows(field),
            "fieldRels": [relation(field)],
            "field": row(field),
        })),
        None => Reply::missing("Field", id),
    }
}

/// `GET /fields/{id}/options`.
pub(crate) fn options(state: &State, id: &str) -> Reply {
    match find(state, id) {
        Some(field) => Reply::ok(&json!({ "fieldOptions": option_rows(field) })),
        None => Reply::missing("Field", id),
    }
}

fn find<'a>(state: &'a State, id: &str) -> Option<&'a Field> {
    state.account.fields.get(&id.parse().ok()?)
}

fn row(field: &Field) -> Value {
    json!({
        "id": field.id.to_string(),
        "title": field.title,
        "descript": "",
        "type": field.kind,
        "isrequired": "0",
        "perstag": field.perstag,
        "defval": null,
        "visible": "1",
        "options": (0..field.options.len()).map(|place| option_id(field, place)).collect::<Vec<_>>(),
        "relations": [field.id.to_string()],
        "links": {},
    })
}

fn option_rows(field: &Field) -> Vec<Value> {
    let option = |(place, text): (usize, &String)| {
        json!({
            "id": option_id(field, place),
            "field": field.id.to_string(),
            "orderid": (place + 1).to_string(),
            "value": text,
            "label": text,
            "isdefault": "0",
        })
    };
    field.options.iter().enumerate().map(option).collect()
}

/// Unique as long as no field has a thousand options.
fn option_id(field: &Field, place: usize) -> String {
    (u64::from(field.id) * 1_000 + place as u64 + 1).to_string()
}

/// Every field belongs to all lists.
fn relation(field: &Field) -> Value {
    json!({ "id": field.id.to_string(), "field": field.id.to_string(), "relid": "0", "dorder": "0" })
}

/// `GET /tags`.
pub(crate) fn tags(state: &State, call: &Call) -> Reply {
    let query = &call.query;
    let part = query.get("search").map(str::to_lowercase);
    let whole = query.get("filters[search][eq]");
    let wanted = |name: &str| {
        part.as_ref().is_none_or(|part| name.to_lowercase().contains(part.as_str())) && whole.is_none_or(|w| w == name)
    };
    let found = state.account.tags.iter().enumerate().filter(|(_, name)| wanted(name));
    let total = found.clone().count();
    let rows: Vec<Value> = query.page(20, 100).cut(found).map(|(place, name)| tag(place + 1, name)).collect();
    Reply::ok(&json!({ "tags": rows, "meta": meta(total) }))
}

/// `POST /tags`: 201, or 200 with the tag that is there already.
pub(crate) fn create_tag(state: &mut State, call: &Call) -> Reply {
    let body = call.json();
    let Some(name) = body["tag"]["tag"].as_str().filter(|name| !name.is_empty()) else {
        return Reply::error(StatusCode::UNPROCESSABLE_ENTITY, "The tag name was not provided.", "field_missing");
    };
    let status = if state.account.find_tag(name).is_some() { StatusCode::OK } else { StatusCode::CREATED };
    let id = state.account.tag(name);
    Reply::json(status, &json!({ "tag": tag(id as usize, name) }))
}

fn tag(id: usize, name: &str) -> Value {
    json!({ "id": id.to_string(), "tag": name, "tagType": "contact", "description": "", "links": {} })
}
