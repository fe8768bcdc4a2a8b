//! The cells of a column, as text.

use std::sync::Arc;

use arrow::array::{ArrayRef, ListBuilder, StringBuilder};
use arrow::datatypes::{DataType, Field};

use crate::object::{elements, scalar};

/// What the values of a column look like; what is later covers what is earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Shape {
    /// Nothing but nulls.
    Null,
    /// Single values.
    Scalar,
    /// Arrays of single values.
    List,
    /// Objects, or arrays with arrays or objects in them.
    Nested,
}

impl Shape {
    /// The shape of a value as written.
    pub(crate) fn of(raw: &str) -> Result<Self, serde_json::Error> {
        Ok(match raw.as_bytes().first() {
            Some(b'n') => Self::Null,
            Some(b'{') => Self::Nested,
            Some(b'[') if elements(raw)?.iter().any(|element| is_nested(element.get())) => Self::Nested,
            Some(b'[') => Self::List,
            _ => Self::Scalar,
        })
    }

    /// The type of a column of this shape.
    pub(crate) fn data_type(self) -> DataType {
        match self {
            Self::List => DataType::List(Arc::new(Field::new_list_field(DataType::Utf8, true))),
            _ => DataType::Utf8,
        }
    }
}

/// The cells of one column.
pub(crate) enum Cells {
    Text(StringBuilder),
    List(ListBuilder<StringBuilder>),
}

impl Cells {
    /// For a column of this type.
    pub(crate) fn new(data_type: &DataType) -> Self {
        match data_type {
            DataType::List(_) => Self::List(ListBuilder::new(StringBuilder::new())),
            _ => Self::Text(StringBuilder::new()),
        }
    }

    /// Adds a value as written.
    pub(crate) fn push(&mut self, raw: &str) -> Result<(), serde_json::Error> {
        match self {
            Self::Text(cells) => put(cells, raw),
            Self::List(cells) if raw == "null" => {
                cells.append_null();
                Ok(())
            }
            Self::List(cells) => {
                if raw.starts_with('[') {
                    elements(raw)?.iter().try_for_each(|element| put(cells.values(), element.get()))?;
                } else {
                    put(cells.values(), raw)?;
                }
                cells.append(true);
                Ok(())
            }
        }
    }

    pub(crate) fn push_null(&mut self) {
        match self {
            Self::Text(cells) => cells.append_null(),
            Self::List(cells) => cells.append_null(),
        }
    }

    /// The cells so far, leaving none.
    pub(crate) fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Text(cells) => Arc::new(cells.finish()),
            Self::List(cells) => Arc::new(cells.finish()),
        }
    }
}

/// A single value as its text, anything else as its JSON text.
fn put(cells: &mut StringBuilder, raw: &str) -> Result<(), serde_json::Error> {
    cells.append_option(scalar(raw)?);
    Ok(())
}

fn is_nested(raw: &str) -> bool {
    raw.starts_with(['{', '['])
}
