//! Reading and deleting contacts.

use http::StatusCode;
use serde_json::{Value, json};

use crate::account::{Account, Row, Status, fold};
use crate::calendar::timestamp;
use crate::reply::{Call, Query, Reply};
use crate::state::State;

/// `GET /contacts`.
pub(crate) fn list(state: &State, call: &Call) -> Reply {
    let (account, query) = (&state.account, &call.query);
    let filter = Filter::new(account, query);
    let page = query.page(20, 100);
    let after = query.number("id_greater").unwrap_or(0);
    let rows: Vec<(u32, &Row)> = match &filter.email {
        Some(email) => {
            let found = account.find(email).and_then(|id| Some((id, account.row(id)?)));
            page.cut(found.into_iter().filter(|(id, row)| *id > after && filter.passes(account, *id, row))).collect()
        }
        None => {
            let passing = account.rows_after(after).filter(|(id, row)| filter.passes(account, *id, row));
            if query.get("orders[id]").is_some_and(|order| order.eq_ignore_ascii_case("desc")) {
                page.cut(passing.rev()).collect()
            } else {
                page.cut(passing).collect()
            }
        }
    };
    let included: Vec<&str> = query.get("include").unwrap_or_default().split(',').collect();
    let mut body = json!({
        "scoreValues": [],
        "contacts": rows.iter().map(|(id, row)| contact(account, *id, row)).collect::<Vec<_>>(),
        "meta": {
            "total": filter.total(account).to_string(),
            "sortable": true,
            "page_input": { "listid": filter.list.unwrap_or(0), "limit": page.limit, "offset": page.offset },
        },
    });
    let sideloads: [(&str, Sideload); 3] =
        [("contactLists", memberships), ("fieldValues", field_values), ("contactTags", contact_tags)];
    for (name, build) in sideloads {
        if included.contains(&name) {
            body[name] = rows.iter().flat_map(|(id, row)| build(*id, row)).collect();
        }
    }
    Reply::ok(&body)
}

/// `GET /contacts/{id}`.
pub(crate) fn show(state: &State, id: &str) -> Reply {
    let account = &state.account;
    let Some((number, row)) = id.parse().ok().and_then(|number| Some((number, account.row(number)?))) else {
        return Reply::missing("Subscriber", id);
    };
    Reply::ok(&json!({
        "contact": contact(account, number, row),
        "contactLists": memberships(number, row),
        "fieldValues": field_values(number, row),
    }))
}

/// `DELETE /contacts/{id}`.
pub(crate) fn delete(state: &mut State, id: &str) -> Reply {
    match id.parse() {
        Ok(number) if state.account.delete(number) => Reply::json(StatusCode::OK, &json!({})),
        _ => Reply::missing("Subscriber", id),
    }
}

/// What is told of a contact beside the contact.
type Sideload = fn(u32, &Row) -> Vec<Value>;

/// Which contacts a listing shows.
struct Filter {
    email: Option<String>,
    email_like: Option<String>,
    list: Option<u32>,
    status: Option<Status>,
    tag: Option<u32>,
    ids: Vec<u32>,
    id_less: Option<u32>,
}

impl Filter {
    fn new(account: &Account, query: &Query) -> Self {
        let numbered = query.number("tagid");
        let named = query.get("tag").map(|name| account.find_tag(name).unwrap_or(0));
        let folded = |name| query.get(name).filter(|text| !text.is_empty()).map(|text| fold(text).into_owned());
        Self {
            email: folded("email"),
            email_like: folded("email_like").or_else(|| folded("search")),
            list: query.number("listid").filter(|&list| list > 0),
            status: query.number("status").and_then(Status::from_number),
            tag: numbered.or(named),
            ids: query.all("ids[]").filter_map(|id| id.parse().ok()).collect(),
            id_less: query.number("id_less"),
        }
    }

    fn passes(&self, account: &Account, id: u32, row: &Row) -> bool {
        self.email.as_ref().is_none_or(|email| *row.email == **email)
            && self.email_like.as_ref().is_none_or(|part| row.email.contains(part.as_str()))
            && self.is_member(account, row)
            && self.tag.is_none_or(|tag| row.tags.contains(&tag))
            && (self.ids.is_empty() || self.ids.contains(&id))
            && self.id_less.is_none_or(|bound| id < bound)
    }

    /// A bounce is known of the address, not of its membership in a list.
    fn is_member(&self, account: &Account, row: &Row) -> bool {
        let bounced = || account.bounced.contains(&*row.email);
        match (self.list, self.status) {
            (None, None) => true,
            (None, Some(Status::Bounced)) => bounced(),
            (None, Some(status)) => row.lists.iter().any(|(_, present)| *present == status),
            (Some(list), None) => row.status(list).is_some(),
            (Some(list), Some(Status::Bounced)) => {
                row.status(list) == Some(Status::Bounced) || (row.status(list).is_some() && bounced())
            }
            (Some(list), Some(status)) => row.status(list) == Some(status),
        }
    }

    /// Contacts that pass, on all pages. Known without a scan in the cases that matter with millions of contacts.
    fn total(&self, account: &Account) -> usize {
        let narrow = self.email.is_some()
            || self.email_like.is_some()
            || self.tag.is_some()
            || !self.ids.is_empty()
            || self.id_less.is_some();
        let members = |list| account.lists.get(&list).map_or([0; 4], |list| list.members);
        match (narrow, self.list, self.status) {
            (false, None, None) => account.len(),
            (false, Some(list), None) => members(list).iter().sum(),
            (false, Some(list), Some(status)) if status != Status::Bounced => members(list)[status as usize],
            _ if self.email.is_some() => {
                let found = self.email.as_ref().and_then(|email| account.find(email));
                let row = found.and_then(|id| Some((id, account.row(id)?)));
                usize::from(row.is_some_and(|(id, row)| self.passes(account, id, row)))
            }
            _ => account.rows_after(0).filter(|(id, row)| self.passes(account, *id, row)).count(),
        }
    }
}

pub(crate) fn contact(account: &Account, id: u32, row: &Row) -> Value {
    let created = timestamp(row.created);
    let bounced = if account.bounced.contains(&*row.email) { "1" } else { "0" };
    json!({
        "id": id.to_string(),
        "email": &*row.email,
        "firstName": &*row.first_name,
        "lastName": &*row.last_name,
        "phone": &*row.phone,
        "cdate": created,
        "udate": created,
        "deleted": "0",
        "bounced_hard": bounced,
        "bounced_soft": "0",
        "links": {},
    })
}

fn memberships(id: u32, row: &Row) -> Vec<Value> {
    row.lists.iter().map(|(list, status)| membership(id, *list, *status)).collect()
}

pub(crate) fn membership(id: u32, list: u32, status: Status) -> Value {
    json!({
        "id": format!("{id}-{list}"),
        "contact": id.to_string(),
        "list": list.to_string(),
        "status": (status as u8).to_string(),
    })
}

pub(crate) fn field_values(id: u32, row: &Row) -> Vec<Value> {
    let value = |(field, value): &(u32, Box<str>)| {
        json!({
            "id": format!("{id}-{field}"),
            "contact": id.to_string(),
            "field": field.to_string(),
            "value": value,
        })
    };
    row.fields.iter().map(value).collect()
}

fn contact_tags(id: u32, row: &Row) -> Vec<Value> {
    row.tags.iter().map(|tag| contact_tag(id, *tag)).collect()
}

pub(crate) fn contact_tag(id: u32, tag: u32) -> Value {
    json!({ "id": format!("{id}-{tag}"), "contact": id.to_string(), "tag": tag.to_string() })
}
