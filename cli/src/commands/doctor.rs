//! `doctor`: what a run would stumble over.

use crate::args::{DoctorArgs, ExportArgs, Global};
use crate::connectors;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Screen;
use crate::render::doctor::{Check, Verdict, document, screen as page};
use crate::render::plural;
use crate::spec::{self, Environment, Export, Spec};

/// Checks the configuration and what it refers to.
pub async fn doctor(args: &DoctorArgs, global: &Global, screen: &Screen) -> Result<Exit, Failure> {
    let spec = spec::require(global.config.as_deref())?;
    let environment = Environment::of_spec(Some(&spec))?;
    let exports = spec::select(
        args.export.as_deref(),
        &ExportArgs::default(),
        Some(&spec),
        &environment,
    )?;
    let mut checks = vec![configuration(&spec)];
    for export in &exports {
        checks.push(key(export));
        checks.push(source(export).await);
    }
    screen.result(&page(&checks, &screen.out), &document(&checks));
    let failed = checks.iter().any(|check| check.verdict == Verdict::Fail);
    Ok(if failed { Exit::Config } else { Exit::Done })
}

fn configuration(spec: &Spec) -> Check {
    let connections = plural(spec.connections.len() as u64, "connection");
    let exports = plural(spec.exports.len() as u64, "export");
    Check::new(
        Verdict::Ok,
        "configuration",
        format!("{}: {connections}, {exports}", spec.file.display()),
    )
}

fn key(export: &Export) -> Check {
    let connection = &export.connection;
    let name = format!(
        "key of {}",
        connection.display_name.as_ref().unwrap_or(&connection.name)
    );
    if connection.is_simulator() {
        Check::new(Verdict::Ok, name, "not needed by the simulator")
    } else if connection.key_written_out {
        let advice = "the key itself stands in the configuration; ${file:/path} or ${VAR} keeps it out";
        Check::new(Verdict::Warn, name, advice)
    } else {
        Check::new(Verdict::Ok, name, format!("for {}", connection.host))
    }
}

async fn source(export: &Export) -> Check {
    let name = format!("source of {}", export.name);
    let checked = async {
        let schema = connectors::segment(export).await?.schema().await?;
        export.mapping(&schema).map(|_| schema.fields().len() as u64)
    };
    match checked.await {
        Ok(columns) => Check::new(
            Verdict::Ok,
            name,
            format!("{}: {}", export.source.name, plural(columns, "column")),
        ),
        Err(error) => Check::new(Verdict::Fail, name, error.to_string()),
    }
}
