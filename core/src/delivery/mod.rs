//! The slow, paced half: requests leave when their turn has come.

mod limit;
mod pacer;

pub use limit::PaceState;
pub use pacer::{FilePaceStore, MemoryPaceStore, PaceStore, Pacer};
