//! The bulk importer: what it takes, what it queues, how it works it off.

mod apply;
mod payload;
mod queue;
mod validate;

pub(crate) use apply::{Refusal, is_full};
pub(crate) use payload::Payload;
pub(crate) use queue::{Glance, Importer, Stage, Tally};
pub(crate) use validate::{check, is_deliverable};
