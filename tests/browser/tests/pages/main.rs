//! The pages that people see, in a real browser.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "../../../../report/examples/made_up/mod.rs"]
mod made_up;

mod eyes;
mod report;
mod simulator;
