//! `run`: sends what changed.

use std::io::IsTerminal;

use enlist_core::{Observer, StateFolder};
use enlist_history::RunDocument;
use tokio::sync::watch;

use crate::args::{Global, PlanArgs, RunArgs};
use crate::consent::{self, Flags};
use crate::exit::Exit;
use crate::exports;
use crate::failure::Failure;
use crate::history::{self, Beacon};
use crate::output::Screen;
use crate::permit::permitted;
use crate::process::Signals;
use crate::progress::{Display, Title};
use crate::rejects::{self, RunRejects};
use crate::render::json::FailedRun;
use crate::render::model::RunView;
use crate::render::{json, run as page};
use crate::signals::{self, Listener};
use crate::simulator::Attendance;
use crate::spec::{self, Environment, Export};
use crate::views::{self, RunFacts};
use crate::watching;

/// What all runs of a command share.
struct Command<'a> {
    args: &'a RunArgs,
    global: &'a Global,
    screen: &'a Screen,
    signals: Signals,
    owner: Option<u32>,
}

/// One run of it.
struct Run {
    name: String,
    started: chrono::DateTime<chrono::Utc>,
}

/// Runs the exports one after the other and shows each; the first that does not end well decides the exit code.
pub async fn run(args: &RunArgs, global: &Global, screen: &Screen) -> Result<Exit, Failure> {
    if args.dry_run {
        let plan = PlanArgs { targets: args.targets.clone(), exit_code: false, export: args.export.clone() };
        return super::plan::plan(&plan, global, screen).await;
    }
    let spec = spec::load(global.config.as_deref())?;
    let environment = Environment::of_spec(spec.as_ref())?;
    let exports = spec::chosen(&args.targets, &args.export, spec.as_ref(), &environment)?;
    all_are_meant(args, global, exports.len())?;
    let owner = spec.as_ref().and_then(|spec| spec.owner);
    let command = Command { args, global, screen, signals: Signals::listen(), owner };
    let mut exit: Option<Exit> = None;
    for export in exports {
        if let Some(signal) = command.signals.told() {
            exit = Some(exit.unwrap_or(Exit::Done).or(signal));
            break;
        }
        let ended = command.run(export).await?;
        exit = Some(exit.map_or(ended, |exit| exit.and(ended)));
    }
    Ok(exit.unwrap_or(Exit::Done))
}

/// Whoever writes a script says that several exports are meant.
fn all_are_meant(args: &RunArgs, global: &Global, exports: usize) -> Result<(), Failure> {
    let asked = std::io::stdin().is_terminal() && !global.no_input;
    if exports < 2 || args.all || asked || !args.targets.is_empty() {
        return Ok(());
    }
    Err(Failure::config("usage::all", format!("which of the {exports} exports?"))
        .help("name them, or write --all: without a terminal nothing is run by default"))
}

impl Command<'_> {
    /// Runs one export, shows how it ended, and tells others.
    async fn run(&self, mut export: Export) -> Result<Exit, Failure> {
        export.deadline = self.args.deadline.or(export.deadline);
        export.guards.max_rejects = self.args.max_rejects.or(export.guards.max_rejects);
        if self.args.sim {
            export = export.simulated();
        }
        let started = chrono::Utc::now();
        let run = Run { name: name_of_run(started), started };
        let listener = Listener::open(&export, self.screen).await;
        let attendance = Attendance::of(&export).await?;
        let ended = self.carry(&export, &run).await;
        attendance.end().await?;
        let (exit, document) = match ended {
            Ok(view) => self.show(&view),
            Err(failure) => self.show_failure(&export, &run, failure.of_run(&export.name, self.signals.told())),
        };
        history::keep(&export.state, &document, self.screen);
        signals::ended(&export, &document, self.screen).await;
        listener.close();
        Ok(exit)
    }

    fn show(&self, view: &RunView) -> (Exit, RunDocument) {
        let document = json::run(view);
        self.screen.result(&page::screen(view, &self.screen.out), &document);
        if let Some(error) = &view.error {
            self.screen.error(&error.clone().into());
        }
        let idle = view.exit == Exit::Done && view.requests.bulk == 0;
        let unchanged = self.args.unchanged_exit_code.filter(|_| idle).map(Exit::Unchanged);
        (unchanged.unwrap_or(view.exit), document)
    }

    fn show_failure(&self, export: &Export, run: &Run, failure: Failure) -> (Exit, RunDocument) {
        let now = chrono::Utc::now();
        let source = export.source_name();
        let facts = FailedRun {
            name: &run.name,
            export: &export.name,
            source: &source,
            display_name: export.connection.display_name.as_deref(),
            host: &export.connection.host,
            list: export.list,
            started_at: views::stamp(run.started),
            finished_at: views::stamp(now),
            time: (now - run.started).to_std().unwrap_or_default(),
        };
        let document = json::failed_run(&facts, &failure);
        (self.screen.failure(&failure), document)
    }

    /// The run itself.
    async fn carry(&self, export: &Export, run: &Run) -> Result<RunView, Failure> {
        permitted(&export.connection, self.owner)?;
        consent::require(&export.connection, &export.state, &Flags::of(&self.args.export, self.global))?;
        rejects::check_folder(&export.rejects)?;
        let mut ready = exports::prepare(export).await?;
        exports::apply(self.args, export, &mut ready.export)?;
        let folder = StateFolder::open(&export.state)?;
        let _lock = folder.lock_export(&export.name, &run.name)?;
        let state = exports::state(&folder, &export.name, &run.name, &ready.export)?;
        signals::started(export, &run.name, run.started, self.screen).await;

        let rejects = RunRejects::new(&export.rejects, &run.name);
        let (progress, seen) = watch::channel(enlist_core::Progress::default());
        let title = Title { run: run.name.clone(), export: export.name.clone(), list: export.list, list_name: None };
        let beacon = Beacon::light(&export.state, &export.name, &run.name);
        let display = Display::of_process(self.global, &self.screen.err);
        let shown = watching::show(display, self.screen.err, title, &ready.export, beacon, seen);
        let observer = Observer { progress, stop: self.signals.stop(), rejects: Box::new(rejects.clone()) };
        let (report, timeline) = tokio::join!(ready.export.run(state, observer), shown);
        let facts = RunFacts {
            run: run.name.clone(),
            started: run.started,
            signal: self.signals.told(),
            rejects_file: rejects.finish()?.map(|path| path.display().to_string()),
            reject_examples: rejects.examples(),
            timeline,
        };
        Ok(views::run(export, &ready, report?, facts))
    }
}

/// Unique within a state folder and in the order of time.
fn name_of_run(started: chrono::DateTime<chrono::Utc>) -> String {
    // Exports that are due at the same moment start within a millisecond.
    format!("r_{}_{:04x}", started.format("%Y%m%d_%H%M%S_%3f"), fastrand::u16(..))
}
