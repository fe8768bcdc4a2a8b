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
mod run_name;
mod sample;
mod signals;
mod simulator;
mod spec;
mod table;
mod usage;
mod views;
mod watching;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

use crate::args::Cli;
use crate::exit::Exit;
use crate::output::Screen;

fn main() -> ExitCode {
    process::harden();
    let words: Vec<OsString> = std::env::args_os().collect();
    match Cli::try_parse_from(&words) {
        Ok(cli) => carry_out(cli).into(),
        Err(message) => refuse(&message, words.get(1..).unwrap_or_default()),
    }
}

fn carry_out(cli: Cli) -> Exit {
    let screen = Screen::open(&cli.global);
    let outcome = process::guarded(|| process::runtime()?.block_on(commands::dispatch(cli, &screen)));
    screen.close(outcome.unwrap_or_else(|failure| screen.failure(&failure)))
}

/// Help and the version, or what is wrong with the command line.
fn refuse(message: &clap::Error, words: &[OsString]) -> ExitCode {
    if usage::is_answer(message) {
        // The stream may be closed; there is nobody left to tell.
        let _ = message.print();
        return u8::try_from(message.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from);
    }
    Screen::plain(usage::wants_json(words)).failure(&usage::failure(message, words)).into()
}
