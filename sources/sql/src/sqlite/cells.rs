//! Cells of a result as Arrow columns.

use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryBuilder, Float64Builder, Int64Builder, StringBuilder};
use arrow::datatypes::DataType;
use rusqlite::types::ValueRef;

use super::classes::EXACT;

/// Why a cell does not fit its column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unfit {
    /// A value of another type.
    Class,
    /// Text that is not UTF-8.
    Encoding,
}

/// The cells of one column.
pub(super) enum Cells {
    Integers(Int64Builder),
    Reals(Float64Builder),
    Texts(StringBuilder),
    Blobs(BinaryBuilder),
}

impl Cells {
    /// Room for cells of a `kind`, which must be one that a description gives.
    pub(super) fn new(kind: &DataType, rows: usize) -> Option<Self> {
        Some(match kind {
            DataType::Int64 => Self::Integers(Int64Builder::with_capacity(rows)),
            DataType::Float64 => Self::Reals(Float64Builder::with_capacity(rows)),
            DataType::Utf8 => Self::Texts(StringBuilder::with_capacity(rows, rows * 16)),
            DataType::Binary => Self::Blobs(BinaryBuilder::with_capacity(rows, rows * 16)),
            _ => return None,
        })
    }

    /// Adds a cell, and says how many bytes of text or blob it takes.
    pub(super) fn push(&mut self, value: ValueRef<'_>) -> Result<usize, Unfit> {
        match (self, value) {
            (Self::Integers(cells), ValueRef::Integer(number)) => cells.append_value(number),
            (Self::Integers(cells), ValueRef::Null) => cells.append_null(),
            (Self::Reals(cells), ValueRef::Real(number)) => cells.append_value(number),
            (Self::Reals(cells), ValueRef::Integer(number)) if (-EXACT..=EXACT).contains(&number) => {
                cells.append_value(number as f64);
            }
            (Self::Reals(cells), ValueRef::Null) => cells.append_null(),
            (Self::Texts(cells), ValueRef::Text(text)) => {
                cells.append_value(std::str::from_utf8(text).map_err(|_| Unfit::Encoding)?);
                return Ok(text.len());
            }
            (Self::Texts(cells), ValueRef::Null) => cells.append_null(),
            (Self::Blobs(cells), ValueRef::Blob(blob)) => {
                cells.append_value(blob);
                return Ok(blob.len());
            }
            (Self::Blobs(cells), ValueRef::Null) => cells.append_null(),
            _ => return Err(Unfit::Class),
        }
        Ok(0)
    }

    /// The column so far, and room for the next one.
    pub(super) fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Integers(cells) => Arc::new(cells.finish()),
            Self::Reals(cells) => Arc::new(cells.finish()),
            Self::Texts(cells) => Arc::new(cells.finish()),
            Self::Blobs(cells) => Arc::new(cells.finish()),
        }
    }
}
