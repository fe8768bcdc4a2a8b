//! The cells of one column.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryBuilder, BooleanBuilder, Date32Builder, Decimal128Builder, Float32Builder, Float64Builder,
    Int16Builder, Int32Builder, Int64Builder, ListBuilder, StringArray, StringBuilder, Time64MicrosecondBuilder,
    TimestampMicrosecondBuilder,
};
use arrow::datatypes::DataType;
use enlist_core::{Error, ErrorKind};

use super::super::numeric;
use super::{fault, length};
use crate::engine::Column;

/// Days from 1970-01-01 to PostgreSQL's day zero, 2000-01-01.
const EPOCH_DAYS: i32 = 10_957;
const EPOCH_MICROS: i64 = EPOCH_DAYS as i64 * 86_400_000_000;

/// Bytes that the cells of a text column are expected to have.
const TEXT: usize = 16;

/// Why a cell cannot be read.
#[derive(Debug)]
pub(super) enum Flaw {
    /// A number that a decimal cannot be.
    NotFinite,
    /// An array of arrays.
    Dimensions,
    /// Not the bytes that its type has.
    Malformed,
}

impl Flaw {
    pub(super) fn into_error(self, place: &str, column: &Column, row: u64) -> Error {
        let Column { name, declared, .. } = column;
        let at = format!("row {row}, column \"{name}\" ({declared})");
        let source = |code, what: &str| Error::new(ErrorKind::Source, code, format!("{place}: {at}: {what}"));
        match self {
            Self::NotFinite => source("postgres::not_finite", "not a finite number")
                .help(format!("read it by a query or a view with NULLIF(\"{name}\", 'NaN')")),
            Self::Dimensions => source("postgres::dimensions", "an array of more than one dimension")
                .help(format!("read it by a query or a view with \"{name}\"::text")),
            Self::Malformed => fault::undecodable(place, &format!("{at}: not the bytes that its type has")),
        }
    }
}

/// The cells of one column of a batch.
pub(super) enum Builder {
    Boolean(BooleanBuilder),
    Int16(Int16Builder),
    Int32(Int32Builder),
    Int64(Int64Builder),
    Float32(Float32Builder),
    Float64(Float64Builder),
    /// Text, checked to be UTF-8 once a batch.
    Text(BinaryBuilder),
    /// Text after a byte for the version of its form.
    Jsonb(BinaryBuilder),
    Uuid(BinaryBuilder),
    Bytes(BinaryBuilder),
    Date(Date32Builder),
    Time(Time64MicrosecondBuilder),
    Timestamp(TimestampMicrosecondBuilder),
    Decimal(Decimal128Builder, i8),
    Texts(ListBuilder<StringBuilder>),
}

impl Builder {
    /// For `rows` cells of `column`, which is read in the form that [`types`](super::super::types) chose.
    pub(super) fn new(column: &Column, rows: usize) -> Self {
        let text = || BinaryBuilder::with_capacity(rows, rows * TEXT);
        match &column.kind {
            DataType::Boolean => Self::Boolean(BooleanBuilder::with_capacity(rows)),
            DataType::Int16 => Self::Int16(Int16Builder::with_capacity(rows)),
            DataType::Int32 => Self::Int32(Int32Builder::with_capacity(rows)),
            DataType::Int64 => Self::Int64(Int64Builder::with_capacity(rows)),
            DataType::Float32 => Self::Float32(Float32Builder::with_capacity(rows)),
            DataType::Float64 => Self::Float64(Float64Builder::with_capacity(rows)),
            DataType::Binary => Self::Bytes(text()),
            DataType::Date32 => Self::Date(Date32Builder::with_capacity(rows)),
            DataType::Time64(_) => Self::Time(Time64MicrosecondBuilder::with_capacity(rows)),
            DataType::Timestamp(..) => {
                Self::Timestamp(TimestampMicrosecondBuilder::with_capacity(rows).with_data_type(column.kind.clone()))
            }
            DataType::Decimal128(_, scale) => {
                let builder = Decimal128Builder::with_capacity(rows).with_data_type(column.kind.clone());
                Self::Decimal(builder, *scale)
            }
            DataType::List(_) => Self::Texts(ListBuilder::new(StringBuilder::new())),
            _ => match column.declared.as_str() {
                "uuid" => Self::Uuid(BinaryBuilder::with_capacity(rows, rows * 36)),
                "jsonb" => Self::Jsonb(text()),
                _ => Self::Text(text()),
            },
        }
    }

    #[inline]
    pub(super) fn append(&mut self, cell: &[u8]) -> Result<(), Flaw> {
        match self {
            Self::Boolean(builder) => builder.append_value(fixed::<1>(cell)? != [0]),
            Self::Int16(builder) => builder.append_value(i16::from_be_bytes(fixed(cell)?)),
            Self::Int32(builder) => builder.append_value(i32::from_be_bytes(fixed(cell)?)),
            Self::Int64(builder) => builder.append_value(i64::from_be_bytes(fixed(cell)?)),
            Self::Float32(builder) => builder.append_value(f32::from_be_bytes(fixed(cell)?)),
            Self::Float64(builder) => builder.append_value(f64::from_be_bytes(fixed(cell)?)),
            Self::Text(builder) | Self::Bytes(builder) => builder.append_value(cell),
            Self::Jsonb(builder) => match cell.split_first() {
                Some((1, text)) => builder.append_value(text),
                _ => return Err(Flaw::Malformed),
            },
            Self::Uuid(builder) => builder.append_value(uuid(fixed(cell)?)),
            // Infinity is the largest or smallest number. It stays so, far from any date that means a day.
            Self::Date(builder) => {
                let days = i32::from_be_bytes(fixed(cell)?);
                builder.append_value(if days == i32::MIN { days } else { days.saturating_add(EPOCH_DAYS) });
            }
            Self::Time(builder) => builder.append_value(i64::from_be_bytes(fixed(cell)?)),
            Self::Timestamp(builder) => {
                let micros = i64::from_be_bytes(fixed(cell)?);
                builder.append_value(if micros == i64::MIN { micros } else { micros.saturating_add(EPOCH_MICROS) });
            }
            Self::Decimal(builder, scale) => match numeric::decimal(cell, *scale) {
                Ok(value) => builder.append_value(value),
                Err(numeric::Flaw::NotFinite) => return Err(Flaw::NotFinite),
                Err(numeric::Flaw::Malformed) => return Err(Flaw::Malformed),
            },
            Self::Texts(builder) => texts(builder, cell)?,
        }
        Ok(())
    }

    #[inline]
    pub(super) fn append_null(&mut self) {
        match self {
            Self::Boolean(builder) => builder.append_null(),
            Self::Int16(builder) => builder.append_null(),
            Self::Int32(builder) => builder.append_null(),
            Self::Int64(builder) => builder.append_null(),
            Self::Float32(builder) => builder.append_null(),
            Self::Float64(builder) => builder.append_null(),
            Self::Text(builder) | Self::Jsonb(builder) | Self::Uuid(builder) | Self::Bytes(builder) => {
                builder.append_null();
            }
            Self::Date(builder) => builder.append_null(),
            Self::Time(builder) => builder.append_null(),
            Self::Timestamp(builder) => builder.append_null(),
            Self::Decimal(builder, _) => builder.append_null(),
            Self::Texts(builder) => builder.append_null(),
        }
    }

    /// The column, and room for the next batch.
    pub(super) fn finish(&mut self) -> Result<ArrayRef, &'static str> {
        Ok(match self {
            Self::Boolean(builder) => Arc::new(builder.finish()),
            Self::Int16(builder) => Arc::new(builder.finish()),
            Self::Int32(builder) => Arc::new(builder.finish()),
            Self::Int64(builder) => Arc::new(builder.finish()),
            Self::Float32(builder) => Arc::new(builder.finish()),
            Self::Float64(builder) => Arc::new(builder.finish()),
            Self::Text(builder) | Self::Jsonb(builder) | Self::Uuid(builder) => {
                let (rows, bytes) = (builder.offsets_slice().len(), builder.values_slice().len());
                let text = StringArray::try_from_binary(builder.finish()).map_err(|_| "text that is not UTF-8")?;
                *builder = BinaryBuilder::with_capacity(rows, bytes);
                Arc::new(text)
            }
            Self::Bytes(builder) => Arc::new(builder.finish()),
            Self::Date(builder) => Arc::new(builder.finish()),
            Self::Time(builder) => Arc::new(builder.finish()),
            Self::Timestamp(builder) => Arc::new(builder.finish()),
            Self::Decimal(builder, _) => Arc::new(builder.finish()),
            Self::Texts(builder) => Arc::new(builder.finish()),
        })
    }
}

fn fixed<const N: usize>(cell: &[u8]) -> Result<[u8; N], Flaw> {
    cell.try_into().map_err(|_| Flaw::Malformed)
}

/// `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`.
fn uuid(bytes: [u8; 16]) -> [u8; 36] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = [b'-'; 36];
    let mut at = 0;
    for (index, byte) in bytes.into_iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            at += 1;
        }
        text[at] = DIGITS[usize::from(byte >> 4)];
        text[at + 1] = DIGITS[usize::from(byte & 15)];
        at += 2;
    }
    text
}

/// An array of texts: number of dimensions, flags, type, for each dimension its size and where it begins, then the
/// elements as lengths and bytes.
fn texts(builder: &mut ListBuilder<StringBuilder>, cell: &[u8]) -> Result<(), Flaw> {
    let number = |at: usize| cell.get(at..).and_then(length).ok_or(Flaw::Malformed);
    let elements = match number(0)? {
        0 => 0,
        1 => number(12)?,
        _ => return Err(Flaw::Dimensions),
    };
    let mut at = 20;
    for _ in 0..elements {
        let size = number(at)?;
        at += 4;
        let Ok(size) = usize::try_from(size) else {
            builder.values().append_null();
            continue;
        };
        let text = cell.get(at..at + size).ok_or(Flaw::Malformed)?;
        builder.values().append_value(std::str::from_utf8(text).map_err(|_| Flaw::Malformed)?);
        at += size;
    }
    builder.append(true);
    Ok(())
}
