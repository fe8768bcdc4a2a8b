//! Answers of `GET /contacts`: contacts of a list, with what is told of them beside.

use std::collections::HashMap;

use bytes::Bytes;
use enlist_core::{Member, Membership, Page, SendError};
use serde_json::{Map, Value, json};

use super::{items, member, number};

/// The highest id in a page that lists the highest first; `None` for an empty one.
pub(crate) fn newest(page: &Value) -> Result<Option<u64>, SendError> {
    contacts(page)?.first().map(|contact| id(contact)).transpose()
}

/// The contacts of a page that stand on `list`, however they stand there.
///
/// A page that leaves out how a contact stands says nothing about it, so it is in doubt as a whole; without a contact it
/// is the end of the list, since a page that is not full may be followed by others.
pub(crate) fn page(page: &Value, list: u64) -> Result<Page, SendError> {
    let contacts = contacts(page)?;
    let ids: Vec<u64> = contacts.iter().map(|contact| id(contact)).collect::<Result<_, _>>()?;
    let standings = standings(page, list);
    let mut values = values(page);
    let mut members = Vec::with_capacity(contacts.len());
    for (contact, &id) in contacts.iter().zip(&ids) {
        // Deleted contacts leave a husk behind, with an invented email.
        if flag(contact, "deleted") {
            continue;
        }
        let Some(&standing) = standings.get(&id) else {
            return Err(unclear("how a contact stands on the list"));
        };
        let mail_comes_back = standing == Membership::Subscribed && flag(contact, "bounced_hard");
        members.push(Member {
            id,
            email: text(member(contact, "email")),
            standing: if mail_comes_back { Membership::Bounced } else { standing },
            record: record(contact, values.remove(&id).unwrap_or_default()),
        });
    }
    Ok(Page { members, next: ids.last().copied() })
}

/// The value of a custom field as text, from a record of a member.
pub(crate) fn field_value(record: &Value, field: u64) -> &str {
    member(record, "fields").and_then(|fields| fields.get(field.to_string())?.as_str()).unwrap_or_default()
}

fn record(contact: &Value, fields: Map<String, Value>) -> Bytes {
    let record = json!({
        "first_name": text(member(contact, "firstName")),
        "last_name": text(member(contact, "lastName")),
        "phone": text(member(contact, "phone")),
        "fields": fields,
    });
    record.to_string().into()
}

fn contacts(page: &Value) -> Result<Vec<&Value>, SendError> {
    let listed = member(page, "contacts").filter(|listed| listed.is_array() || listed.is_object());
    listed.map(items).ok_or_else(|| unclear("contacts"))
}

fn id(contact: &Value) -> Result<u64, SendError> {
    member(contact, "id").and_then(number).ok_or_else(|| unclear("the id of a contact"))
}

/// How contacts stand on `list`. The best standing counts where there are several: a list may have channels.
fn standings(page: &Value, list: u64) -> HashMap<u64, Membership> {
    let mut standings = HashMap::new();
    for membership in member(page, "contactLists").map(items).unwrap_or_default() {
        let of = |key| member(membership, key).and_then(number);
        let (Some(contact), Some(status)) = (of("contact"), of("status")) else { continue };
        if of("list") == Some(list) {
            let standing = standing(status);
            let known = standings.entry(contact).or_insert(standing);
            *known = standing.min(*known);
        }
    }
    standings
}

/// Numbers that ActiveCampaign's staff gives in its community forum (read 2026-11-22); 91, a membership that was
/// removed, has been seen.
fn standing(status: u64) -> Membership {
    match status {
        0 => Membership::Unconfirmed,
        1 => Membership::Subscribed,
        2 => Membership::Unsubscribed,
        3 => Membership::Bounced,
        other => Membership::Other(u8::try_from(other).unwrap_or(u8::MAX)),
    }
}

/// Values of custom fields by contact, then by field.
fn values(page: &Value) -> HashMap<u64, Map<String, Value>> {
    let mut values: HashMap<u64, Map<String, Value>> = HashMap::new();
    for value in member(page, "fieldValues").map(items).unwrap_or_default() {
        let of = |key| member(value, key).and_then(number);
        if let (Some(contact), Some(field)) = (of("contact"), of("field")) {
            values.entry(contact).or_default().insert(field.to_string(), text(member(value, "value")).into());
        }
    }
    values
}

/// A value as text, however it is written; several options as they are sent.
fn text(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(options)) => options.iter().map(|option| format!("||{}", text(Some(option)))).collect(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

fn flag(contact: &Value, key: &str) -> bool {
    match member(contact, key) {
        Some(Value::Bool(set)) => *set,
        Some(count) => number(count).is_some_and(|count| count > 0),
        None => false,
    }
}

fn unclear(what: &str) -> SendError {
    SendError::InDoubt(format!("the answer does not tell {what}"))
}
