//! A mapping that fits a schema and a destination.

use std::sync::Arc;

use arrow::compute::SortOptions;
use arrow::datatypes::{DataType, Schema};
use arrow::row::{RowConverter, SortField};

use super::part::{Part, check_email_type, form};
use super::render::{Family, family};
use super::text::Form;
use super::{Departure, EmptyValues, Keep, Mapping, Shape, Slot, find, phone};
use crate::{Destination, Digest, Error, ErrorKind, Field};

/// Goes up whenever the same mapping and cells would give other texts than before.
const RULES: u32 = 1;

/// A [`Mapping`] whose columns, fields and types have been found and fit each other.
#[derive(Debug)]
pub struct BoundMapping {
    pub(super) shape: Arc<Shape>,
    /// Column of the email.
    pub(super) email: String,
    /// What fills each of the shape's slots.
    pub(super) parts: Vec<Part>,
    pub(super) empty_values: EmptyValues,
    pub(super) rank: Option<Rank>,
    departure: Option<Departure>,
    digest: Digest,
}

/// What orders duplicates.
#[derive(Debug)]
pub(super) struct Rank {
    pub(super) column: String,
    pub(super) data_type: DataType,
    pub(super) converter: RowConverter,
}

impl Mapping {
    /// Finds every column in `schema` and every field at `destination`, and checks that they fit.
    ///
    /// # Errors
    /// [`ErrorKind::Source`] for a column that is missing or has no text, [`ErrorKind::Destination`] for a field that
    /// does not exist, [`ErrorKind::Config`] for anything else that does not fit together.
    pub fn bind(&self, schema: &Schema, destination: &Destination) -> Result<BoundMapping, Error> {
        let mut parts = self.own_parts()?;
        parts.extend(self.field_parts(destination)?);
        check_email_type(&self.email, find::column(schema, &self.email)?)?;
        for part in &parts {
            part.check_type(find::column(schema, &part.column)?)?;
        }
        let rank = match &self.keep {
            Keep::First => None,
            Keep::Latest { by } => Some(Rank::new(by, find::column(schema, by).map_err(|e| of_unique_by(&e))?)?),
        };
        let shape = Shape { slots: parts.iter().map(|part| part.slot.clone()).collect(), tags: self.distinct_tags()? };
        Ok(BoundMapping {
            digest: self.digest(&parts, &shape.tags),
            departure: self.departure(destination)?,
            shape: Arc::new(shape),
            email: self.email.clone(),
            parts,
            empty_values: self.empty_values,
            rank,
        })
    }

    fn own_parts(&self) -> Result<Vec<Part>, Error> {
        let region = match &self.phone_region {
            None => None,
            Some(code) => Some(phone::region(code).ok_or_else(|| region_unknown(code))?),
        };
        let parts = [
            (Slot::FirstName, "first_name", &self.first_name, Form::Name),
            (Slot::LastName, "last_name", &self.last_name, Form::Name),
            (Slot::Phone, "phone", &self.phone, Form::Phone(region)),
        ];
        let filled = parts.into_iter().filter_map(|(slot, name, column, form)| {
            Some(Part { slot, name: name.to_owned(), column: column.clone()?, form })
        });
        Ok(filled.collect())
    }

    /// Custom fields in the order of their ids, so that the order they were written in changes no payload.
    fn field_parts(&self, destination: &Destination) -> Result<Vec<Part>, Error> {
        let mut found: Vec<(&Field, &String)> = Vec::with_capacity(self.fields.len());
        for (written, column) in &self.fields {
            let field = find::field(destination, written)?;
            if let Some((_, other)) = found.iter().find(|(earlier, _)| earlier.id == field.id) {
                return Err(field_twice(field, other, column));
            }
            found.push((field, column));
        }
        found.sort_by_key(|(field, _)| field.id);
        let parts = found.into_iter().map(|(field, column)| Part {
            slot: Slot::Field(field.id),
            name: field.title.clone(),
            column: column.clone(),
            form: form(field),
        });
        Ok(parts.collect())
    }

    fn distinct_tags(&self) -> Result<Vec<String>, Error> {
        let mut tags = self.tags.clone();
        tags.sort_unstable();
        tags.dedup();
        if tags.iter().any(|tag| tag.trim().is_empty()) {
            return Err(Error::new(ErrorKind::Config, "mapping::empty_tag", "a tag is empty")
                .help("remove it, or give it a name"));
        }
        Ok(tags)
    }

    fn digest(&self, parts: &[Part], tags: &[String]) -> Digest {
        let mut hasher = blake3::Hasher::new();
        let mut add = |text: &str| {
            // With its length in front, no text can pass for a piece of its neighbours.
            hasher.update(&(text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
        };
        add(&RULES.to_string());
        add(match self.empty_values {
            EmptyValues::Keep => "keep",
            EmptyValues::Clear => "clear",
        });
        add(&self.email);
        add(&parts.len().to_string());
        for part in parts {
            add(&part.identity());
            add(&part.column);
        }
        for tag in tags {
            add(tag);
        }
        let mut digest = Digest::default();
        let width = digest.len();
        digest.copy_from_slice(&hasher.finalize().as_bytes()[..width]);
        digest
    }
}

impl BoundMapping {
    /// What all contacts have in common.
    pub fn shape(&self) -> Arc<Shape> {
        Arc::clone(&self.shape)
    }

    /// Names everything that decides what is sent for given cells: columns, slots and their kinds, tags, empty values,
    /// phone region, and the version of these rules. The order of fields and tags does not matter, and neither does
    /// which of several duplicates is kept: that shows in the payload.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// What contacts are told that left the segment, if anything.
    pub fn departure(&self) -> Option<&Departure> {
        self.departure.as_ref()
    }

    /// What is mapped, for people: the slot (`email`, `phone`, `Tier (field 12)`) and its column.
    pub fn describe(&self) -> Vec<(String, String)> {
        let email = ("email".to_owned(), self.email.clone());
        let parts = self.parts.iter().map(|part| (part.label(), part.column.clone()));
        std::iter::once(email).chain(parts).collect()
    }
}

impl Rank {
    /// One configuration for all batches, so that ranks compare across them: ascending, nulls lowest.
    fn new(column: &str, data_type: &DataType) -> Result<Self, Error> {
        let options = SortOptions { descending: false, nulls_first: true };
        let unordered = || {
            Error::new(
                ErrorKind::Config,
                "mapping::unordered_column",
                format!("column `{column}` ({data_type}) has no order to keep the latest by"),
            )
            .help("keep the latest by a date, a timestamp, a number or a text")
        };
        if !matches!(family(data_type), Some(family) if family != Family::List) {
            return Err(unordered());
        }
        let field = SortField::new_with_options(data_type.clone(), options);
        Ok(Self {
            column: column.to_owned(),
            data_type: data_type.clone(),
            converter: RowConverter::new(vec![field]).map_err(|_| unordered())?,
        })
    }
}

/// The error for the column that orders duplicates: it is none of the mapping's, where people would look for it.
fn of_unique_by(error: &Error) -> Error {
    let placed = Error::new(error.kind(), error.code().to_owned(), format!("unique_by.by: {error}"));
    match error.help_text() {
        Some(help) => placed.help(help.replace("in the mapping", "in unique_by.by")),
        None => placed,
    }
}

fn field_twice(field: &Field, one: &str, other: &str) -> Error {
    Error::new(
        ErrorKind::Config,
        "mapping::field_twice",
        format!("{} (field {}) is mapped twice, from columns `{one}` and `{other}`", field.title, field.id),
    )
    .help("keep one of them")
}

fn region_unknown(code: &str) -> Error {
    Error::new(
        ErrorKind::Config,
        "mapping::phone_region",
        format!("`{code}` is not a country that phone numbers are known for"),
    )
    .help("give its two letters as in ISO 3166, for example FI, DE or US")
}
