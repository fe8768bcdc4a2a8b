//! `status`: what runs came to, and what happened to somebody.

mod find;

use std::fs;
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use enlist_core::{Clock, Error, ErrorKind, StateFolder};
use enlist_history::RunDocument;
use serde_json::json;

use crate::args::{Global, StatusArgs};
use crate::exit::Exit;
use crate::failure::{Failure, suggest};
use crate::output::Screen;
use crate::process::Signals;
use crate::render::status as page;
use crate::spec::{self, Spec};
use crate::{history, table};

/// How many runs are shown unless it is said.
const LAST: usize = 10;

/// Time between two looks of `--watch`.
const LOOK: Duration = Duration::from_secs(1);

/// Answers what was asked, from the state folder alone: nobody is called and no key is read.
pub async fn status(args: &StatusArgs, global: &Global, screen: &Screen) -> Result<Exit, Failure> {
    let spec = spec::load_without_secrets(global.config.as_deref())?;
    let state = state_of(args.state.as_deref(), spec.as_ref());
    // What lies in a folder of somebody else is not believed.
    let folder = StateFolder::open_existing_read_only(&state)?;
    if let Some(person) = &args.find {
        let found = find::find(&person_of(person)?, args.export.as_deref(), folder.as_ref(), &state)?;
        let text = page::found(&found.person, &found.exports, found.suppressed, &screen.out);
        screen.result(&text, &found.document());
        return Ok(Exit::Done);
    }
    if args.watch {
        return watch(args, spec.as_ref(), &state, screen).await;
    }
    let runs = history::read(&state)?;
    let runs = of_export(runs, args.export.as_deref(), spec.as_ref())?;
    if let Some(name) = &args.run {
        return one(name, &runs, args, screen);
    }
    let last = &runs[runs.len().saturating_sub(args.last.unwrap_or(LAST))..];
    if let Some(file) = &args.html {
        let text = match (args.last, last) {
            (None, [.., run]) => enlist_report::run_page(run, &before(&runs, run)),
            _ => enlist_report::export_page(last),
        };
        return wrote(file, text.as_bytes(), screen);
    }
    if let Some(file) = &args.parquet {
        return wrote(file, &table::parquet(last)?, screen);
    }
    if screen.json {
        last.iter().for_each(|run| screen.result("", run));
    } else {
        screen.text(&page::runs(last, &screen.out));
    }
    Ok(Exit::Done)
}

/// The folder named, or that of the configuration, or the usual one.
pub fn state_of(named: Option<&Path>, spec: Option<&Spec>) -> PathBuf {
    let usual = || spec.map_or_else(|| PathBuf::from(spec::STATE), |spec| spec.state.clone());
    named.map_or_else(usual, Path::to_owned)
}

/// The email as typed, or the first line of standard input.
fn person_of(typed: &str) -> Result<String, Failure> {
    if typed != "-" {
        return Ok(typed.to_owned());
    }
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line);
    read.map_err(|e| Failure::config("usage::input", format!("standard input cannot be read: {e}")))?;
    Ok(line)
}

fn of_export(runs: Vec<RunDocument>, export: Option<&str>, spec: Option<&Spec>) -> Result<Vec<RunDocument>, Failure> {
    let Some(export) = export else { return Ok(runs) };
    let mut known: Vec<String> = runs.iter().map(|run| run.export.clone()).collect();
    known.extend(spec.iter().flat_map(|spec| spec.exports.iter().map(|export| export.name.clone())));
    known.sort();
    known.dedup();
    if known.iter().any(|name| name == export) {
        return Ok(runs.into_iter().filter(|run| run.export == export).collect());
    }
    let failure = Failure::config("config::unknown_export", format!("there is no export `{export}` and no run of one"));
    Err(match suggest(export, known.iter().map(String::as_str)) {
        Some(meant) => failure.help(format!("did you mean `{meant}`?")),
        None if known.is_empty() => failure.help("nothing has run here yet"),
        None => failure.help(format!("exports: {}", known.join(", "))),
    })
}

/// Runs of the same export before `run`.
fn before(runs: &[RunDocument], run: &RunDocument) -> Vec<RunDocument> {
    let earlier = runs.iter().filter(|it| it.export == run.export && it.run_id < run.run_id);
    earlier.cloned().collect()
}

/// One run by its name, or by the beginning or end of it.
fn one(name: &str, runs: &[RunDocument], args: &StatusArgs, screen: &Screen) -> Result<Exit, Failure> {
    let exact: Vec<&RunDocument> = runs.iter().filter(|run| run.run_id == name).collect();
    let like = || runs.iter().filter(|run| run.run_id.starts_with(name) || run.run_id.ends_with(name)).collect();
    let found = if exact.is_empty() { like() } else { exact };
    let run = match found.as_slice() {
        [run] => *run,
        [] => {
            let failure = Failure::config("usage::run", format!("there is no run `{name}`"));
            return Err(match suggest(name, runs.iter().map(|run| run.run_id.as_str())) {
                Some(meant) => failure.help(format!("did you mean `{meant}`?")),
                None => failure.help("enlist status lists the runs"),
            });
        }
        several => {
            let names: Vec<&str> = several.iter().map(|run| run.run_id.as_str()).collect();
            return Err(Failure::config("usage::run", format!("`{name}` may be any of {}", names.join(", ")))
                .help("write more of its name"));
        }
    };
    match (&args.html, &args.parquet) {
        (Some(file), _) => wrote(file, enlist_report::run_page(run, &before(runs, run)).as_bytes(), screen),
        (None, Some(file)) => wrote(file, &table::parquet(std::slice::from_ref(run))?, screen),
        (None, None) => {
            screen.result(&page::run(run, &screen.out), run);
            Ok(Exit::Done)
        }
    }
}

/// Writes a file as a whole or not at all; a link at its place is replaced, not followed.
fn wrote(file: &Path, bytes: &[u8], screen: &Screen) -> Result<Exit, Failure> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if fs::metadata(file).is_ok_and(|found| !found.is_file()) {
        return Err(Failure::config("status::write", format!("{} is no file", file.display()))
            .help("name a file in a folder that is there and yours"));
    }
    let write = || -> std::io::Result<u64> {
        let mut temporary = tempfile::Builder::new().prefix(".enlist-").tempfile_in(folder)?;
        temporary.write_all(bytes)?;
        temporary.persist(file).map_err(|e| e.error)?;
        Ok(fs::metadata(file)?.len())
    };
    let size = write().map_err(|e| {
        Error::new(ErrorKind::Config, "status::write", format!("{}: {e}", file.display()))
            .help("name a file in a folder that is there and yours")
    })?;
    let document = json!({ "schema": "enlist.file/1", "file": file.display().to_string(), "bytes": size });
    screen.result(&format!("Wrote {}\n", crate::render::clean(&file.display().to_string())), &document);
    Ok(Exit::Done)
}

/// Shows runs that are under way until none is, or somebody stops looking.
async fn watch(args: &StatusArgs, spec: Option<&Spec>, state: &Path, screen: &Screen) -> Result<Exit, Failure> {
    let signals = Signals::listen();
    let mut stop = signals.stop();
    let clock = Clock::start();
    let mut seen = false;
    loop {
        let known = history::read(state)?.into_iter().map(|run| run.export);
        let mut exports: Vec<String> = spec.iter().flat_map(|it| it.exports.iter().map(|it| it.name.clone())).collect();
        exports.extend(known);
        exports.sort();
        exports.dedup();
        exports.retain(|name| args.export.as_ref().is_none_or(|wanted| wanted == name));
        let runs = history::under_way(state, exports.iter().map(String::as_str));
        for run in &runs {
            screen.result(&format!("{}\n", crate::render::clean(&run.line)), run);
        }
        if runs.is_empty() {
            if !seen {
                screen.text(&page::under_way(&[]));
            }
            return Ok(Exit::Done);
        }
        seen = true;
        tokio::select! {
            () = clock.sleep(LOOK) => {}
            _ = stop.changed() => return Ok(signals.told().unwrap_or(Exit::Interrupted)),
        }
    }
}
