//! `run`: sends what changed.

use enlist_core::{Observer, StateFolder};
use tokio::sync::watch;

use crate::args::{Global, RunArgs};
use crate::consent::{self, Flags};
use crate::exit::Exit;
use crate::exports;
use crate::failure::Failure;
use crate::notify;
use crate::output::Screen;
use crate::process::Signals;
use crate::progress::{Display, Title};
use crate::rejects::{self, RunRejects};
use crate::render::model::RunView;
use crate::render::{json, run as page};
use crate::simulator::Attendance;
use crate::spec::{self, Environment, Export};
use crate::views::{self, RunFacts};
use crate::watching;

/// Runs the exports one after the other and shows each; the first that does not end well decides the exit code.
pub async fn run(args: &RunArgs, global: &Global, screen: &Screen) -> Result<Exit, Failure> {
    let spec = spec::load(global.config.as_deref())?;
    let environment = Environment::of_spec(spec.as_ref())?;
    let signals = Signals::listen();
    let mut exit = Exit::Done;
    for mut export in spec::select(args.target.as_deref(), &args.export, spec.as_ref(), &environment)? {
        if let Some(signal) = signals.told() {
            exit = exit.or(signal);
            break;
        }
        export.deadline = args.deadline.or(export.deadline);
        export.guards.max_rejects = args.max_rejects.or(export.guards.max_rejects);
        if args.sim {
            export = export.simulated();
        }
        let attendance = Attendance::of(&export).await?;
        let run = run_of(&export, args, global, screen, &signals).await;
        attendance.end().await?;
        exit = exit.or(match run {
            Ok(run) => {
                show(&run, screen);
                notify::tell(&export, &json::run(&run), screen).await;
                run.exit
            }
            Err(failure) => {
                let failure = failure.of_run(&export.name, signals.told());
                let exit = screen.failure(&failure);
                notify::tell(&export, &json::failure(&failure), screen).await;
                exit
            }
        });
    }
    Ok(exit)
}

fn show(run: &RunView, screen: &Screen) {
    screen.result(&page::screen(run, &screen.out), &json::run(run));
    if let Some(error) = &run.error {
        screen.error(&error.clone().into());
    }
}

async fn run_of(
    export: &Export,
    args: &RunArgs,
    global: &Global,
    screen: &Screen,
    signals: &Signals,
) -> Result<RunView, Failure> {
    let started = chrono::Utc::now();
    let run = name_of_run(started);
    consent::require(&export.connection, &export.state, &Flags::of(&args.export, global))?;
    rejects::check_folder(&export.rejects)?;
    let mut ready = exports::prepare(export).await?;
    exports::apply(args, &mut ready.export)?;
    let folder = StateFolder::open(&export.state)?;
    let _lock = folder.lock_export(&export.name, &run)?;
    let state = exports::state(&folder, &export.name, &ready.export)?;

    let rejects = RunRejects::new(&export.rejects, &run);
    let (progress, seen) = watch::channel(enlist_core::Progress::default());
    let title = Title { run: run.clone(), export: export.name.clone(), list: export.list, list_name: None };
    let shown = watching::show(Display::of_process(global, &screen.err), screen.err, title, &ready.export, seen);
    let observer = Observer { progress, stop: signals.stop(), rejects: Box::new(rejects.clone()) };
    let (report, ()) = tokio::join!(ready.export.run(state, observer), shown);
    let rejects_file = rejects.finish()?.map(|path| path.display().to_string());
    let facts = RunFacts { run, started, signal: signals.told(), rejects_file };
    Ok(views::run(export, &ready, report?, facts))
}

/// Unique within a state folder and in the order of time.
fn name_of_run(started: chrono::DateTime<chrono::Utc>) -> String {
    format!("r_{}", started.format("%Y%m%d_%H%M%S_%3f"))
}
