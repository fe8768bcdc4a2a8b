//! Finding columns and fields by the names people wrote, and what to say when there is none.

use arrow::datatypes::{DataType, Schema};

use crate::{Destination, Error, ErrorKind, Field};

/// Names this similar (Jaro-Winkler, 0 to 1) are worth suggesting.
const SIMILAR: f64 = 0.8;

/// Most names in one message.
const LISTED: usize = 20;

/// The type of the column with exactly this name.
pub(super) fn column<'s>(schema: &'s Schema, name: &str) -> Result<&'s DataType, Error> {
    let mut found = schema.fields().iter().filter(|field| field.name() == name);
    match (found.next(), found.next()) {
        (Some(field), None) => Ok(field.data_type()),
        (Some(_), Some(_)) => Err(Error::new(
            ErrorKind::Source,
            "source::column_ambiguous",
            format!("the source has several columns `{name}`"),
        )
        .help("give them different names in SQL")),
        (None, _) => Err(column_missing(schema, name)),
    }
}

fn column_missing(schema: &Schema, name: &str) -> Error {
    let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    let help = match nearest(name, &names).as_slice() {
        [] => "name one of the source's columns in the mapping".to_owned(),
        near => format!("did you mean {}?", quoted(near)),
    };
    Error::new(
        ErrorKind::Source,
        "source::column_missing",
        format!("column `{name}` not found; the source has {}", quoted(&names)),
    )
    .help(help)
}

/// The custom field that was written: by id, by `%TAG%`, by exact title, or by tag.
///
/// ActiveCampaign upper-cases tags, so they are compared without case; titles are compared as they are.
pub(super) fn field<'d>(destination: &'d Destination, written: &str) -> Result<&'d Field, Error> {
    let fields = &destination.fields;
    if let Ok(id) = written.parse::<u64>()
        && let Some(field) = fields.iter().find(|field| field.id == id)
    {
        return Ok(field);
    }
    let tag = written.strip_prefix('%').and_then(|rest| rest.strip_suffix('%'));
    if tag.is_none() {
        let titled: Vec<&Field> = fields.iter().filter(|field| field.title == written).collect();
        match titled.as_slice() {
            [] => {}
            [one] => return Ok(one),
            several => return Err(field_ambiguous(several, written)),
        }
    }
    let tag = tag.unwrap_or(written);
    fields
        .iter()
        .find(|field| !tag.is_empty() && field.tag.eq_ignore_ascii_case(tag))
        .ok_or_else(|| field_missing(fields, written))
}

fn field_ambiguous(fields: &[&Field], written: &str) -> Error {
    let ids: Vec<String> = fields.iter().map(|field| field.id.to_string()).collect();
    Error::new(ErrorKind::Config, "mapping::field_ambiguous", format!("several fields have the title `{written}`"))
        .help(format!("name it by its id, one of {}", ids.join(", ")))
}

fn field_missing(fields: &[Field], written: &str) -> Error {
    let titles: Vec<&str> = fields.iter().map(|field| field.title.as_str()).collect();
    let tags: Vec<&str> = fields.iter().map(|field| field.tag.as_str()).collect();
    let near = [nearest(written, &titles), nearest(written, &tags)].concat();
    let help = match near.as_slice() {
        [] if fields.is_empty() => "the account has no custom fields; create it there".to_owned(),
        [] => format!("the account has {}; or create it there", quoted(&titles)),
        near => format!("did you mean {}?", quoted(near)),
    };
    Error::new(
        ErrorKind::Destination,
        "destination::field_missing",
        format!("the account has no custom field `{written}`"),
    )
    .help(help)
}

/// Up to three names that are most like `written`, the likest first.
fn nearest<'n>(written: &str, names: &[&'n str]) -> Vec<&'n str> {
    let written = written.to_lowercase();
    let likeness = |name: &str| strsim::jaro_winkler(&written, &name.to_lowercase());
    let mut near: Vec<(f64, &str)> = names.iter().map(|name| (likeness(name), *name)).collect();
    near.retain(|(likeness, _)| *likeness >= SIMILAR);
    near.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    near.into_iter().take(3).map(|(_, name)| name).collect()
}

/// Names as they stand in messages: `` `a`, `b` and 3 more``.
pub(super) fn quoted(names: &[&str]) -> String {
    if names.is_empty() {
        return "none".to_owned();
    }
    let listed: Vec<String> = names.iter().take(LISTED).map(|name| format!("`{name}`")).collect();
    match names.len().saturating_sub(LISTED) {
        0 => listed.join(", "),
        more => format!("{} and {more} more", listed.join(", ")),
    }
}
