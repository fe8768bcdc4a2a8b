//! `status --watch`: where runs stand that are under way.

use std::path::Path;
use std::time::Duration;

use enlist_core::{Clock, Holder, StateFolder};
use serde_json::json;

use crate::exit::Exit;
use crate::history::{self, Position};
use crate::output::Screen;
use crate::process::Signals;
use crate::render::status as page;

/// Time between two looks.
const LOOK: Duration = Duration::from_secs(1);

/// Shows runs that are under way in the folder `state`, of `export` or of all, whenever they got further: until none is,
/// or somebody stops looking.
pub async fn watch(export: Option<&str>, state: &Path, screen: &Screen) -> Exit {
    let signals = Signals::listen();
    let mut stop = signals.stop();
    let clock = Clock::start();
    let mut before: Option<Vec<Position>> = None;
    loop {
        let mut runs = history::under_way(state);
        runs.retain(|run| lives(state, &run.export));
        runs.retain(|run| export.is_none_or(|export| export == run.export));
        show(before.as_deref(), &runs, screen);
        if runs.is_empty() {
            return Exit::Done;
        }
        before = Some(runs);
        tokio::select! {
            () = clock.sleep(LOOK) => {}
            _ = stop.changed() => return signals.told().unwrap_or(Exit::Interrupted),
        }
    }
}

/// Whether somebody holds `export`. A run that was killed leaves behind where it stood.
fn lives(state: &Path, export: &str) -> bool {
    let folder = StateFolder::open_existing_read_only(state).ok().flatten();
    // What cannot be looked at is believed.
    let holder = folder.and_then(|folder| folder.holder(export).ok());
    holder.is_none_or(|holder| matches!(holder, Holder::Alive(_)))
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
