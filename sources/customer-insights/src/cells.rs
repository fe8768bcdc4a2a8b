//! From text to the type that the model gives a column.

use std::sync::Arc;

use arrow::array::{ArrayRef, ArrowPrimitiveType, BooleanArray, PrimitiveArray, StringArray};
use arrow::compute::kernels::cast_utils::parse_decimal;
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float64Type, Int64Type, TimeUnit, TimestampMicrosecondType,
};

use crate::model::Attribute;

use crate::moment;

/// What the cells of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cells {
    Text,
    Integer,
    Double,
    /// As many digits, and digits after the point, as the model says.
    Decimal(u8, i8),
    /// A number as it is written: a model that does not say how many digits it has would round it.
    Number,
    Boolean,
    Date,
    Time,
    Guid,
}

/// The index of a cell that is not of the type of its column.
pub(crate) struct Odd(pub(crate) usize);

impl Cells {
    /// What the model calls the type of `attribute`; `None` for a type that it does not have.
    pub(crate) fn of(attribute: &Attribute) -> Option<Self> {
        Some(match attribute.kind.to_ascii_lowercase().as_str() {
            "string" | "json" | "time" | "unclassified" | "" => Self::Text,
            "int64" => Self::Integer,
            "double" => Self::Double,
            "decimal" => {
                attribute.precision().map_or(Self::Number, |(precision, scale)| Self::Decimal(precision, scale))
            }
            "boolean" => Self::Boolean,
            "date" => Self::Date,
            "datetime" | "datetimeoffset" => Self::Time,
            "guid" => Self::Guid,
            _ => return None,
        })
    }

    /// The type of the column.
    pub(crate) fn data_type(self) -> DataType {
        match self {
            Self::Text | Self::Number | Self::Guid => DataType::Utf8,
            Self::Integer => DataType::Int64,
            Self::Double => DataType::Float64,
            Self::Decimal(precision, scale) => DataType::Decimal128(precision, scale),
            Self::Boolean => DataType::Boolean,
            Self::Date => DataType::Date32,
            Self::Time => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        }
    }

    /// What one cell is, for people.
    pub(crate) fn article(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Integer => "an integer of 64 bits",
            Self::Double | Self::Number => "a number",
            Self::Decimal(..) => "a number with as many digits as model.json says",
            Self::Boolean => "true or false",
            Self::Date => "a date",
            Self::Time => "a date and time",
            Self::Guid => "a GUID",
        }
    }

    /// `texts` as the column. Empty cells are null. `american` is whether dates of the form 5/27/2021 are understood.
    ///
    /// # Errors
    /// The first cell that is of another type.
    pub(crate) fn read(self, texts: &StringArray, american: bool) -> Result<ArrayRef, Odd> {
        match self {
            Self::Text => Ok(Arc::new(texts.clone())),
            Self::Number => checked(texts, is_number),
            Self::Guid => checked(texts, is_guid),
            Self::Integer => primitive::<Int64Type>(texts, |text| text.parse().ok()),
            Self::Double => primitive::<Float64Type>(texts, |text| text.parse().ok()),
            Self::Date => primitive::<Date32Type>(texts, |text| moment::day(text, american)),
            Self::Boolean => {
                let cells = texts
                    .iter()
                    .enumerate()
                    .map(|(row, text)| text.map(|text| boolean(text).ok_or(Odd(row))).transpose());
                Ok(Arc::new(cells.collect::<Result<BooleanArray, Odd>>()?))
            }
            Self::Decimal(precision, scale) => {
                let cells = parsed::<Decimal128Type>(texts, |text| decimal(text, precision, scale))?;
                // The type was checked when the model was read.
                cells
                    .with_precision_and_scale(precision, scale)
                    .map(|cells| Arc::new(cells) as ArrayRef)
                    .map_err(|_| Odd(0))
            }
            Self::Time => {
                let cells = parsed::<TimestampMicrosecondType>(texts, |text| moment::instant(text, american))?;
                Ok(Arc::new(cells.with_timezone("UTC")))
            }
        }
    }
}

fn parsed<T: ArrowPrimitiveType>(
    texts: &StringArray,
    parse: impl Fn(&str) -> Option<T::Native>,
) -> Result<PrimitiveArray<T>, Odd> {
    let cell = |(row, text): (usize, Option<&str>)| text.map(|text| parse(text).ok_or(Odd(row))).transpose();
    texts.iter().enumerate().map(cell).collect()
}

fn primitive<T: ArrowPrimitiveType>(
    texts: &StringArray,
    parse: impl Fn(&str) -> Option<T::Native>,
) -> Result<ArrayRef, Odd> {
    Ok(Arc::new(parsed::<T>(texts, parse)?))
}

/// The texts themselves, each of which must be what `is` says.
fn checked(texts: &StringArray, is: impl Fn(&str) -> bool) -> Result<ArrayRef, Odd> {
    match texts.iter().position(|text| text.is_some_and(|text| !is(text))) {
        Some(row) => Err(Odd(row)),
        None => Ok(Arc::new(texts.clone())),
    }
}

fn boolean(text: &str) -> Option<bool> {
    let is = |words: [&str; 2]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if is(["true", "1"]) {
        return Some(true);
    }
    is(["false", "0"]).then_some(false)
}

/// Digits with a sign before and a point among them, if need be.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    all(whole) && all(fraction)
}

/// A number that has no more digits after the point than `scale`, but for zeros: it is not rounded.
fn decimal(text: &str, precision: u8, scale: i8) -> Option<i128> {
    let fraction = text.split_once('.').map_or(0, |(_, fraction)| fraction.trim_end_matches('0').len());
    if !is_number(text) || fraction > scale as usize {
        return None;
    }
    parse_decimal::<Decimal128Type>(text, precision, scale).ok()
}

/// 32 hexadecimal digits, with or without hyphens in their places and braces around.
fn is_guid(text: &str) -> bool {
    let inner = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or(text);
    let hyphens = inner.len() == 36;
    let fits = |(at, byte): (usize, u8)| match hyphens && matches!(at, 8 | 13 | 18 | 23) {
        true => byte == b'-',
        false => byte.is_ascii_hexdigit(),
    };
    (hyphens || inner.len() == 32) && inner.bytes().enumerate().all(fits)
}
