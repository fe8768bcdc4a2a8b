//! A configured export becomes one the core can plan and run.

use std::sync::Arc;
use std::time::Duration;

use enlist_core::{
    Clock, Error, Export, FilePaceStore, Guard, Guards, Hasher, Ledger, MemoryLedger, Pacer, Scope, Selection, Sink,
    Source, SqliteLedger, State, StateFolder,
};

use crate::args::RunArgs;
use crate::failure::{Failure, suggest};
use crate::rejects::{self, SharedCells, Watched};
use crate::{connectors, spec};

/// Time a run may take unless the configuration says otherwise: what the export it replaces takes at most.
pub const DEADLINE: Duration = Duration::from_secs(90 * 60);

/// An export with what the screens say of it.
pub struct Ready {
    /// For the core.
    pub export: Export,
    /// Columns of the segment.
    pub columns: u64,
    /// Whether the names of the columns decided the mapping.
    pub automatic: bool,
    /// Columns that are not sent.
    pub unused: Vec<String>,
    /// What scans keep for the reject file, once they are told where.
    pub cells: SharedCells,
}

/// Opens the source of `export` and settles its mapping.
///
/// # Errors
/// Those of the source, the mapping and the settings of the account.
pub async fn prepare(export: &spec::Export) -> Result<Ready, Failure> {
    let mut source = connectors::segment(export).await?;
    let schema = source.schema().await?;
    let mapping = export.mapping(&schema)?;
    let (columns, cells) = (&export.rejects.columns, SharedCells::default());
    rejects::check_columns(columns, &schema, &export.source_name())?;
    if !columns.is_empty() {
        source = Arc::new(Watched::new(source, columns, cells.clone()));
    }
    let sent = mapping.columns();
    let unused = schema.fields().iter().map(|field| field.name().clone()).filter(|name| !sent.contains(name));
    Ok(Ready {
        columns: schema.fields().len() as u64,
        automatic: export.map.email.is_none(),
        unused: unused.collect(),
        cells,
        export: Export {
            source,
            mapping: Some(mapping),
            sink: connectors::sink(export)?,
            guards: guards(&export.guards),
            full: false,
            selection: Selection::default(),
            suppress: suppressed(&export.suppress).await?,
            deadline: export.deadline.unwrap_or(DEADLINE),
        },
    })
}

/// The sources of people who are never sent.
async fn suppressed(sources: &[spec::SourceSpec]) -> Result<Vec<Arc<dyn Source>>, Failure> {
    let mut opened = Vec::with_capacity(sources.len());
    for source in sources {
        // A file of a similar name may be the segment itself, so none is suggested.
        let suppressed = connectors::open(source).await.map_err(|error| {
            Error::new(error.kind(), error.code().to_owned(), format!("suppress: {error}"))
                .help("correct `suppress` of the export: without it nobody would be left out, so nothing was sent")
        });
        opened.push(suppressed?);
    }
    Ok(opened)
}

/// What the command line says of a run, understood before anything is read or called.
#[derive(Clone, Debug)]
pub struct Wishes {
    /// Send everything, not only what changed.
    pub full: bool,
    /// Which contacts.
    pub selection: Selection,
    /// Guards that may be broken.
    pub allow: Vec<Guard>,
}

impl Wishes {
    /// Those for a run of `spec`.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](enlist_core::ErrorKind::Config) for a guard that does not exist, and for `--only-rejects`
    /// without a run whose rejects are known.
    pub fn of(args: &RunArgs, spec: &spec::Export) -> Result<Self, Failure> {
        let allow = args.allow.iter().map(|name| guard(name)).collect::<Result<_, _>>()?;
        let rejects = args.only_rejects.then(|| rejects::of_last_run(&spec.state, &spec.name)).transpose()?;
        Ok(Self { full: args.full, selection: Selection { limit: args.limit, rejects }, allow })
    }

    /// Puts them on top of what the configuration says.
    pub fn put_on(self, export: &mut Export) {
        export.full = self.full;
        export.selection = self.selection;
        export.guards.allow.extend(self.allow);
    }
}

fn guard(name: &str) -> Result<Guard, Failure> {
    Guard::from_name(name).ok_or_else(|| {
        let names = Guard::ALL.map(Guard::name);
        let failure = Failure::config("usage::guard", format!("there is no guard \"{name}\""));
        match suggest(name, names) {
            Some(meant) => failure.help(format!("did you mean --allow {meant}?")),
            None => failure.help(format!("guards are {}", names.join(", "))),
        }
    })
}

fn guards(written: &spec::Guards) -> Guards {
    let default = Guards::default();
    Guards {
        max_change: written.max_change.map(|share| share.fraction()).or(default.max_change),
        max_rejects: written.max_rejects.map(|share| share.fraction()).or(default.max_rejects),
        min_rows: written.min_rows.unwrap_or(default.min_rows),
        max_adds: written.max_adds.or(default.max_adds),
        max_leave: written.max_leave.map(|share| share.fraction()).or(default.max_leave),
        allow: default.allow,
    }
}

/// The state of `export` for `run`. The folder has to be locked for it.
///
/// # Errors
/// [`ErrorKind::State`](enlist_core::ErrorKind::State) when it cannot be used.
pub fn state(folder: &StateFolder, name: &str, run: &str, export: &Export) -> Result<State, Error> {
    let mut ledger = SqliteLedger::open(&folder.ledger_path(), &scope(name, &*export.sink))?;
    ledger.begin(run, Clock::start().unix_millis())?;
    Ok(State {
        ledger: Box::new(ledger),
        hasher: folder.hasher(),
        pacer: pacer(&*export.sink)?,
        spool: folder.spool_dir().to_owned(),
        clock: Clock::start(),
    })
}

/// The state of `export` for a plan: as a run left it, or empty. Nothing is created in the folder.
///
/// # Errors
/// [`ErrorKind::State`](enlist_core::ErrorKind::State) when it is there and cannot be read.
pub fn state_to_read(export: &spec::Export, sink: &dyn Sink) -> Result<State, Error> {
    let scope = scope(&export.name, sink);
    let folder = StateFolder::open_existing_read_only(&export.state)?;
    let known = match &folder {
        Some(folder) => SqliteLedger::open_read_only(&folder.ledger_path(), &scope)?,
        None => None,
    };
    let ledger: Box<dyn Ledger> = match known {
        Some(ledger) => Box::new(ledger),
        None => Box::new(MemoryLedger::new(scope)),
    };
    let (hasher, spool) = match &folder {
        Some(folder) => (folder.hasher(), folder.spool_dir().to_owned()),
        None => (Hasher::ephemeral()?, std::env::temp_dir()),
    };
    Ok(State { ledger, hasher, pacer: pacer(sink)?, spool, clock: Clock::start() })
}

fn scope(name: &str, sink: &dyn Sink) -> Scope {
    Scope { export: name.to_owned(), account: sink.account().to_owned(), list: sink.list() }
}

/// One pacer for all processes of this user that call the account.
///
/// # Errors
/// [`ErrorKind::State`](enlist_core::ErrorKind::State) when the file they share cannot be used.
pub fn pacer(sink: &dyn Sink) -> Result<Arc<Pacer>, Error> {
    let store = FilePaceStore::for_account(sink.account())?;
    Ok(Arc::new(Pacer::new(Box::new(store), sink.quotas())))
}

/// Whether a finished run with so many rejected rows is a success. What `--allow` lets run is told in the end all the same.
pub fn tolerates(guards: &Guards, rejected: u64, read: u64) -> bool {
    guards.max_rejects.is_none_or(|share| rejected as f64 <= share * read as f64)
}
