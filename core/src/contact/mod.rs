//! Rows become contacts: pure rules, no I/O.

mod batch;
mod reject;

pub use batch::{ContactBatch, Shape, Slot};
pub use reject::{Reason, Reject, Rejects, Stage};
