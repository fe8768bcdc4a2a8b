//! Benchmarks of enlist, with JSON results.
//!
//!     cargo build --workspace --bins
//!     target/debug/enlist-benches [--smoke] [--out FILE]
//!     target/debug/enlist-benches sources [--smoke] [--out FILE]
//!
//! `sources` reads databases side by side with other readers: `ENLIST_TEST_PYTHON` names a Python that has
//! adbc-driver-postgresql, adbc-driver-sqlite, connectorx and pyarrow (docs/BENCHMARKS.md).
//! `--smoke` does the same with a fiftieth of the rows. Figures of time are of this machine and this build profile:
//! compare them within one run. Figures of the ceiling are virtual time and the same everywhere.

mod ceiling;
mod local;
mod result;
mod sources;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use result::Results;

/// Rows of a full benchmark; what the tool we replace can export at most.
const FULL: u64 = 1_000_000;

/// Rows of a smoke test.
const SMOKE: u64 = 20_000;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1).peekable();
    let sources = arguments.next_if(|argument| argument == "sources").is_some();
    if let (Some(_), Some(url)) = (arguments.next_if(|argument| argument == "read"), arguments.peek()) {
        return ended(sources::read(url));
    }
    let (mut rows, mut out) = (FULL, PathBuf::from("target/bench.json"));
    while let Some(argument) = arguments.next() {
        match (argument.as_str(), arguments.size_hint().0) {
            ("--smoke", _) => rows = SMOKE,
            ("--out", 1..) => out = arguments.next().map(PathBuf::from).unwrap_or(out),
            _ => return fail(&format!("unknown argument {argument}; usage: [sources] [--smoke] [--out FILE]")),
        }
    }
    let measured = if sources { measure_sources(rows) } else { measure(rows) };
    let written = measured.and_then(|results| results.write(&out));
    ended(written.map(|table| format!("{table}\nresults written to {}", out.display())))
}

fn ended(outcome: Result<String, Box<dyn std::error::Error>>) -> ExitCode {
    match outcome {
        Ok(words) => {
            result::print(&words);
            ExitCode::SUCCESS
        }
        Err(error) => fail(&error.to_string()),
    }
}

fn fail(message: &str) -> ExitCode {
    // A process that reads is asked for its result on standard output and for its failure beside it.
    let _ = writeln!(std::io::stderr(), "error: {message}");
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

fn measure_sources(rows: u64) -> Result<Results, Box<dyn std::error::Error>> {
    let mut results = Results::new(rows);
    sources::measure(rows, 4 * rows, &mut results)?;
    Ok(results)
}
