//! The command line of enlist: carries audience segments into ActiveCampaign lists.
//!
//! Standard output carries results only; progress, logs and errors go to standard error.

#![expect(unreachable_pub, reason = "a binary exports nothing: here `pub` marks what a module offers to others")]

mod args;
mod commands;
mod connectors;
mod consent;
mod demo_data;
mod exit;
mod exports;
mod failure;
mod generate;
mod history;
mod logs;
mod output;
mod permit;
mod process;
mod progress;
mod rejects;
mod render;
mod sample;
mod signals;
mod simulator;
mod spec;
mod table;
mod views;
mod watching;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    process::harden();
    let cli = match args::Cli::try_parse() {
        Ok(cli) => cli,
        Err(usage) => return output::usage(&usage),
    };
    let screen = output::Screen::open(&cli.global);
    let outcome = process::guarded(|| process::runtime()?.block_on(commands::dispatch(cli, &screen)));
    match outcome {
        Ok(exit) => exit.into(),
        Err(failure) => screen.failure(&failure).into(),
    }
}
