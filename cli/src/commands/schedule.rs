//! `schedule`: stays in the foreground and runs each export when it is due.

mod child;
mod said;

use std::cell::Cell;
use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use enlist_history::History;
use enlist_schedule::{Entry, Options, Start, Timetable, run_all};
use tokio::sync::watch;

use crate::args::{Global, ScheduleArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Screen;
use crate::process::stop_asked;
use crate::signals::Listener;
use crate::spec::{self, DEFAULT_FILE, Export, Schedule};
use child::Program;
use said::Speaker;

/// Runs what is due until it is told to stop. The first signal lets the runs that are under way end well, the second
/// ends them at once. How a run ends changes nothing here: its next one comes.
pub async fn schedule(args: &ScheduleArgs, global: &Global, screen: &Screen) -> Result<Exit, Failure> {
    // The runs look up keys themselves, afresh each time.
    let Some(spec) = spec::load_without_secrets(global.config.as_deref())? else {
        let failure = Failure::config("config::missing", format!("no {DEFAULT_FILE} here"));
        return Err(failure.help("enlist init writes one; -c FILE names another"));
    };
    let entries = entries(&spec.exports, args, screen)?;
    // All exports of a file have one address, and one history that is told there.
    let listener = match spec.exports.first() {
        Some(export) => Some(Listener::open(export, screen).await),
        None => None,
    };
    let served = listener.as_ref().is_some_and(Listener::is_open);
    let program = Arc::new(Program::this(&spec.file, global, served)?);
    let speaker = Arc::new(Speaker::new(screen.clone(), &entries));

    let (stop, stopped) = watch::channel(false);
    let (kill, killed) = watch::channel(false);
    let told = Cell::new(None);
    let signals = async {
        told.set(Some(stop_asked().await));
        stop.send_replace(true);
        speaker.stopping();
        told.set(Some(stop_asked().await));
        kill.send_replace(true);
        std::future::pending::<()>().await;
    };
    let run = {
        let speaker = Arc::clone(&speaker);
        move |start: Start| {
            let (program, speaker, killed) = (Arc::clone(&program), Arc::clone(&speaker), killed.clone());
            async move {
                let ended = program.run(&start.name, start.stop, killed).await;
                speaker.ended(&start.name, start.due, ended);
            }
        }
    };
    let hear = {
        let speaker = Arc::clone(&speaker);
        move |event| speaker.event(&event, Utc::now())
    };
    let options = Options { parallel: args.parallel, seed: None };
    let runs = run_all(entries, options, stopped, Utc::now, run, hear);
    tokio::select! {
        // Signals are listened to before anything starts.
        biased;
        () = signals => {}
        () = runs => {}
    }
    if let Some(listener) = listener {
        listener.close();
    }
    Ok(told.get().unwrap_or(Exit::Done))
}

/// What is due when, of the exports that are enabled and have a schedule.
fn entries(exports: &[Export], args: &ScheduleArgs, screen: &Screen) -> Result<Vec<Entry>, Failure> {
    let scheduled = exports.iter().filter(|export| export.enabled);
    let scheduled = scheduled.filter_map(|export| Some((export, export.schedule.as_ref()?)));
    let entries = scheduled.map(|(export, schedule)| {
        Ok(Entry {
            name: export.name.clone(),
            timetable: timetable(export, schedule)?,
            last: last_run(&export.state, &export.name, screen),
            jitter: args.jitter.unwrap_or_default(),
            catch_up: !args.no_catch_up,
        })
    });
    let entries = entries.collect::<Result<Vec<_>, Failure>>()?;
    if entries.is_empty() {
        let failure = Failure::config("config::no_schedule", "no export that is enabled has a schedule");
        return Err(failure.help(
            "add to an export: schedule: \"0 6 * * MON-FRI\" and, unless UTC is meant, time_zone: Europe/Helsinki",
        ));
    }
    Ok(entries)
}

fn timetable(export: &Export, schedule: &Schedule) -> Result<Timetable, Failure> {
    Timetable::parse(&schedule.cron, schedule.time_zone.as_deref()).map_err(|error| {
        let failure = Failure::config(error.code(), format!("the schedule of export `{}`: {error}", export.name));
        failure.help(error.help())
    })
}

/// When `export` was last run, as far as the history of `state` knows. One that cannot be read is no reason not to run.
fn last_run(state: &Path, export: &str, screen: &Screen) -> Option<DateTime<Utc>> {
    let runs = History::of(state).read().unwrap_or_else(|error| {
        screen.warning(&format!("{error}; nothing that {export} missed is caught up on"));
        Vec::new()
    });
    let started = runs.iter().filter(|run| run.export == export).filter_map(|run| run.started_at.parse().ok());
    started.max()
}
