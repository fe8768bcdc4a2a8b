//! Which types can fill which place, and what is said of the others, for every type there is.

use std::sync::Arc;

use arrow::datatypes::DataType::*;
use arrow::datatypes::*;

use super::super::render::family;
use super::render_all::leaves;
use super::{destination, mapping, schema};
use crate::ErrorKind;

/// Types that have no text, and the code of the error that says so.
fn without_text() -> Vec<(DataType, &'static str)> {
    let item = |data_type: DataType| Arc::new(Field::new_list_field(data_type, true));
    let pair = Fields::from(vec![Field::new("key", Utf8, false), Field::new("value", Utf8, true)]);
    let entries = Arc::new(Field::new("entries", Struct(pair.clone()), false));
    let runs = |values: DataType| {
        RunEndEncoded(Arc::new(Field::new("run_ends", Int32, false)), Arc::new(Field::new("values", values, true)))
    };
    let mut types = vec![
        Struct(Fields::empty()),
        Struct(pair.clone()),
        Map(entries, false),
        Union(UnionFields::from_fields(pair.iter().cloned()), UnionMode::Sparse),
        Union(UnionFields::from_fields(pair.iter().cloned()), UnionMode::Dense),
    ];
    let list = List(item(Utf8));
    for inner in [Struct(pair), list.clone(), runs(list.clone()), Dictionary(Box::new(Int8), Box::new(list))] {
        types.extend([List(item(inner.clone())), LargeList(item(inner.clone())), ListView(item(inner.clone()))]);
        types.extend([LargeListView(item(inner.clone())), FixedSizeList(item(inner), 2)]);
    }
    types.push(Dictionary(Box::new(Int32), Box::new(types[1].clone())));
    types.push(runs(types[1].clone()));
    let nowhere = ["Mars/Olympus", "", "+25:00", "utc+2"].map(|zone| Timestamp(TimeUnit::Second, Some(zone.into())));
    let types = types.into_iter().map(|data_type| (data_type, "source::column_type"));
    types.chain(nowhere.map(|data_type| (data_type, "source::time_zone"))).collect()
}

#[test]
fn types_without_a_text_are_refused_in_every_place_before_a_row_is_read() {
    for (data_type, code) in without_text() {
        assert_eq!(family(&data_type), None, "{data_type}");
        let columns = schema(&[("email", Utf8), ("odd", data_type.clone())]);
        let places: [fn(&mut super::Mapping); 4] = [
            |mapping| mapping.email = "odd".to_owned(),
            |mapping| mapping.first_name = Some("odd".to_owned()),
            |mapping| mapping.fields = vec![("Note".to_owned(), "odd".to_owned())],
            |mapping| mapping.fields = vec![("Interests".to_owned(), "odd".to_owned())],
        ];
        for place in places {
            let mut mapping = mapping();
            place(&mut mapping);
            let error = mapping.bind(&columns, &destination()).unwrap_err();
            assert_eq!((error.kind(), error.code()), (ErrorKind::Source, code), "{data_type}: {error}");
        }
    }
}

#[test]
fn each_field_takes_the_types_that_the_manual_lists() {
    let moment = |data_type: &DataType| matches!(data_type, Date32 | Date64 | Timestamp(..));
    let text = |data_type: &DataType| {
        matches!(data_type, Utf8 | LargeUtf8 | Utf8View | Binary | LargeBinary | BinaryView | FixedSizeBinary(_))
    };
    let number = |data_type: &DataType| data_type.is_numeric();
    let mut columns = leaves();
    columns.extend(leaves().into_iter().map(|leaf| List(Arc::new(Field::new_list_field(leaf, true)))));
    for data_type in columns {
        let listed = matches!(data_type, List(_));
        let nothing = data_type == Null;
        let fields = [
            ("Note", true),
            ("Interests", true),
            ("Tier", !listed),
            ("Birthday", nothing || text(&data_type) || moment(&data_type)),
            ("Last seen", nothing || text(&data_type) || moment(&data_type)),
            ("Points", nothing || text(&data_type) || number(&data_type)),
        ];
        for (field, takes) in fields {
            let mut mapping = mapping();
            mapping.fields = vec![(field.to_owned(), "it".to_owned())];
            let bound = mapping.bind(&schema(&[("email", Utf8), ("it", data_type.clone())]), &destination());
            let code = bound.as_ref().err().map(crate::Error::code);
            assert_eq!(code, (!takes).then_some("mapping::type_mismatch"), "{field} of {data_type}");
        }
    }
}
