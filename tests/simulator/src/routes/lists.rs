//! Lists and exclusions.

use http::StatusCode;
use serde_json::{Value, json};

use super::meta;
use crate::account::Match;
use crate::reply::{Call, Reply};
use crate::state::State;

/// `GET /lists`.
pub(crate) fn list(state: &State, call: &Call) -> Reply {
    let query = &call.query;
    let part = query.get("filters[name]").map(str::to_lowercase);
    let whole = query.get("filters[name][eq]");
    let wanted = |name: &str| {
        part.as_ref().is_none_or(|part| name.to_lowercase().contains(part.as_str())) && whole.is_none_or(|w| w == name)
    };
    let lists = state.account.lists.iter().filter(|(_, list)| wanted(&list.name));
    let total = lists.clone().count();
    let rows: Vec<Value> = query.page(20, 100).cut(lists).map(|(id, list)| row(*id, &list.name)).collect();
    Reply::ok(&json!({ "lists": rows, "meta": meta(total) }))
}

/// `GET /lists/{id}`.
pub(crate) fn show(state: &State, id: &str) -> Reply {
    let found = id.parse().ok().and_then(|id: u32| Some((id, state.account.lists.get(&id)?)));
    match found {
        Some((id, list)) => Reply::ok(&json!({ "list": row(id, &list.name) })),
        None => Reply::missing("_List", id),
    }
}

/// `POST /lists`.
pub(crate) fn create(state: &mut State, call: &Call) -> Reply {
    let body = call.json();
    let text = |name: &str| body["list"][name].as_str().filter(|text| !text.is_empty());
    for required in ["name", "stringid", "sender_url", "sender_reminder"] {
        if text(required).is_none() {
            let title = format!("The list {required} was not provided.");
            return Reply::error(StatusCode::UNPROCESSABLE_ENTITY, &title, "field_missing");
        }
    }
    let (id, name) = (state.account.next_list(), text("name").unwrap_or_default());
    state.account.add_list(id, name);
    Reply::json(StatusCode::CREATED, &json!({ "list": row(id, name) }))
}

fn row(id: u32, name: &str) -> Value {
    json!({
        "id": id.to_string(),
        "stringid": name.to_lowercase().replace(' ', "-"),
        "name": name,
        "userid": "1",
        "sender_url": "https://example.com",
        "sender_reminder": "You signed up on our site.",
        "deletestamp": null,
        "channel": "email",
        "links": {},
    })
}

/// `GET /lists/exclusions`.
pub(crate) fn exclusions(state: &State, call: &Call) -> Reply {
    let all = &state.account.exclusions;
    let rows = call.query.page(20, 100).cut(all.iter().enumerate()).map(|(place, exclusion)| {
        let matching = match exclusion.matching {
            Match::Exact => "exact",
            Match::Begins => "begin",
            Match::Ends => "end",
        };
        json!({
            "id": (place + 1).to_string(),
            "email": exclusion.text,
            "matchType": matching,
            "lists": exclusion.lists.iter().map(u32::to_string).collect::<Vec<_>>(),
            "channel": "allEmail",
        })
    });
    let rows: Vec<Value> = rows.collect();
    Reply::ok(&json!({ "exclusions": rows, "meta": meta(all.len()) }))
}
