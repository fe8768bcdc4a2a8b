//! What the buttons do. Bodies are JSON under their own content type, which no form of another site can send.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{Faults, Simulator};

/// `{}`, or what is wrong with the request.
type Done = Result<Json<Value>, (StatusCode, String)>;

fn done() -> Done {
    Ok(Json(json!({})))
}

fn wrong(reason: impl ToString) -> (StatusCode, String) {
    (StatusCode::UNPROCESSABLE_ENTITY, reason.to_string())
}

/// `POST /sim/faults`: the shares that are named change, the others stay.
pub(crate) async fn faults(State(simulator): State<Simulator>, Json(wanted): Json<Map<String, Value>>) -> Done {
    // Read and written under one lock, so that of two requests at once neither is lost.
    let mut outcome = done();
    simulator.change(|settings| match merge(&settings.faults, wanted) {
        Ok(faults) => settings.faults = faults,
        Err(reason) => outcome = Err(wrong(reason)),
    });
    outcome
}

fn merge(present: &Faults, wanted: Map<String, Value>) -> Result<Faults, String> {
    let mut merged = serde_json::to_value(present).map_err(|e| e.to_string())?;
    if let Value::Object(merged) = &mut merged {
        merged.extend(wanted);
    }
    let faults: Faults = serde_json::from_value(merged).map_err(|e| e.to_string())?;
    if faults.are_shares() { Ok(faults) } else { Err("A share is a number from 0 to 1.".to_owned()) }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Key {
    revoked: bool,
}

/// `POST /sim/key`.
pub(crate) async fn key(State(simulator): State<Simulator>, Json(wanted): Json<Key>) -> Done {
    if wanted.revoked {
        simulator.revoke()
    } else {
        simulator.reinstate()
    }
    done()
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Deletion {
    list: u32,
}

/// `POST /sim/delete-list`.
pub(crate) async fn delete_list(State(simulator): State<Simulator>, Json(wanted): Json<Deletion>) -> Done {
    simulator.remove_list(wanted.list);
    done()
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reset {}

/// `POST /sim/reset`.
pub(crate) async fn reset(State(simulator): State<Simulator>, Json(Reset {}): Json<Reset>) -> Done {
    simulator.reset();
    done()
}

/// Anything else below `/sim/`.
pub(crate) async fn nothing() -> (StatusCode, &'static str) {
    (StatusCode::NOT_FOUND, "The simulator's page has no such part.")
}
