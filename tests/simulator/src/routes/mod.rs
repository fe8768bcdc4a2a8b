//! One function for each endpoint.

mod account;
mod contacts;
pub(crate) mod import;
mod lists;
mod metadata;
mod sync;

use std::time::Duration;

use http::StatusCode;

use crate::reply::{Call, Reply};
use crate::state::State;

/// Answers a call that is not an import request.
pub(crate) fn answer(state: &mut State, call: &Call, now: Duration) -> Reply {
    let segments: Vec<&str> = call.path.split('/').collect();
    match (call.method.as_str(), segments.as_slice()) {
        ("GET", ["import", "bulk_import"]) => import::totals(state, now),
        ("GET", ["import", "info"]) => import::info(state, call, now),
        ("GET", ["contacts"]) => contacts::list(state, call),
        ("GET", ["contacts", id]) => contacts::show(state, id),
        ("DELETE", ["contacts", id]) => contacts::delete(state, id),
        ("POST", ["contact", "sync"]) => sync::contact(state, call, now),
        ("POST", ["contactLists"]) => sync::membership(state, call),
        ("POST", ["contactTags"]) => sync::tag(state, call),
        ("GET", ["lists"]) => lists::list(state, call),
        ("POST", ["lists"]) => lists::create(state, call),
        ("GET", ["lists", "exclusions"]) => lists::exclusions(state, call),
        ("GET", ["lists", id]) => lists::show(state, id),
        ("GET", ["fields"]) => metadata::fields(state, call),
        ("GET", ["fields", id]) => metadata::field(state, id),
        ("GET", ["fields", id, "options"]) => metadata::options(state, id),
        ("GET", ["tags"]) => metadata::tags(state, call),
        ("POST", ["tags"]) => metadata::create_tag(state, call),
        ("GET", ["users", "me"]) => account::me(),
        ("GET", ["settings", "account"]) => account::settings(state),
        ("GET", ["groups"]) => account::groups(),
        _ => Reply::message(StatusCode::NOT_FOUND, "No Result found"),
    }
}

/// The total of a listing, as the API writes it.
fn meta(total: usize) -> serde_json::Value {
    serde_json::json!({ "total": total.to_string() })
}
