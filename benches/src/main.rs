//! Benchmarks of enlist, with JSON results.
//!
//!     cargo build --workspace --bins
//!     target/debug/enlist-benches [--smoke] [--out FILE]
//!
//! `--smoke` does the same with a fiftieth of the rows. Figures of time are of this machine and this build profile:
//! compare them within one run. Figures of the ceiling are virtual time and the same everywhere.

mod ceiling;
mod local;
mod result;

use std::path::PathBuf;
use std::process::ExitCode;

use result::Results;

/// Rows of a full benchmark; what the tool we replace can export at most.
const FULL: u64 = 1_000_000;

/// Rows of a smoke test.
const SMOKE: u64 = 20_000;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (mut rows, mut out) = (FULL, PathBuf::from("target/bench.json"));
    while let Some(argument) = arguments.next() {
        match (argument.as_str(), arguments.size_hint().0) {
            ("--smoke", _) => rows = SMOKE,
            ("--out", 1..) => out = arguments.next().map(PathBuf::from).unwrap_or(out),
            _ => return fail(&format!("unknown argument {argument}; usage: [--smoke] [--out FILE]")),
        }
    }
    match measure(rows).and_then(|results| results.write(&out)) {
        Ok(table) => {
            result::print(&table);
            result::print(&format!("results written to {}", out.display()));
            ExitCode::SUCCESS
        }
        Err(error) => fail(&error.to_string()),
    }
}

fn fail(message: &str) -> ExitCode {
    result::print(&format!("error: {message}"));
    ExitCode::FAILURE
}

fn measure(rows: u64) -> Result<Results, Box<dyn std::error::Error>> {
    let mut results = Results::new(rows);
    // Memory first: the peak of a process never goes down, and the simulator holds a whole account.
    local::measure(rows, &mut results)?;
    for latency in [0.15, 2.0] {
        ceiling::measure(rows, latency, &mut results)?;
    }
    Ok(results)
}
