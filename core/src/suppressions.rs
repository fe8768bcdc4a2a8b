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
    let columns = columns_of(&schema, source.name())?;
    let mut segment = source.scan(&columns).await?;
    while let Some(batch) = segment.batches.try_next().await? {
        for column in &columns {
            let missing = || unreadable(source.name(), column);
            let values = texts(batch.rows.column_by_name(column).ok_or_else(missing)?).ok_or_else(missing)?;
            for row in (0..values.len()).filter(|&row| values.is_valid(row)) {
                if !suppression.add(values.value(row), hasher) {
                    // Passing over it would send somebody who must not be sent.
                    let origin = segment.origins.get(batch.origin as usize).map_or("", String::as_str);
                    let place = format!("{origin}: row {}", batch.first_row + row as u64);
                    return Err(not_understood(&place, column));
                }
            }
        }
    }
    Ok(())
}

/// The only column, or every one whose name says that it holds people.
fn columns_of(schema: &Schema, name: &str) -> Result<Vec<String>, Error> {
    if let [only] = schema.fields().iter().collect::<Vec<_>>().as_slice() {
        return Ok(vec![only.name().clone()]);
    }
    let hashed = schema.fields().iter().map(|field| field.name());
    let hashed = hashed.filter(|name| HASHES.contains(&name.to_lowercase().as_str())).cloned();
    let email = Mapping::automatic(schema).ok().map(|found| found.mapping.email);
    let columns: Vec<String> = email.into_iter().chain(hashed).collect();
    if columns.is_empty() {
        return Err(Error::new(
            ErrorKind::Config,
            "suppress::column",
            format!("{name}: which column holds the people?"),
        )
        .help("name one column email or hash, or leave only one"));
    }
    Ok(columns)
}

fn not_understood(place: &str, column: &str) -> Error {
    let what = format!("{place}: column `{column}` holds neither an email that a contact can have nor the hash of one");
    Error::new(ErrorKind::Source, "suppress::entry", what)
        .help("write bare emails, or their SHA-256 or MD5 in hexadecimal; leave cells empty that mean nobody")
}

fn texts(column: &ArrayRef) -> Option<StringArray> {
    let text = cast(column, &DataType::Utf8).ok()?;
    text.as_string_opt::<i32>().cloned()
}

fn unreadable(name: &str, column: &str) -> Error {
    Error::new(ErrorKind::Source, "suppress::column", format!("{name}: column `{column}` holds no text"))
        .help("write emails or hashes of them as text")
}
