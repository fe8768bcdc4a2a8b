//! Cells of any Arrow column as text.
//!
//! | type | text |
//! |---|---|
//! | null of any type | nothing |
//! | text; binary that is UTF-8 | as it stands |
//! | integers, decimals | digits, with as many decimals as the type's scale says |
//! | floats | the shortest digits that read back as the same number, no exponent, no `.0` |
//! | boolean | `true`, `false` |
//! | date, timestamp | see [`Style`]; time of day `HH:MM:SS[.fff]` |
//! | duration, interval | ISO 8601: `PT90.5S`, `P14M3DT1S` |
//! | dictionary, run-end encoded | as their values |
//! | lists of these | `||a||b||`, without null and empty elements |
//!
//! Structs, maps, unions and lists of lists have no text: they are refused before a row is read.

use std::fmt::Display;
use std::ops::Range;

use arrow::array::timezone::Tz;
use arrow::array::{
    Array, ArrayAccessor, ArrowPrimitiveType, AsArray, GenericListArray, GenericListViewArray, OffsetSizeTrait,
    PrimitiveArray,
};
use arrow::datatypes::*;
use arrow::temporal_conversions::{as_date, as_datetime, as_time};
use chrono::{Datelike, TimeZone};

use super::moment::{self, Style, append};
use super::text::{PIPES, Rule, is_ambiguous};

/// Appends the text of a row's cell; nothing for a null.
pub(super) type Cells<'a> = Box<dyn Fn(usize, &mut String) -> Result<(), Rule> + 'a>;

/// What kind of value a column holds, as far as it decides which places in a contact it can fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    /// Nothing but nulls.
    Null,
    /// Text, or bytes that should be text.
    Text,
    /// Integers, floats, decimals.
    Number,
    /// Dates and timestamps.
    Moment,
    /// Any other single value.
    Other,
    /// Lists of single values.
    List,
}

/// The family of a type; none when it has no text.
pub(super) fn family(data_type: &DataType) -> Option<Family> {
    use DataType::*;
    Some(match data_type {
        Null => Family::Null,
        Utf8 | LargeUtf8 | Utf8View | Binary | LargeBinary | BinaryView | FixedSizeBinary(_) => Family::Text,
        Int8 | Int16 | Int32 | Int64 | UInt8 | UInt16 | UInt32 | UInt64 | Float16 | Float32 | Float64
        | Decimal32(..) | Decimal64(..) | Decimal128(..) | Decimal256(..) => Family::Number,
        Date32 | Date64 | Timestamp(_, None) => Family::Moment,
        Timestamp(_, Some(zone)) => {
            zone.parse::<Tz>().ok()?;
            Family::Moment
        }
        Boolean | Time32(_) | Time64(_) | Duration(_) | Interval(_) => Family::Other,
        Dictionary(_, values) => family(values)?,
        RunEndEncoded(_, values) => family(values.data_type())?,
        List(item) | LargeList(item) | FixedSizeList(item, _) | ListView(item) | LargeListView(item) => {
            match family(item.data_type())? {
                Family::List => return None,
                _ => Family::List,
            }
        }
        Struct(_) | Map(..) | Union(..) => return None,
    })
}

/// The cells of a column; none exactly when its type has no [`family`].
pub(super) fn cells<'a>(array: &'a dyn Array, style: Style) -> Option<Cells<'a>> {
    use DataType::*;
    family(array.data_type())?;
    macro_rules! digits {
        ($type:ty) => {
            each(array.as_primitive::<$type>(), put_digits)
        };
    }
    Some(match array.data_type() {
        Null => Box::new(|_, _| Ok(())),
        Boolean => each(array.as_boolean(), put_digits),
        Utf8 => each(array.as_string::<i32>(), put_text),
        LargeUtf8 => each(array.as_string::<i64>(), put_text),
        Utf8View => each(array.as_string_view(), put_text),
        Binary => each(array.as_binary::<i32>(), put_bytes),
        LargeBinary => each(array.as_binary::<i64>(), put_bytes),
        BinaryView => each(array.as_binary_view(), put_bytes),
        FixedSizeBinary(_) => each(array.as_fixed_size_binary(), put_bytes),
        Int8 => digits!(Int8Type),
        Int16 => digits!(Int16Type),
        Int32 => digits!(Int32Type),
        Int64 => digits!(Int64Type),
        UInt8 => digits!(UInt8Type),
        UInt16 => digits!(UInt16Type),
        UInt32 => digits!(UInt32Type),
        UInt64 => digits!(UInt64Type),
        Float16 => {
            each(array.as_primitive::<Float16Type>(), |value, out| put_float(value.to_f32(), value.is_finite(), out))
        }
        Float32 => each(array.as_primitive::<Float32Type>(), |value, out| put_float(value, value.is_finite(), out)),
        Float64 => each(array.as_primitive::<Float64Type>(), |value, out| put_float(value, value.is_finite(), out)),
        Decimal32(precision, scale) => decimals::<Decimal32Type>(array, *precision, *scale),
        Decimal64(precision, scale) => decimals::<Decimal64Type>(array, *precision, *scale),
        Decimal128(precision, scale) => decimals::<Decimal128Type>(array, *precision, *scale),
        Decimal256(precision, scale) => decimals::<Decimal256Type>(array, *precision, *scale),
        Date32 => dates::<Date32Type>(array, style),
        Date64 => dates::<Date64Type>(array, style),
        Time32(TimeUnit::Second) => times::<Time32SecondType>(array),
        Time32(_) => times::<Time32MillisecondType>(array),
        Time64(TimeUnit::Microsecond) => times::<Time64MicrosecondType>(array),
        Time64(_) => times::<Time64NanosecondType>(array),
        Timestamp(TimeUnit::Second, zone) => timestamps::<TimestampSecondType>(array, zone.as_deref(), style)?,
        Timestamp(TimeUnit::Millisecond, zone) => {
            timestamps::<TimestampMillisecondType>(array, zone.as_deref(), style)?
        }
        Timestamp(TimeUnit::Microsecond, zone) => {
            timestamps::<TimestampMicrosecondType>(array, zone.as_deref(), style)?
        }
        Timestamp(TimeUnit::Nanosecond, zone) => timestamps::<TimestampNanosecondType>(array, zone.as_deref(), style)?,
        Duration(TimeUnit::Second) => durations::<DurationSecondType>(array, 1),
        Duration(TimeUnit::Millisecond) => durations::<DurationMillisecondType>(array, 1_000),
        Duration(TimeUnit::Microsecond) => durations::<DurationMicrosecondType>(array, 1_000_000),
        Duration(TimeUnit::Nanosecond) => durations::<DurationNanosecondType>(array, 1_000_000_000),
        Interval(IntervalUnit::YearMonth) => {
            each(array.as_primitive::<IntervalYearMonthType>(), |months, out| put_span(months, 0, 0, out))
        }
        Interval(IntervalUnit::DayTime) => each(array.as_primitive::<IntervalDayTimeType>(), |span, out| {
            put_span(0, span.days, i64::from(span.milliseconds) * 1_000_000, out)
        }),
        Interval(IntervalUnit::MonthDayNano) => each(array.as_primitive::<IntervalMonthDayNanoType>(), |span, out| {
            put_span(span.months, span.days, span.nanoseconds, out)
        }),
        Dictionary(..) => dictionary(array, style)?,
        RunEndEncoded(ends, _) => match ends.data_type() {
            Int16 => runs::<Int16Type>(array, style)?,
            Int32 => runs::<Int32Type>(array, style)?,
            _ => runs::<Int64Type>(array, style)?,
        },
        List(_) => offsets(array.as_list::<i32>(), style)?,
        LargeList(_) => offsets(array.as_list::<i64>(), style)?,
        ListView(_) => views(array.as_list_view::<i32>(), style)?,
        LargeListView(_) => views(array.as_list_view::<i64>(), style)?,
        FixedSizeList(..) => {
            let lists = array.as_fixed_size_list();
            let width = lists.value_length() as usize;
            joined(array, cells(lists.values(), style)?, move |row| row * width..(row + 1) * width)
        }
        Struct(_) | Map(..) | Union(..) => return None,
    })
}

fn each<'a, A: ArrayAccessor + 'a>(array: A, put: impl Fn(A::Item, &mut String) -> Result<(), Rule> + 'a) -> Cells<'a> {
    Box::new(move |row, out| {
        if array.is_null(row) {
            return Ok(());
        }
        put(array.value(row), out)
    })
}

fn put_text(text: &str, out: &mut String) -> Result<(), Rule> {
    out.push_str(text);
    Ok(())
}

fn put_bytes(bytes: &[u8], out: &mut String) -> Result<(), Rule> {
    put_text(std::str::from_utf8(bytes).map_err(|_| Rule::NotUtf8)?, out)
}

fn put_digits(value: impl Display, out: &mut String) -> Result<(), Rule> {
    append(out, format_args!("{value}"));
    Ok(())
}

/// `Display` of floats is the shortest text that reads back, without exponent and `.0`; zero has no sign here.
fn put_float(value: impl Display + Default + PartialEq, finite: bool, out: &mut String) -> Result<(), Rule> {
    if !finite {
        return Err(Rule::NotFinite);
    }
    if value == Default::default() {
        return put_text("0", out);
    }
    put_digits(value, out)
}

fn decimals<T: DecimalType>(array: &dyn Array, precision: u8, scale: i8) -> Cells<'_> {
    each(array.as_primitive::<T>(), move |value, out| put_text(&T::format_decimal(value, precision, scale), out))
}

fn dates<T: ArrowPrimitiveType<Native: Into<i64>>>(array: &dyn Array, style: Style) -> Cells<'_> {
    each(array.as_primitive::<T>(), move |value, out| {
        let date = as_date::<T>(value.into()).ok_or(Rule::OutOfRange)?;
        moment::write_date(date, style, out)
    })
}

fn times<T: ArrowPrimitiveType<Native: Into<i64>>>(array: &dyn Array) -> Cells<'_> {
    each(array.as_primitive::<T>(), |value, out| {
        let time = as_time::<T>(value.into()).ok_or(Rule::OutOfRange)?;
        moment::put_time(time, out);
        Ok(())
    })
}

fn timestamps<'a, T: ArrowTimestampType>(array: &'a dyn Array, zone: Option<&str>, style: Style) -> Option<Cells<'a>> {
    // An offset moves a moment by a day at most, and chrono panics where that leaves its calendar.
    let read = |value| {
        let utc = as_datetime::<T>(value).filter(|utc| (0..=10_000).contains(&utc.year()));
        utc.ok_or(Rule::OutOfRange)
    };
    let array: &PrimitiveArray<T> = array.as_primitive();
    Some(match zone {
        None => each(array, move |value, out| moment::write_local(read(value)?, style, out)),
        Some(zone) => {
            let zone: Tz = zone.parse().ok()?;
            each(array, move |value, out| {
                let zoned = zone.from_utc_datetime(&read(value)?);
                moment::write_zoned(zoned.fixed_offset(), style, out)
            })
        }
    })
}

fn durations<T: ArrowPrimitiveType<Native = i64>>(array: &dyn Array, per_second: u64) -> Cells<'_> {
    each(array.as_primitive::<T>(), move |value, out| {
        out.push_str(if value < 0 { "-PT" } else { "PT" });
        put_seconds(value.unsigned_abs(), per_second, out);
        Ok(())
    })
}

fn put_span(months: i32, days: i32, nanos: i64, out: &mut String) -> Result<(), Rule> {
    out.push('P');
    if months != 0 {
        append(out, format_args!("{months}M"));
    }
    if days != 0 {
        append(out, format_args!("{days}D"));
    }
    if nanos != 0 || (months == 0 && days == 0) {
        out.push_str(if nanos < 0 { "T-" } else { "T" });
        put_seconds(nanos.unsigned_abs(), 1_000_000_000, out);
    }
    Ok(())
}

/// `units` of which `per_second` (a power of ten) make a second, as seconds with the decimals they need.
fn put_seconds(units: u64, per_second: u64, out: &mut String) {
    append(out, format_args!("{}", units / per_second));
    let fraction = units % per_second;
    if fraction != 0 {
        let width = per_second.ilog10() as usize;
        append(out, format_args!(".{fraction:0width$}"));
        out.truncate(out.trim_end_matches('0').len());
    }
    out.push('S');
}

fn dictionary(array: &dyn Array, style: Style) -> Option<Cells<'_>> {
    let dictionary = array.as_any_dictionary();
    if dictionary.values().is_empty() {
        return Some(Box::new(|_, _| Ok(())));
    }
    let values = cells(dictionary.values(), style)?;
    let keys = dictionary.normalized_keys();
    Some(Box::new(move |row, out| match dictionary.keys().is_null(row) {
        true => Ok(()),
        false => values(keys[row], out),
    }))
}

fn runs<R: RunEndIndexType>(array: &dyn Array, style: Style) -> Option<Cells<'_>> {
    let runs = array.as_run::<R>();
    let values = cells(runs.values(), style)?;
    Some(Box::new(move |row, out| values(runs.get_physical_index(row), out)))
}

fn offsets<O: OffsetSizeTrait>(lists: &GenericListArray<O>, style: Style) -> Option<Cells<'_>> {
    let bounds = lists.value_offsets();
    let values = cells(lists.values(), style)?;
    Some(joined(lists, values, |row| bounds[row].as_usize()..bounds[row + 1].as_usize()))
}

fn views<O: OffsetSizeTrait>(lists: &GenericListViewArray<O>, style: Style) -> Option<Cells<'_>> {
    let values = cells(lists.values(), style)?;
    Some(joined(lists, values, |row| {
        let start = lists.value_offset(row).as_usize();
        start..start + lists.value_size(row).as_usize()
    }))
}

/// Lists as `||a||b||`; `elements` are the indexes into the values that belong to a row.
fn joined<'a>(lists: &'a dyn Array, values: Cells<'a>, elements: impl Fn(usize) -> Range<usize> + 'a) -> Cells<'a> {
    Box::new(move |row, out| {
        if lists.is_null(row) {
            return Ok(());
        }
        let start = out.len();
        out.push_str(PIPES);
        for element in elements(row) {
            let from = out.len();
            values(element, out)?;
            let text = &out[from..];
            if text.trim().is_empty() {
                out.truncate(from);
                continue;
            }
            if is_ambiguous(text) {
                return Err(Rule::Pipes);
            }
            out.push_str(PIPES);
        }
        if out.len() == start + PIPES.len() {
            out.truncate(start);
        }
        Ok(())
    })
}
