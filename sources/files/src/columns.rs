//! Column names, and what was probably meant by an unknown one.

use arrow::datatypes::Schema;
use enlist_core::{Error, ErrorKind};

/// How many names a message lists before it stops.
const LISTED: usize = 12;

/// Positions of the named `columns` in `schema`, each once, in the order asked for.
///
/// # Errors
/// `source::column_missing` for the first name that `schema` lacks; `source` is what the message calls the segment.
pub fn pick(schema: &Schema, columns: &[String], source: &str) -> Result<Vec<usize>, Error> {
    let mut picked = Vec::with_capacity(columns.len());
    for column in columns {
        let Ok(index) = schema.index_of(column) else {
            let offered: Vec<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
            return Err(missing(column, &offered, source));
        };
        if !picked.contains(&index) {
            picked.push(index);
        }
    }
    Ok(picked)
}

/// The error for a `column` that is not among those `offered`.
pub fn missing(column: &str, offered: &[&str], source: &str) -> Error {
    Error::new(ErrorKind::Source, "source::column_missing", format!("column \"{column}\" not found in {source}"))
        .help(advice(column, offered, "columns"))
}

/// "did you mean …? columns: …", as far as there is something to say.
pub fn advice(wanted: &str, offered: &[&str], what: &str) -> String {
    let meant = closest(wanted, offered.iter().copied()).map(|name| format!("did you mean \"{name}\"? "));
    let listed = match offered.len() {
        0 => format!("there are no {what}"),
        n if n > LISTED => format!("{what}: {} and {} more", offered[..LISTED].join(", "), n - LISTED),
        _ => format!("{what}: {}", offered.join(", ")),
    };
    meant.unwrap_or_default() + &listed
}

/// The candidate that `wanted` was probably meant to be: equal but for case, spaces, `_` and `-`, or at most a third
/// of its letters away.
pub fn closest<'a>(wanted: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |name: &str| -> String {
        name.chars().filter(|c| !matches!(c, ' ' | '_' | '-')).flat_map(char::to_lowercase).collect()
    };
    let wanted = plain(wanted);
    let furthest = (wanted.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&wanted, &plain(candidate)), candidate))
        .filter(|(distance, _)| *distance <= furthest)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::{DataType, Field};

    use super::*;

    fn schema() -> Schema {
        Schema::new(["Email", "first_name", "phone"].map(|name| Field::new(name, DataType::Utf8, true)).to_vec())
    }

    #[test]
    fn columns_are_picked_once_in_the_order_asked_for() {
        let asked = ["phone", "Email", "phone"].map(String::from);
        assert_eq!(pick(&schema(), &asked, "people").unwrap(), [2, 0]);
    }

    #[test]
    fn a_missing_column_is_named_with_what_was_probably_meant() {
        let error = pick(&schema(), &["firstname".into()], "people.csv").unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Source, "source::column_missing"));
        assert_eq!(error.to_string(), "column \"firstname\" not found in people.csv");
        assert_eq!(error.help_text(), Some("did you mean \"first_name\"? columns: Email, first_name, phone"));
    }

    #[test]
    fn nothing_is_suggested_for_a_name_unlike_any_other() {
        assert_eq!(closest("zip", ["Email", "first_name", "phone"]), None);
        assert_eq!(closest("emial", ["Email", "phone"]), Some("Email"));
    }
}
