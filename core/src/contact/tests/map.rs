//! Rows on exactly one side each.

use std::sync::Arc;

use arrow::array::*;
use arrow::datatypes::{DataType, Float64Type, Int32Type};
use proptest::prelude::*;

use super::super::{BoundMapping, EmptyValues, Keep, Mapped, Mapping, Reason, Reject, Slot};
use super::{destination, mapping};
use crate::{Place, SegmentBatch};

fn batch(columns: Vec<(&str, ArrayRef)>) -> SegmentBatch {
    SegmentBatch {
        rows: RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true)))
            .unwrap(),
        origin: 3,
        first_row: 101,
    }
}

fn texts(texts: &[Option<&str>]) -> ArrayRef {
    Arc::new(StringArray::from(texts.to_vec()))
}

fn bind(mapping: &Mapping, batch: &SegmentBatch) -> BoundMapping {
    mapping.bind(&batch.rows.schema(), &destination()).unwrap()
}

/// A mapping that uses every rule.
fn rich() -> Mapping {
    let own = |name: &str| name.to_owned();
    Mapping {
        first_name: Some(own("given")),
        phone: Some(own("phone")),
        fields: vec![(own("Tier"), own("tier")), (own("Points"), own("points")), (own("Birthday"), own("born"))],
        keep: Keep::Latest { by: own("points") },
        leavers: crate::Leavers::Keep,
        ..mapping()
    }
}

fn values(mapped: &Mapped, slot: &Slot) -> Vec<Option<String>> {
    let index = mapped.contacts.shape.slots.iter().position(|other| other == slot).unwrap();
    mapped.contacts.values[index].iter().map(|text| text.map(str::to_owned)).collect()
}

#[test]
fn good_rows_become_contacts_and_bad_ones_say_why() {
    let rows = batch(vec![
        (
            "email",
            texts(&[
                Some(" Ada@Example.com"),
                None,
                Some("  "),
                Some("bob@nowhere"),
                Some("eve@example.com"),
                Some("kim@example.com"),
            ]),
        ),
        ("given", texts(&[Some(" Ada "), None, None, None, Some("E\0ve"), Some(" ")])),
        ("phone", texts(&[Some(" 1-2 "), None, None, None, None, None])),
        ("tier", texts(&[Some("Gold"), None, None, None, Some("Platinum"), None])),
        ("points", Arc::new(Float64Array::from(vec![Some(1.0), None, None, None, None, Some(2.5)]))),
        ("born", texts(&[Some("1815-12-10T01:00:00Z"), None, None, None, None, Some("")])),
    ]);
    let mapped = bind(&rich(), &rows).map(&rows).unwrap();

    assert_eq!(mapped.contacts.origin, 3);
    assert_eq!(mapped.contacts.rows.values().as_ref(), [101, 106]);
    assert_eq!(mapped.contacts.email, StringArray::from(vec!["ada@example.com", "kim@example.com"]));
    assert_eq!(values(&mapped, &Slot::FirstName), [Some("Ada".to_owned()), None]);
    assert_eq!(values(&mapped, &Slot::Phone), [Some("1-2".to_owned()), None]);
    assert_eq!(values(&mapped, &Slot::Field(2)), [Some("1815-12-10".to_owned()), None]);
    assert_eq!(values(&mapped, &Slot::Field(4)), [Some("1".to_owned()), Some("2.5".to_owned())]);
    assert_eq!(values(&mapped, &Slot::Field(5)), [Some("Gold".to_owned()), None]);

    let rejects: Vec<(u64, Reason, &str, &str)> = mapped
        .rejects
        .iter()
        .map(|reject| {
            assert_eq!((reject.place.origin, reject.key), (3, None));
            (reject.place.row, reject.reason, reject.field.as_deref().unwrap(), reject.message.as_str())
        })
        .collect();
    assert_eq!(
        rejects,
        [
            (102, Reason::NoEmail, "email", "the email is empty"),
            (103, Reason::NoEmail, "email", "the email is empty"),
            (104, Reason::BadEmail, "email", "no dot after the @"),
            (105, Reason::BadValue, "first_name", "a NUL character"),
        ]
    );
}

#[test]
fn a_reject_names_the_fields_title_and_never_the_value() {
    let rows = batch(vec![("email", texts(&[Some("ada@example.com")])), ("tier", texts(&[Some("Platinum")]))]);
    let mapping = Mapping { fields: vec![("5".to_owned(), "tier".to_owned())], ..mapping() };
    let mapped = bind(&mapping, &rows).map(&rows).unwrap();
    assert!(mapped.contacts.is_empty());
    let reject = mapped.rejects.iter().next().unwrap();
    assert_eq!((reject.reason, reject.field.as_deref()), (Reason::BadValue, Some("Tier")));
    assert!(!format!("{mapped:?}").contains("Platinum") && !format!("{mapped:?}").contains("ada"));
}

#[test]
fn empty_cells_are_omitted_or_clear_what_the_destination_has() {
    let rows = batch(vec![
        ("email", texts(&[Some("a@example.com"), Some("b@example.com"), Some("c@example.com"), Some("d@example.com")])),
        ("given", texts(&[None, Some(""), Some(" \t"), Some("D")])),
        ("tier", texts(&[None, Some(""), Some(" \t"), Some("Gold")])),
    ]);
    for (empty_values, empty) in [(EmptyValues::Keep, None), (EmptyValues::Clear, Some(String::new()))] {
        let mapping = Mapping {
            first_name: Some("given".to_owned()),
            fields: vec![("Tier".to_owned(), "tier".to_owned())],
            empty_values,
            ..mapping()
        };
        let mapped = bind(&mapping, &rows).map(&rows).unwrap();
        for (slot, last) in [(Slot::FirstName, "D"), (Slot::Field(5), "Gold")] {
            assert_eq!(values(&mapped, &slot), [empty.clone(), empty.clone(), empty.clone(), Some(last.to_owned())]);
        }
    }
}

#[test]
fn bytes_that_are_no_text_are_refused_in_place() {
    let bytes: ArrayRef = Arc::new(BinaryArray::from_vec(vec![b"a@example.com", b"\xff@example.com"]));
    let rows = batch(vec![("email", bytes)]);
    let mapped = bind(&mapping(), &rows).map(&rows).unwrap();
    assert_eq!(mapped.contacts.len(), 1);
    assert_eq!(mapped.rejects.iter().next().unwrap().reason, Reason::BadEmail);
}

#[test]
fn a_column_of_nulls_maps_to_nothing() {
    let rows = batch(vec![("email", texts(&[Some("a@example.com")])), ("born", Arc::new(NullArray::new(1)))]);
    let mapping = Mapping { fields: vec![("Birthday".to_owned(), "born".to_owned())], ..mapping() };
    assert_eq!(values(&bind(&mapping, &rows).map(&rows).unwrap(), &Slot::Field(2)), [None]);
}

#[test]
fn a_batch_may_encode_a_column_otherwise_but_not_lose_or_change_it() {
    let mapping = Mapping { keep: Keep::Latest { by: "by".to_owned() }, ..mapping() };
    let plain = batch(vec![("email", texts(&[Some("a@example.com")])), ("by", texts(&[Some("x")]))]);
    let bound = bind(&mapping, &plain);
    let dictionary: DictionaryArray<Int32Type> = ["x"].into_iter().collect();
    let view: ArrayRef = Arc::new(StringViewArray::from(vec!["a@example.com"]));
    let encoded = batch(vec![("by", Arc::new(dictionary)), ("email", view)]);
    assert_eq!(bound.map(&encoded).unwrap().contacts.rank, bound.map(&plain).unwrap().contacts.rank);

    let lost = batch(vec![("email", texts(&[Some("a@example.com")]))]);
    assert_eq!(bound.map(&lost).unwrap_err().code(), "source::column_changed");
    let changed = batch(vec![("email", Arc::new(Int32Array::from(vec![1]))), ("by", texts(&[None]))]);
    assert_eq!(bound.map(&changed).unwrap_err().code(), "mapping::type_mismatch");
}

proptest! {
    #[test]
    fn ranks_order_as_the_values_do_across_batches(values in proptest::collection::vec(proptest::option::of(-1e9..1e9f64), 2..30)) {
        let one = |value: Option<f64>| batch(vec![
            ("email", texts(&[Some("a@example.com")])),
            ("by", Arc::new(PrimitiveArray::<Float64Type>::from(vec![value]))),
        ]);
        let mapping = Mapping { keep: Keep::Latest { by: "by".to_owned() }, ..mapping() };
        let bound = bind(&mapping, &one(None));
        let rank = |value| bound.map(&one(value)).unwrap().contacts.rank.unwrap().value(0).to_vec();
        for pair in values.windows(2) {
            // In Rust, too, a missing value is less than any other.
            prop_assert_eq!(rank(pair[0]).partial_cmp(&rank(pair[1])), pair[0].partial_cmp(&pair[1]));
        }
    }
}

fn cell(text: &'static str) -> impl Strategy<Value = Option<String>> {
    proptest::option::weighted(0.9, text)
}

fn segment() -> impl Strategy<Value = SegmentBatch> {
    let row = (
        prop_oneof![3 => "[a-z]{1,3}@example\\.(com|c)".prop_map(Some), 1 => cell("\\PC{0,8}")],
        cell("[ a\0]{0,3}"),
        cell("[0-9+ ]{0,12}"),
        cell("(Gold|gold| )?"),
        proptest::option::of(prop_oneof![8 => any::<f64>(), 1 => Just(f64::NAN)]),
        cell("(2024-0[1-9]-3[01])?"),
    );
    proptest::collection::vec(row, 0..40).prop_map(|rows| {
        fn column<T: Clone>(rows: &[T], text: impl Fn(&T) -> &Option<String>) -> ArrayRef {
            Arc::new(rows.iter().map(|row| text(row).as_deref()).collect::<StringArray>())
        }
        batch(vec![
            ("email", column(&rows, |row| &row.0)),
            ("given", column(&rows, |row| &row.1)),
            ("phone", column(&rows, |row| &row.2)),
            ("tier", column(&rows, |row| &row.3)),
            ("points", Arc::new(rows.iter().map(|row| row.4).collect::<Float64Array>())),
            ("born", column(&rows, |row| &row.5)),
        ])
    })
}

fn contacts(mapped: &Mapped) -> Vec<String> {
    let contacts = &mapped.contacts;
    let row = |row: usize| {
        let values: Vec<_> =
            contacts.values.iter().map(|values| values.is_valid(row).then(|| values.value(row))).collect();
        let rank = contacts.rank.as_ref().map(|rank| rank.value(row));
        format!("{} {} {values:?} {rank:?}", contacts.rows.value(row), contacts.email.value(row))
    };
    (0..contacts.len()).map(row).collect()
}

proptest! {
    #[test]
    fn every_row_is_on_exactly_one_side_in_order(batch in segment()) {
        let mapped = bind(&rich(), &batch).map(&batch).unwrap();
        let good: Vec<u64> = mapped.contacts.rows.values().to_vec();
        let bad: Vec<u64> = mapped.rejects.iter().map(|reject| reject.place.row).collect();
        prop_assert!(good.is_sorted() && bad.is_sorted());
        let mut all = [good, bad].concat();
        all.sort_unstable();
        let rows = batch.first_row..batch.first_row + batch.rows.num_rows() as u64;
        prop_assert_eq!(all, rows.collect::<Vec<_>>());
        for column in &mapped.contacts.values {
            prop_assert_eq!(column.len(), mapped.contacts.len());
        }
        prop_assert_eq!(mapped.contacts.email.null_count(), 0);
        prop_assert_eq!(mapped.contacts.rank.map(|rank| (rank.len(), rank.null_count())), Some((mapped.contacts.email.len(), 0)));
    }

    #[test]
    fn mapping_a_slice_is_slicing_the_mapped(batch in segment(), from in 0usize..40, len in 0usize..40) {
        let bound = bind(&rich(), &batch);
        let from = from.min(batch.rows.num_rows());
        let len = len.min(batch.rows.num_rows() - from);
        let slice = SegmentBatch {
            rows: batch.rows.slice(from, len),
            first_row: batch.first_row + from as u64,
            ..batch
        };
        let (whole, part) = (bound.map(&batch).unwrap(), bound.map(&slice).unwrap());
        let rows = slice.first_row..slice.first_row + len as u64;
        let kept: Vec<String> = contacts(&whole).into_iter().zip(whole.contacts.rows.values())
            .filter(|(_, row)| rows.contains(row)).map(|(contact, _)| contact).collect();
        prop_assert_eq!(contacts(&part), kept);
        let within = |reject: &&Reject| rows.contains(&reject.place.row);
        prop_assert_eq!(part.rejects.iter().collect::<Vec<_>>(), whole.rejects.iter().filter(within).collect::<Vec<_>>());
    }
}

#[test]
fn a_place_counts_from_the_batchs_first_row() {
    let mut rows = batch(vec![("email", texts(&[Some("x"), Some("a@example.com")]))]);
    rows.first_row = 1;
    let mapped = bind(&mapping(), &rows).map(&rows).unwrap();
    assert_eq!(mapped.rejects.iter().next().unwrap().place, Place { origin: 3, row: 1 });
    assert_eq!(mapped.contacts.rows.value(0), 2);
    assert_eq!(rows.rows.schema().field(0).data_type(), &DataType::Utf8);
}
