//! Which comparisons SQLite is trusted with: those between values of one type, and of text letter by letter.

use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;

use super::classes::{Affinity, EXACT};
use super::describe::WIDE;
use super::identifier;
use crate::engine::{Column, Comparison, Keeps};

/// See [`Engine::compare`](crate::engine::Engine::compare).
pub(super) fn compare(column: &Column, comparison: Comparison, value: &ScalarValue) -> Option<(String, Keeps)> {
    let name = identifier(&column.name);
    if column.select != name {
        // Numbers that are cast to text would be compared as what they are.
        return None;
    }
    let affinity = Affinity::of(column.declared.trim_end_matches(WIDE));
    let condition = match (&column.kind, value) {
        (DataType::Int64, ScalarValue::Int64(Some(number))) => {
            format!("{} {} {}", number_operand(affinity, &name), operator(comparison), integer(*number))
        }
        // Only what surely reads back as the same number; the query engine tells zero from minus zero.
        (DataType::Float64, ScalarValue::Float64(Some(number)))
            if number.fract() == 0.0 && number.abs() <= EXACT as f64 && *number != 0.0 =>
        {
            format!("{} {} {number:.1}", number_operand(affinity, &name), operator(comparison))
        }
        (DataType::Utf8, value) => {
            let text = value.try_as_str()??;
            let sorted = !matches!(comparison, Comparison::Equal | Comparison::NotEqual);
            if text.contains('\0') || sorted && column.declared.ends_with(WIDE) {
                return None;
            }
            let (name, literal) = (text_operand(affinity, &name, text), text.replace('\'', "''"));
            // Whatever the collation of the column is.
            format!("{name} {} '{literal}' COLLATE BINARY", operator(comparison))
        }
        _ => return None,
    };
    Some((condition, Keeps::Exactly))
}

/// The column without what would turn the number beside it into text. A plus takes it away, and the use of an index.
fn number_operand(affinity: Affinity, name: &str) -> String {
    match affinity {
        Affinity::Integer | Affinity::Real | Affinity::Numeric => name.to_owned(),
        Affinity::Text | Affinity::Blob | Affinity::None => format!("+{name}"),
    }
}

/// The column without what would turn the text beside it into a number, where that could happen.
fn text_operand(affinity: Affinity, name: &str, text: &str) -> String {
    let is_number = || text.trim().parse::<f64>().is_ok();
    if affinity != Affinity::Text && is_number() { format!("+{name}") } else { name.to_owned() }
}

/// `number` as an integer: the smallest one would be read as a real.
fn integer(number: i64) -> String {
    if number == i64::MIN { format!("({} - 1)", number + 1) } else { number.to_string() }
}

fn operator(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Equal => "=",
        Comparison::NotEqual => "<>",
        Comparison::Less => "<",
        Comparison::LessOrEqual => "<=",
        Comparison::Greater => ">",
        Comparison::GreaterOrEqual => ">=",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(declared: &str, kind: DataType, comparison: Comparison, value: ScalarValue) -> Option<String> {
        let column = Column { name: "c".into(), kind, select: "\"c\"".into(), declared: declared.into() };
        compare(&column, comparison, &value).map(|(condition, _)| condition)
    }

    #[test]
    fn text_is_compared_letter_by_letter_and_as_text() {
        let asked = |declared, comparison, text: &str| asked(declared, DataType::Utf8, comparison, text.into());
        for (declared, comparison, text, condition) in [
            ("TEXT", Comparison::Equal, "O'Brien", "\"c\" = 'O''Brien' COLLATE BINARY"),
            ("DATE", Comparison::GreaterOrEqual, "2026-01-01", "\"c\" >= '2026-01-01' COLLATE BINARY"),
            // Beside a column that is not text, this would become a number.
            ("DATE", Comparison::Less, " 2026 ", "+\"c\" < ' 2026 ' COLLATE BINARY"),
            ("TEXT (UTF-16)", Comparison::NotEqual, "1", "\"c\" <> '1' COLLATE BINARY"),
        ] {
            assert_eq!(asked(declared, comparison, text).as_deref(), Some(condition));
        }
        assert_eq!(asked("TEXT (UTF-16)", Comparison::Less, "x"), None);
        assert_eq!(asked("TEXT", Comparison::Equal, "a\0b"), None);
    }

    #[test]
    fn numbers_are_compared_as_numbers_where_they_read_back_the_same() {
        let integer = |declared, number: i64| asked(declared, DataType::Int64, Comparison::Less, number.into());
        assert_eq!(integer("INTEGER", -7).unwrap(), "\"c\" < -7");
        assert_eq!(integer("", i64::MIN).unwrap(), "+\"c\" < (-9223372036854775807 - 1)");
        let real = |number: f64| asked("REAL", DataType::Float64, Comparison::Greater, number.into());
        assert_eq!(real(100.0).unwrap(), "\"c\" > 100.0");
        for number in [0.1, 0.0, -0.0, 1e300, f64::NAN, f64::INFINITY] {
            assert_eq!(real(number), None, "{number}");
        }
    }
}
