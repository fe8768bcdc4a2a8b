//! Every Arrow type as text, against models that know nothing of the code.

use std::sync::Arc;

use arrow::array::*;
use arrow::buffer::{OffsetBuffer, ScalarBuffer};
use arrow::compute::cast;
use arrow::datatypes::*;
use chrono::{DateTime, Days, NaiveDate, SecondsFormat, TimeDelta, TimeZone, Utc};
use proptest::prelude::*;

use super::super::moment::Style;
use super::super::render::{Family, cells, family};
use super::super::text::Rule;

type Text = Result<String, Rule>;

#[allow(non_camel_case_types)]
type f16 = <Float16Type as ArrowPrimitiveType>::Native;

fn texts(array: &dyn Array, style: Style) -> Vec<Text> {
    let read = cells(array, style).expect("the type has a text");
    let cell = |row| {
        let mut out = String::new();
        read(row, &mut out).map(|()| out)
    };
    (0..array.len()).map(cell).collect()
}

/// Renders `array` whole and as a slice of something longer: both must give `model`.
fn check<M: ToString>(array: ArrayRef, model: impl IntoIterator<Item = Option<M>>) {
    let model: Vec<Text> =
        model.into_iter().map(|text| Ok(text.map_or(String::new(), |text| text.to_string()))).collect();
    assert_eq!(texts(&array, Style::Full), model, "{}", array.data_type());
    let twice = arrow::compute::concat(&[array.as_ref(), array.as_ref()]).unwrap();
    let tail = twice.slice(array.len(), array.len());
    assert_eq!(texts(&tail, Style::Full), model, "sliced {}", array.data_type());
}

fn cells_of<T: std::fmt::Debug>(value: impl Strategy<Value = T>) -> impl Strategy<Value = Vec<Option<T>>> {
    proptest::collection::vec(proptest::option::weighted(0.8, value), 0..20)
}

proptest! {
    #[test]
    fn integers_are_their_digits(
        tiny in cells_of(any::<(i8, u8)>()),
        small in cells_of(any::<(i16, u16)>()),
        middle in cells_of(any::<(i32, u32)>()),
        large in cells_of(any::<(i64, u64)>()),
    ) {
        macro_rules! check_both {
            ($pairs:ident, $signed:ty, $unsigned:ty) => {
                check(Arc::new($pairs.iter().map(|pair| pair.map(|pair| pair.0)).collect::<$signed>()), $pairs.iter().map(|pair| pair.map(|pair| pair.0)));
                check(Arc::new($pairs.iter().map(|pair| pair.map(|pair| pair.1)).collect::<$unsigned>()), $pairs.iter().map(|pair| pair.map(|pair| pair.1)));
            };
        }
        check_both!(tiny, Int8Array, UInt8Array);
        check_both!(small, Int16Array, UInt16Array);
        check_both!(middle, Int32Array, UInt32Array);
        check_both!(large, Int64Array, UInt64Array);
    }
}

proptest! {
    #[test]
    fn floats_are_the_shortest_plain_digits(doubles in proptest::collection::vec(any::<f64>(), 0..20), singles in proptest::collection::vec(any::<f32>(), 0..20)) {
        for (value, text) in doubles.iter().zip(texts(&Float64Array::from(doubles.clone()), Style::Full)) {
            let text = text.unwrap();
            prop_assert_eq!(text.parse::<f64>().unwrap(), *value);
            prop_assert!(!text.contains(['e', 'E']) && !text.ends_with(".0"));
        }
        for (value, text) in singles.iter().zip(texts(&Float32Array::from(singles.clone()), Style::Full)) {
            prop_assert_eq!(text.unwrap().parse::<f32>().unwrap(), *value);
        }
    }

    #[test]
    fn decimals_have_as_many_digits_after_the_point_as_their_scale(values in cells_of(-99_999_999i32..=99_999_999)) {
        let model = |scale: u32| values.iter().map(move |value| value.map(|value| {
            let (sign, value, unit) = (if value < 0 { "-" } else { "" }, value.unsigned_abs(), 10u32.pow(scale));
            format!("{sign}{}.{:0width$}", value / unit, value % unit, width = scale as usize)
        }));
        let wide = |value: &Option<i32>| value.map(i128::from);
        check(Arc::new(Decimal32Array::from(values.clone()).with_precision_and_scale(9, 2).unwrap()), model(2));
        check(Arc::new(values.iter().map(|v| v.map(i64::from)).collect::<Decimal64Array>().with_precision_and_scale(18, 4).unwrap()), model(4));
        check(Arc::new(values.iter().map(wide).collect::<Decimal128Array>().with_precision_and_scale(38, 1).unwrap()), model(1));
        check(Arc::new(values.iter().map(|v| v.map(|v| i256::from_i128(v.into()))).collect::<Decimal256Array>().with_precision_and_scale(76, 3).unwrap()), model(3));
        check(Arc::new(values.iter().map(wide).collect::<Decimal128Array>().with_precision_and_scale(38, 0).unwrap()), values.iter().copied());
    }

    #[test]
    fn text_is_the_same_in_every_encoding(values in cells_of("\\PC{0,20}")) {
        let plain: ArrayRef = Arc::new(StringArray::from(values.clone()));
        let dictionary = |key: DataType, value: DataType| DataType::Dictionary(Box::new(key), Box::new(value));
        use DataType::*;
        for encoding in [
            Utf8, LargeUtf8, Utf8View, Binary, LargeBinary, BinaryView,
            dictionary(Int8, Utf8), dictionary(UInt64, LargeUtf8), dictionary(Int32, Utf8View), dictionary(Int32, Binary),
        ] {
            check(cast(&plain, &encoding).unwrap(), values.clone());
        }
        let runs: RunArray<Int32Type> = values.iter().map(|value| value.as_deref()).collect();
        check(Arc::new(runs), values.clone());
        let runs: RunArray<Int16Type> = values.iter().map(|value| value.as_deref()).collect();
        check(Arc::new(runs), values.clone());
        let runs: RunArray<Int64Type> = values.iter().map(|value| value.as_deref()).collect();
        check(Arc::new(runs), values);
    }

    #[test]
    fn lists_stand_between_pipes_in_every_encoding(lists in proptest::collection::vec(proptest::option::weighted(0.8, cells_of("[a-z ]{0,4}")), 1..12)) {
        let model: Vec<Option<String>> = lists.iter().map(|list| list.as_ref().map(|list| {
            let kept: Vec<&str> = list.iter().flatten().map(String::as_str).filter(|text| !text.trim().is_empty()).collect();
            if kept.is_empty() { String::new() } else { format!("||{}||", kept.join("||")) }
        })).collect();
        let mut builder = ListBuilder::new(StringBuilder::new());
        for list in &lists {
            match list {
                Some(list) => builder.append_value(list.iter().map(|text| text.as_deref())),
                None => builder.append_null(),
            }
        }
        let plain: ArrayRef = Arc::new(builder.finish());
        let item = |data_type| Arc::new(Field::new_list_field(data_type, true));
        check(cast(&plain, &DataType::LargeList(item(DataType::LargeUtf8))).unwrap(), model.clone());
        check(cast(&plain, &DataType::ListView(item(DataType::Utf8))).unwrap(), model.clone());
        check(cast(&plain, &DataType::LargeListView(item(DataType::Utf8))).unwrap(), model.clone());
        check(plain, model);
    }

    #[test]
    fn dates_and_times_are_iso_8601(days in cells_of(0u64..=2_932_896), seconds in cells_of(0u32..86_400), nanos in cells_of(0i64..86_400_000_000_000)) {
        // The last day is 9999-12-31, counted from 1970-01-01.
        let model = |days: Option<u64>| days.map(|days| (NaiveDate::default() + Days::new(days)).format("%Y-%m-%d"));
        check(Arc::new(days.iter().map(|d| d.map(|d| d as i32)).collect::<Date32Array>()), days.iter().copied().map(model));
        check(Arc::new(days.iter().map(|d| d.map(|d| d as i64 * 86_400_000)).collect::<Date64Array>()), days.iter().copied().map(model));
        check(Arc::new(seconds.iter().map(|s| s.map(|s| s as i32)).collect::<Time32SecondArray>()),
            seconds.iter().map(|s| s.map(|s| format!("{:02}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60))));
        let of_nanos = |n: i64| (NaiveDate::default().and_hms_opt(0, 0, 0).unwrap() + TimeDelta::nanoseconds(n)).format("%H:%M:%S%.f").to_string();
        check(Arc::new(nanos.iter().copied().collect::<Time64NanosecondArray>()), nanos.iter().map(|n| n.map(of_nanos)));
        check(Arc::new(nanos.iter().map(|n| n.map(|n| n / 1_000)).collect::<Time64MicrosecondArray>()), nanos.iter().map(|n| n.map(|n| of_nanos(n / 1_000 * 1_000))));
        check(Arc::new(nanos.iter().map(|n| n.map(|n| (n / 1_000_000) as i32)).collect::<Time32MillisecondArray>()), nanos.iter().map(|n| n.map(|n| of_nanos(n / 1_000_000 * 1_000_000))));
    }

    #[test]
    fn timestamps_are_rfc_3339_in_their_own_zone(micros in cells_of(-62_000_000_000_000_000i64..253_000_000_000_000_000)) {
        let moments: Vec<Option<DateTime<Utc>>> = micros.iter().map(|m| m.map(|m| DateTime::from_timestamp_micros(m).unwrap())).collect();
        let array = |zone: Option<&str>| micros.iter().copied().collect::<TimestampMicrosecondArray>().with_timezone_opt(zone);
        let auto = SecondsFormat::AutoSi;
        check(Arc::new(array(None)), moments.iter().map(|m| m.map(|m| m.to_rfc3339_opts(auto, true).replace('Z', ""))));
        check(Arc::new(array(Some("UTC"))), moments.iter().map(|m| m.map(|m| m.to_rfc3339_opts(auto, false))));
        let offset = chrono::FixedOffset::east_opt(19_800).unwrap();
        check(Arc::new(array(Some("+05:30"))), moments.iter().map(|m| m.map(|m| m.with_timezone(&offset).to_rfc3339_opts(auto, false))));

        let utc = moments.iter().map(|m| Ok(m.map_or(String::new(), |m| m.format("%Y-%m-%dT%H:%M:%S+00:00").to_string()))).collect::<Vec<Text>>();
        for zone in [None, Some("UTC"), Some("+05:30"), Some("America/New_York")] {
            prop_assert_eq!(&texts(&array(zone), Style::DateTime), &utc);
        }
        let dates = moments.iter().map(|m| Ok(m.map_or(String::new(), |m| m.with_timezone(&offset).format("%Y-%m-%d").to_string()))).collect::<Vec<Text>>();
        prop_assert_eq!(texts(&array(Some("+05:30")), Style::Date), dates);
    }

    #[test]
    fn durations_are_iso_8601_seconds(values in cells_of(any::<i64>())) {
        let model = |unit: u32| values.iter().map(move |value| value.map(|value| {
            let digits = format!("{:0width$}", value.unsigned_abs(), width = unit as usize + 1);
            let (whole, fraction) = digits.split_at(digits.len() - unit as usize);
            let fraction = fraction.trim_end_matches('0');
            let point = if fraction.is_empty() { "" } else { "." };
            format!("{}PT{whole}{point}{fraction}S", if value < 0 { "-" } else { "" })
        }));
        check(Arc::new(DurationSecondArray::from(values.clone())), model(0));
        check(Arc::new(DurationMillisecondArray::from(values.clone())), model(3));
        check(Arc::new(DurationMicrosecondArray::from(values.clone())), model(6));
        check(Arc::new(DurationNanosecondArray::from(values.clone())), model(9));
    }
}

#[test]
fn the_rest_is_told_by_example() {
    check(Arc::new(NullArray::new(2)), [None::<&str>, None]);
    check(Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)])), [Some("true"), None, Some("false")]);
    check(
        Arc::new(Float64Array::from(vec![1.0, -0.0, 0.1, 1e21, 1e-7, 358401234567.0])),
        ["1", "0", "0.1", "1000000000000000000000", "0.0000001", "358401234567"].map(Some),
    );
    check(Arc::new(Float16Array::from(vec![f16::from_f32(1.5), f16::from_f32(2.0)])), ["1.5", "2"].map(Some));
    check(Arc::new(Decimal128Array::from(vec![12]).with_precision_and_scale(5, -2).unwrap()), [Some("1200")]);
    check(Arc::new(IntervalYearMonthArray::from(vec![14, -1, 0])), ["P14M", "P-1M", "PT0S"].map(Some));
    check(
        Arc::new(IntervalDayTimeArray::from(vec![IntervalDayTime::new(3, 1_500), IntervalDayTime::new(0, -1)])),
        ["P3DT1.5S", "PT-0.001S"].map(Some),
    );
    check(
        Arc::new(IntervalMonthDayNanoArray::from(vec![IntervalMonthDayNano::new(1, -2, 3_000_000_004)])),
        [Some("P1M-2DT3.000000004S")],
    );
    let fixed = FixedSizeBinaryArray::try_from_iter([b"abc", b"def"].into_iter()).unwrap();
    check(Arc::new(fixed), ["abc", "def"].map(Some));
    let numbers = FixedSizeListArray::from_iter_primitive::<Int32Type, _, _>(
        [Some([Some(1), None]), None, Some([Some(3), Some(4)])],
        2,
    );
    check(Arc::new(numbers), [Some("||1||"), None, Some("||3||4||")]);
    let empty = DictionaryArray::<Int32Type>::new(
        Int32Array::from(vec![None, None]),
        Arc::new(StringArray::from(Vec::<&str>::new())),
    );
    check(Arc::new(empty), [None::<&str>, None]);
    let null_value = DictionaryArray::<Int8Type>::new(
        Int8Array::from(vec![Some(0), Some(1), None]),
        Arc::new(StringArray::from(vec![None, Some("b")])),
    );
    check(Arc::new(null_value), [None, Some("b"), None]);
}

#[test]
fn a_date_is_that_of_the_timestamps_own_zone() {
    let late = Utc.with_ymd_and_hms(2024, 7, 1, 2, 30, 0).unwrap().timestamp();
    let array = |zone| TimestampSecondArray::from(vec![late]).with_timezone_opt(zone);
    for (zone, date) in [(None, "2024-07-01"), (Some("America/New_York"), "2024-06-30"), (Some("UTC"), "2024-07-01")] {
        assert_eq!(texts(&array(zone), Style::Date), [Ok(date.to_owned())]);
    }
    assert_eq!(texts(&array(Some("America/New_York")), Style::Full), [Ok("2024-06-30T22:30:00-04:00".to_owned())]);
    assert_eq!(texts(&Date32Array::from(vec![0]), Style::DateTime), [Ok("1970-01-01T00:00:00+00:00".to_owned())]);
}

#[test]
fn an_offset_has_no_seconds_and_the_moment_is_the_same() {
    let array = |zone| TimestampSecondArray::from(vec![-5_000_000_000]).with_timezone_opt(zone);
    assert_eq!(texts(&array(Some("UTC")), Style::Full), [Ok("1811-07-23T15:06:40+00:00".to_owned())]);
    // New York was 4:56:02 behind Greenwich.
    assert_eq!(texts(&array(Some("America/New_York")), Style::Full), [Ok("1811-07-23T10:10:40-04:56".to_owned())]);
    let text = texts(&array(Some("Europe/Berlin")), Style::Full).remove(0).unwrap();
    assert_eq!(DateTime::parse_from_rfc3339(&text).unwrap().timestamp(), -5_000_000_000, "{text}");
}

#[test]
fn values_without_a_text_are_refused_row_by_row() {
    let nan = Float64Array::from(vec![f64::NAN, f64::INFINITY, 1.0]);
    assert_eq!(texts(&nan, Style::Full), [Err(Rule::NotFinite), Err(Rule::NotFinite), Ok("1".to_owned())]);
    assert_eq!(texts(&Float16Array::from(vec![f16::NAN]), Style::Full), [Err(Rule::NotFinite)]);
    assert_eq!(
        texts(&BinaryArray::from_vec(vec![b"\xff", b"ok"]), Style::Full),
        [Err(Rule::NotUtf8), Ok("ok".to_owned())]
    );
    let mut lists = ListBuilder::new(StringBuilder::new());
    for text in ["a||b", "|a", "a|", "a|b"] {
        lists.append_value([Some(text)]);
    }
    let refused = Err(Rule::Pipes);
    assert_eq!(
        texts(&lists.finish(), Style::Full),
        [refused.clone(), refused.clone(), refused, Ok("||a|b||".to_owned())]
    );
}

#[test]
fn no_extreme_value_panics() {
    let bits: Vec<i64> =
        vec![i64::MIN, i64::MIN + 1, -1, 0, 1, i64::MAX - 1, i64::MAX, -62_135_596_800, 253_402_300_800];
    let narrow: Vec<i32> = vec![i32::MIN, -1, 0, 1, i32::MAX, -719_163, 2_932_897];
    let zones = [None, Some("UTC"), Some("-12:00"), Some("Pacific/Kiritimati"), Some("Europe/Helsinki")];
    let mut arrays: Vec<ArrayRef> = vec![
        Arc::new(Date32Array::from(narrow.clone())),
        Arc::new(Date64Array::from(bits.clone())),
        Arc::new(Time32SecondArray::from(narrow.clone())),
        Arc::new(Time32MillisecondArray::from(narrow)),
        Arc::new(Time64MicrosecondArray::from(bits.clone())),
        Arc::new(Time64NanosecondArray::from(bits.clone())),
        Arc::new(IntervalMonthDayNanoArray::from(vec![IntervalMonthDayNano::new(i32::MIN, i32::MAX, i64::MIN)])),
        Arc::new(Decimal128Array::from(vec![i128::MIN, i128::MAX])),
        Arc::new(Decimal256Array::from(vec![i256::MIN, i256::MAX])),
    ];
    for zone in zones {
        arrays.push(Arc::new(TimestampSecondArray::from(bits.clone()).with_timezone_opt(zone)));
        arrays.push(Arc::new(TimestampMillisecondArray::from(bits.clone()).with_timezone_opt(zone)));
        arrays.push(Arc::new(TimestampMicrosecondArray::from(bits.clone()).with_timezone_opt(zone)));
        arrays.push(Arc::new(TimestampNanosecondArray::from(bits.clone()).with_timezone_opt(zone)));
    }
    for array in arrays {
        for style in [Style::Full, Style::Date, Style::DateTime] {
            for text in texts(&array, style).into_iter().flatten() {
                assert!(!text.is_empty() && !text.starts_with('+'));
            }
        }
    }
}

#[test]
fn every_type_has_a_text_or_is_refused_before_any_row() {
    use DataType::*;
    let item = |data_type: DataType| Arc::new(Field::new_list_field(data_type, true));
    let texted = [
        (Null, Family::Null),
        (Dictionary(Box::new(Int8), Box::new(Date32)), Family::Moment),
        (List(item(Dictionary(Box::new(Int8), Box::new(Utf8)))), Family::List),
        (FixedSizeList(item(Boolean), 3), Family::List),
        (Timestamp(TimeUnit::Second, Some("Asia/Kolkata".into())), Family::Moment),
        (Duration(TimeUnit::Second), Family::Other),
        (FixedSizeBinary(4), Family::Text),
        (Decimal256(76, 10), Family::Number),
        (
            RunEndEncoded(Arc::new(Field::new("run_ends", Int32, false)), Arc::new(Field::new("values", Utf8, true))),
            Family::Text,
        ),
    ];
    for (data_type, expected) in texted {
        assert_eq!(family(&data_type), Some(expected), "{data_type}");
        let nulls = new_null_array(&data_type, 3);
        assert_eq!(texts(&nulls, Style::Full), vec![Ok(String::new()); 3], "{data_type}");
    }
    let pair = Fields::from(vec![Field::new("key", Utf8, false), Field::new("value", Utf8, true)]);
    let entries = Arc::new(Field::new("entries", Struct(pair.clone()), false));
    for data_type in [
        Struct(pair.clone()),
        Map(entries, false),
        Union(UnionFields::from_fields(pair.iter().cloned()), UnionMode::Sparse),
        List(item(List(item(Utf8)))),
        List(item(Struct(pair.clone()))),
        Dictionary(Box::new(Int8), Box::new(Struct(pair))),
        Timestamp(TimeUnit::Second, Some("Mars/Olympus".into())),
    ] {
        assert_eq!(family(&data_type), None, "{data_type}");
        assert!(cells(&new_empty_array(&data_type), Style::Full).is_none());
    }
}

#[test]
fn list_views_may_overlap_and_run_backwards() {
    let views = ListViewArray::new(
        Arc::new(Field::new_list_field(DataType::Int32, true)),
        ScalarBuffer::from(vec![1, 0, 2]),
        ScalarBuffer::from(vec![2, 2, 0]),
        Arc::new(Int32Array::from(vec![10, 20, 30])),
        None,
    );
    check(Arc::new(views), [Some("||20||30||"), Some("||10||20||"), Some("")]);
    let lists = ListArray::new(
        Arc::new(Field::new_list_field(DataType::Int32, true)),
        OffsetBuffer::new(ScalarBuffer::from(vec![1, 3])),
        Arc::new(Int32Array::from(vec![10, 20, 30])),
        None,
    );
    check(Arc::new(lists), [Some("||20||30||")]);
}
