#![doc = include_str!("../README.md")]

mod broken;
mod farewell;
mod history;
mod journal;
mod many;
mod party;
mod process;
mod scenario;
mod segment;
mod shrink;
mod sink;
mod steps;
mod trace;
mod weather;
mod wire;

use enlist_core::Error;

pub use broken::Rule;
pub use history::{Open, Verdict, in_memory};
pub use many::{Found, Many};
pub use process::{Blow, Strike};
pub use shrink::shrink;
pub use steps::{Mode, Steps, export_of_twenty_requests};

use scenario::Scenario;

/// The history of `seed`, perhaps with some of its parts only, and perhaps with a rule broken on purpose.
///
/// # Errors
/// When the history cannot be set up, which is no verdict.
pub fn replay(seed: u64, only: Option<&[String]>, broken: Option<Rule>, open: &Open) -> Result<Verdict, Error> {
    let mut scenario = Scenario::of(seed);
    if let Some(only) = only {
        scenario.parts().iter().filter(|part| !only.contains(part)).for_each(|part| scenario.leave_out(part));
    }
    history::carry_out(&scenario, broken, open)
}
