//! `doctor`: what a run would stumble over.

use arrow::datatypes::SchemaRef;
use enlist_core::{Clock, Destination, Error, State, check_destination};

use crate::args::{DoctorArgs, ExportArgs, Global};
use crate::connectors;
use crate::consent::{self, Flags};
use crate::exit::Exit;
use crate::exports;
use crate::failure::Failure;
use crate::output::Screen;
use crate::render::doctor::{Check, Verdict, document, screen as page};
use crate::render::{count, plural};
use crate::simulator::Attendance;
use crate::spec::{self, Environment, Export, Spec};

/// Checks the configuration and everything it refers to. The first check that failed decides the exit code.
pub async fn doctor(args: &DoctorArgs, global: &Global, screen: &Screen) -> Result<Exit, Failure> {
    let spec = spec::require(global.config.as_deref())?;
    let environment = Environment::of_spec(Some(&spec))?;
    let exports = spec::select(args.export.as_deref(), &ExportArgs::default(), Some(&spec), &environment)?;
    let mut checks = vec![configuration(&spec)];
    for export in &exports {
        let attendance = Attendance::of(export).await?;
        checks.extend(examine(export, global).await);
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

/// All there is to check of one export, in the order in which a run would come across it.
async fn examine(export: &Export, global: &Global) -> Vec<Check> {
    let schema = schema_of(export).await;
    let mut checks = vec![key(export)];
    checks.extend(agreed(export, global));
    checks.push(source(export, &schema));
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
        Ok(found) => checks.extend(destination(export, &found, schema.ok())),
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
    let name = format!("key of {}", connection.display_name.as_ref().unwrap_or(&connection.name));
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
    let name = format!("consent of {}", connection.display_name.as_ref().unwrap_or(&connection.name));
    match consent::require(connection, &export.state, &flags) {
        Ok(Some(consent)) => Some(Check::new(Verdict::Ok, name, format!("recorded on {}", consent.at))),
        Ok(None) => None,
        Err(error) => Some(Check::failed(name, &error)),
    }
}

/// The columns of the segment, once it is clear which of them holds the address.
async fn schema_of(export: &Export) -> Result<SchemaRef, Error> {
    let schema = connectors::segment(export).await?.schema().await?;
    export.mapping(&schema).map(|_| schema)
}

fn source(export: &Export, schema: &Result<SchemaRef, Error>) -> Check {
    let name = named("source", export);
    match schema {
        Ok(schema) => {
            let columns = plural(schema.fields().len() as u64, "column");
            Check::new(Verdict::Ok, name, format!("{}: {columns}", export.source.name))
        }
        Err(error) => Check::failed(name, error),
    }
}

/// What a destination that answered tells of the export.
fn destination(export: &Export, found: &Destination, schema: Option<SchemaRef>) -> Vec<Check> {
    let ok = |what, detail| Check::new(Verdict::Ok, named(what, export), detail);
    let mut checks = vec![
        ok("destination", format!("{} accepts the key", found.host)),
        ok("list", format!("{} \"{}\"", found.list, found.list_name)),
    ];
    checks.extend(schema.map(|schema| mapping(export, found, &schema)));
    for tag in &found.unknown_tags {
        let advice = format!("the account has no tag \"{tag}\"; sending creates it");
        checks.push(Check::new(Verdict::Warn, named("tags", export), advice));
    }
    checks.push(match found.headroom {
        Some(room) if room.used >= room.limit => {
            let full = format!("none: {} of {} contacts used", count(room.used), count(room.limit));
            Check::new(Verdict::Warn, named("room", export), full)
        }
        Some(room) => ok("room", format!("{} of {} contacts used", count(room.used), count(room.limit))),
        None => ok("room", "the account does not tell its contact limit".to_owned()),
    });
    checks
}

fn mapping(export: &Export, found: &Destination, schema: &SchemaRef) -> Check {
    match export.mapping(schema).and_then(|mapping| mapping.bind(schema, found)) {
        Ok(bound) => {
            let parts = plural(bound.describe().len() as u64, "part");
            Check::new(Verdict::Ok, named("mapping", export), format!("{parts} of a contact"))
        }
        Err(error) => Check::failed(named("mapping", export), &error),
    }
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
