//! Reading who must not be sent.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Schema};
use futures::TryStreamExt;

use crate::{Error, ErrorKind, Hasher, Key, Mapping, Source, Suppression};

/// Column names that hold emails or hashes of them, besides those that a mapping would take for an email.
const HASHES: [&str; 6] = ["hash", "email_hash", "sha256", "email_sha256", "md5", "email_md5"];

/// Everybody in `sources`, and everybody who was erased.
pub(crate) async fn read(sources: &[Arc<dyn Source>], erased: Vec<Key>, hasher: &Hasher) -> Result<Suppression, Error> {
    let mut suppression = Suppression::default();
    erased.into_iter().for_each(|key| suppression.add_key(key));
    for source in sources {
        add(&**source, hasher, &mut suppression).await?;
    }
    Ok(suppression)
}

async fn add(source: &dyn Source, hasher: &Hasher, suppression: &mut Suppression) -> Result<(), Error> {
    let schema = source.schema().await?;
    let column = column_of(&schema, source.name())?;
    let mut segment = source.scan(std::slice::from_ref(&column)).await?;
    while let Some(batch) = segment.batches.try_next().await? {
        let missing = || unreadable(source.name(), &column);
        let values = texts(batch.rows.column_by_name(&column).ok_or_else(missing)?).ok_or_else(missing)?;
        for row in (0..values.len()).filter(|&row| values.is_valid(row)) {
            if !suppression.add(values.value(row), hasher) {
                // Passing over it would send somebody who must not be sent.
                let origin = segment.origins.get(batch.origin as usize).map_or("", String::as_str);
                let place = format!("{origin}: row {}", batch.first_row + row as u64);
                let what = format!("{place}: column `{column}` holds neither an email nor the hash of one");
                return Err(Error::new(ErrorKind::Source, "suppress::entry", what)
                    .help("write emails, or their SHA-256 or MD5 in hexadecimal; leave cells empty that mean nobody"));
            }
        }
    }
    Ok(())
}

/// The only column, or the one whose name says so.
fn column_of(schema: &Schema, name: &str) -> Result<String, Error> {
    if let [only] = schema.fields().iter().collect::<Vec<_>>().as_slice() {
        return Ok(only.name().clone());
    }
    if let Ok(found) = Mapping::automatic(schema) {
        return Ok(found.mapping.email);
    }
    let hashed = schema.fields().iter().filter(|field| HASHES.contains(&field.name().to_lowercase().as_str()));
    match hashed.collect::<Vec<_>>().as_slice() {
        [one] => Ok(one.name().clone()),
        _ => Err(Error::new(ErrorKind::Config, "suppress::column", format!("{name}: which column holds the people?"))
            .help("name one column email or hash, or leave only one")),
    }
}

fn texts(column: &ArrayRef) -> Option<StringArray> {
    let text = cast(column, &DataType::Utf8).ok()?;
    text.as_string_opt::<i32>().cloned()
}

fn unreadable(name: &str, column: &str) -> Error {
    Error::new(ErrorKind::Source, "suppress::column", format!("{name}: column `{column}` holds no text"))
        .help("write emails or hashes of them as text")
}
