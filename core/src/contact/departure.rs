//! What a contact that left the segment is told, found at the destination.

use std::fmt::Display;

use super::part::form;
use super::{Leavers, Mapping, find};
use crate::{Destination, Error, ErrorKind};

/// What is written to contacts that left the segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Departure {
    /// A value in a custom field; nothing else of the contact changes.
    Mark {
        /// Id of the field.
        field: u64,
        /// As the field's type is written.
        value: String,
    },
    /// The end of the subscription to the list.
    Unsubscribe,
}

impl Mapping {
    /// What leavers are told, if anything.
    pub(super) fn departure(&self, destination: &Destination) -> Result<Option<Departure>, Error> {
        let (written, value) = match &self.leavers {
            Leavers::Keep => return Ok(None),
            Leavers::Unsubscribe => return Ok(Some(Departure::Unsubscribe)),
            Leavers::Mark { field, value } => (field, value),
        };
        let field = find::field(destination, written)?;
        let mapped =
            self.fields.iter().any(|(name, _)| find::field(destination, name).is_ok_and(|it| it.id == field.id));
        if !mapped {
            let what = format!("leavers write to {} (field {}), which is not mapped", field.title, field.id);
            return Err(Error::new(ErrorKind::Config, "mapping::leaver_field", what).help(
                "map it too, or a contact that comes back would keep what it was told: fields: { … }, for example from sql \"select *, 'yes' as vip\"",
            ));
        }
        let unfit = |why: &dyn Display| {
            let what =
                format!("the value for leavers cannot be written to {} (field {}): {why}", field.title, field.id);
            Error::new(ErrorKind::Config, "mapping::leaver_value", what)
                .help("write a value that the field's type takes; of a choice, one of its options")
        };
        let value = form(field).fit(value).map_err(|rule| unfit(&rule))?;
        if value.is_empty() {
            return Err(unfit(&"it is empty"));
        }
        Ok(Some(Departure::Mark { field: field.id, value: value.into_owned() }))
    }
}
