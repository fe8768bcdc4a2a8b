//! What an operator meets: faults of the source, the configuration and the operation, told by the real binary, and where
//! keys and people may be found after it ran.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
#![expect(unreachable_pub, reason = "a test exports nothing: here `pub` marks what a module offers to others")]

#[path = "../cli/process.rs"]
#[allow(dead_code, reason = "shared with the tests of the command line, which use the rest")]
mod process;
#[path = "../cli/world.rs"]
#[allow(dead_code, reason = "shared with the tests of the command line, which use the rest")]
mod world;

mod canaries;
mod change;
mod files;
mod memory;
mod operation;
mod rows;
mod secrets;
mod source;
mod table;
mod terminal;
mod verdict;
