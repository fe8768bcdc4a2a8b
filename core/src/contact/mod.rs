//! Rows become contacts: pure rules, no I/O.
//!
//! A [`Mapping`] is what somebody wrote down, or what the column names suggest. Binding it to a schema and a
//! destination finds every mistake that can be found without a row; the [`BoundMapping`] then turns each batch of
//! rows into contacts and rejects, column by column.

mod automatic;
mod batch;
mod bind;
mod departure;
mod email;
mod find;
mod map;
mod mapping;
mod moment;
mod part;
mod phone;
mod reject;
mod render;
mod text;

#[cfg(test)]
mod tests;

pub use automatic::Automatic;
pub use batch::{ContactBatch, Shape, Slot};
pub use bind::BoundMapping;
pub use departure::Departure;
pub use email::{EmailError, normalise_email};
pub use map::Mapped;
pub use mapping::{EmptyValues, Keep, Leavers, Mapping};
pub use reject::{Reason, Reject, Rejects, Stage};
