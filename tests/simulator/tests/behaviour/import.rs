use enlist_simulator::{
    Complaints, Contact, EmptyText, Exclusion, Limits, Match, OverLimit, Oversize, Settings, Simulator, Status,
    SuccessIds, SuccessKey, SuccessValue, Unsubscribed,
};
use serde_json::{Value, json};

use crate::{IMPORT, contacts, import, info, post, request, with_companion};

fn prompt(change: impl FnOnce(&mut Settings)) -> Simulator {
    let mut settings = Settings::prompt();
    change(&mut settings);
    Simulator::new(settings)
}

#[tokio::test(start_paused = true)]
async fn every_part_of_a_contact_is_applied_as_it_was_sent() {
    let sim = prompt(|_| {});
    let anna = json!({
        "email": "Anna@Example.com", "first_name": "Anna", "last_name": "Åkesson", "phone": "+46 8 123",
        "firstName": "ignored", "customer_acct_name": "Ignored Ltd",
        "fields": [{ "id": 3, "value": "||Art||Music||" }, { "id": "2", "value": "1990-02-28" }, { "id": 99, "value": "x" }],
        "tags": ["vip", "brand-new"],
        "subscribe": [{ "listid": 1 }, { "listid": "7" }],
    });
    let id = import(&sim, &with_companion(anna)).await;
    let found = sim.contact("anna@example.com").unwrap();
    assert_eq!((found.email.as_str(), found.first_name.as_str()), ("anna@example.com", "Anna"));
    assert_eq!((found.last_name.as_str(), found.phone.as_str()), ("Åkesson", "+46 8 123"));
    assert_eq!(found.fields, [(2, "1990-02-28".into()), (3, "||Art||Music||".into())].into());
    assert_eq!(found.tags, ["brand-new".to_owned(), "vip".to_owned()].into());
    assert_eq!(found.lists, [(1, Status::Active), (7, Status::Active)].into());
    assert_eq!(info(&sim, &id).await, json!({ "status": "completed", "success": ["1", "2"], "failure": [] }));
    assert_eq!(sim.report().unknown_fields, 1);
    assert_eq!((sim.len(), sim.members(1, Status::Active)), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn absent_keys_keep_values_and_empty_strings_follow_the_switch() {
    for (switch, kept) in [(EmptyText::Overwrite, false), (EmptyText::Ignore, true)] {
        let sim = prompt(|settings| settings.empty_text = switch);
        let full = json!({
            "email": "anna@example.com", "first_name": "Anna", "last_name": "A", "phone": "1",
            "fields": [{ "id": 7, "value": "Oslo" }, { "id": 6, "value": "stays" }],
        });
        import(&sim, &with_companion(full)).await;
        let emptied = json!({
            "email": "ANNA@example.com", "first_name": "", "last_name": null, "fields": [{ "id": 7, "value": "" }],
        });
        import(&sim, &with_companion(emptied)).await;
        let anna = sim.contact("anna@example.com").unwrap();
        assert_eq!((anna.last_name.as_str(), anna.phone.as_str()), ("A", "1"), "{switch:?}");
        assert_eq!(anna.fields[&6], "stays");
        assert_eq!(!anna.first_name.is_empty(), kept, "{switch:?}");
        assert_eq!(anna.fields.contains_key(&7), kept, "{switch:?}");
        assert_eq!(sim.len(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn one_bad_contact_refuses_the_request_and_is_named_as_the_switches_say() {
    let body = json!({ "contacts": [
        { "email": "good@example.com" }, { "email": "bad" }, { "first_name": "nobody" },
        { "email": "field@example.com", "fields": [{ "value": "x" }] },
        { "email": "value@example.com", "fields": [{ "id": 1 }] },
    ] });
    let reasons = [
        "Field 'email' incorrect format",
        "Field 'email' not found",
        "Field 'id' not found",
        "Field 'value' not found",
    ];
    for (first, which, named) in [(1, Complaints::All, 4), (0, Complaints::All, 4), (1, Complaints::First, 1)] {
        let sim = prompt(|settings| {
            settings.first_index = first;
            settings.complaints = which;
        });
        let (status, answer) = post(&sim, IMPORT, &body).await;
        let named: Vec<Value> = (1..=named)
            .map(|place| json!({ "contact": place + first as usize, "failureReason": reasons[place - 1] }))
            .collect();
        assert_eq!((status, &answer["success"]), (400, &json!(0)));
        assert_eq!(answer["failureReasons"], json!(named), "{first} {which:?}");
        assert!(sim.is_empty());
        assert_eq!((sim.report().refused_requests, sim.report().queued_batches), (1, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_not_an_import_is_refused_with_texts() {
    let sim = prompt(|_| {});
    for (body, reason) in [
        ("{", "Invalid or unparsable json"),
        ("[]", "Field 'contacts' not found"),
        ("{}", "Field 'contacts' not found"),
        (r#"{"contacts":[]}"#, "Field 'contacts' not found"),
        (r#"{"contacts":[{"email":"a@example.com","tags":"x"}]}"#, "Invalid or unparsable json"),
    ] {
        let (status, answer) = crate::read(sim.call(request("POST", IMPORT, body)).await.unwrap());
        assert_eq!((status, &answer["failureReasons"]), (400, &json!([reason])), "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn sizes_are_exact() {
    for (oversize, refused) in [(Oversize::BadRequest, 400), (Oversize::PayloadTooLarge, 413)] {
        let sim = prompt(|settings| settings.oversize = oversize);
        for (count, expected) in [(250, 200), (251, refused)] {
            let (status, answer) = post(&sim, IMPORT, &contacts("c", count)).await;
            assert_eq!(status, expected, "{count} contacts: {answer}");
        }
        for (bytes, expected) in [(399_999, 200), (400_000, refused)] {
            let mut body = contacts("b", 2).to_string();
            body.push_str(&" ".repeat(bytes - body.len()));
            let response = sim.call(request("POST", IMPORT, body)).await.unwrap();
            assert_eq!(response.status().as_u16(), expected, "{bytes} bytes");
        }
        assert_eq!(sim.len(), 252);
    }
}

#[tokio::test(start_paused = true)]
async fn the_answer_of_success_follows_the_switches() {
    let values = [(SuccessValue::One, 1, 3), (SuccessValue::Count, 3, 2)];
    for (key, name) in [(SuccessKey::Lower, "success"), (SuccessKey::Capital, "Success")] {
        for (value, success, queued) in values {
            let sim = prompt(|settings| {
                settings.success_key = key;
                settings.success_value = value;
            });
            sim.exclude(Exclusion { text: "c1@example.com".into(), matching: Match::Exact, lists: vec![] });
            let (status, answer) = post(&sim, IMPORT, &contacts("c", 3)).await;
            assert_eq!(status, 200);
            assert_eq!((&answer[name], &answer["queued_contacts"]), (&json!(success), &json!(queued)));
            assert_eq!(answer["message"], "Contact import queued");
            assert_eq!(answer["batchId"].as_str().unwrap().len(), 36);
            let same = if name == "success" { "Success" } else { "success" };
            assert!(answer.get(same).is_none());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn contacts_that_pass_the_first_check_may_fail_later() {
    let sim = prompt(|_| {});
    sim.bounce("Bounced@example.com");
    sim.unsubscribe("left@example.com", 1);
    sim.exclude(Exclusion { text: "@blocked.example".into(), matching: Match::Ends, lists: vec![] });
    sim.exclude(Exclusion { text: "seven".into(), matching: Match::Begins, lists: vec![7] });
    let on = |email: &str, list: u32| json!({ "email": email, "subscribe": [{ "listid": list }] });
    let body = json!({ "contacts": [
        on("o'neil@example.com", 1), on("nodot@localhost", 1), on("Bounced@Example.com", 1), on("Left@example.com", 1),
        on("left@example.com", 7), on("x@blocked.example", 1), on("seven@example.com", 7), on("seven@example.com", 1),
        on("nolist@example.com", 99),
    ] });
    let id = import(&sim, &body).await;
    let failure = json!([
        "o'neil@example.com",
        "nodot@localhost",
        "Bounced@Example.com",
        "Left@example.com",
        "x@blocked.example",
        "seven@example.com",
        "nolist@example.com"
    ]);
    assert_eq!(info(&sim, &id).await["failure"], failure);
    let report = sim.report();
    let failures = report.failures;
    assert_eq!((failures.format, failures.bounced, failures.unsubscribed), (2, 1, 1));
    assert_eq!((failures.excluded, failures.unknown_list, failures.total()), (2, 1, 7));
    assert_eq!((report.created, report.updated, report.resubscribed), (1, 1, 0));
    assert_eq!(sim.contact("left@example.com").unwrap().lists, [(1, Status::Unsubscribed), (7, Status::Active)].into());
}

#[tokio::test(start_paused = true)]
async fn an_import_never_subscribes_those_who_left() {
    let cases = [(Unsubscribed::Fail, json!(["left@example.com"]), ""), (Unsubscribed::FieldsOnly, json!([]), "Lea")];
    for (switch, failure, name) in cases {
        let sim = prompt(|settings| settings.unsubscribed = switch);
        sim.unsubscribe("left@example.com", 1);
        let entry = json!({ "email": "left@example.com", "first_name": "Lea", "subscribe": [{ "listid": 1 }] });
        let id = import(&sim, &with_companion(entry)).await;
        assert_eq!(info(&sim, &id).await["failure"], failure, "{switch:?}");
        let left = sim.contact("left@example.com").unwrap();
        assert_eq!((left.first_name.as_str(), left.lists[&1]), (name, Status::Unsubscribed), "{switch:?}");
        assert_eq!(sim.report().resubscribed, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn unsubscribing_wins_over_subscribing_in_one_contact() {
    let sim = prompt(|_| {});
    sim.subscribe("anna@example.com", 1);
    let entry =
        json!({ "email": "anna@example.com", "subscribe": [{ "listid": 1 }], "unsubscribe": [{ "listid": 1 }] });
    import(&sim, &with_companion(entry)).await;
    assert_eq!(sim.contact("anna@example.com").unwrap().lists[&1], Status::Unsubscribed);
    assert_eq!((sim.members(1, Status::Active), sim.members(1, Status::Unsubscribed)), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn the_subscriber_limit_holds_for_contacts_that_do_not_exist() {
    for (switch, failed, total) in [(OverLimit::Fail, 2, 3), (OverLimit::Accept, 0, 5)] {
        let sim = prompt(|settings| {
            settings.subscriber_limit = Some(3);
            settings.over_limit = switch;
        });
        import(&sim, &contacts("c", 2)).await;
        let id = import(&sim, &contacts("c", 5)).await;
        assert_eq!(info(&sim, &id).await["failure"].as_array().unwrap().len(), failed);
        assert_eq!((sim.len(), sim.report().updated), (total, 2), "{switch:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn success_lists_ids_as_the_switch_says() {
    for (switch, ids) in [(SuccessIds::Created, json!(["3"])), (SuccessIds::Applied, json!(["1", "2", "3"]))] {
        let sim = prompt(|settings| settings.success_ids = switch);
        import(&sim, &contacts("c", 2)).await;
        let id = import(&sim, &contacts("c", 3)).await;
        assert_eq!(info(&sim, &id).await["success"], ids);
    }
}

#[tokio::test(start_paused = true)]
async fn automations_run_unless_they_are_excluded_in_the_payload_or_the_contact() {
    let two = || json!([{ "email": "a@example.com" }, { "email": "b@example.com", "exclude_automations": true }]);
    let cases = [
        (json!({ "contacts": two() }), 1),
        (json!({ "contacts": two(), "exclude_automations": false }), 1),
        (json!({ "contacts": two(), "exclude_automations": true }), 0),
    ];
    for (body, automated) in cases {
        let sim = prompt(|_| {});
        import(&sim, &body).await;
        assert_eq!(sim.report().automations, automated, "{body}");
        assert_eq!(u64::from(sim.contact("a@example.com").unwrap().automations), automated);
        assert_eq!(sim.contact("b@example.com").unwrap().automations, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_share_of_contacts_fails_by_seed_and_email_alone() {
    let failed = async |seed| {
        let sim = prompt(|settings| {
            settings.seed = seed;
            settings.fail_async = 0.1;
            settings.limits = Limits { contacts: 5_000, ..Limits::default() };
        });
        let first = import(&sim, &contacts("c", 4_000)).await;
        let again = import(&sim, &contacts("c", 4_000)).await;
        let failure = info(&sim, &first).await["failure"].clone();
        assert_eq!(failure, info(&sim, &again).await["failure"], "who failed once fails again");
        failure
    };
    let (one, two) = (failed(1).await, failed(2).await);
    assert!((320..480).contains(&one.as_array().unwrap().len()), "{}", one.as_array().unwrap().len());
    assert_ne!(one, two);
}

#[tokio::test(start_paused = true)]
async fn debug_shows_no_personal_data() {
    let sim = prompt(|_| {});
    import(&sim, &contacts("secret", 2)).await;
    let mut seen: Vec<Contact> = Vec::new();
    sim.each_contact(|contact| seen.push(contact));
    assert_eq!(seen.len(), 2);
    let shown = format!("{seen:?} {sim:?} {:?} {:?} {:?}", sim.snapshot(), sim.report(), Settings::default());
    assert!(!shown.contains("secret") && !shown.contains("demo-token"), "{shown}");
}
