//! What the first rows of a segment look like, without showing them.

use std::collections::BTreeMap;

use arrow::array::Array;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use enlist_core::{BoundMapping, Error, SegmentBatch, Source};
use futures::StreamExt;

/// Rows that are looked at.
const ROWS: usize = 1_000;

/// Characters of a value of which the shape is shown.
const LONGEST: usize = 32;

/// What a column holds in the rows looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type, as Arrow calls it.
    pub kind: String,
    /// Rows in which it has a value.
    pub filled: usize,
    /// The shape of its first value: letters as `x`, digits as `9`.
    pub looks: Option<String>,
}

/// What a mapping makes of the rows looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapped {
    /// Rows that become contacts.
    pub contacts: u64,
    /// Rows that do not, by reason.
    pub rejected: BTreeMap<String, u64>,
}

/// Reads the first rows of `source`, all columns or those named.
///
/// # Errors
/// Those of the scan.
pub async fn first_rows(source: &dyn Source, columns: &[String]) -> Result<Vec<SegmentBatch>, Error> {
    let mut batches = source.scan(columns).await?.batches;
    let (mut rows, mut left) = (Vec::new(), ROWS);
    while left > 0
        && let Some(batch) = batches.next().await
    {
        let mut batch = batch?;
        batch.rows = batch.rows.slice(0, batch.rows.num_rows().min(left));
        left -= batch.rows.num_rows();
        rows.push(batch);
    }
    Ok(rows)
}

/// Number of the rows looked at.
pub fn count(rows: &[SegmentBatch]) -> usize {
    rows.iter().map(|batch| batch.rows.num_rows()).sum()
}

/// What each column holds, in the order of the rows' schema.
pub fn columns(rows: &[SegmentBatch]) -> Vec<Column> {
    let Some(first) = rows.first() else { return Vec::new() };
    let fields = first.rows.schema();
    let arrays = |index: usize| rows.iter().map(move |batch| batch.rows.column(index));
    let column = |(index, field): (usize, &arrow::datatypes::FieldRef)| Column {
        name: field.name().clone(),
        kind: field.data_type().to_string(),
        filled: arrays(index).map(|array| array.len() - array.logical_null_count()).sum(),
        looks: arrays(index).find_map(|array| shape_of_first(array)),
    };
    fields.fields().iter().enumerate().map(column).collect()
}

/// What `mapping` makes of the rows.
///
/// # Errors
/// When the rows have other columns than the mapping was bound to.
pub fn mapped(rows: &[SegmentBatch], mapping: &BoundMapping) -> Result<Mapped, Error> {
    let mut all = Mapped::default();
    for batch in rows {
        let mapped = mapping.map(batch)?;
        all.contacts += mapped.contacts.len() as u64;
        for reject in mapped.rejects.iter() {
            *all.rejected.entry(reject.reason.code().to_owned()).or_default() += 1;
        }
    }
    Ok(all)
}

/// The shape of the first value of a column, if it has one.
fn shape_of_first(array: &dyn Array) -> Option<String> {
    let nulls = array.logical_nulls();
    let first = (0..array.len()).find(|row| nulls.as_ref().is_none_or(|nulls| nulls.is_valid(*row)))?;
    let formatter = ArrayFormatter::try_new(array, &FormatOptions::new().with_display_error(true)).ok()?;
    Some(shape(&formatter.value(first).try_to_string().ok()?))
}

/// A value with its letters and digits hidden.
fn shape(value: &str) -> String {
    let hide = |c: char| match c {
        c if c.is_numeric() => '9',
        c if c.is_uppercase() => 'X',
        c if c.is_alphabetic() => 'x',
        c if c.is_control() => ' ',
        c if c.is_ascii() => c,
        _ => 'x',
    };
    let mut shape: String = value.chars().take(LONGEST).map(hide).collect();
    if value.chars().nth(LONGEST).is_some() {
        shape.push('…');
    }
    shape
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_tells_the_format_of_a_value_and_nothing_of_the_person() {
        assert_eq!(shape("Ada.Lovelace@example.com"), "Xxx.Xxxxxxxx@xxxxxxx.xxx");
        assert_eq!(shape("+358 40 1234567"), "+999 99 9999999");
        assert_eq!(shape("Åbo 雪🙂\u{1b}[2J"), "Xxx xx [9X");
        assert_eq!(shape(&"a".repeat(40)), format!("{}…", "x".repeat(32)));
    }
}
