//! `doctor`: what a run would stumble over.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use enlist_core::{Clock, Destination, Error, Rows, Source, State, check_destination};

use crate::args::{DoctorArgs, ExportArgs, Global};
use crate::commands::look::known;
use crate::connectors;
use crate::consent::{self, Flags};
use crate::exit::Exit;
use crate::exports;
use crate::failure::Failure;
use crate::output::Screen;
use crate::permit::permitted;
use crate::render::doctor::{Check, Verdict, document, screen as page};
use crate::render::source::{outcome, rows as rows_of};
use crate::render::{count, plural};
use crate::sample;
use crate::simulator::Attendance;
use crate::spec::{self, Environment, Export, Spec};

/// Checks the configuration and everything it refers to: each connection once, and every export that is enabled or
/// named. The first check that failed decides the exit code.
pub async fn doctor(args: &DoctorArgs, global: &Global, screen: &Screen) -> Result<Exit, Failure> {
    let spec = spec::require(global.config.as_deref())?;
    let environment = Environment::of_spec(Some(&spec))?;
    let exports = spec::select(args.export.as_deref(), &ExportArgs::default(), Some(&spec), &environment)?;
    let mut checks = vec![configuration(&spec)];
    let mut connections = BTreeSet::new();
    for export in &exports {
        if !export.enabled && args.export.is_none() {
            let detail = "not enabled: it runs, and is checked, only by its name";
            checks.push(Check::new(Verdict::Ok, named("export", export), detail));
            continue;
        }
        if connections.insert(export.connection.name.as_str()) {
            checks.extend(account(export, spec.owner, global));
        }
        let attendance = Attendance::of(export, screen).await?;
        checks.extend(examine(export).await);
        attendance.end().await?;
    }
    screen.result(&page(&checks, &screen.out), &document(&checks));
    let failed = checks.iter().find_map(|check| check.error.as_ref());
    Ok(failed.map_or(Exit::Done, |error| Exit::from(error.kind())))
}

fn configuration(spec: &Spec) -> Check {
    let connections = plural(spec.connections.len() as u64, "connection");
    let exports = plural(spec.exports.len() as u64, "export");
    Check::new(Verdict::Ok, "configuration", format!("{}: {connections}, {exports}", spec.file.display()))
}

/// All there is to check of a connection without calling anybody.
fn account(export: &Export, owner: Option<u32>, global: &Global) -> Vec<Check> {
    let key = Some(key(export));
    user(export, owner).into_iter().chain(key).chain(agreed(export, global)).collect()
}

/// Whether who runs this may run the export, where somebody has a say in it.
fn user(export: &Export, owner: Option<u32>) -> Option<Check> {
    let connection = &export.connection;
    let name = format!("user of {}", connection.title());
    match permitted(connection, owner) {
        Ok(()) if connection.is_simulator() => None,
        Ok(()) => Some(Check::new(Verdict::Ok, name, "may run its exports")),
        Err(error) => Some(Check::failed(name, &error)),
    }
}

/// All there is to check of one export, in the order in which a run would come across it.
async fn examine(export: &Export) -> Vec<Check> {
    let reached = reach(export).await;
    let mut checks = source(export, &reached);
    let sink = match connectors::sink(export) {
        Ok(sink) => sink,
        Err(error) => {
            checks.push(Check::failed(named("destination", export), &error));
            return checks;
        }
    };
    let state = match exports::state_to_read(export, &*sink) {
        Ok(state) => state,
        Err(error) => {
            // The quotas are part of the state: without them nothing may be called.
            checks.push(Check::failed(named("state", export), &error));
            return checks;
        }
    };
    match check_destination(&*sink, &state.pacer, &Clock::start()).await {
        Ok(found) => {
            checks.extend(list(export, &found));
            if let Ok(reached) = &reached {
                checks.extend(mapping(export, &found, reached).await);
            }
            checks.extend(room(export, &found));
        }
        Err(error) => checks.push(Check::failed(named("destination", export), &error)),
    }
    checks.push(remembered(export, &state));
    checks
}

fn named(what: &str, export: &Export) -> String {
    format!("{what} of {}", export.name)
}

fn key(export: &Export) -> Check {
    let connection = &export.connection;
    let name = format!("key of {}", connection.title());
    if connection.is_simulator() {
        Check::new(Verdict::Ok, name, "not needed by the simulator")
    } else if connection.key_written_out {
        let advice = "the key itself stands in the configuration; ${file:/path} or ${VAR} keeps it out";
        Check::new(Verdict::Warn, name, advice)
    } else {
        Check::new(Verdict::Ok, name, format!("for {}", connection.host))
    }
}

/// Whether somebody agreed, where somebody has to.
fn agreed(export: &Export, global: &Global) -> Option<Check> {
    let connection = &export.connection;
    let flags = Flags { config: global.config.as_deref(), ..Flags::default() };
    let name = format!("consent of {}", connection.title());
    match consent::require(connection, &export.state, &flags) {
        Ok(Some(consent)) => Some(Check::new(Verdict::Ok, name, format!("recorded on {}", consent.at))),
        Ok(None) => None,
        Err(error) => Some(Check::failed(name, &error)),
    }
}

/// A source that was reached.
struct Reached {
    source: Arc<dyn Source>,
    schema: SchemaRef,
    rows: Rows,
}

/// The segment, once it is clear which of its columns holds the address.
async fn reach(export: &Export) -> Result<Reached, Error> {
    let source = connectors::segment(export).await?;
    let schema = source.schema().await?;
    export.mapping(&schema)?;
    Ok(Reached { rows: source.rows().await?, schema, source })
}

fn source(export: &Export, reached: &Result<Reached, Error>) -> Vec<Check> {
    let name = named("source", export);
    let Reached { schema, rows, .. } = match reached {
        Ok(reached) => reached,
        Err(error) => return vec![Check::failed(name, error)],
    };
    let columns = plural(schema.fields().len() as u64, "column");
    let rows = known(*rows).map(|rows| format!("{} rows, ", rows_of(Some(rows)))).unwrap_or_default();
    let kinds = schema.fields().iter().map(|field| format!("{} {}", field.name(), field.data_type()));
    let kinds = kinds.collect::<Vec<_>>().join(", ");
    vec![
        Check::new(Verdict::Ok, name, format!("{}: {rows}{columns}", export.source_name())),
        Check::new(Verdict::Ok, named("columns", export), kinds),
    ]
}

/// The list that a destination that answered has.
fn list(export: &Export, found: &Destination) -> [Check; 2] {
    let ok = |what, detail| Check::new(Verdict::Ok, named(what, export), detail);
    [
        ok("destination", format!("{} accepts the key", found.host)),
        ok("list", format!("{} \"{}\"", found.list, found.list_name)),
    ]
}

/// What sending would add to, and whether there is room.
fn room(export: &Export, found: &Destination) -> Vec<Check> {
    let unknown = |tag| format!("the account has no tag \"{tag}\"; sending creates it");
    let tags = found.unknown_tags.iter().map(unknown);
    let mut checks: Vec<_> = tags.map(|advice| Check::new(Verdict::Warn, named("tags", export), advice)).collect();
    let room = named("room", export);
    checks.push(match found.headroom {
        Some(it) if it.used >= it.limit => {
            let full = format!("none: {} of {} contacts used", count(it.used), count(it.limit));
            Check::new(Verdict::Warn, room, full)
        }
        Some(it) => Check::new(Verdict::Ok, room, format!("{} of {} contacts used", count(it.used), count(it.limit))),
        None => Check::new(Verdict::Ok, room, "the account does not tell its contact limit"),
    });
    checks
}

/// What the mapping makes of the first rows.
async fn mapping(export: &Export, found: &Destination, reached: &Reached) -> Vec<Check> {
    let schema = &reached.schema;
    let mapping = export.mapping(schema).and_then(|mapping| Ok((mapping.columns(), mapping.bind(schema, found)?)));
    let (columns, bound) = match mapping {
        Ok(mapping) => mapping,
        Err(error) => return vec![Check::failed(named("mapping", export), &error)],
    };
    let parts = plural(bound.describe().len() as u64, "part");
    let mut checks = vec![Check::new(Verdict::Ok, named("mapping", export), format!("{parts} of a contact"))];
    let name = named("sample", export);
    let rows = sample::first_rows(&*reached.source, &columns).await;
    checks.push(match rows.and_then(|rows| Ok((sample::count(&rows), sample::mapped(&rows, &bound)?))) {
        Ok((rows, mapped)) => {
            let rejected: Vec<_> = mapped.rejected.into_iter().collect();
            let verdict = if mapped.contacts == 0 && rows > 0 { Verdict::Warn } else { Verdict::Ok };
            Check::new(verdict, name, outcome(rows as u64, mapped.contacts, &rejected))
        }
        Err(error) => Check::failed(name, &error),
    });
    checks
}

fn remembered(export: &Export, state: &State) -> Check {
    match state.ledger.generation() {
        Ok(known) => {
            let what = if known.is_some() { "remembers earlier runs" } else { "nothing is remembered yet" };
            Check::new(Verdict::Ok, named("state", export), format!("{}: {what}", export.state.display()))
        }
        Err(error) => Check::failed(named("state", export), &error),
    }
}
