//! Parquet files with values that no CSV can hold.

use std::fs::File;
use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryArray, RecordBatch, StringArray, StructArray};
use arrow::datatypes::{DataType, Field};
use parquet::arrow::ArrowWriter;

use super::world::World;

/// Writes columns to a Parquet file of `world`.
pub fn write(world: &World, name: &str, columns: Vec<(&str, ArrayRef)>) {
    let rows = RecordBatch::try_from_iter(columns).unwrap();
    let file = File::create(world.folder().join(name)).unwrap();
    let mut writer = ArrowWriter::try_new(file, rows.schema(), None).unwrap();
    writer.write(&rows).unwrap();
    writer.close().unwrap();
}

/// A column of text.
pub fn text<'a>(values: impl IntoIterator<Item = &'a str>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(values))
}

/// A column of bytes, which other programs store text as.
pub fn bytes(values: &[&[u8]]) -> ArrayRef {
    Arc::new(BinaryArray::from_iter_values(values))
}

/// A column that has parts of its own.
pub fn nested(values: ArrayRef) -> ArrayRef {
    Arc::new(StructArray::from(vec![(Arc::new(Field::new("part", DataType::Utf8, true)), values)]))
}
