//! What the simulated account does, switch by switch.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod account;
mod http_front;
mod import;
mod limits;
mod network;
mod page;
mod processing;

use bytes::Bytes;
use enlist_simulator::{Cut, DEFAULT_TOKEN, Simulator};
use http::{Request, Response};
use serde_json::{Value, json};

pub(crate) const IMPORT: &str = "/api/3/import/bulk_import";

pub(crate) fn request(method: &str, path: &str, body: impl Into<Bytes>) -> Request<Bytes> {
    let request = Request::builder().method(method).uri(path).header("Api-Token", DEFAULT_TOKEN);
    request.body(body.into()).unwrap()
}

pub(crate) async fn send(sim: &Simulator, method: &str, path: &str, body: &Value) -> Result<Response<Bytes>, Cut> {
    sim.call(request(method, path, body.to_string())).await
}

/// Status and JSON of the answer.
pub(crate) async fn post(sim: &Simulator, path: &str, body: &Value) -> (u16, Value) {
    read(send(sim, "POST", path, body).await.expect("no cut"))
}

pub(crate) async fn get(sim: &Simulator, path: &str) -> (u16, Value) {
    read(sim.call(request("GET", path, "")).await.expect("no cut"))
}

pub(crate) fn read(response: Response<Bytes>) -> (u16, Value) {
    let json = serde_json::from_slice(response.body()).unwrap_or_default();
    (response.status().as_u16(), json)
}

/// A body with `count` contacts `prefix0@example.com` … for list 1.
pub(crate) fn contacts(prefix: &str, count: usize) -> Value {
    let contact = |n| json!({ "email": format!("{prefix}{n}@example.com"), "subscribe": [{ "listid": 1 }] });
    json!({ "contacts": (0..count).map(contact).collect::<Vec<_>>() })
}

/// Two contacts: `entry` and one that is always good.
pub(crate) fn with_companion(entry: Value) -> Value {
    json!({ "contacts": [entry, { "email": "companion@example.com" }] })
}

/// Imports a body that must be accepted and returns the id.
pub(crate) async fn import(sim: &Simulator, body: &Value) -> String {
    let (status, answer) = post(sim, IMPORT, body).await;
    assert_eq!(status, 200, "{answer}");
    answer["batchId"].as_str().unwrap().to_owned()
}

pub(crate) async fn info(sim: &Simulator, id: &str) -> Value {
    let (status, answer) = get(sim, &format!("/api/3/import/info?batchId={id}")).await;
    assert_eq!(status, 200, "{answer}");
    answer
}
