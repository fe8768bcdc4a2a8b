//! The page for people, at `/`, and its JSON below `/sim/`. Neither is a call to the account: no key, no quota, no
//! fault, no record.

mod actions;
mod guard;
mod rates;
mod view;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::middleware::from_fn;
use axum::response::IntoResponse;
use axum::routing::{get, post};

use crate::Simulator;

const DOCUMENT: &str = include_str!("assets/index.html");
const STYLE: &str = include_str!("assets/page.css");
const SCRIPT: &str = include_str!("assets/page.js");
const ICON: &str = include_str!("assets/icon.svg");

/// The page and what it asks for; everything else is for somebody else.
pub(crate) fn router() -> Router<Simulator> {
    let below = Router::new()
        .route("/page.css", get(|| asset("text/css; charset=utf-8", STYLE)))
        .route("/page.js", get(|| asset("text/javascript; charset=utf-8", SCRIPT)))
        .route("/icon.svg", get(|| asset("image/svg+xml", ICON)))
        .route("/state", get(view::state))
        .route("/contacts", get(view::contacts))
        .route("/faults", post(actions::faults))
        .route("/key", post(actions::key))
        .route("/delete-list", post(actions::delete_list))
        .route("/reset", post(actions::reset))
        .fallback(actions::nothing);
    let document = get(|| asset("text/html; charset=utf-8", DOCUMENT));
    Router::new().route("/", document).nest("/sim", below).layer(from_fn(guard::guard))
}

async fn asset(content_type: &'static str, text: &'static str) -> impl IntoResponse {
    ([(CONTENT_TYPE, content_type)], text)
}
