//! `status --watch`: where runs stand that are under way.

use std::path::Path;
use std::time::Duration;

use enlist_core::{Clock, Error};
use serde_json::json;

use crate::args::StatusArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::history::{self, Position};
use crate::output::Screen;
use crate::process::Signals;
use crate::render::status as page;
use crate::spec::Spec;

/// Time between two looks.
const LOOK: Duration = Duration::from_secs(1);

/// Shows runs that are under way whenever they got further, until none is or somebody stops looking.
///
/// # Errors
/// When the history cannot be read.
pub async fn watch(args: &StatusArgs, spec: Option<&Spec>, state: &Path, screen: &Screen) -> Result<Exit, Failure> {
    let signals = Signals::listen();
    let mut stop = signals.stop();
    let clock = Clock::start();
    let mut before: Option<Vec<Position>> = None;
    loop {
        let exports = exports(args, spec, state)?;
        let runs = history::under_way(state, exports.iter().map(String::as_str));
        show(before.as_deref(), &runs, screen);
        if runs.is_empty() {
            return Ok(Exit::Done);
        }
        before = Some(runs);
        tokio::select! {
            () = clock.sleep(LOOK) => {}
            _ = stop.changed() => return Ok(signals.told().unwrap_or(Exit::Interrupted)),
        }
    }
}

/// The exports to look for: those of the configuration and those that have run.
fn exports(args: &StatusArgs, spec: Option<&Spec>, state: &Path) -> Result<Vec<String>, Error> {
    let mut exports: Vec<String> = spec.iter().flat_map(|it| it.exports.iter().map(|it| it.name.clone())).collect();
    exports.extend(history::read(state)?.into_iter().map(|run| run.export));
    exports.sort();
    exports.dedup();
    exports.retain(|name| args.export.as_ref().is_none_or(|wanted| wanted == name));
    Ok(exports)
}

/// What changed: for people a line of each run that got further, for programs all that are under way, which is none in
/// the last document.
fn show(before: Option<&[Position]>, runs: &[Position], screen: &Screen) {
    if before == Some(runs) {
        return;
    }
    if screen.json {
        return screen.document(&json!({ "schema": "enlist.watch/1", "runs": runs }));
    }
    if before.is_none() && runs.is_empty() {
        return screen.text(page::NONE_UNDER_WAY);
    }
    let known = before.unwrap_or_default();
    for run in runs.iter().filter(|run| !known.contains(run)) {
        screen.text(&format!("{}\n", crate::render::clean(&run.line)));
    }
}
