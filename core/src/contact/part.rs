//! What fills one slot of a contact, and which types of column can.

use arrow::datatypes::DataType;

use super::Slot;
use super::render::{Family, family};
use super::text::Form;
use crate::{Error, ErrorKind, Field, FieldKind};

/// What fills one slot.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) slot: Slot,
    /// What people call it: `first_name`, `last_name`, `phone`, or the title of the field.
    pub(super) name: String,
    pub(super) column: String,
    pub(super) form: Form,
}

impl Part {
    pub(super) fn label(&self) -> String {
        match self.slot {
            Slot::Field(id) => format!("{} (field {id})", self.name),
            _ => self.name.replace('_', " "),
        }
    }

    /// Slot and form as a text that never changes, without the field's title and options: they change no text.
    pub(super) fn identity(&self) -> String {
        let slot = match self.slot {
            Slot::FirstName => "first_name".to_owned(),
            Slot::LastName => "last_name".to_owned(),
            Slot::Phone => "phone".to_owned(),
            Slot::Field(id) => format!("field {id}"),
        };
        let form = match &self.form {
            Form::Name => "name",
            Form::Phone(None) => "phone",
            Form::Phone(Some(region)) => region.as_ref(),
            Form::Text => "text",
            Form::Date => "date",
            Form::DateTime => "datetime",
            Form::Number => "number",
            Form::Choice(_) => "choice",
            Form::MultiChoice(_) => "multichoice",
        };
        format!("{slot}: {form}")
    }

    /// Checks that values of this type can fill the slot.
    pub(super) fn check_type(&self, data_type: &DataType) -> Result<(), Error> {
        let family = family(data_type).ok_or_else(|| no_text(&self.column, data_type))?;
        let takes: &[Family] = match self.form {
            Form::Text | Form::MultiChoice(_) => return Ok(()),
            Form::Name | Form::Phone(_) | Form::Choice(_) => {
                &[Family::Text, Family::Number, Family::Moment, Family::Other]
            }
            Form::Date | Form::DateTime => &[Family::Text, Family::Moment],
            Form::Number => &[Family::Text, Family::Number],
        };
        if family == Family::Null || takes.contains(&family) {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Config,
            "mapping::type_mismatch",
            format!("column `{}` ({data_type}) cannot fill {}", self.column, self.label()),
        )
        .help("convert it in SQL, or map another column"))
    }
}

/// What a custom field takes.
pub(super) fn form(field: &Field) -> Form {
    let options = || field.options.iter().cloned().collect();
    match field.kind {
        FieldKind::Text => Form::Text,
        FieldKind::Date => Form::Date,
        FieldKind::DateTime => Form::DateTime,
        FieldKind::Number => Form::Number,
        FieldKind::Choice => Form::Choice(options()),
        FieldKind::MultiChoice => Form::MultiChoice(options()),
    }
}

/// Checks that the column can hold emails.
pub(super) fn check_email_type(column: &str, data_type: &DataType) -> Result<(), Error> {
    match family(data_type) {
        Some(Family::Text | Family::Null) => Ok(()),
        Some(_) => Err(Error::new(
            ErrorKind::Config,
            "mapping::type_mismatch",
            format!("column `{column}` ({data_type}) cannot be the email: that is text"),
        )
        .help("map another column: --map email=COLUMN")),
        None => Err(no_text(column, data_type)),
    }
}

/// The error for a column of a type without text.
pub(super) fn no_text(column: &str, data_type: &DataType) -> Error {
    let (code, help) = match data_type {
        DataType::Timestamp(..) => ("source::time_zone", "convert it to UTC in SQL"),
        _ => ("source::column_type", "take the parts you need out of it in SQL, each as a column of its own"),
    };
    Error::new(ErrorKind::Source, code, format!("column `{column}` ({data_type}) cannot be written as text")).help(help)
}
