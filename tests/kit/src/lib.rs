//! Fixtures that tests and benchmarks share: people, a simulated account and an export between them, [servers], and the
//! [suite](mod@source_suite) that every source runs.

mod people;
pub mod servers;
pub mod source_suite;
mod transport;
mod world;

pub use people::{People, Person};
pub use transport::InProcess;
pub use world::{KEY, World};
