//! A list that is read back, from answers of every kind.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use enlist_core::{Destination, Error, Field, FieldKind, Membership, Page, SendError, Sink};
use enlist_sink_activecampaign::{ActiveCampaign, Settings, Transport, TransportError};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Answers every call alike and remembers what it was asked.
struct Canned {
    status: u16,
    body: Bytes,
    asked: Mutex<Vec<String>>,
}

#[async_trait]
impl Transport for Canned {
    async fn call(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        self.asked.lock().unwrap().push(format!("{} {}", request.method(), request.uri().path_and_query().unwrap()));
        Ok(http::Response::builder().status(self.status).body(self.body.clone()).unwrap())
    }
}

fn sink(status: u16, body: impl Into<Bytes>) -> (ActiveCampaign, Arc<Canned>) {
    let transport = Arc::new(Canned { status, body: body.into(), asked: Mutex::default() });
    let settings = Settings {
        host: "acme.api-us1.com".into(),
        allow_host: false,
        key: "key".to_owned().into(),
        list: 7,
        tags: Vec::new(),
        automations: false,
        ca_file: None,
    };
    (ActiveCampaign::new(settings, transport.clone()).unwrap(), transport)
}

async fn members(body: Value) -> Result<Page, SendError> {
    sink(200, body.to_string()).0.members(0).await
}

/// A page with one contact on list 7 that is `contact` beside the usual, with this status.
fn page(contact: Value, status: Value) -> Value {
    let mut whole = json!({"id": "12", "email": "ada@example.com", "firstName": "Ada", "lastName": "", "phone": ""});
    whole.as_object_mut().unwrap().extend(contact.as_object().unwrap().clone());
    json!({
        "contacts": [whole],
        "contactLists": [
            {"contact": "12", "list": "6", "status": "2"}, {"contact": "12", "list": "7", "status": status},
            {"contact": "13", "list": "7", "status": "2"},
        ],
        "fieldValues": [],
    })
}

async fn standing(contact: Value, status: Value) -> Membership {
    let page = members(page(contact, status)).await.unwrap();
    assert_eq!((page.members[0].id, page.next), (12, Some(12)));
    page.members[0].standing
}

#[tokio::test]
async fn a_page_is_one_call_for_a_hundred_contacts_of_any_status_after_an_id() {
    let (sink, account) = sink(200, r#"{"contacts":[]}"#);
    assert_eq!(sink.members(41).await, Ok(Page::default()));
    assert_eq!(sink.newest_member().await, Ok(None));
    let asked = account.asked.lock().unwrap().clone();
    assert_eq!(
        asked,
        [
            "GET /api/3/contacts?listid=7&status=-1&limit=100&orders%5Bid%5D=ASC&id_greater=41\
             &include=contactLists%2CfieldValues",
            "GET /api/3/contacts?listid=7&status=-1&limit=1&orders%5Bid%5D=DESC",
        ]
    );
}

#[tokio::test]
async fn the_newest_contact_is_the_first_of_a_page_in_falling_order() {
    let (sink, _) = sink(200, r#"{"contacts":[{"id":"90"},{"id":"80"}]}"#);
    assert_eq!(sink.newest_member().await, Ok(Some(90)));
}

#[tokio::test]
async fn a_standing_is_the_one_on_this_list_and_a_bounce_outweighs_a_subscription() {
    use Membership::{Bounced, Other, Subscribed, Unconfirmed, Unsubscribed};
    for (status, expected) in [
        ("0", Unconfirmed),
        ("1", Subscribed),
        ("2", Unsubscribed),
        ("3", Bounced),
        ("91", Other(91)),
        ("999", Other(255)),
    ] {
        assert_eq!(standing(json!({}), json!(status)).await, expected);
    }
    assert_eq!(standing(json!({}), json!(1)).await, Subscribed);
    assert_eq!(standing(json!({"bounced_hard": "1"}), json!("1")).await, Bounced);
    assert_eq!(standing(json!({"bounced_hard": "0", "bounced_soft": "2"}), json!("1")).await, Subscribed);
    assert_eq!(standing(json!({"bounced_hard": "1"}), json!("2")).await, Unsubscribed);
}

#[tokio::test]
async fn a_deleted_contact_is_none_and_the_next_page_begins_after_it() {
    let page = members(page(json!({"deleted": "1", "email": "deleted+12@example.com"}), json!("1"))).await.unwrap();
    assert_eq!((page.members.len(), page.next), (0, Some(12)));
}

#[tokio::test]
async fn what_is_missing_of_a_contact_is_empty_and_its_email_is_as_written() {
    let body = json!({"contacts": [{"id": 12}, {"id": "13", "email": "ADA@Example.com", "firstName": null}],
        "contactLists": [{"contact": 12, "list": 7, "status": 1}, {"contact": 13, "list": 7, "status": 1}]});
    let page = members(body).await.unwrap();
    assert_eq!(page.members.iter().map(|member| member.email.as_str()).collect::<Vec<_>>(), ["", "ADA@Example.com"]);
    let shown = format!("{page:?}");
    assert!(!shown.to_lowercase().contains("ada"), "{shown}");
}

#[tokio::test]
async fn an_answer_that_leaves_out_what_an_audit_needs_is_in_doubt() {
    let good = page(json!({}), json!("1"));
    let without = |key: &str| {
        let mut body = good.clone();
        body.as_object_mut().unwrap().remove(key);
        body
    };
    for body in [
        json!({}),
        json!([]),
        json!({"contacts": null}),
        json!({"contacts": "none"}),
        json!({"contacts": [12]}),
        json!({"contacts": [{"email": "ada@example.com"}]}),
        page(json!({"id": "12a"}), json!("1")),
        page(json!({"id": -12}), json!("1")),
        page(json!({"id": null}), json!("1")),
        page(json!({"id": "14"}), json!("1")),
        page(json!({}), json!("active")),
        page(json!({}), json!(null)),
        without("contactLists"),
        without("contacts"),
    ] {
        let result = members(body.clone()).await;
        assert!(matches!(result, Err(SendError::InDoubt(_))), "{body}: {result:?}");
    }
    assert!(members(without("fieldValues")).await.is_ok(), "nobody on the page has one");
}

#[tokio::test]
async fn refusals_mean_the_same_as_for_other_calls() {
    for (status, body, expected) in [
        (429, "", "Throttled"),
        (503, "", "Throttled"),
        (502, "<html>", "InDoubt"),
        (200, "<html>", "InDoubt"),
        (403, r#"{"message":"Forbidden"}"#, "Denied"),
        (403, r#"{"errors":[{"detail":"You do not have permission to view contacts."}]}"#, "ac::permission"),
        (402, "", "ac::unpaid"),
    ] {
        for result in [sink(status, body).0.members(0).await.err(), sink(status, body).0.newest_member().await.err()] {
            let shown = format!("{:?}", result.unwrap());
            assert!(shown.contains(expected), "{status} {body}: {shown}");
        }
    }
}

fn destination() -> Destination {
    let field =
        |id, title: &str, kind| Field { id, title: title.into(), tag: String::new(), kind, options: Vec::new() };
    Destination {
        host: "acme.api-us1.com".into(),
        list: 7,
        list_name: "Customers".into(),
        fields: vec![
            field(1, "Tier", FieldKind::Text),
            field(2, "Hobbies", FieldKind::MultiChoice),
            field(3, "", FieldKind::Date),
        ],
        unknown_tags: Vec::new(),
        headroom: None,
    }
}

/// What differs between a payload and the contact of an answer.
async fn differences(payload: Value, contact: Value, values: &[(u64, Value)]) -> Result<Vec<String>, Error> {
    let mut body = page(contact, json!("1"));
    let value = |(field, value): &(u64, Value)| json!({"contact": "12", "field": field.to_string(), "value": value});
    body["fieldValues"] = values.iter().map(value).collect();
    let (sink, _) = sink(200, body.to_string());
    let page = sink.members(0).await.unwrap();
    sink.compare(&destination()).unwrap().differences(payload.to_string().as_bytes(), &page.members[0].record)
}

#[tokio::test]
async fn parts_that_differ_are_named_and_others_are_not() {
    let payload = json!({"email": "ada@example.com", "first_name": "Ada", "phone": "1", "tags": ["vip"],
        "fields": [{"id": 1, "value": "Gold"}, {"id": 2, "value": "||a||b||"}, {"id": 3, "value": "2026-05-19"},
            {"id": 4, "value": "x"}], "subscribe": [{"listid": 7}]});
    let same = [(1, json!("Gold ")), (2, json!("b||a")), (3, json!("2026-05-19")), (4, json!("x")), (5, json!("y"))];
    let contact = json!({"phone": 1, "lastName": "Lovelace"});
    assert_eq!(differences(payload.clone(), contact, &same).await.unwrap(), Vec::<String>::new());

    let other = [(1, json!("Silver")), (2, json!(["a", "b", "c"])), (3, json!("2026-05-20"))];
    let contact = json!({"firstName": "Eda", "phone": null});
    assert_eq!(
        differences(payload, contact, &other).await.unwrap(),
        ["first_name", "phone", "Tier", "Hobbies", "field 3", "field 4"]
    );
}

#[tokio::test]
async fn a_value_that_is_to_be_cleared_differs_while_it_is_there() {
    let payload = json!({"email": "a@example.com", "last_name": "", "fields": [{"id": 1, "value": ""}]});
    assert!(differences(payload.clone(), json!({}), &[]).await.unwrap().is_empty());
    assert!(differences(payload.clone(), json!({"lastName": null}), &[(1, json!(null))]).await.unwrap().is_empty());
    let there = differences(payload, json!({"lastName": "L"}), &[(1, json!("Gold"))]).await.unwrap();
    assert_eq!(there, ["last_name", "Tier"]);
}

#[tokio::test]
async fn options_come_as_a_list_too() {
    let payload = json!({"fields": [{"id": 2, "value": "||a||b||"}]});
    assert!(differences(payload, json!({}), &[(2, json!(["b", "a"]))]).await.unwrap().is_empty());
}

/// JSON of all kinds, with the keys of an answer.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(|b| json!(b)),
        any::<i64>().prop_map(|n| json!(n)),
        (0_u64..16).prop_map(|n| json!(n.to_string())),
        "[a-z|@.]{0,8}".prop_map(|s| json!(s)),
    ];
    leaf.prop_recursive(4, 48, 6, |inner| {
        let key = prop::sample::select(vec![
            "contacts",
            "contactLists",
            "fieldValues",
            "id",
            "contact",
            "list",
            "status",
            "field",
            "value",
            "email",
            "deleted",
            "firstName",
        ]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((key, inner), 0..6).prop_map(|pairs| Value::Object(
                pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
            )),
        ]
    })
}

proptest! {
    #[test]
    fn no_answer_is_a_crash_and_every_page_that_has_contacts_goes_on(contacts in any_json(), rest in any_json()) {
        let mut body = json!({"contacts": contacts});
        if let Some(rest) = rest.as_object() {
            for (key, value) in rest {
                body.as_object_mut().unwrap().entry(key).or_insert(value.clone());
            }
        }
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        if let Ok(page) = runtime.block_on(members(body)) {
            prop_assert!(page.members.is_empty() || page.next.is_some());
            for member in &page.members {
                let comparer = sink(200, "").0.compare(&destination()).unwrap();
                comparer.differences(br#"{"first_name":"Ada","fields":[{"id":1,"value":"x"}]}"#, &member.record).unwrap();
            }
        }
    }
}
