//! The slow, paced half: requests leave when their turn has come.

mod limit;
mod pacer;
#[cfg(test)]
mod tests;

pub use limit::PaceState;
pub use pacer::{FilePaceStore, MemoryPaceStore, PaceStore, Pacer};
