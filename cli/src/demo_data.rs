//! Five thousand made-up people, the same ones every time, some of them broken on purpose.
//!
//! Names are invented out of syllables and addresses end in domains reserved for examples (RFC 2606 §3), so that
//! no real person is among them.

mod people;

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::TimestampMicrosecondArray;
use arrow::array::{ArrayRef, Date32Array, Int32Array, ListBuilder, RecordBatch, StringArray, StringBuilder};
use arrow::datatypes::{Field, Schema};
use arrow::error::ArrowError;
use enlist_core::{Error, ErrorKind};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use crate::failure::Failure;
use people::Person;
pub use people::{BOUNCED, DUPLICATES, EXCLUDED, MALFORMED, PEOPLE, UNSUBSCRIBED};

/// Writes the people as one Parquet file; an existing file is not touched.
///
/// # Errors
/// [`ErrorKind::Config`] when the file exists or cannot be written.
pub fn write(path: &Path) -> Result<(), Failure> {
    let failed = |cause: String| {
        Failure::from(Error::new(ErrorKind::Config, "init::write", format!("{}: {cause}", path.display())))
    };
    let batch = table().map_err(|e| failed(e.to_string()))?;
    let file = File::create_new(path).map_err(|e| failed(e.to_string()))?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_created_by("enlist demo".to_owned())
        .build();
    ArrowWriter::try_new(file, batch.schema(), Some(properties))
        .and_then(|mut writer| {
            writer.write(&batch)?;
            writer.close()
        })
        .map_err(|e| failed(e.to_string()))?;
    Ok(())
}

/// The people as an Arrow table.
pub fn table() -> Result<RecordBatch, ArrowError> {
    let people = people::all();
    let text = |value: fn(&Person) -> Option<&str>| -> ArrayRef {
        Arc::new(people.iter().map(value).collect::<StringArray>())
    };
    let mut interests = ListBuilder::new(StringBuilder::new());
    for person in &people {
        interests.append_value(person.interests.iter().map(|&interest| Some(interest)));
    }
    let interests = interests.finish();
    let last_order = people.iter().map(|person| person.last_order_micros).collect::<TimestampMicrosecondArray>();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("customer_id", text(|person| Some(&person.customer_id))),
        ("email", text(|person| person.email.as_deref())),
        ("first_name", text(|person| Some(&person.first_name))),
        ("last_name", text(|person| Some(&person.last_name))),
        ("phone", text(|person| person.phone.as_deref())),
        ("tier", text(|person| person.tier)),
        ("birthday", Arc::new(people.iter().map(|person| person.birthday_days).collect::<Date32Array>())),
        ("interests", Arc::new(interests)),
        ("score", Arc::new(people.iter().map(|person| Some(person.score)).collect::<Int32Array>())),
        ("last_order", Arc::new(last_order.with_timezone("UTC"))),
    ];
    let fields: Vec<Field> =
        columns.iter().map(|(name, column)| Field::new(*name, column.data_type().clone(), true)).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns.into_iter().map(|(_, column)| column).collect())
}

#[cfg(test)]
mod tests;
