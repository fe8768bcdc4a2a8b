//! The real `enlist` binary on a bad day: killed, stopped, out of disk, on a damaged state, beside another of its kind.
//!
//! Between binary and simulator stands a [`proxy`] that sees every byte, so what left and when is known for certain.
//! Names that begin with `fault_` and a number are rows of the fault matrix.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
#![allow(clippy::disallowed_methods, reason = "real processes live in real time")]
#![expect(unreachable_pub, reason = "a test exports nothing: here `pub` marks what a module offers to others")]

mod crash;
mod damage;
mod disk;
mod permissions;
#[path = "../cli/process.rs"]
mod process;
#[allow(dead_code, reason = "shared with the tests of kills, which need more of it")]
mod proxy;
mod sharing;
mod signals;
mod site;
mod virtual_time;
#[path = "../cli/world.rs"]
#[allow(dead_code, reason = "shared with the tests of the command line, which need more of it")]
mod world;
