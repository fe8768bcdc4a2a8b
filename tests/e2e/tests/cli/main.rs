//! The real `enlist` binary against the real `enlist sim`: what an operator sees and what the account holds.
//!
//! `cargo test --workspace` builds the binary; `ENLIST_TEST_BINARY` names another one. Parquet files are written by
//! Python with pyarrow: `python3`, or what `ENLIST_TEST_PYTHON` names.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
#![expect(unreachable_pub, reason = "a test exports nothing: here `pub` marks what a module offers to others")]

mod answers;
mod demo;
mod doctor;
mod errors;
mod generate;
mod history;
mod killed;
mod output;
#[allow(dead_code, reason = "shared with the tests of processes, which need more of it")]
mod process;
mod schedule;
mod screens;
mod status;
mod values;
mod words;
mod world;
