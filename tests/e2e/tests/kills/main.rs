//! The real `enlist` binary, killed at random moments. Many processes run at once, so these tests are a binary of their
//! own: Cargo runs no other beside it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
#![allow(clippy::disallowed_methods, reason = "real processes live in real time")]
#![expect(unreachable_pub, reason = "a test exports nothing: here `pub` marks what a module offers to others")]
#![allow(dead_code, reason = "modules shared with tests that need more of them")]

#[path = "../cli/process.rs"]
mod process;
#[path = "../process/proxy.rs"]
mod proxy;
mod series;
#[path = "../process/site.rs"]
mod site;
#[path = "../cli/world.rs"]
mod world;
