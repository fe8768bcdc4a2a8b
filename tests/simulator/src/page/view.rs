//! What the page shows. The account is a simulated one, so emails are shown.

use axum::Json;
use axum::extract::{Query, State};
use serde::Deserialize;
use serde_json::{Value, json};

use super::rates::rates;
use crate::Simulator;
use crate::account::{Account, List, Row, Status, fold};
use crate::import::Glance;
use crate::routes::import::hyphenated;

/// Most pending imports that are listed; the rest is counted.
const PENDING: usize = 12;

/// Most contacts of an answer.
const CONTACTS: usize = 100;

/// `GET /sim/state`: everything but the contacts.
pub(crate) async fn state(State(simulator): State<Simulator>) -> Json<Value> {
    let report = simulator.report();
    let state = simulator.present();
    let (now, settings) = (simulator.now(), &state.settings);
    let import = |glance: Glance| {
        json!({
            "id": hyphenated(glance.id),
            "contacts": glance.contacts,
            "state": glance.state,
            "age": now.saturating_sub(glance.accepted).as_secs_f64(),
            "refused": glance.refused,
        })
    };
    let pending = state.importer.pending(now, settings, PENDING).into_iter().map(import);
    let ended = state.importer.ended(now, settings).into_iter().map(import);
    let outstanding = state.importer.outstanding().values();
    Json(json!({
        "now": now.as_secs_f64(),
        "speed": settings.pace(),
        "revoked": state.revoked,
        "contacts": state.account.len(),
        "version": version(&state),
        "lists": state.account.lists.iter().map(list).collect::<Vec<_>>(),
        "imports": {
            "pending_total": outstanding.clone().map(|tally| tally.batches).sum::<u64>(),
            "pending_contacts": outstanding.map(|tally| tally.contacts).sum::<u64>(),
            "pending": pending.collect::<Vec<_>>(),
            "ended": ended.collect::<Vec<_>>(),
        },
        "rates": rates(&state.records, settings, now),
        "faults": settings.faults,
        "report": report,
    }))
}

/// Differs whenever contacts may have changed: by a call, by an import that ended, by a reset or a deleted list.
fn version(state: &crate::state::State) -> String {
    let applied = state.report.created + state.report.updated;
    format!("{}-{applied}-{}-{}", state.records.len(), state.account.len(), state.account.lists.len())
}

fn list((id, list): (&u32, &List)) -> Value {
    json!({
        "id": id,
        "name": list.name,
        "unconfirmed": list.members[Status::Unconfirmed as usize],
        "active": list.members[Status::Active as usize],
        "unsubscribed": list.members[Status::Unsubscribed as usize],
        "bounced": list.members[Status::Bounced as usize],
    })
}

/// Which contacts to show.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Search {
    /// A part of the email, in whatever case; empty for everybody.
    search: String,
    offset: usize,
    limit: usize,
}

impl Default for Search {
    fn default() -> Self {
        Self { search: String::new(), offset: 0, limit: 25 }
    }
}

/// `GET /sim/contacts`: a page of contacts, the latest first.
pub(crate) async fn contacts(State(simulator): State<Simulator>, Query(wanted): Query<Search>) -> Json<Value> {
    let state = simulator.present();
    let account = &state.account;
    let part = fold(&wanted.search);
    let found = || account.rows_after(0).rev().filter(|(_, row)| row.email.contains(&*part));
    let page = found().skip(wanted.offset).take(wanted.limit.min(CONTACTS));
    let total = if part.is_empty() { account.len() } else { found().count() };
    let contacts: Vec<Value> = page.map(|(id, row)| contact(account, id, row)).collect();
    Json(json!({ "total": total, "contacts": contacts }))
}

fn contact(account: &Account, id: u32, row: &Row) -> Value {
    let list = |(id, status): &(u32, Status)| json!({ "id": id, "name": account.lists.get(id).map(|list| &list.name), "status": status });
    let field = |(id, value): &(u32, Box<str>)| {
        let title = account.fields.get(id).map_or_else(|| format!("field {id} (deleted)"), |field| field.title.clone());
        json!({ "title": title, "value": value })
    };
    json!({
        "id": id,
        "email": &*row.email,
        "first_name": row.first_name,
        "last_name": row.last_name,
        "phone": row.phone,
        "bounced": account.bounced.contains(&*row.email),
        "lists": row.lists.iter().map(list).collect::<Vec<_>>(),
        "tags": row.tags.iter().filter_map(|tag| account.tag_name(*tag)).collect::<Vec<_>>(),
        "fields": row.fields.iter().map(field).collect::<Vec<_>>(),
    })
}
