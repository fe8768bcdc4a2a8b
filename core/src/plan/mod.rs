//! The fast, local half: what has to be sent.

mod emails;
mod guard;
mod key;
mod leave;
#[cfg(test)]
mod leave_tests;
mod merge;
#[cfg(test)]
mod merge_tests;
mod pack;
mod queue;
mod read;
mod select;
mod spool;
mod stage;
mod summary;

pub(crate) use emails::Emails;
pub use guard::{Guard, Guards};
pub use key::{Fingerprint, Hasher, Key};
pub(crate) use leave::NOWHERE;
pub(crate) use merge::{Merge, Merged, Requests, Verdict, bounds, groups};
pub(crate) use pack::Packed;
pub(crate) use queue::Queue;
pub(crate) use read::{Reader, Segment};
pub(crate) use select::Selected;
pub use select::Selection;
pub(crate) use stage::{PARTITIONS, Partitions, Stage, Staged, Staging};
pub use summary::{LeaverSummary, Summary};
