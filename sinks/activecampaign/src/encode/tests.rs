use std::sync::Arc;

use arrow::array::UInt64Array;
use enlist_core::Shape;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const ENCODER: Encoder = Encoder { list: 7, automations: false };

type Values = Vec<Vec<Option<String>>>;

fn batch(slots: Vec<Slot>, tags: &[&str], emails: &[&str], values: Values) -> ContactBatch {
    ContactBatch {
        shape: Arc::new(Shape { slots, tags: tags.iter().map(ToString::to_string).collect() }),
        origin: 0,
        rows: (1..).take(emails.len()).collect::<Vec<u64>>().into(),
        email: emails.to_vec().into(),
        values: values.into_iter().map(StringArray::from).collect(),
        rank: None,
    }
}

fn payloads(contacts: &ContactBatch) -> Vec<String> {
    let encoded = ENCODER.encode(contacts).unwrap();
    encoded.iter().map(|payload| String::from_utf8(payload.unwrap().to_vec()).unwrap()).collect()
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn a_full_contact_is_these_bytes() {
    let contacts = batch(
        vec![Slot::Field(12), Slot::LastName, Slot::Field(3), Slot::Phone, Slot::FirstName],
        &["vip", "a \"b\""],
        &["ada@example.com"],
        vec![vec![some("||x||")], vec![some("L")], vec![some("2026-01-02")], vec![some("+44")], vec![some("Ada")]],
    );
    assert_eq!(
        payloads(&contacts),
        [concat!(
            r#"{"email":"ada@example.com","first_name":"Ada","last_name":"L","phone":"+44","tags":["vip","a \"b\""],"#,
            r#""fields":[{"id":3,"value":"2026-01-02"},{"id":12,"value":"||x||"}],"subscribe":[{"listid":7}]}"#
        )]
    );
}

#[test]
fn a_null_is_left_out_and_an_empty_text_is_sent() {
    let contacts = batch(
        vec![Slot::FirstName, Slot::Field(5)],
        &[],
        &["a@example.com", "b@example.com"],
        vec![vec![None, some("")], vec![None, some("")]],
    );
    assert_eq!(
        payloads(&contacts),
        [
            r#"{"email":"a@example.com","subscribe":[{"listid":7}]}"#,
            r#"{"email":"b@example.com","first_name":"","fields":[{"id":5,"value":""}],"subscribe":[{"listid":7}]}"#,
        ]
    );
}

#[test]
fn the_envelope_always_says_whether_automations_run() {
    for automations in [false, true] {
        let envelope = Encoder::new(7, automations).envelope();
        let body = [&envelope.open[..], b"{}", &envelope.separator, b"{}", &envelope.close].concat();
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body, json!({"contacts": [{}, {}], "exclude_automations": !automations}));
        assert_eq!(Encoder::new(7, automations).lane(1), Lane::Single);
        assert_eq!(Encoder::new(7, automations).lane(2), Lane::Bulk);
    }
}

#[test]
fn no_contacts_are_no_payloads() {
    assert!(payloads(&batch(vec![Slot::Phone], &["t"], &[], vec![vec![]])).is_empty());
}

#[test]
fn a_slice_of_a_batch_is_encoded_as_its_rows_are() {
    let whole = batch(
        vec![Slot::Phone],
        &[],
        &["a@x.example", "b@x.example", "c@x.example"],
        vec![vec![some("1"), None, some("3")]],
    );
    let slice = ContactBatch {
        rows: UInt64Array::from(vec![2, 3]),
        email: whole.email.slice(1, 2),
        values: vec![whole.values[0].slice(1, 2)],
        ..whole.clone()
    };
    assert_eq!(payloads(&slice), payloads(&whole)[1..]);
}

proptest! {
    #[test]
    fn every_payload_is_json_that_says_what_the_columns_say(
        rows in proptest::collection::vec((any::<String>(), any::<[Option<String>; 4]>()), 0..8),
        tags in proptest::collection::vec(any::<String>(), 0..3),
        list in 1_u64..,
    ) {
        let slots = vec![Slot::Field(900), Slot::FirstName, Slot::Field(4), Slot::Phone];
        let column = |index: usize| rows.iter().map(|(_, values)| values[index].clone()).collect();
        let emails: Vec<&str> = rows.iter().map(|(email, _)| email.as_str()).collect();
        let tag_texts: Vec<&str> = tags.iter().map(String::as_str).collect();
        let contacts = batch(slots, &tag_texts, &emails, (0..4).map(column).collect());
        let encoded = Encoder::new(list, true).encode(&contacts).unwrap();
        prop_assert_eq!(encoded.len(), rows.len());
        for (payload, (email, [high, first, low, phone])) in encoded.iter().zip(&rows) {
            let mut expected = json!({"email": email, "subscribe": [{"listid": list}]});
            if let Some(text) = first { expected["first_name"] = json!(text); }
            if let Some(text) = phone { expected["phone"] = json!(text); }
            if !tags.is_empty() { expected["tags"] = json!(tags); }
            let fields: Vec<Value> = [(4, low), (900, high)].into_iter()
                .filter_map(|(id, text)| text.as_ref().map(|text| json!({"id": id, "value": text})))
                .collect();
            if !fields.is_empty() { expected["fields"] = json!(fields); }
            prop_assert_eq!(serde_json::from_slice::<Value>(payload.unwrap()).unwrap(), expected);
        }
    }
}
