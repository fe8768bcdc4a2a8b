//! Every type there is: its text is the one that Arrow itself or plain arithmetic gives, in every wrapping.

use std::sync::Arc;

use arrow::array::*;
use arrow::buffer::{OffsetBuffer, ScalarBuffer};
use arrow::compute::cast;
use arrow::datatypes::DataType::*;
use arrow::datatypes::*;
use arrow::util::display::{ArrayFormatter, DurationFormat, FormatOptions};
use proptest::prelude::*;

use super::super::moment::Style;
use super::super::render::{Family, cells, family};
use super::super::text::Rule;

/// Seconds of the years 1 to 9999.
const YEARS: std::ops::Range<i64> = -62_135_596_800..253_402_300_800;

const ZONES: [Option<&str>; 5] = [None, Some("UTC"), Some("+05:30"), Some("-11:00"), Some("America/New_York")];

/// Every type of single values.
pub(super) fn leaves() -> Vec<DataType> {
    use TimeUnit::*;
    let units = [Second, Millisecond, Microsecond, Nanosecond];
    let mut leaves = vec![
        Null,
        Boolean,
        Int8,
        Int16,
        Int32,
        Int64,
        UInt8,
        UInt16,
        UInt32,
        UInt64,
        Float16,
        Float32,
        Float64,
        Utf8,
        LargeUtf8,
        Utf8View,
        Binary,
        LargeBinary,
        BinaryView,
        FixedSizeBinary(8),
        Date32,
        Date64,
        Time32(Second),
        Time32(Millisecond),
        Time64(Microsecond),
        Time64(Nanosecond),
        Interval(IntervalUnit::YearMonth),
        Interval(IntervalUnit::DayTime),
        Interval(IntervalUnit::MonthDayNano),
    ];
    leaves.extend([0, 3, 9, -2].map(|scale| Decimal32(9, scale)));
    leaves.extend([0, 7, 18, -5].map(|scale| Decimal64(18, scale)));
    leaves.extend([0, 19, 38, -19].map(|scale| Decimal128(38, scale)));
    leaves.extend([0, 38, 76, -38].map(|scale| Decimal256(76, scale)));
    leaves.extend(units.map(Duration));
    for unit in units {
        leaves.extend(ZONES.map(|zone| Timestamp(unit, zone.map(Into::into))));
    }
    leaves
}

fn per_second(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Second => 1,
        TimeUnit::Millisecond => 1_000,
        TimeUnit::Microsecond => 1_000_000,
        TimeUnit::Nanosecond => 1_000_000_000,
    }
}

/// A whole number from a range, anywhere in it.
fn within(seed: i64, range: std::ops::Range<i64>) -> i64 {
    range.start + seed.rem_euclid(range.end - range.start)
}

/// Text that may be short, long, not ASCII, or blank.
fn text(seed: i64) -> String {
    ["", " ", "a", "|", "Zoë 東京", "a long text of many words", "||"][seed.rem_euclid(7) as usize]
        .repeat(seed.rem_euclid(3) as usize)
}

/// An array of a type of single values out of any numbers; values lie where the type has a text.
fn array(data_type: &DataType, seeds: &[Option<i64>]) -> ArrayRef {
    let ints = |range: fn(i64) -> i64| Int64Array::from_iter(seeds.iter().map(|seed| seed.map(range)));
    let stamps = |unit: TimeUnit, range: std::ops::Range<i64>| {
        let (from, to) = (range.start.saturating_mul(per_second(unit)), range.end.saturating_mul(per_second(unit)));
        // Half of the largest range, or its width would not be a number.
        Int64Array::from_iter(seeds.iter().map(|seed| seed.map(|seed| within(seed, from / 2..to / 2))))
    };
    let strings = || StringArray::from_iter(seeds.iter().map(|seed| seed.map(text)));
    let narrow = |array: Int64Array| cast(&array, &Int32).unwrap();
    macro_rules! primitive {
        ($array:ty, $seed:ident => $value:expr) => {
            Arc::new(<$array>::from_iter(seeds.iter().map(|seed| seed.map(|$seed| $value)))) as ArrayRef
        };
    }
    match data_type {
        Null => new_null_array(&Null, seeds.len()),
        Boolean => primitive!(BooleanArray, seed => seed & 1 == 1),
        Int8 => primitive!(Int8Array, seed => seed as i8),
        Int16 => primitive!(Int16Array, seed => seed as i16),
        Int32 => primitive!(Int32Array, seed => seed as i32),
        Int64 => primitive!(Int64Array, seed => seed),
        UInt8 => primitive!(UInt8Array, seed => seed as u8),
        UInt16 => primitive!(UInt16Array, seed => seed as u16),
        UInt32 => primitive!(UInt32Array, seed => seed as u32),
        UInt64 => primitive!(UInt64Array, seed => seed as u64),
        Float16 => cast(&primitive!(Float32Array, seed => (seed % 60_000) as f32 / 64.0), &Float16).unwrap(),
        Float32 => primitive!(Float32Array, seed => finite(f32::from_bits(seed as u32), 0.0)),
        Float64 => primitive!(Float64Array, seed => finite(f64::from_bits(seed as u64), 0.0)),
        Utf8 | LargeUtf8 | Utf8View | Binary | LargeBinary | BinaryView => cast(&strings(), data_type).unwrap(),
        FixedSizeBinary(width) => {
            let texts = seeds.iter().map(|seed| seed.map(|seed| format!("{:0>8}", seed.rem_euclid(99_999_999))));
            Arc::new(FixedSizeBinaryArray::try_from_sparse_iter_with_size(texts, *width).unwrap())
        }
        Decimal32(precision, scale) => {
            let values =
                Decimal32Array::from_iter(seeds.iter().map(|seed| seed.map(|seed| (seed % 1_000_000_000) as i32)));
            Arc::new(values.with_precision_and_scale(*precision, *scale).unwrap())
        }
        Decimal64(precision, scale) => {
            let values =
                Decimal64Array::from_iter(seeds.iter().map(|seed| seed.map(|seed| seed % 1_000_000_000_000_000_000)));
            Arc::new(values.with_precision_and_scale(*precision, *scale).unwrap())
        }
        Decimal128(precision, scale) => {
            let values =
                Decimal128Array::from_iter(seeds.iter().map(|seed| seed.map(|seed| i128::from(seed) * 1_000_000_007)));
            Arc::new(values.with_precision_and_scale(*precision, *scale).unwrap())
        }
        Decimal256(precision, scale) => {
            let wide = |seed: i64| i256::from_i128(i128::from(seed) * i128::from(seed.rotate_left(31)));
            let values = Decimal256Array::from_iter(seeds.iter().map(|seed| seed.map(wide)));
            Arc::new(values.with_precision_and_scale(*precision, *scale).unwrap())
        }
        Date32 => cast(&narrow(ints(|seed| within(seed, -719_162..2_932_897))), data_type).unwrap(),
        Date64 => cast(&ints(|seed| within(seed, -719_162..2_932_897) * 86_400_000), data_type).unwrap(),
        Time32(TimeUnit::Second) => cast(&narrow(ints(|seed| within(seed, 0..86_400))), data_type).unwrap(),
        Time32(_) => cast(&narrow(ints(|seed| within(seed, 0..86_400_000))), data_type).unwrap(),
        Time64(TimeUnit::Microsecond) => cast(&ints(|seed| within(seed, 0..86_400_000_000)), data_type).unwrap(),
        Time64(_) => cast(&ints(|seed| within(seed, 0..86_400_000_000_000)), data_type).unwrap(),
        Timestamp(unit, _) => cast(&stamps(*unit, YEARS.start + 86_400..YEARS.end - 86_400), data_type).unwrap(),
        Duration(_) => cast(&ints(|seed| seed), data_type).unwrap(),
        Interval(IntervalUnit::YearMonth) => primitive!(IntervalYearMonthArray, seed => seed as i32),
        Interval(IntervalUnit::DayTime) => {
            primitive!(IntervalDayTimeArray, seed => IntervalDayTime::new(seed as i32, (seed >> 32) as i32))
        }
        Interval(IntervalUnit::MonthDayNano) => {
            primitive!(IntervalMonthDayNanoArray, seed => IntervalMonthDayNano::new((seed >> 40) as i32, seed as i16 as i32, seed))
        }
        other => unreachable!("{other} holds other types"),
    }
}

fn finite<T: Copy + Into<f64>>(value: T, otherwise: T) -> T {
    if value.into().is_finite() { value } else { otherwise }
}

/// The text of a cell by other means.
fn oracle(array: &ArrayRef, row: usize) -> String {
    if array.is_null(row) || *array.data_type() == Null {
        return String::new();
    }
    let options = FormatOptions::new().with_duration_format(DurationFormat::ISO8601);
    let shown = |array: &dyn Array| ArrayFormatter::try_new(array, &options).unwrap().value(row).to_string();
    match array.data_type() {
        Float16 | Float32 | Float64 => laid_out(match array.data_type() {
            Float64 => format!("{:e}", array.as_primitive::<Float64Type>().value(row)),
            _ => format!("{:e}", cast(array, &Float32).unwrap().as_primitive::<Float32Type>().value(row)),
        }),
        Binary | LargeBinary | BinaryView | FixedSizeBinary(_) => {
            let binary = cast(array, &Binary).unwrap();
            String::from_utf8(binary.as_binary::<i32>().value(row).to_vec()).unwrap()
        }
        Date64 => shown(&cast(array, &Date32).unwrap()),
        Timestamp(unit, Some(zone)) => {
            // Arrow cuts the seconds off an offset, which makes it another moment: ask for the offset only.
            let text = shown(array);
            let text = text.strip_suffix('Z').map_or(text.clone(), |local| format!("{local}+00:00"));
            let offset = &text[text.len() - 6..];
            let fixed = cast(array, &Timestamp(*unit, Some(offset.into()))).unwrap();
            if zone.parse::<chrono::FixedOffset>().is_ok() {
                text
            } else {
                format!("{}{offset}", local(&shown(&fixed)))
            }
        }
        Duration(unit) => {
            let value = cast(array, &Int64).unwrap().as_primitive::<Int64Type>().value(row);
            let sign = if value < 0 { "-" } else { "" };
            format!("{sign}PT{}S", seconds(i128::from(value).abs(), i128::from(per_second(*unit))))
        }
        Interval(unit) => {
            let (months, days, nanos) = match unit {
                IntervalUnit::YearMonth => (array.as_primitive::<IntervalYearMonthType>().value(row), 0, 0),
                IntervalUnit::DayTime => {
                    let span = array.as_primitive::<IntervalDayTimeType>().value(row);
                    (0, span.days, i128::from(span.milliseconds) * 1_000_000)
                }
                IntervalUnit::MonthDayNano => {
                    let span = array.as_primitive::<IntervalMonthDayNanoType>().value(row);
                    (span.months, span.days, i128::from(span.nanoseconds))
                }
            };
            let part = |value: i32, letter| if value == 0 { String::new() } else { format!("{value}{letter}") };
            let sign = if nanos < 0 { "-" } else { "" };
            let time = format!("T{sign}{}S", seconds(nanos.abs(), 1_000_000_000));
            let date = part(months, "M") + &part(days, "D");
            if nanos == 0 && !date.is_empty() { format!("P{date}") } else { format!("P{date}{time}") }
        }
        _ => shown(array),
    }
}

/// The text of a timestamp without its offset.
fn local(text: &str) -> &str {
    text.strip_suffix('Z').unwrap_or_else(|| &text[..text.len() - 6])
}

/// A number of units as seconds, with no more decimals than it has.
fn seconds(units: i128, per_second: i128) -> String {
    let digits = per_second.ilog10() as usize;
    let text = format!("{}.{:0digits$}", units / per_second, units % per_second);
    text.trim_end_matches(if digits == 0 { ".0" } else { "0" }).trim_end_matches('.').to_owned()
}

/// `1.5e-3` without its exponent.
fn laid_out(scientific: String) -> String {
    let (mantissa, exponent) = scientific.split_once('e').unwrap();
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let digits = mantissa.replace('.', "");
    let point = exponent.parse::<i32>().unwrap() + 1;
    match usize::try_from(point) {
        _ if digits == "0" => digits,
        Ok(point) if point >= digits.len() => format!("{sign}{digits:0<point$}"),
        Ok(point) if point > 0 => format!("{sign}{}.{}", &digits[..point], &digits[point..]),
        _ => format!("{sign}0.{}{digits}", "0".repeat(point.unsigned_abs() as usize)),
    }
}

fn texts(array: &dyn Array, style: Style) -> Vec<Result<String, Rule>> {
    let read = cells(array, style).unwrap_or_else(|| panic!("{} has no text", array.data_type()));
    let cell = |row| {
        let mut out = String::new();
        read(row, &mut out).map(|()| out)
    };
    (0..array.len()).map(cell).collect()
}

/// The same values behind keys, in runs of one, and as the only values of lists.
fn wrapped(values: &ArrayRef) -> Vec<(ArrayRef, bool)> {
    let (rows, item) = (values.len(), Arc::new(Field::new_list_field(values.data_type().clone(), true)));
    macro_rules! keyed {
        ($($key:ty),*) => { vec![$({
            let keys = PrimitiveArray::<$key>::from_iter_values((0..rows).map(|row| row as _));
            (Arc::new(DictionaryArray::new(keys, Arc::clone(values))) as ArrayRef, false)
        }),*] };
    }
    macro_rules! in_runs {
        ($($end:ty),*) => { [$({
            let ends = PrimitiveArray::<$end>::from_iter_values((1..=rows).map(|end| end as _));
            (Arc::new(RunArray::try_new(&ends, values).unwrap()) as ArrayRef, false)
        }),*] };
    }
    let list = ListArray::new(Arc::clone(&item), OffsetBuffer::from_lengths(vec![1; rows]), Arc::clone(values), None);
    let large =
        LargeListArray::new(Arc::clone(&item), OffsetBuffer::from_lengths(vec![1; rows]), Arc::clone(values), None);
    let view = ListViewArray::new(
        Arc::clone(&item),
        ScalarBuffer::from_iter(0..rows as i32),
        ScalarBuffer::from(vec![1; rows]),
        Arc::clone(values),
        None,
    );
    let large_view = LargeListViewArray::new(
        Arc::clone(&item),
        ScalarBuffer::from_iter(0..rows as i64),
        ScalarBuffer::from(vec![1; rows]),
        Arc::clone(values),
        None,
    );
    let fixed = FixedSizeListArray::new(item, 1, Arc::clone(values), None);
    let lists: [ArrayRef; 5] = [Arc::new(list), Arc::new(large), Arc::new(view), Arc::new(large_view), Arc::new(fixed)];
    let mut all = keyed!(Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type);
    all.extend(in_runs!(Int16Type, Int32Type, Int64Type));
    all.extend(lists.map(|list| (list, true)));
    all
}

fn in_list(text: &str) -> Result<String, Rule> {
    match text {
        blank if blank.trim().is_empty() => Ok(String::new()),
        piped if piped.contains("||") || piped.starts_with('|') || piped.ends_with('|') => Err(Rule::Pipes),
        text => Ok(format!("||{text}||")),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn every_type_has_the_text_of_the_oracle_in_every_wrapping(seeds in prop::collection::vec(prop::option::weighted(0.8, seed()), 1..12)) {
        for leaf in leaves() {
            let values = array(&leaf, &seeds);
            prop_assert_eq!(values.data_type(), &leaf);
            let model: Vec<String> = (0..values.len()).map(|row| oracle(&values, row)).collect();
            let plain: Vec<_> = model.iter().cloned().map(Ok).collect();
            prop_assert_eq!(texts(&values, Style::Full), &plain[..], "{}", leaf);
            let listed: Vec<_> = model.iter().map(|text| in_list(text)).collect();
            for (wrapped, is_list) in wrapped(&values) {
                let (kind, expected) = if is_list { (Family::List, &listed) } else { (family(&leaf).unwrap(), &plain) };
                prop_assert_eq!(family(wrapped.data_type()), Some(kind), "{}", wrapped.data_type());
                prop_assert_eq!(&texts(&wrapped, Style::Full), expected, "{}", wrapped.data_type());
                let half = wrapped.slice(wrapped.len() / 2, wrapped.len() - wrapped.len() / 2);
                prop_assert_eq!(&texts(&half, Style::Full)[..], &expected[wrapped.len() / 2..], "half of {}", wrapped.data_type());
            }
        }
    }
}

/// Numbers of any size.
fn seed() -> impl Strategy<Value = i64> {
    prop_oneof![any::<i64>(), -1_000..1_000_i64, any::<i32>().prop_map(i64::from), Just(0)]
}
