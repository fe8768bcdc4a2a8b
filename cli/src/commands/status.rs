//! `status`: what runs came to, and what happened to somebody.

mod files;
mod find;
mod watch;

use std::io::BufRead;
use std::path::{Path, PathBuf};

use enlist_core::StateFolder;
use enlist_history::RunDocument;
use serde_json::json;

use crate::args::{Global, StatusArgs};
use crate::exit::Exit;
use crate::failure::{Failure, suggest};
use crate::output::Screen;
use crate::render::status as page;
use crate::spec::{self, Spec};
use crate::{history, rejects};

/// How many runs are shown unless it is said.
const LAST: usize = 10;

/// Answers what was asked, from the state folder alone: nobody is called and no key is read.
pub async fn status(args: &StatusArgs, global: &Global, screen: &Screen) -> Result<Exit, Failure> {
    if args.last == Some(0) {
        return Err(Failure::config("usage::last", "--last 0 is no run").help("at least 1"));
    }
    let spec = spec::load_without_secrets(global.config.as_deref())?;
    let state = state_of(args.state.as_deref(), spec.as_ref());
    // What lies in a folder of somebody else is not believed.
    let folder = StateFolder::open_existing_read_only(&state)?;
    let runs = history::read_aloud(&state, screen)?;
    if let Some(person) = &args.find {
        let found =
            find::find(&person_of(person)?, args.export.as_deref(), folder.as_ref().map(|it| (it, &*state)), &runs)?;
        let text = page::found(&found.person, &found.exports, found.suppressed, &found.notes, &screen.out);
        screen.result(&text, &found.document());
        return Ok(Exit::Done);
    }
    if args.watch {
        return Ok(watch::watch(args.export.as_deref(), &state, screen).await);
    }
    let runs = of_export(runs, args.export.as_deref(), spec.as_ref())?;
    if let Some(name) = &args.run {
        return one(name, &runs, &state, args, screen);
    }
    if args.parquet.is_some() || args.html.is_some() && args.last.is_some() {
        of_one_export(&runs)?;
    }
    let last = &runs[runs.len().saturating_sub(args.last.unwrap_or(LAST))..];
    if files::wanted(args) {
        let report = match (args.last, last) {
            (None, [.., run]) => files::report(run, &runs),
            _ => enlist_report::export_page(last),
        };
        return files::write(args, &report, last, screen);
    }
    if !screen.json {
        screen.text(&page::runs(last, &screen.out));
    } else if last.is_empty() {
        screen.document(&json!({ "schema": "enlist.runs/1", "runs": [] }));
    } else {
        last.iter().for_each(|run| screen.document(run));
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

/// A page or a table of several runs is of one export: numbers of several side by side compare what cannot be compared.
fn of_one_export(runs: &[RunDocument]) -> Result<(), Failure> {
    let mut exports: Vec<&str> = runs.iter().map(|run| run.export.as_str()).collect();
    exports.sort_unstable();
    exports.dedup();
    match exports.as_slice() {
        [] | [_] => Ok(()),
        several => Err(Failure::config("usage::export", format!("which of the {} exports?", several.len()))
            .help(format!("name one, as in enlist status {}; exports: {}", several[0], several.join(", ")))),
    }
}

/// One run by its name, or by the beginning or end of it.
fn one(name: &str, runs: &[RunDocument], state: &Path, args: &StatusArgs, screen: &Screen) -> Result<Exit, Failure> {
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
    if files::wanted(args) {
        return files::write(args, &files::report(run, runs), std::slice::from_ref(run), screen);
    }
    let gone = run.rejects_file.as_deref().and_then(|file| rejects::open(file, state).err());
    screen.result(&page::run(run, gone.as_deref(), &screen.out), run);
    Ok(Exit::Done)
}
