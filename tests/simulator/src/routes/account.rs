//! Who the key belongs to and what it may.

use http::StatusCode;
use serde_json::json;

use crate::reply::Reply;
use crate::state::State;

/// `GET /users/me`.
pub(crate) fn me() -> Reply {
    Reply::ok(&json!({ "user": {
        "id": "1",
        "username": "admin",
        "firstName": "Demo",
        "lastName": "Admin",
        "email": "admin@example.com",
        "phone": "",
        "links": {},
    } }))
}

/// `GET /settings/account`: for administrators.
pub(crate) fn settings(state: &State) -> Reply {
    if !state.settings.may_read_account {
        let error = json!({
            "status": 403,
            "title": "Forbidden",
            "detail": "You do not have permission to view account settings.",
        });
        return Reply::json(StatusCode::FORBIDDEN, &json!({ "errors": [error] }));
    }
    let body = json!({
        "account": "simulator.api-us1.com",
        "email": "admin@example.com",
        "first_name": "Demo",
        "last_name": "Admin",
        "cname": "",
        "status": "nobody",
        "subscriber_limit": state.settings.subscriber_limit.unwrap_or(10_000_000),
        "subscriber_total": state.account.len(),
        "trial": false,
        "credits": null,
        "branding": false,
    });
    Reply::ok(&body).with("cache-control", "private")
}

/// `GET /groups`.
pub(crate) fn groups() -> Reply {
    let admin = json!({
        "id": "3",
        "title": "Admin",
        "pgContactAdd": "1",
        "pgContactEdit": "1",
        "pgContactDelete": "1",
        "pgContactImport": "1",
        "pgContactSync": "1",
        "links": {},
    });
    Reply::ok(&json!({ "groups": [admin], "meta": { "total": "1" } }))
}
