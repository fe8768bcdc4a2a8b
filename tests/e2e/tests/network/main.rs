//! The faults of network and destination, one to forty-two of the fault matrix: what each leads to, which exit code it
//! ends with, and that nothing is lost.
//!
//! A run goes over a line that a test holds in its hand, in virtual time. Where the fault is one of the real network,
//! the real transport meets a real server on loopback, and where words count, so does the real binary.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod account;
mod answers;
mod binary;
#[allow(dead_code, unreachable_pub, reason = "the command line's own table of exit codes")]
#[path = "../../../../cli/src/exit.rs"]
mod exit;
mod imports;
#[allow(dead_code, unreachable_pub, reason = "shared with the tests of the binary")]
#[path = "../cli/process.rs"]
mod process;
mod reach;
#[allow(unreachable_pub, reason = "shared with the tests of consent")]
#[path = "../consent/record.rs"]
mod record;
mod refusals;
#[allow(dead_code, reason = "shared with the tests of the sink")]
#[path = "../../../../sinks/activecampaign/tests/support/server.rs"]
mod server;
mod throttles;
#[path = "../../../../sinks/activecampaign/tests/support/tls.rs"]
mod tls;
mod wire;

use std::time::Duration;

use enlist_core::{Error, Report};
use enlist_kit::{People, World};
use enlist_simulator::{Latency, Settings};

use exit::Exit;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);

const HTML: &str = "<!DOCTYPE html><html><body>Please sign in</body></html>";

/// An account that answers soon, with its true limits.
fn quick() -> Settings {
    Settings { bulk_latency: Latency::Fixed(0.15), latency: Latency::Fixed(0.1), ..Settings::default() }
}

/// Every row of `people` that can land is there with its values.
fn assert_landed(world: &World, people: &People) {
    let (landed, expected) = world.landed(people);
    assert_eq!(landed, expected);
}

/// Everything is confirmed.
fn assert_whole(report: &Report) {
    assert_eq!(code(report), 0, "{:?} {:?}", report.error, report.warnings);
    assert_eq!(report.outcome.deferred, 0);
    report.outcome.balance().unwrap();
}

/// The exit code of a run whose guard tolerates no reject.
fn code(report: &Report) -> u8 {
    let exit = match &report.error {
        Some(error) => Exit::from(error.kind()),
        None if report.outcome.rejected == 0 => Exit::Done,
        None => Exit::Rejects,
    };
    exit.code()
}

/// The exit code of a run that ended without a report.
fn code_of(error: &Error) -> u8 {
    Exit::from(error.kind()).code()
}

/// What ended a run early, with its exit code, and the balance that holds all the same.
fn ended(report: &Report) -> (u8, &Error) {
    report.outcome.balance().unwrap();
    let error = report.error.as_ref().unwrap_or_else(|| panic!("nothing was found wrong: {:?}", report.outcome));
    (code(report), error)
}
