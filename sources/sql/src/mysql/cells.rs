//! Cells of a result as Arrow columns.

use std::fmt::Write;
use std::sync::Arc;

use arrow::array::*;
use arrow::datatypes::DataType;
use chrono::{NaiveDate, NaiveTime};
use mysql_async::Value;

/// A day, counted from 1970, that no calendar has: about the year −107,500, so that a mapping refuses it while it can
/// still be cast to microseconds. It stands for a date that MySQL stores but no calendar has, such as 2026-00-15.
pub(super) const NO_DAY: i32 = -40_000_000;

const MICROS_OF_A_DAY: i64 = 86_400_000_000;

/// Why a cell does not fit its column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unfit {
    /// A value of another type than the column had when it was described.
    Changed,
    /// Text that is not UTF-8, which the server promises it to be.
    Encoding,
}

/// The cells of one column.
pub(super) enum Cells {
    Int8(Int8Builder),
    Int16(Int16Builder),
    Int32(Int32Builder),
    Int64(Int64Builder),
    UInt8(UInt8Builder),
    UInt16(UInt16Builder),
    UInt32(UInt32Builder),
    /// Numbers, or the bits of `BIT`.
    UInt64(UInt64Builder),
    Float32(Float32Builder),
    Float64(Float64Builder),
    /// With precision and scale.
    Decimal(Decimal128Builder, u8, i8),
    Date(Date32Builder),
    Moment(TimestampMicrosecondBuilder),
    /// With the decimals of the second, for `TIME`.
    Text(StringBuilder, u8),
    Bytes(BinaryBuilder),
}

impl Cells {
    /// Room for cells of a `kind`, which must be one that a description gives; `decimals` as the server says.
    pub(super) fn new(kind: &DataType, decimals: u8, rows: usize) -> Option<Self> {
        Some(match kind {
            DataType::Int8 => Self::Int8(Int8Builder::with_capacity(rows)),
            DataType::Int16 => Self::Int16(Int16Builder::with_capacity(rows)),
            DataType::Int32 => Self::Int32(Int32Builder::with_capacity(rows)),
            DataType::Int64 => Self::Int64(Int64Builder::with_capacity(rows)),
            DataType::UInt8 => Self::UInt8(UInt8Builder::with_capacity(rows)),
            DataType::UInt16 => Self::UInt16(UInt16Builder::with_capacity(rows)),
            DataType::UInt32 => Self::UInt32(UInt32Builder::with_capacity(rows)),
            DataType::UInt64 => Self::UInt64(UInt64Builder::with_capacity(rows)),
            DataType::Float32 => Self::Float32(Float32Builder::with_capacity(rows)),
            DataType::Float64 => Self::Float64(Float64Builder::with_capacity(rows)),
            DataType::Decimal128(precision, scale) => {
                let cells = Decimal128Builder::with_capacity(rows).with_data_type(kind.clone());
                Self::Decimal(cells, *precision, *scale)
            }
            DataType::Date32 => Self::Date(Date32Builder::with_capacity(rows)),
            DataType::Timestamp(_, _) => {
                Self::Moment(TimestampMicrosecondBuilder::with_capacity(rows).with_data_type(kind.clone()))
            }
            DataType::Utf8 => Self::Text(StringBuilder::with_capacity(rows, rows * 16), decimals),
            DataType::Binary => Self::Bytes(BinaryBuilder::with_capacity(rows, rows * 16)),
            _ => return None,
        })
    }

    /// Adds a cell.
    pub(super) fn push(&mut self, value: &Value) -> Result<(), Unfit> {
        macro_rules! whole {
            ($cells:expr) => {
                $cells.append_option(match value {
                    Value::NULL => None,
                    Value::Int(number) => Some((*number).try_into().map_err(|_| Unfit::Changed)?),
                    Value::UInt(number) => Some((*number).try_into().map_err(|_| Unfit::Changed)?),
                    _ => return Err(Unfit::Changed),
                })
            };
        }
        match (self, value) {
            (Self::Int8(cells), _) => whole!(cells),
            (Self::Int16(cells), _) => whole!(cells),
            (Self::Int32(cells), _) => whole!(cells),
            (Self::Int64(cells), _) => whole!(cells),
            (Self::UInt8(cells), _) => whole!(cells),
            (Self::UInt16(cells), _) => whole!(cells),
            (Self::UInt32(cells), _) => whole!(cells),
            (Self::UInt64(cells), Value::Bytes(bits)) => cells.append_value(number_of(bits)?),
            (Self::UInt64(cells), _) => whole!(cells),
            (Self::Float32(cells), Value::Float(number)) => cells.append_value(*number),
            (Self::Float32(cells), Value::NULL) => cells.append_null(),
            (Self::Float64(cells), Value::Double(number)) => cells.append_value(*number),
            (Self::Float64(cells), Value::NULL) => cells.append_null(),
            (Self::Decimal(cells, precision, scale), Value::Bytes(digits)) => {
                cells.append_value(decimal(digits, *precision, *scale).ok_or(Unfit::Changed)?);
            }
            (Self::Decimal(cells, ..), Value::NULL) => cells.append_null(),
            (Self::Date(cells), Value::Date(year, month, day, ..)) => cells.append_option(date(*year, *month, *day)),
            (Self::Date(cells), Value::NULL) => cells.append_null(),
            (Self::Moment(cells), Value::Date(..)) => cells.append_option(moment(value)),
            (Self::Moment(cells), Value::NULL) => cells.append_null(),
            (Self::Text(cells, _), Value::Bytes(text)) => {
                cells.append_value(std::str::from_utf8(text).map_err(|_| Unfit::Encoding)?);
            }
            (Self::Text(cells, decimals), Value::Time(..)) => cells.append_value(time(value, *decimals)),
            (Self::Text(cells, _), Value::NULL) => cells.append_null(),
            (Self::Bytes(cells), Value::Bytes(bytes)) => cells.append_value(bytes),
            (Self::Bytes(cells), Value::NULL) => cells.append_null(),
            _ => return Err(Unfit::Changed),
        }
        Ok(())
    }

    /// The column so far, and room for the next one.
    pub(super) fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Int8(cells) => Arc::new(cells.finish()),
            Self::Int16(cells) => Arc::new(cells.finish()),
            Self::Int32(cells) => Arc::new(cells.finish()),
            Self::Int64(cells) => Arc::new(cells.finish()),
            Self::UInt8(cells) => Arc::new(cells.finish()),
            Self::UInt16(cells) => Arc::new(cells.finish()),
            Self::UInt32(cells) => Arc::new(cells.finish()),
            Self::UInt64(cells) => Arc::new(cells.finish()),
            Self::Float32(cells) => Arc::new(cells.finish()),
            Self::Float64(cells) => Arc::new(cells.finish()),
            Self::Decimal(cells, ..) => Arc::new(cells.finish()),
            Self::Date(cells) => Arc::new(cells.finish()),
            Self::Moment(cells) => Arc::new(cells.finish()),
            Self::Text(cells, _) => Arc::new(cells.finish()),
            Self::Bytes(cells) => Arc::new(cells.finish()),
        }
    }
}

/// The bits of `BIT(n)`, which come with the highest first.
fn number_of(bits: &[u8]) -> Result<u64, Unfit> {
    if bits.len() > 8 {
        return Err(Unfit::Changed);
    }
    Ok(bits.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

/// Digits with a sign and a point, as a number of `scale` decimals; `None` when it has more digits than `precision`.
fn decimal(text: &[u8], precision: u8, scale: i8) -> Option<i128> {
    let (digits, negative) = match text {
        [b'-', digits @ ..] => (digits, true),
        digits => (digits, false),
    };
    let point = digits.iter().position(|byte| *byte == b'.').unwrap_or(digits.len());
    let (whole, fraction) = (&digits[..point], digits.get(point + 1..).unwrap_or_default());
    let missing = usize::try_from(scale).ok()?.checked_sub(fraction.len())?;
    let mut number: i128 = 0;
    for digit in whole.iter().chain(fraction).copied().chain(std::iter::repeat_n(b'0', missing)) {
        let digit = digit.is_ascii_digit().then(|| digit - b'0')?;
        number = number.checked_mul(10)?.checked_add(i128::from(digit))?;
    }
    (number < 10_i128.pow(u32::from(precision))).then_some(if negative { -number } else { number })
}

/// Days since 1970; none for 0000-00-00, [`NO_DAY`] for what no calendar has.
fn date(year: u16, month: u8, day: u8) -> Option<i32> {
    /// Days from the year 1 to 1970.
    const EPOCH: i32 = 719_163;
    if (year, month, day) == (0, 0, 0) {
        return None;
    }
    let date = NaiveDate::from_ymd_opt(i32::from(year), u32::from(month), u32::from(day));
    Some(date.map_or(NO_DAY, |date| chrono::Datelike::num_days_from_ce(&date) - EPOCH))
}

/// Microseconds since 1970; none and [`NO_DAY`] as for a [`date`].
fn moment(value: &Value) -> Option<i64> {
    let Value::Date(year, month, day, hour, minute, second, micros) = value else { return None };
    let (hour, minute, second) = (i64::from(*hour), i64::from(*minute), i64::from(*second));
    let day = date(*year, *month, *day)?;
    Some(i64::from(day) * MICROS_OF_A_DAY + ((hour * 60 + minute) * 60 + second) * 1_000_000 + i64::from(*micros))
}

/// `[-]HH:MM:SS[.ffffff]` as MySQL writes it, with as many `decimals` as the column has; hours go up to 838.
fn time(value: &Value, decimals: u8) -> String {
    let Value::Time(negative, days, hours, minutes, seconds, micros) = value else { return String::new() };
    let hours = u64::from(*days) * 24 + u64::from(*hours);
    let mut text = format!("{}{hours:02}:{minutes:02}:{seconds:02}", if *negative { "-" } else { "" });
    // An expression says 39: as many as needed.
    let decimals = match decimals {
        0 => return text,
        1..=6 => usize::from(decimals),
        _ if *micros == 0 => return text,
        _ => 6,
    };
    let fraction = format!("{micros:06}");
    // Writing to a String cannot fail.
    let _ = write!(text, ".{}", &fraction[..decimals]);
    text
}

/// A literal for a day that [`date`] gives for a date of the years 1 to 9999.
pub(super) fn date_text(day: i32) -> Option<String> {
    let date = NaiveDate::from_num_days_from_ce_opt(day.checked_add(719_163)?)?;
    (1..=9999).contains(&chrono::Datelike::year(&date)).then(|| date.format("%Y-%m-%d").to_string())
}

/// A literal for a moment that [`moment`] gives for the years 1 to 9999.
pub(super) fn moment_text(micros: i64) -> Option<String> {
    let day = date_text(i32::try_from(micros.div_euclid(MICROS_OF_A_DAY)).ok()?)?;
    let within = micros.rem_euclid(MICROS_OF_A_DAY);
    let (seconds, fraction) = (u32::try_from(within / 1_000_000).ok()?, u32::try_from(within % 1_000_000).ok()?);
    let time = NaiveTime::from_num_seconds_from_midnight_opt(seconds, fraction * 1_000)?;
    Some(format!("{day} {}", time.format("%H:%M:%S%.6f")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zero_date_is_nothing_and_one_of_no_calendar_is_a_day_that_none_has() {
        assert_eq!(date(0, 0, 0), None);
        assert_eq!(date(1970, 1, 1), Some(0));
        assert_eq!(date(2026, 11, 22), Some(20_779));
        for (year, month, day) in [(2026, 0, 15), (2026, 1, 0), (2026, 2, 31), (0, 0, 1)] {
            assert_eq!(date(year, month, day), Some(NO_DAY), "{year}-{month}-{day}");
        }
        assert_eq!(moment(&Value::Date(0, 0, 0, 0, 0, 0, 0)), None);
        assert_eq!(moment(&Value::Date(1969, 12, 31, 23, 59, 59, 999_999)), Some(-1));
        let odd = moment(&Value::Date(2026, 0, 15, 23, 59, 59, 0)).unwrap();
        assert_eq!(odd.div_euclid(MICROS_OF_A_DAY), i64::from(NO_DAY));
    }

    #[test]
    fn literals_say_what_was_read() {
        assert_eq!(date_text(20_779).unwrap(), "2026-11-22");
        assert_eq!(date_text(NO_DAY), None);
        assert_eq!(moment_text(-1).unwrap(), "1969-12-31 23:59:59.999999");
        assert_eq!(moment_text(i64::MAX), None);
    }

    #[test]
    fn a_decimal_keeps_every_digit_or_is_refused() {
        for (text, scale, number) in [
            ("0.00", 2, 0),
            ("-12.50", 2, -1_250),
            ("12", 2, 1_200),
            ("000042.5", 1, 425),
            ("99999999999999999999999999999999999999", 0, 10_i128.pow(38) - 1),
        ] {
            assert_eq!(decimal(text.as_bytes(), 38, scale), Some(number), "{text}");
        }
        for (text, precision, scale) in [("100", 2, 0), ("1.234", 9, 2), ("1e5", 9, 0), ("x", 9, 0)] {
            assert_eq!(decimal(text.as_bytes(), precision, scale), None, "{text}");
        }
    }

    #[test]
    fn a_time_is_written_as_mysql_writes_it() {
        for (value, decimals, text) in [
            (Value::Time(false, 0, 1, 2, 3, 0), 0, "01:02:03"),
            (Value::Time(true, 34, 22, 59, 59, 0), 0, "-838:59:59"),
            (Value::Time(false, 0, 0, 0, 0, 120_000), 3, "00:00:00.120"),
            (Value::Time(false, 0, 0, 0, 0, 120_000), 39, "00:00:00.120000"),
            (Value::Time(false, 0, 0, 0, 0, 0), 39, "00:00:00"),
        ] {
            assert_eq!(time(&value, decimals), text);
        }
    }

    #[test]
    fn bits_are_a_number() {
        assert_eq!(number_of(&[1, 0]), Ok(256));
        assert_eq!(number_of(&[255; 8]), Ok(u64::MAX));
        assert_eq!(number_of(&[1; 9]), Err(Unfit::Changed));
    }
}
