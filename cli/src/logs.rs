//! Logs on standard error: warnings by default, more with `-v`, as `RUST_LOG` says when it is set.

use std::io;

use tracing_subscriber::EnvFilter;

use crate::args::{Global, LogFormat};

/// Starts logging. Log lines carry row numbers, batch numbers and key prefixes, never an email or a cell value.
pub fn start(global: &Global, color: bool) {
    let filter = match std::env::var("RUST_LOG") {
        Ok(filter) if !filter.is_empty() => EnvFilter::new(filter),
        _ => EnvFilter::new(filter(global.quiet, global.verbose)),
    };
    // A reader that went away must not end the run: the subscriber would report it to the same closed stream, and panic.
    let logs = tracing_subscriber::fmt().log_internal_errors(false);
    let logs = logs.with_env_filter(filter).with_writer(io::stderr).with_ansi(color);
    // Fails only when logging has been started before, which is as good.
    let _ = match global.log_format {
        LogFormat::Text => logs.with_target(false).try_init(),
        LogFormat::Json => logs.json().flatten_event(true).try_init(),
    };
}

/// A library that logs each error that it also returns: ours says the same in a sentence. Its engine begins with the
/// same name.
const TWICE: &str = "delta_kernel=off";

/// Ours is shown at the level asked for, libraries one level quieter: their details drown ours.
fn filter(quiet: bool, verbose: u8) -> String {
    match (quiet, verbose) {
        (true, _) => format!("error,{TWICE}"),
        (false, 0) => format!("warn,{TWICE}"),
        (false, 1) => format!("warn,{TWICE}{}", ours("info")),
        (false, _) => format!("info{}", ours("debug")),
    }
}

fn ours(level: &str) -> String {
    ["enlist", "enlist_core", "enlist_sink_activecampaign", "enlist_simulator"]
        .map(|target| format!(",{target}={level}"))
        .concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_filter_is_understood() {
        for (quiet, verbose) in [(true, 0), (false, 0), (false, 1), (false, 2), (false, 9)] {
            assert!(EnvFilter::builder().parse(filter(quiet, verbose)).is_ok(), "{quiet} {verbose}");
        }
    }

    #[test]
    fn what_a_library_returns_and_logs_is_said_once_unless_details_are_asked_for() {
        let mutes = |quiet, verbose| filter(quiet, verbose).contains(TWICE);
        assert!(mutes(true, 0) && mutes(false, 0) && mutes(false, 1) && !mutes(false, 2));
    }
}
