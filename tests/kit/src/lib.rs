//! Fixtures that tests and benchmarks share: people, a simulated account and an export between them, and [servers].

mod people;
pub mod servers;
mod transport;
mod world;

pub use people::{People, Person};
pub use transport::InProcess;
pub use world::{KEY, World};
