//! Columns as the server describes them.

use arrow::datatypes::{DataType, TimeUnit};
use mysql_async::Column as Described;
use mysql_async::consts::{ColumnFlags, ColumnType};

use super::identifier;
use crate::engine::Column;

/// The character set that stands for bytes.
const BINARY: u16 = 63;

/// Digits that [`DataType::Decimal128`] holds.
const MOST_DIGITS: u32 = 38;

/// What a column of a statement becomes.
pub(super) fn column(described: &Described) -> Column {
    let name = described.name_str().into_owned();
    let (kind, declared) = kind(described);
    let quoted = identifier(&name);
    // 0000-00-00 reads as null, so it has to count as one in conditions too. As a number it is 0 in every SQL mode.
    let select = match kind {
        DataType::Date32 | DataType::Timestamp(..) => format!("IF({quoted} + 0 = 0, NULL, {quoted})"),
        _ => quoted,
    };
    Column { name, kind, select, declared }
}

/// The Arrow type, and what MySQL calls it.
fn kind(column: &Described) -> (DataType, String) {
    let flags = column.flags();
    let unsigned = flags.contains(ColumnFlags::UNSIGNED_FLAG);
    let whole = |signed: DataType, not: DataType, name: &str| match unsigned {
        true => (not, format!("{name} unsigned")),
        false => (signed, name.to_owned()),
    };
    let plain = |kind: DataType, name: &str| (kind, name.to_owned());
    match column.column_type() {
        ColumnType::MYSQL_TYPE_TINY => whole(DataType::Int8, DataType::UInt8, "tinyint"),
        ColumnType::MYSQL_TYPE_SHORT => whole(DataType::Int16, DataType::UInt16, "smallint"),
        ColumnType::MYSQL_TYPE_INT24 => whole(DataType::Int32, DataType::UInt32, "mediumint"),
        ColumnType::MYSQL_TYPE_LONG => whole(DataType::Int32, DataType::UInt32, "int"),
        ColumnType::MYSQL_TYPE_LONGLONG => whole(DataType::Int64, DataType::UInt64, "bigint"),
        ColumnType::MYSQL_TYPE_YEAR => plain(DataType::UInt16, "year"),
        ColumnType::MYSQL_TYPE_BIT => (DataType::UInt64, format!("bit({})", column.column_length())),
        ColumnType::MYSQL_TYPE_FLOAT => plain(DataType::Float32, "float"),
        ColumnType::MYSQL_TYPE_DOUBLE => plain(DataType::Float64, "double"),
        ColumnType::MYSQL_TYPE_DECIMAL | ColumnType::MYSQL_TYPE_NEWDECIMAL => decimal(column, unsigned),
        ColumnType::MYSQL_TYPE_DATE | ColumnType::MYSQL_TYPE_NEWDATE => plain(DataType::Date32, "date"),
        ColumnType::MYSQL_TYPE_DATETIME | ColumnType::MYSQL_TYPE_DATETIME2 => {
            plain(DataType::Timestamp(TimeUnit::Microsecond, None), "datetime")
        }
        ColumnType::MYSQL_TYPE_TIMESTAMP | ColumnType::MYSQL_TYPE_TIMESTAMP2 => {
            plain(DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())), "timestamp")
        }
        ColumnType::MYSQL_TYPE_TIME | ColumnType::MYSQL_TYPE_TIME2 => plain(DataType::Utf8, "time"),
        ColumnType::MYSQL_TYPE_NULL => plain(DataType::Utf8, "null"),
        ColumnType::MYSQL_TYPE_JSON => plain(DataType::Utf8, "json"),
        ColumnType::MYSQL_TYPE_GEOMETRY => plain(DataType::Binary, "geometry"),
        _ if flags.contains(ColumnFlags::ENUM_FLAG) => plain(DataType::Utf8, "enum"),
        _ if flags.contains(ColumnFlags::SET_FLAG) => plain(DataType::Utf8, "set"),
        _ if column.character_set() == BINARY => plain(DataType::Binary, "binary"),
        _ => plain(DataType::Utf8, "text"),
    }
}

/// A number with decimals; as text when it has more digits than an Arrow decimal holds.
fn decimal(column: &Described, unsigned: bool) -> (DataType, String) {
    let scale = column.decimals();
    // The length counts a sign and a point, where there can be one.
    let signs = u32::from(!unsigned) + u32::from(scale > 0);
    let precision = column.column_length().saturating_sub(signs).max(u32::from(scale)).max(1);
    let declared = format!("decimal({precision},{scale})");
    match (u8::try_from(precision), i8::try_from(scale)) {
        (Ok(digits), Ok(scale)) if precision <= MOST_DIGITS => (DataType::Decimal128(digits, scale), declared),
        _ => (DataType::Utf8, declared),
    }
}
