//! The slow, paced half: requests leave when their turn has come.

mod limit;
#[cfg(test)]
mod pace_tests;
mod pacer;

pub use limit::PaceState;
pub use pacer::{FilePaceStore, MemoryPaceStore, PaceStore, Pacer};
