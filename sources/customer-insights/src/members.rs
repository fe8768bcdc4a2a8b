//! Who is a member of one segment.

use std::collections::{BTreeSet, HashMap, HashSet};

use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field};
use enlist_core::{Error, ErrorKind, Source};
use enlist_source_files::advice;
use futures::TryStreamExt;
use serde_json::Value;

use crate::matching::{CUSTOMER, SEGMENTS, SegmentOptions, column};

/// Different lists of segments that are kept, so that each is taken apart once: customers share few combinations.
const REMEMBERED: usize = 4_096;

/// Names of segments that a message may choose from.
const NAMED: usize = 1_000;

/// The members of a segment: 16 bytes of each id's hash, which take at most 36 MB for a million members, and one and a
/// half times as much for a moment while the set grows.
pub(crate) type Members = HashSet<u128>;

/// What stands for an id among the members.
pub(crate) fn fingerprint(id: &str) -> u128 {
    let hash = blake3::hash(id.as_bytes());
    hash.as_bytes().iter().take(16).fold(0, |number, byte| (number << 8) | u128::from(*byte))
}

/// Reads all memberships and keeps the members of `segment`.
///
/// # Errors
/// `insights::segment` when no membership and nothing else names the segment; `insights::memberships` for a list that
/// cannot be read; those of the source.
pub(crate) async fn members(source: &dyn Source, options: &SegmentOptions, segment: &str) -> Result<Members, Error> {
    let (schema, name) = (source.schema().await?, source.name());
    let id = column(&schema, options.member_id.as_deref(), &CUSTOMER, name)?;
    let lists = column(&schema, options.segments.as_deref(), &SEGMENTS, name)?;
    let mut stream = source.scan(&[id.clone(), lists.clone()]).await?;
    let mut members = Members::new();
    let mut seen = Seen::new(segment);
    while let Some(batch) = stream.batches.try_next().await? {
        let broken = |row: usize| {
            let (origin, row) = (&stream.origins[batch.origin as usize], batch.first_row + row as u64);
            let message = format!("{origin}, row {row}: column \"{lists}\" is no list of names of segments");
            Error::new(ErrorKind::Source, "insights::memberships", message)
                .help("it may be a list, a JSON array of texts, or names with commas between")
        };
        let ids = texts(batch.rows.column_by_name(&id), &id, name)?;
        let holds = seen.in_rows(batch.rows.column_by_name(&lists)).map_err(|Odd(row)| broken(row))?;
        let found = ids.iter().zip(holds).filter_map(|(id, holds)| id.filter(|_| holds));
        members.extend(found.map(fingerprint));
    }
    if members.is_empty() && !seen.names.contains(segment) && !options.exist.iter().any(|known| known == segment) {
        let names: Vec<&str> = seen.names.iter().map(String::as_str).collect();
        return Err(Error::new(ErrorKind::Source, "insights::segment", format!("{name} has no segment \"{segment}\""))
            .help(format!(
                "{}; a segment is called as its table, not as it is displayed",
                advice(segment, &names, "segments")
            )));
    }
    Ok(members)
}

/// A column of ids as text.
///
/// # Errors
/// `source::column_type` for one that has no text.
pub(crate) fn texts(column: Option<&ArrayRef>, name: &str, source: &str) -> Result<StringArray, Error> {
    let text = column.and_then(|column| cast(column, &DataType::Utf8).ok());
    let text = text.and_then(|text| text.as_string_opt::<i32>().cloned());
    text.ok_or_else(|| {
        let kind = column.map(|column| column.data_type().to_string()).unwrap_or_default();
        let message = format!("column \"{name}\" of {source} is {kind}, which is no id");
        Error::new(ErrorKind::Source, "source::column_type", message).help("name the column with the ids of customers")
    })
}

/// The index of a row that cannot be read.
struct Odd(usize);

/// What was seen of segments so far.
struct Seen<'a> {
    segment: &'a str,
    names: BTreeSet<String>,
    /// Whether a list, as it is written, holds the segment.
    known: HashMap<String, bool>,
}

impl<'a> Seen<'a> {
    fn new(segment: &'a str) -> Self {
        Self { segment, names: BTreeSet::new(), known: HashMap::new() }
    }

    /// For each row whether its list holds the segment.
    fn in_rows(&mut self, lists: Option<&ArrayRef>) -> Result<Vec<bool>, Odd> {
        let lists = lists.ok_or(Odd(0))?;
        match lists.data_type() {
            DataType::List(_)
            | DataType::LargeList(_)
            | DataType::FixedSizeList(..)
            | DataType::ListView(_)
            | DataType::LargeListView(_) => {
                let kind = DataType::List(Field::new_list_field(DataType::Utf8, true).into());
                let lists = cast(lists, &kind).map_err(|_| Odd(0))?;
                let rows = lists.as_list::<i32>().iter();
                Ok(rows.map(|list| list.is_some_and(|list| self.in_list(list.as_string::<i32>()))).collect())
            }
            _ => {
                let texts = cast(lists, &DataType::Utf8).map_err(|_| Odd(0))?;
                let texts = texts.as_string_opt::<i32>().ok_or(Odd(0))?;
                texts
                    .iter()
                    .enumerate()
                    .map(|(row, text)| self.in_text(text.unwrap_or_default()).ok_or(Odd(row)))
                    .collect()
            }
        }
    }

    fn in_list(&mut self, names: &StringArray) -> bool {
        let mut holds = false;
        for name in names.iter().flatten() {
            holds |= name == self.segment;
            self.remember(name);
        }
        holds
    }

    fn in_text(&mut self, text: &str) -> Option<bool> {
        if let Some(holds) = self.known.get(text) {
            return Some(*holds);
        }
        let names = names(text)?;
        let holds = names.iter().any(|name| name == self.segment);
        names.iter().for_each(|name| self.remember(name));
        if self.known.len() < REMEMBERED {
            self.known.insert(text.to_owned(), holds);
        }
        Some(holds)
    }

    fn remember(&mut self, name: &str) {
        if (self.names.len() < NAMED || name == self.segment) && !self.names.contains(name) {
            self.names.insert(name.to_owned());
        }
    }
}

/// The names in a list that is written as text: a JSON array, also as a JSON text or with its quotes escaped, or names
/// with commas, semicolons or bars between. `None` when it is neither.
fn names(text: &str) -> Option<Vec<String>> {
    let text = text.trim();
    match text.chars().next() {
        Some('[') => {
            let values: Vec<Value> =
                serde_json::from_str(text).or_else(|_| serde_json::from_str(&text.replace("\\\"", "\""))).ok()?;
            values.into_iter().map(name).collect()
        }
        Some('"') => match serde_json::from_str::<String>(text) {
            Ok(inner) if inner.trim_start().starts_with('[') => names(&inner),
            Ok(inner) => Some(vec![inner]),
            Err(_) => None,
        },
        Some('{') => None,
        _ => Some(
            text.split([',', ';', '|']).map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect(),
        ),
    }
}

/// The name of a segment in a JSON array: a text, or an object that has it.
fn name(value: Value) -> Option<String> {
    match value {
        Value::String(name) => Some(name),
        Value::Object(fields) => {
            let mut fields = fields.into_iter();
            let is_name =
                |key: &str| ["name", "segmentname", "segment"].iter().any(|name| key.eq_ignore_ascii_case(name));
            fields.find(|(key, _)| is_name(key))?.1.as_str().map(str::to_owned)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_segments_are_read_in_every_form_they_are_known_to_have() {
        for text in [
            r#"["VIP","Newsletter"]"#,
            r#" [ "VIP", "Newsletter" ] "#,
            r#"[\"VIP\",\"Newsletter\"]"#,
            r#""[\"VIP\",\"Newsletter\"]""#,
            r#"[{"Name":"VIP","id":1},{"segmentName":"Newsletter"}]"#,
            "VIP,Newsletter",
            "VIP; Newsletter;",
            "VIP|Newsletter",
        ] {
            assert_eq!(names(text).unwrap(), ["VIP", "Newsletter"], "{text}");
        }
        assert_eq!(names(r#"["a \"quoted\", name"]"#).unwrap(), ["a \"quoted\", name"]);
        assert_eq!(names("\"VIP\"").unwrap(), ["VIP"]);
        for text in ["", "[]", " "] {
            assert!(names(text).unwrap().is_empty(), "{text}");
        }
        for text in ["[VIP]", "[\"VIP\"", "[1]", "[[\"VIP\"]]", "{\"VIP\":true}", "\"VIP", "[{\"id\":1}]", "[null]"] {
            assert_eq!(names(text), None, "{text}");
        }
    }
}
