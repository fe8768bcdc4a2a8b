//! What binding refuses, and how it says so.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field as Column, Schema};
use proptest::prelude::*;

use super::super::{EmptyValues, Keep, Mapping, Slot};
use super::{destination, field, mapping, schema};
use crate::{Error, ErrorKind, FieldKind};

fn people() -> Schema {
    schema(&[
        ("email", DataType::Utf8),
        ("Given", DataType::Utf8),
        ("tier", DataType::Utf8),
        ("born", DataType::Date32),
        ("flag", DataType::Boolean),
        ("tags", DataType::List(Arc::new(Column::new_list_field(DataType::Utf8, true)))),
        ("address", DataType::Struct(vec![Column::new("city", DataType::Utf8, true)].into())),
    ])
}

fn refused(change: impl FnOnce(&mut Mapping)) -> Error {
    let mut mapping = mapping();
    change(&mut mapping);
    mapping.bind(&people(), &destination()).unwrap_err()
}

fn fields(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(field, column)| ((*field).to_owned(), (*column).to_owned())).collect()
}

#[test]
fn a_field_is_found_by_id_title_or_tag() {
    for written in ["5", "Tier", "%TIER%", "%tier%", "TIER", "tier"] {
        let mut mapping = mapping();
        mapping.fields = fields(&[(written, "tier")]);
        let bound = mapping.bind(&people(), &destination()).unwrap();
        assert_eq!(bound.shape().slots, [Slot::Field(5)], "{written}");
        assert_eq!(bound.describe()[1], ("Tier (field 5)".to_owned(), "tier".to_owned()));
    }
}

#[test]
fn a_missing_column_is_named_with_a_suggestion() {
    let error = refused(|mapping| mapping.first_name = Some("given".to_owned()));
    assert_eq!((error.kind(), error.code()), (ErrorKind::Source, "source::column_missing"));
    assert_eq!(
        error.to_string(),
        "column `given` not found; the source has `email`, `Given`, `tier`, `born`, `flag`, `tags`, `address`"
    );
    assert_eq!(error.help_text(), Some("did you mean `Given`?"));

    let error = refused(|mapping| mapping.keep = Keep::Latest { by: "zzz".to_owned() });
    assert!(error.to_string().starts_with("unique_by.by: column `zzz` not found; the source has `email`, "), "{error}");
    assert_eq!(error.help_text(), Some("name one of the source's columns in unique_by.by"));
    let error = refused(|mapping| mapping.keep = Keep::Latest { by: "born_at".to_owned() });
    assert_eq!(error.help_text(), Some("did you mean `born`?"));
}

#[test]
fn a_column_that_exists_twice_is_refused() {
    let twice = schema(&[("email", DataType::Utf8), ("email", DataType::Utf8)]);
    assert_eq!(mapping().bind(&twice, &destination()).unwrap_err().code(), "source::column_ambiguous");
}

#[test]
fn an_unknown_field_is_named_with_near_titles() {
    let error = refused(|mapping| mapping.fields = fields(&[("Teir", "tier")]));
    assert_eq!((error.kind(), error.code()), (ErrorKind::Destination, "destination::field_missing"));
    assert_eq!(error.to_string(), "the account has no custom field `Teir`");
    assert!(error.help_text().unwrap().starts_with("did you mean `Tier`"));

    let error = refused(|mapping| mapping.fields = fields(&[("99", "tier")]));
    assert!(error.help_text().unwrap().contains("`Birthday`"));
}

#[test]
fn a_title_of_two_fields_has_to_be_given_as_id() {
    let mut account = destination();
    account.fields.push(field(12, "Tier", FieldKind::Text, &[]));
    let mut mapping = mapping();
    mapping.fields = fields(&[("Tier", "tier")]);
    let error = mapping.bind(&people(), &account).unwrap_err();
    assert_eq!(error.code(), "mapping::field_ambiguous");
    assert_eq!(error.help_text(), Some("name it by its id, one of 5, 12"));
    mapping.fields = fields(&[("12", "tier")]);
    assert_eq!(mapping.bind(&people(), &account).unwrap().shape().slots, [Slot::Field(12)]);
}

#[test]
fn a_field_cannot_be_mapped_twice() {
    let error = refused(|mapping| mapping.fields = fields(&[("Tier", "tier"), ("5", "Given")]));
    assert_eq!((error.kind(), error.code()), (ErrorKind::Config, "mapping::field_twice"));
    assert_eq!(error.to_string(), "Tier (field 5) is mapped twice, from columns `tier` and `Given`");
}

#[test]
fn types_that_cannot_fill_a_place_are_refused() {
    type Change = fn(&mut Mapping);
    let cases: [(&str, Change); 8] = [
        ("source::column_type", |m| m.fields = fields(&[("Note", "address")])),
        ("source::column_type", |m| m.email = "address".to_owned()),
        ("mapping::type_mismatch", |m| m.email = "born".to_owned()),
        ("mapping::type_mismatch", |m| m.first_name = Some("tags".to_owned())),
        ("mapping::type_mismatch", |m| m.fields = fields(&[("Birthday", "flag")])),
        ("mapping::type_mismatch", |m| m.fields = fields(&[("Points", "born")])),
        ("mapping::type_mismatch", |m| m.fields = fields(&[("Tier", "tags")])),
        ("mapping::unordered_column", |m| m.keep = Keep::Latest { by: "tags".to_owned() }),
    ];
    for (code, change) in cases {
        let error = refused(change);
        assert_eq!(error.code(), code, "{error}");
        assert!(error.help_text().is_some());
    }
    let error = refused(|m| m.fields = fields(&[("Birthday", "flag")]));
    assert_eq!(error.to_string(), "column `flag` (Boolean) cannot fill Birthday (field 2)");
}

#[test]
fn an_unknown_region_and_an_empty_tag_are_refused() {
    assert_eq!(refused(|m| m.phone_region = Some("Finland".to_owned())).code(), "mapping::phone_region");
    assert_eq!(refused(|m| m.tags = vec!["vip".to_owned(), " ".to_owned()]).code(), "mapping::empty_tag");
}

#[test]
fn columns_are_listed_once_with_the_one_that_orders() {
    let mut mapping = mapping();
    mapping.phone = Some("email".to_owned());
    mapping.fields = fields(&[("Tier", "tier"), ("Note", "tier")]);
    mapping.keep = Keep::Latest { by: "born".to_owned() };
    assert_eq!(mapping.columns(), ["email", "tier", "born"]);
}

#[test]
fn whatever_changes_what_is_sent_changes_the_digest() {
    let changes: [fn(&mut Mapping); 11] = [
        |_| {},
        |m| m.email = "Given".to_owned(),
        |m| m.first_name = Some("Given".to_owned()),
        |m| m.last_name = Some("Given".to_owned()),
        |m| m.phone = Some("Given".to_owned()),
        |m| {
            m.phone = Some("Given".to_owned());
            m.phone_region = Some("FI".to_owned());
        },
        |m| m.fields = fields(&[("Note", "tier")]),
        |m| m.fields = fields(&[("Tier", "tier")]),
        |m| m.fields = fields(&[("Tier", "Given")]),
        |m| m.tags = vec!["vip".to_owned()],
        |m| m.empty_values = EmptyValues::Clear,
    ];
    let mut digests: Vec<_> = changes
        .iter()
        .map(|change| {
            let mut mapping = mapping();
            change(&mut mapping);
            mapping.bind(&people(), &destination()).unwrap().digest()
        })
        .collect();
    digests.sort_unstable();
    digests.dedup();
    assert_eq!(digests.len(), changes.len());

    let mut latest = mapping();
    latest.keep = Keep::Latest { by: "born".to_owned() };
    let digest = |mapping: &Mapping| mapping.bind(&people(), &destination()).unwrap().digest();
    assert_eq!(digest(&latest), digest(&mapping()), "which duplicate is kept shows in the payload");
}

proptest! {
    #[test]
    fn the_order_of_fields_and_tags_does_not_matter(
        shuffled in Just(fields(&[("1", "tier"), ("2", "born"), ("5", "tier"), ("6", "tags")])).prop_shuffle(),
        tags in Just(vec!["a".to_owned(), "b".to_owned(), "c".to_owned()]).prop_shuffle(),
    ) {
        let mut one = mapping();
        one.fields = fields(&[("Note", "tier"), ("Birthday", "born"), ("Tier", "tier"), ("Interests", "tags")]);
        one.tags = vec!["c".to_owned(), "a".to_owned(), "b".to_owned(), "a".to_owned()];
        let mut other = mapping();
        other.fields = shuffled;
        other.tags = tags;
        let (one, other) = (one.bind(&people(), &destination()).unwrap(), other.bind(&people(), &destination()).unwrap());
        prop_assert_eq!(one.digest(), other.digest());
        prop_assert_eq!(one.shape(), other.shape());
        prop_assert_eq!(one.describe(), other.describe());
    }
}
