//! What becomes of PostgreSQL's types.

use arrow::datatypes::{DataType, TimeUnit};
use tokio_postgres::types::{Kind, Type};

use super::identifier;
use crate::engine::Column;

/// Digits that a decimal of 128 bits holds.
const DIGITS: i32 = 38;

/// The column `name` of a type, with the modifier that the type has there.
///
/// A type without a form of its own in Arrow is cast to text by the server, so no type makes a column unreadable.
pub(super) fn column(name: &str, kind: &Type, modifier: i32) -> Column {
    let (becomes, cast) = form(kind, modifier);
    let declared = match kind.schema() {
        "pg_catalog" => kind.name().to_owned(),
        schema => format!("{schema}.{}", kind.name()),
    };
    let select = format!("{}{cast}", identifier(name));
    Column { name: name.to_owned(), kind: becomes, select, declared }
}

/// What a type becomes, and the cast by which it does.
fn form(kind: &Type, modifier: i32) -> (DataType, &'static str) {
    let micros = |zone: Option<&str>| DataType::Timestamp(TimeUnit::Microsecond, zone.map(Into::into));
    match *kind {
        Type::BOOL => (DataType::Boolean, ""),
        Type::INT2 => (DataType::Int16, ""),
        Type::INT4 => (DataType::Int32, ""),
        Type::INT8 => (DataType::Int64, ""),
        Type::OID => (DataType::Int64, "::int8"),
        Type::FLOAT4 => (DataType::Float32, ""),
        Type::FLOAT8 => (DataType::Float64, ""),
        Type::TEXT | Type::VARCHAR | Type::NAME | Type::JSON | Type::JSONB | Type::UUID => (DataType::Utf8, ""),
        Type::BYTEA => (DataType::Binary, ""),
        Type::DATE => (DataType::Date32, ""),
        Type::TIME => (DataType::Time64(TimeUnit::Microsecond), ""),
        Type::TIMESTAMP => (micros(None), ""),
        Type::TIMESTAMPTZ => (micros(Some("UTC")), ""),
        Type::NUMERIC => match precision_and_scale(modifier) {
            Some((precision, scale)) => (DataType::Decimal128(precision, scale), ""),
            None => (DataType::Utf8, "::text"),
        },
        // As text it would follow the server's locale, and as a number of cents the server's idea of cents.
        Type::MONEY => (DataType::Utf8, "::numeric::text"),
        // These are arrays in the catalog only: they have no cast to an array of texts.
        Type::INT2_VECTOR | Type::OID_VECTOR => (DataType::Utf8, "::text"),
        _ => match kind.kind() {
            Kind::Array(_) => (DataType::new_list(DataType::Utf8, true), "::text[]"),
            // char(n) among them, whose padding is gone as text.
            _ => (DataType::Utf8, "::text"),
        },
    }
}

/// Of `numeric(p, s)`, where a decimal holds all of its values.
fn precision_and_scale(modifier: i32) -> Option<(u8, i8)> {
    // The header's four bytes are counted in; 11 bits of scale are a signed number (src/include/utils/numeric.h).
    let packed = modifier.checked_sub(4).filter(|packed| *packed >= 0)?;
    let precision = (packed >> 16) & 0xffff;
    let scale = ((packed & 0x7ff) ^ 1024) - 1024;
    let held = (1..=DIGITS).contains(&precision) && (0..=precision).contains(&scale);
    held.then(|| Some((u8::try_from(precision).ok()?, i8::try_from(scale).ok()?)))?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn modifier(precision: i32, scale: i32) -> i32 {
        ((precision << 16) | (scale & 0x7ff)) + 4
    }

    #[test]
    fn a_numeric_is_a_decimal_where_one_holds_all_its_values() {
        assert_eq!(precision_and_scale(modifier(12, 2)), Some((12, 2)));
        assert_eq!(precision_and_scale(modifier(38, 38)), Some((38, 38)));
        for (precision, scale) in [(39, 0), (3, -2), (3, 5), (1000, 500)] {
            assert_eq!(precision_and_scale(modifier(precision, scale)), None);
        }
        assert_eq!(precision_and_scale(-1), None);
    }

    #[test]
    fn a_type_of_the_same_name_in_another_schema_is_text() {
        let own = Type::new("uuid".into(), 99_999, Kind::Simple, "crm".into());
        let column = column("we\"ird", &own, -1);
        assert_eq!(column.select, "\"we\"\"ird\"::text");
        assert_eq!((column.kind, column.declared.as_str()), (DataType::Utf8, "crm.uuid"));
    }
}
