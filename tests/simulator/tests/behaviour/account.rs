use enlist_simulator::{Exclusion, Field, FieldType, Match, Settings, Simulator, Snapshot, Status, Template};
use serde_json::{Value, json};

use crate::{contacts, get, import, post, request, with_companion};

/// No limit on calls.
fn open(change: impl FnOnce(&mut Settings)) -> Simulator {
    let mut settings = Settings::prompt();
    settings.limits.general_per_second = 10_000;
    change(&mut settings);
    Simulator::new(settings)
}

fn ids(rows: &Value) -> Vec<&str> {
    rows.as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn contacts_are_listed_in_pages_and_by_filter() {
    let sim = open(|_| {});
    for n in 1..=150 {
        sim.subscribe(&format!("c{n}@example.com"), if n % 2 == 0 { 7 } else { 1 });
    }
    sim.unsubscribe("c3@example.com", 1);
    sim.unsubscribe("c150@example.com", 7);
    sim.bounce("c5@example.com");
    for (query, shown, first, total) in [
        ("", 20, "1", "150"),
        ("?limit=100", 100, "1", "150"),
        ("?limit=1000", 100, "1", "150"),
        ("?limit=100&offset=100", 50, "101", "150"),
        ("?orders%5Bid%5D=ASC&id_greater=148", 2, "149", "150"),
        ("?orders[id]=DESC", 20, "150", "150"),
        ("?listid=7&limit=100", 75, "2", "75"),
        ("?listid=1&status=2", 1, "3", "1"),
        ("?listid=1&status=-1&limit=100", 75, "1", "75"),
        ("?listid=1&status=3", 1, "5", "1"),
        ("?status=2&id_greater=3", 1, "150", "2"),
        ("?email=C7%40example.com", 1, "7", "1"),
        ("?email_like=c14", 11, "14", "11"),
        ("?ids[]=9&ids[]=11", 2, "9", "2"),
    ] {
        let (status, body) = get(&sim, &format!("/api/3/contacts{query}")).await;
        assert_eq!(status, 200);
        let listed = ids(&body["contacts"]);
        assert_eq!((listed.len(), listed[0], &body["meta"]["total"]), (shown, first, &json!(total)), "{query}");
    }
    let (_, body) = get(&sim, "/api/3/contacts?email=nobody@example.com").await;
    assert_eq!((&body["contacts"], &body["meta"]["total"]), (&json!([]), &json!("0")));
}

#[tokio::test(start_paused = true)]
async fn a_listing_includes_what_was_asked_for() {
    let sim = open(|_| {});
    let entry = json!({
        "email": "anna@example.com", "fields": [{ "id": 7, "value": "Oslo" }], "tags": ["vip"], "subscribe": [{ "listid": 1 }],
    });
    import(&sim, &with_companion(entry)).await;
    let (_, body) = get(&sim, "/api/3/contacts?include=contactLists,fieldValues,contactTags").await;
    assert_eq!(body["contactLists"][0], json!({ "id": "1-1", "contact": "1", "list": "1", "status": "1" }));
    assert_eq!(body["fieldValues"][0], json!({ "id": "1-7", "contact": "1", "field": "7", "value": "Oslo" }));
    assert_eq!(body["contactTags"][0], json!({ "id": "1-3", "contact": "1", "tag": "3" }));
    let (_, bare) = get(&sim, "/api/3/contacts").await;
    assert!(bare.get("contactLists").is_none());
}

#[tokio::test(start_paused = true)]
async fn a_deleted_contact_is_gone_and_its_email_gets_another_id() {
    let sim = open(|_| {});
    let id = sim.subscribe("anna@example.com", 1);
    let path = format!("/api/3/contacts/{id}");
    assert_eq!(get(&sim, &path).await.1["contact"]["email"], "anna@example.com");
    assert_eq!(sim.call(request("DELETE", &path, "")).await.unwrap().status(), 200);
    let (status, body) = get(&sim, &path).await;
    assert_eq!((status, body), (404, json!({ "message": "No Result found for Subscriber with id 1" })));
    assert_eq!(sim.call(request("DELETE", &path, "")).await.unwrap().status(), 404);
    assert_eq!((sim.len(), sim.members(1, Status::Active)), (0, 0));
    assert_eq!(sim.subscribe("anna@example.com", 1), 2);
}

#[tokio::test(start_paused = true)]
async fn syncing_a_contact_creates_it_and_then_updates_it() {
    let sim = open(|_| {});
    let body = json!({ "contact": {
        "email": "Anna@example.com", "firstName": "Anna", "phone": "1", "tags": ["fresh"], "lists": [{ "list": 7 }],
        "fieldValues": [{ "field": "7", "value": "Oslo" }, { "field": "%CITY%", "value": "x" }],
    } });
    let (status, answer) = post(&sim, "/api/3/contact/sync", &body).await;
    assert_eq!(
        (status, &answer["contact"]["id"], &answer["fieldValues"][0]["value"]),
        (201, &json!("1"), &json!("Oslo"))
    );
    let (status, _) = post(&sim, "/api/3/contact/sync", &json!({ "contact": { "email": "anna@example.com" } })).await;
    assert_eq!(status, 200);
    let anna = sim.contact("anna@example.com").unwrap();
    assert_eq!((anna.first_name.as_str(), anna.lists[&7]), ("Anna", Status::Active));
    assert!(anna.tags.contains("fresh"));
    for (contact, expected) in [
        (json!({}), 400),
        (json!({ "email": "bad" }), 422),
        (json!({ "email": "b@example.com", "lists": [{ "list": 99 }] }), 422),
    ] {
        assert_eq!(post(&sim, "/api/3/contact/sync", &json!({ "contact": contact })).await.0, expected);
    }
    assert_eq!(sim.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn only_a_membership_call_or_sync_subscribes_those_who_left_and_it_is_counted() {
    let sim = open(|_| {});
    let id = sim.unsubscribe("left@example.com", 1);
    for (status, expected) in [(1, 200), (2, 200), (4, 422)] {
        let body = json!({ "contactList": { "list": 1, "contact": id, "status": status } });
        assert_eq!(post(&sim, "/api/3/contactLists", &body).await.0, expected);
    }
    assert_eq!(sim.report().resubscribed, 1);
    let body = json!({ "contact": { "email": "left@example.com", "lists": [{ "list": 1 }] } });
    assert_eq!(post(&sim, "/api/3/contact/sync", &body).await.0, 200);
    assert_eq!(sim.report().resubscribed, 2);
}

#[tokio::test(start_paused = true)]
async fn lists_fields_tags_and_exclusions_are_paged() {
    let sim = open(|settings| settings.account = Template::Empty);
    for n in 1..=130 {
        sim.add_list(n, &format!("List {n}"));
        sim.add_tag(&format!("tag {n}"));
        sim.add_field(Field::new(n, &format!("Field {n}"), FieldType::Dropdown, &["a", "b"]));
        sim.exclude(Exclusion { text: format!("x{n}@example.com"), matching: Match::Exact, lists: vec![] });
    }
    for (path, name, usual, last) in [
        ("lists", "lists", 20, "130"),
        ("fields", "fields", 100, "130"),
        ("tags", "tags", 20, "130"),
        ("lists/exclusions", "exclusions", 20, "130"),
    ] {
        let (_, body) = get(&sim, &format!("/api/3/{path}")).await;
        assert_eq!((ids(&body[name]).len(), &body["meta"]["total"]), (usual, &json!("130")), "{path}");
        let (_, body) = get(&sim, &format!("/api/3/{path}?limit=100&offset=100")).await;
        assert_eq!((ids(&body[name]).len(), ids(&body[name])[29]), (30, last), "{path}");
    }
    let (_, body) = get(&sim, "/api/3/fields?filters[perstag]=FIELD_7").await;
    assert_eq!((ids(&body["fields"]), &body["fieldOptions"][1]["value"]), (vec!["7"], &json!("b")));
    assert_eq!(get(&sim, "/api/3/fields/7/options").await.1["fieldOptions"][0]["value"], "a");
    assert_eq!(ids(&get(&sim, "/api/3/tags?filters%5Bsearch%5D%5Beq%5D=tag+13").await.1["tags"]), ["13"]);
    assert_eq!(get(&sim, "/api/3/tags?search=tag%2013").await.1["meta"]["total"], "2");
    assert_eq!(get(&sim, "/api/3/lists/131").await.0, 404);
    assert_eq!(get(&sim, "/api/3/lists/130").await.1["list"]["name"], "List 130");
}

#[tokio::test(start_paused = true)]
async fn the_demo_account_has_two_lists_with_fields_and_tags() {
    let sim = open(|_| {});
    let (_, lists) = get(&sim, "/api/3/lists").await;
    assert_eq!((ids(&lists["lists"]), &lists["lists"][1]["name"]), (vec!["1", "7"], &json!("VIP customers")));
    let (_, fields) = get(&sim, "/api/3/fields?limit=100").await;
    let kinds: Vec<&str> = fields["fields"].as_array().unwrap().iter().map(|f| f["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["dropdown", "date", "listbox", "number", "datetime", "textarea", "text", "radio"]);
    assert!(sim.is_empty());
}

#[tokio::test(start_paused = true)]
async fn tags_and_lists_can_be_created() {
    let sim = open(|_| {});
    let tag = json!({ "tag": { "tag": "fresh", "tagType": "contact" } });
    let (status, first) = post(&sim, "/api/3/tags", &tag).await;
    assert_eq!((status, &first["tag"]["id"]), (201, &json!("5")));
    assert_eq!(post(&sim, "/api/3/tags", &tag).await, (200, first));
    let id = sim.subscribe("anna@example.com", 1);
    let join = |tag: Value| json!({ "contactTag": { "contact": id.to_string(), "tag": tag } });
    assert_eq!(post(&sim, "/api/3/contactTags", &join(json!("5"))).await.0, 201);
    assert_eq!(post(&sim, "/api/3/contactTags", &join(json!("fresh"))).await.0, 422);
    assert!(sim.contact("anna@example.com").unwrap().tags.contains("fresh"));
    let list = json!({ "list": { "name": "Third", "stringid": "third", "sender_url": "https://example.com", "sender_reminder": "x" } });
    assert_eq!(post(&sim, "/api/3/lists", &list).await.1["list"]["id"], "8");
    assert_eq!(post(&sim, "/api/3/lists", &json!({ "list": { "name": "Fourth" } })).await.0, 422);
}

#[tokio::test(start_paused = true)]
async fn the_account_can_be_read_by_administrators() {
    let sim = open(|settings| settings.subscriber_limit = Some(500));
    sim.subscribe("anna@example.com", 1);
    let (status, body) = get(&sim, "/api/3/settings/account").await;
    assert_eq!((status, &body["subscriber_limit"], &body["subscriber_total"]), (200, &json!(500), &json!(1)));
    sim.change(|settings| settings.may_read_account = false);
    assert_eq!(get(&sim, "/api/3/settings/account").await.0, 403);
    assert_eq!(get(&sim, "/api/3/users/me").await.1["user"]["email"], "admin@example.com");
    assert_eq!(get(&sim, "/api/3/groups").await.1["groups"][0]["pgContactImport"], "1");
    assert_eq!(get(&sim, "/api/3/nothing").await.0, 404);
    assert_eq!(get(&sim, "/elsewhere").await.0, 404);
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_brings_the_account_back() {
    let sim = open(|_| {});
    let entry = json!({
        "email": "anna@example.com", "fields": [{ "id": 7, "value": "Oslo" }], "tags": ["brand-new"], "subscribe": [{ "listid": 1 }],
    });
    import(&sim, &with_companion(entry)).await;
    sim.unsubscribe("left@example.com", 7);
    sim.bounce("bounced@example.com");
    sim.exclude(Exclusion { text: "x@".into(), matching: Match::Begins, lists: vec![7] });
    sim.call(request("DELETE", "/api/3/contacts/2", "")).await.unwrap();
    let text = serde_json::to_string(&sim.snapshot()).unwrap();
    let other = open(|settings| settings.account = Template::Empty);
    other.restore(serde_json::from_str::<Snapshot>(&text).unwrap());
    assert_eq!(other.snapshot(), sim.snapshot());
    assert_eq!(other.contact("anna@example.com"), sim.contact("anna@example.com"));
    assert_eq!((other.len(), other.members(7, Status::Unsubscribed)), (2, 1));
    assert_eq!(other.subscribe("later@example.com", 1), 4, "ids go on where they were");
}

#[tokio::test(start_paused = true)]
async fn settings_are_read_from_a_document() {
    let settings: Settings = serde_json::from_value(json!({
        "seed": 9, "speed": 60, "throttle": "too-many-requests", "window": "fixed", "status_false": 0.5,
        "latency": { "lognormal": { "p50": 0.1, "p90": 0.2, "p99": 0.3 } }, "bulk_latency": { "fixed": 0 },
        "faults": { "cut_after": 0.01, "scope": "bulk" }, "processing": { "contacts_per_second": 5, "delay": 2.5 },
        "limits": { "bulk_per_minute": 10 }, "subscriber_limit": 100, "token": "t",
    }))
    .unwrap();
    assert_eq!((settings.limits.bulk_per_minute, settings.limits.contacts), (10, 250));
    assert_eq!((settings.processing.delay.as_millis(), settings.status_false.as_millis()), (2_500, 500));
    assert!(serde_json::from_value::<Settings>(json!({ "sped": 1 })).is_err(), "typing errors are found");
}

#[tokio::test(start_paused = true)]
async fn a_list_or_field_that_is_deleted_is_not_there_for_later_imports() {
    let sim = open(|_| {});
    import(&sim, &contacts("before", 2)).await;
    sim.remove_list(1);
    sim.remove_field(7);
    let entry = json!({ "email": "anna@example.com", "fields": [{ "id": 7, "value": "Oslo" }] });
    import(&sim, &contacts("after", 2)).await;
    import(&sim, &with_companion(entry)).await;
    assert_eq!((get(&sim, "/api/3/lists/1").await.0, get(&sim, "/api/3/fields/7").await.0), (404, 404));
    let seen = sim.report();
    assert_eq!((seen.failures.unknown_list, seen.unknown_fields, sim.len()), (2, 1, 4));
}
