//! What happens before and after a run by the real binary: somebody agrees that data leaves, somebody is told how it went.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
#![expect(unreachable_pub, reason = "a test exports nothing: here `pub` marks what a module offers to others")]

mod account;
mod add;
#[path = "../cli/process.rs"]
#[allow(dead_code, reason = "shared with the tests of the command line, which use the rest")]
mod process;
#[allow(dead_code, reason = "shared with the tests of the sink")]
#[path = "../../../../sinks/activecampaign/tests/support/tls.rs"]
mod tls;
#[path = "../operator/verdict.rs"]
#[allow(dead_code, reason = "shared with the tests of what an operator meets, which use the rest")]
mod verdict;
#[path = "../cli/world.rs"]
#[allow(dead_code, reason = "shared with the tests of the command line, which use the rest")]
mod world;

mod connect;
mod lineage;
mod listener;
mod notify;
mod record;
mod refuse;
