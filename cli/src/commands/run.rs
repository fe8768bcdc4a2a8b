//! `run`: sends what changed.

mod chosen;

use chrono::{DateTime, Utc};
use enlist_core::{Error, ErrorKind, ExportLock, Observer, StateFolder};
use enlist_history::RunDocument;
use tokio::sync::watch;

use crate::args::{Global, JsonKind, PlanArgs, RunArgs};
use crate::consent::{self, Flags};
use crate::exit::Exit;
use crate::exports::{self, Ready, Wishes};
use crate::failure::Failure;
use crate::history::{self, Beacon, Dead};
use crate::output::Screen;
use crate::permit::permitted;
use crate::process::Signals;
use crate::progress::{Display, Events, Title};
use crate::rejects::{self, RunRejects};
use crate::render::json::FailedRun;
use crate::render::model::RunView;
use crate::render::{json, run as page};
use crate::run_name;
use crate::signals::{Listener, Pipes, Teller};
use crate::simulator::Attendance;
use crate::spec::{self, Environment, Export, RejectFiles};
use crate::views::{self, RunFacts};
use crate::watching;

/// What all runs of a command share.
struct Command<'a> {
    args: &'a RunArgs,
    global: &'a Global,
    screen: &'a Screen,
    signals: Signals,
    owner: Option<u32>,
    /// Whether there is more than one, so that each is called by its export.
    several: bool,
    pipes: &'a Pipes<'a>,
}

/// One run of it.
struct Run {
    name: String,
    started: DateTime<Utc>,
}

/// An export that nobody else runs, ready to be.
struct Held {
    ready: Ready,
    folder: StateFolder,
    rejects: RunRejects,
    /// The run before it, where that ended without a word.
    dead: Option<String>,
    _lock: ExportLock,
}

/// Runs the exports one after the other and shows each; the first that does not end well decides the exit code.
pub async fn run(args: &RunArgs, global: &Global, screen: &Screen) -> Result<Exit, Failure> {
    if args.dry_run {
        let plan = PlanArgs { targets: args.targets.clone(), exit_code: false, export: args.export.clone() };
        return super::plan::plan(&plan, global, screen).await;
    }
    let pipes = Pipes::open(screen);
    let ended = runs(args, global, screen, &pipes).await;
    pipes.close(ended.as_ref().err());
    ended
}

async fn runs(args: &RunArgs, global: &Global, screen: &Screen, pipes: &Pipes<'_>) -> Result<Exit, Failure> {
    let spec = spec::load(global.config.as_deref())?;
    let environment = Environment::of_spec(spec.as_ref())?;
    let exports = spec::chosen(&args.targets, &args.export, spec.as_ref(), &environment)?;
    chosen::all_are_meant(args, global, exports.len())?;
    let exports = chosen::as_told(args, exports, screen)?;
    let owner = spec.as_ref().and_then(|spec| spec.owner);
    let several = exports.len() > 1;
    let command = Command { args, global, screen, signals: Signals::listen(), owner, several, pipes };
    let reject_files: Vec<RejectFiles> = exports.iter().map(|export| export.rejects.clone()).collect();
    let mut exit: Option<Exit> = None;
    for export in exports {
        if let Some(signal) = command.signals.told() {
            exit = Some(exit.unwrap_or(Exit::Done).or(signal));
            break;
        }
        let ended = command.run(export).await;
        exit = Some(exit.map_or(ended, |exit| exit.and(ended)));
    }
    // After all of them, however they ended: each may have read the rejects of its last run.
    for files in reject_files {
        if let Some(Err(why)) = files.keep_days.map(|days| rejects::remove_older(&files.folder, days, Utc::now())) {
            screen.warning(&why);
        }
    }
    Ok(exit.unwrap_or(Exit::Done))
}

impl Command<'_> {
    /// Runs one export, shows how it ended, and tells others. What is wrong with it ends no other.
    async fn run(&self, export: Export) -> Exit {
        let started = Utc::now();
        let run = Run { name: run_name::of(started), started };
        let mut teller = Teller::of(&export, &run.name, started, self.screen);
        let (ended, listener) = match self.take_up(&export, &run).await {
            Ok(held) => {
                let listener = Listener::open(&export, self.screen).await;
                (self.attended(&export, held, &run, &mut teller).await, Some(listener))
            }
            Err(failure) => (Err(failure), None),
        };
        let (exit, document) = match ended {
            Ok(view) => self.show(&RunView { named: self.several, ..view }),
            Err(failure) => self.show_failure(&export, &run, failure.of_run(&export.name, self.signals.told())),
        };
        history::keep(&export.state, &document, self.screen);
        teller.end(&document).await;
        // A rehearsal makes no asset.
        if !self.args.sim {
            self.pipes.ended(&document, !self.several);
        }
        if let Some(listener) = listener {
            listener.close();
        }
        exit
    }

    fn show(&self, view: &RunView) -> (Exit, RunDocument) {
        let document = json::run(view);
        self.screen.result(&page::screen(view, &self.screen.out), &document);
        if let Some(error) = &view.error {
            self.screen.error(&self.named(&view.target.export, error.clone().into()));
        }
        let idle = view.exit == Exit::Done && view.requests.bulk == 0;
        let unchanged = self.args.unchanged_exit_code.filter(|_| idle).map(Exit::Unchanged);
        (unchanged.unwrap_or(view.exit), document)
    }

    fn show_failure(&self, export: &Export, run: &Run, failure: Failure) -> (Exit, RunDocument) {
        let document = document_of(export, run, Utc::now(), &failure);
        (self.screen.failure(&self.named(&export.name, failure)), document)
    }

    /// The failure with its export, where it may be any of several.
    fn named(&self, export: &str, failure: Failure) -> Failure {
        if self.several { failure.in_export(export) } else { failure }
    }

    /// Takes the export for `run`, once whoever runs it has ended, if there is so much time.
    async fn take_up(&self, export: &Export, run: &Run) -> Result<Held, Failure> {
        permitted(&export.connection, self.owner)?;
        consent::require(&export.connection, &export.state, &Flags::of(&self.args.export, self.global))?;
        rejects::check_folder(&export.rejects.folder)?;
        // Where there is no state nobody runs the export, and a source that cannot be opened leaves none behind.
        let opened = if export.state.exists() { None } else { Some(exports::prepare(export).await?) };
        let folder = StateFolder::open(&export.state)?;
        let patience = self.args.lock_timeout.unwrap_or_default();
        let lock = folder.wait_for_export(&export.name, &run.name, patience, self.signals.stop()).await;
        let lock = lock.map_err(|held| match held.kind() {
            ErrorKind::Locked => {
                held.help("wait for it to end, with --lock-timeout 10m for example, or stop that process")
            }
            _ => held,
        })?;
        let dead = history::dead(&export.state, &export.name).map(|dead| self.bury(export, dead));
        let mut ready = match opened {
            Some(ready) => ready,
            None => exports::prepare(export).await?,
        };
        // Only here is it certain which run was the last one.
        Wishes::of(self.args, export)?.put_on(&mut ready.export);
        if !export.rejects.columns.is_empty() {
            ready.cells.keep_in(folder.spool_dir())?;
        }
        let rejects = RunRejects::new(&export.rejects.folder, &run.name, ready.cells.clone());
        Ok(Held { ready, folder, rejects, dead, _lock: lock })
    }

    /// Keeps in the history what is known of a run that ended without a word. Returns its name.
    fn bury(&self, export: &Export, dead: Dead) -> String {
        let error = Error::new(ErrorKind::Unfinished, history::KILLED, "the run was killed, or its machine stopped")
            .help("run it again: it finds out what arrived and sends the rest");
        let started = DateTime::parse_from_rfc3339(&dead.position.started_at).map_or(dead.seen, |at| at.to_utc());
        let run = Run { name: dead.position.run_id.clone(), started };
        history::keep(&export.state, &document_of(export, &run, dead.seen, &error.into()), self.screen);
        dead.bury();
        run.name
    }

    /// The run, beside the simulator where it goes to one.
    async fn attended(
        &self,
        export: &Export,
        held: Held,
        run: &Run,
        teller: &mut Teller<'_>,
    ) -> Result<RunView, Failure> {
        let attendance = Attendance::of(export, self.screen).await?;
        let ended = self.carry(export, &held, run, teller).await;
        if let Err(failure) = attendance.end().await {
            // The run has ended, whatever becomes of the simulated account.
            self.screen.warning(&failure.error.to_string());
        }
        ended
    }

    /// The run itself.
    async fn carry(
        &self,
        export: &Export,
        held: &Held,
        run: &Run,
        teller: &mut Teller<'_>,
    ) -> Result<RunView, Failure> {
        let Held { ready, folder, rejects, .. } = held;
        let state = exports::state(folder, &export.name, &run.name, &ready.export)?;
        teller.begin(&*ready.export.source).await;

        let (progress, seen) = watch::channel(enlist_core::Progress::default());
        let title = Title { run: run.name.clone(), export: export.name.clone(), list: export.list, list_name: None };
        let beacon = Beacon::light(&export.state, &export.name, &run.name, run.started);
        let display = Display::of_process(self.global, &self.screen.err);
        let lines = self.global.json == Some(JsonKind::Lines);
        let events = lines.then(|| Events::every(self.global.progress_every));
        let shown = watching::show(display, events, self.screen, title, &ready.export, beacon, seen);
        let observer = Observer { progress, stop: self.signals.stop(), rejects: Box::new(rejects.clone()) };
        let (report, timeline) = tokio::join!(ready.export.run(state, observer), shown);
        let report = report?;
        let recovered = report.recovered.resolved + report.recovered.unclear > 0;
        let resumed = || held.dead.clone().or_else(|| history::last(&export.state, &export.name));
        let facts = RunFacts {
            run: run.name.clone(),
            resumed: recovered.then(resumed).flatten(),
            rehearsal: self.args.sim,
            started: run.started,
            signal: self.signals.told(),
            rejects_file: rejects.finish()?.map(|path| path.display().to_string()),
            reject_examples: rejects.examples(),
            timeline,
        };
        Ok(views::run(export, ready, report, facts))
    }
}

/// The document of a run that has no report.
fn document_of(export: &Export, run: &Run, ended: DateTime<Utc>, failure: &Failure) -> RunDocument {
    let source = export.source_name();
    let facts = FailedRun {
        name: &run.name,
        export: &export.name,
        source: &source,
        display_name: export.connection.display_name.as_deref(),
        host: &export.connection.host,
        list: export.list,
        started_at: views::stamp(run.started),
        finished_at: views::stamp(ended),
        time: (ended - run.started).to_std().unwrap_or_default(),
    };
    json::failed_run(&facts, failure)
}
