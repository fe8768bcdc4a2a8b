//! What the command line asks for, understood before any run is begun.

use std::io::IsTerminal;

use crate::args::{Global, RunArgs};
use crate::exports::Wishes;
use crate::failure::Failure;
use crate::output::Screen;
use crate::spec::Export;

/// Whoever writes a script says that several exports are meant.
pub(super) fn all_are_meant(args: &RunArgs, global: &Global, exports: usize) -> Result<(), Failure> {
    let asked = std::io::stdin().is_terminal() && !global.no_input;
    if exports < 2 || args.all || asked || !args.targets.is_empty() {
        return Ok(());
    }
    Err(Failure::config("usage::all", format!("which of the {exports} exports?"))
        .help("name them, or write --all: without a terminal nothing is run by default"))
}

/// The exports as the command line wants them run. A slip in it is no run, so none is begun.
pub(super) fn as_told(args: &RunArgs, exports: Vec<Export>, screen: &Screen) -> Result<Vec<Export>, Failure> {
    let several = exports.len() > 1;
    let mut runs = Vec::with_capacity(exports.len());
    let mut nothing_rejected = None;
    for mut export in exports {
        export.deadline = args.deadline.or(export.deadline);
        export.guards.max_rejects = args.max_rejects.or(export.guards.max_rejects);
        if args.sim {
            export = export.simulated();
        }
        match Wishes::of(args, &export) {
            Ok(_) => runs.push(export),
            Err(failure) if failure.error.code() != "usage::only_rejects" => return Err(failure),
            // The run that is waited for may reject some.
            Err(_) if args.lock_timeout.is_some() => runs.push(export),
            // Of several exports, one without rejects has nothing to repeat.
            Err(failure) if several => {
                screen.warning(&failure.error.to_string());
                nothing_rejected = Some(failure);
            }
            Err(failure) => return Err(failure),
        }
    }
    match nothing_rejected {
        Some(failure) if runs.is_empty() => Err(failure),
        _ => Ok(runs),
    }
}
