//! Writing one contact.

use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};

use super::contacts;
use crate::account::{Status, fold};
use crate::import::{is_deliverable, is_full};
use crate::reply::{Call, Reply};
use crate::state::State;
use crate::switches::EmptyText;

/// `POST /contact/sync`: 201 if the contact is created, 200 if it was there.
pub(crate) fn contact(state: &mut State, call: &Call, now: Duration) -> Reply {
    let body = call.json();
    let sent = &body["contact"];
    let Some(email) = sent["email"].as_str().filter(|email| !email.is_empty()) else {
        let detail = "Contact email must be provided for sync";
        let error = json!({ "status": 400, "title": "Bad Request", "detail": detail });
        return Reply::json(StatusCode::BAD_REQUEST, &json!({ "errors": [error] }));
    };
    let email = fold(email);
    if !is_deliverable(&email) {
        let error = json!({
            "title": "Contact Email Address is not valid.",
            "code": "email_invalid",
            "error": "must_be_valid_email_address",
            "source": { "pointer": "/data/attributes/email" },
        });
        return Reply::json(StatusCode::UNPROCESSABLE_ENTITY, &json!({ "errors": [error] }));
    }
    let lists: Vec<u32> = items(&body, "lists").map(|entry| number(&entry["list"])).collect();
    if lists.iter().any(|list| !state.account.lists.contains_key(list)) {
        return Reply::error(StatusCode::UNPROCESSABLE_ENTITY, "The list does not exist.", "list_invalid");
    }
    let known = state.account.find(&email);
    if known.is_none() && is_full(&state.account, &state.settings) {
        return Reply::error(StatusCode::FORBIDDEN, "The contact limit of the account is reached.", "contact_limit");
    }
    let created = state.wall.seconds(now);
    let id = known.unwrap_or_else(|| state.account.create(&email, created));
    write(state, id, sent);
    let tags: Vec<u32> = items(&body, "tags").filter_map(Value::as_str).map(|tag| state.account.tag(tag)).collect();
    if let Some(row) = state.account.row_mut(id) {
        tags.into_iter().for_each(|tag| row.add_tag(tag));
    }
    for list in lists {
        state.account.join(id, list, Status::Active);
    }
    let Some(row) = state.account.row(id) else {
        return Reply::missing("Subscriber", &id.to_string());
    };
    let answer = json!({
        "fieldValues": contacts::field_values(id, row),
        "contact": contacts::contact(&state.account, id, row),
    });
    Reply::json(if known.is_some() { StatusCode::OK } else { StatusCode::CREATED }, &answer)
}

/// Entries of an array that may stand in the contact or beside it: the documents do not show which.
fn items<'a>(body: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    let places = [&body["contact"][name], &body[name]];
    places.into_iter().filter_map(Value::as_array).flatten()
}

fn write(state: &mut State, id: u32, sent: &Value) {
    let overwrites = state.settings.empty_text == EmptyText::Overwrite;
    let account = &mut state.account;
    let values = sent["fieldValues"].as_array().into_iter().flatten();
    let known = values.filter_map(|entry| Some((number(&entry["field"]), entry["value"].as_str()?)));
    let known: Vec<(u32, &str)> = known.filter(|(field, _)| account.fields.contains_key(field)).collect();
    let Some(row) = account.row_mut(id) else { return };
    let places = [(&mut row.first_name, "firstName"), (&mut row.last_name, "lastName"), (&mut row.phone, "phone")];
    for (place, name) in places {
        if let Some(text) = sent[name].as_str().filter(|text| overwrites || !text.is_empty()) {
            *place = text.into();
        }
    }
    for (field, value) in known {
        if overwrites || !value.is_empty() {
            row.set_field(field, value);
        }
    }
}

/// `POST /contactLists`: the one call that subscribes those who left.
pub(crate) fn membership(state: &mut State, call: &Call) -> Reply {
    let body = call.json();
    let sent = &body["contactList"];
    let (id, list) = (number(&sent["contact"]), number(&sent["list"]));
    let Some(status) = Status::from_number(i64::from(number(&sent["status"]))) else {
        let title = "The value you selected is not a valid choice.";
        return Reply::error(StatusCode::UNPROCESSABLE_ENTITY, title, "field_invalid");
    };
    if !state.account.lists.contains_key(&list) {
        return Reply::missing("_List", &list.to_string());
    }
    if state.account.row(id).is_none() {
        return Reply::missing("Subscriber", &id.to_string());
    }
    state.account.join(id, list, status);
    let contact = state.account.row(id).map(|row| contacts::contact(&state.account, id, row));
    Reply::ok(&json!({ "contacts": [contact], "contactList": contacts::membership(id, list, status) }))
}

/// `POST /contactTags`.
pub(crate) fn tag(state: &mut State, call: &Call) -> Reply {
    let body = call.json();
    let (id, tag) = (number(&body["contactTag"]["contact"]), number(&body["contactTag"]["tag"]));
    if state.account.tag_name(tag).is_none() {
        return Reply::error(StatusCode::UNPROCESSABLE_ENTITY, "No tag id provided", "missing_parameter");
    }
    let Some(row) = state.account.row_mut(id) else {
        return Reply::missing("Subscriber", &id.to_string());
    };
    row.add_tag(tag);
    Reply::json(StatusCode::CREATED, &json!({ "contactTag": contacts::contact_tag(id, tag) }))
}

/// A number or its text; a large number, which is the id of nothing, for anything else.
fn number(value: &Value) -> u32 {
    let number = value.as_u64().or_else(|| value.as_str()?.parse().ok());
    number.and_then(|number| u32::try_from(number).ok()).unwrap_or(u32::MAX)
}
