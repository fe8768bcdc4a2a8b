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

/// Ours is shown at the level asked for, libraries one level quieter: their details drown ours.
fn filter(quiet: bool, verbose: u8) -> &'static str {
    match (quiet, verbose) {
        (true, _) => "error",
        (false, 0) => "warn",
        (false, 1) => "warn,enlist=info,enlist_core=info,enlist_sink_activecampaign=info,enlist_simulator=info",
        (false, _) => "info,enlist=debug,enlist_core=debug,enlist_sink_activecampaign=debug,enlist_simulator=debug",
    }
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
}
