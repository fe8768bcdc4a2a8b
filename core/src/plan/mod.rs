//! The fast, local half: what has to be sent.

mod guard;
mod key;
mod merge;
#[cfg(test)]
mod merge_tests;
mod pack;
mod queue;
mod read;
mod spool;
mod stage;
mod summary;

pub use guard::{Guard, Guards};
pub use key::{Fingerprint, Hasher, Key};
pub(crate) use merge::{Merge, Merged, Verdict, bounds, groups};
pub(crate) use pack::Packed;
pub(crate) use queue::Queue;
pub(crate) use read::Reader;
pub(crate) use stage::{PARTITIONS, Partitions, Stage, Staged};
pub use summary::Summary;
