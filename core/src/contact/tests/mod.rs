//! What a mapping promises, by area.

mod bind;
mod email;
mod map;
mod phone;
mod render;
mod render_all;
mod text;
mod types;

use arrow::datatypes::Schema;

use super::{EmptyValues, Keep, Mapping};
use crate::{Destination, Field, FieldKind};

/// A mapping of the email alone.
fn mapping() -> Mapping {
    Mapping {
        email: "email".to_owned(),
        first_name: None,
        last_name: None,
        phone: None,
        fields: Vec::new(),
        tags: Vec::new(),
        empty_values: EmptyValues::Keep,
        phone_region: None,
        keep: Keep::First,
        leavers: crate::Leavers::Keep,
    }
}

fn field(id: u64, title: &str, kind: FieldKind, options: &[&str]) -> Field {
    Field {
        id,
        title: title.to_owned(),
        tag: title.to_uppercase().replace(' ', "_"),
        kind,
        options: options.iter().map(|&option| option.to_owned()).collect(),
    }
}

/// A list with one field of each kind.
fn destination() -> Destination {
    Destination {
        host: "acme.example.com".to_owned(),
        list: 7,
        list_name: "VIP customers".to_owned(),
        fields: vec![
            field(1, "Note", FieldKind::Text, &[]),
            field(2, "Birthday", FieldKind::Date, &[]),
            field(3, "Last seen", FieldKind::DateTime, &[]),
            field(4, "Points", FieldKind::Number, &[]),
            field(5, "Tier", FieldKind::Choice, &["Gold", "Silver"]),
            field(6, "Interests", FieldKind::MultiChoice, &["Tea", "Jam", "A|B"]),
            field(7, "Any", FieldKind::MultiChoice, &[]),
        ],
        unknown_tags: Vec::new(),
        headroom: None,
    }
}

fn schema(columns: &[(&str, arrow::datatypes::DataType)]) -> Schema {
    let fields = columns.iter().map(|(name, data_type)| arrow::datatypes::Field::new(*name, data_type.clone(), true));
    Schema::new(fields.collect::<Vec<_>>())
}
