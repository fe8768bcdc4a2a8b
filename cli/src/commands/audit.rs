//! `audit`: the list as it is, against what was confirmed and what the segment says.

use std::fmt::Display;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use enlist_core::{Audit, Error, ErrorKind, Finding, Observer};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::args::{AuditArgs, ExportArgs, Global};
use crate::exit::Exit;
use crate::exports;
use crate::failure::{Failure, cause};
use crate::output::Screen;
use crate::permit::permitted;
use crate::process::Signals;
use crate::render::audit as page;
use crate::simulator::Attendance;
use crate::spec::{self, Environment, Export};

/// Reads the list of each export back and shows what is not as it was confirmed. Findings are no failure: they decide
/// the exit code only where that was asked for.
pub async fn audit(args: &AuditArgs, global: &Global, screen: &Screen) -> Result<Exit, Failure> {
    let spec = spec::require(global.config.as_deref())?;
    let environment = Environment::of_spec(Some(&spec))?;
    let targets: Vec<String> = args.export.iter().cloned().collect();
    let exports = spec::chosen(&targets, &ExportArgs::default(), Some(&spec), &environment)?;
    let signals = Signals::listen();
    let mut out = args.out.as_deref().map(Findings::create).transpose()?;
    let mut found = 0;
    for export in &exports {
        permitted(&export.connection, spec.owner)?;
        let attendance = Attendance::of(export, screen).await?;
        let audited = audit_of(export, &signals, out.as_mut()).await;
        attendance.end().await?;
        let audit = audited?;
        found += audit.classes.findings();
        screen.result(&page::screen(&export.name, &audit, &screen.out), &document(export, &audit));
    }
    out.map_or(Ok(()), Findings::finish)?;
    Ok(if args.exit_code && found > 0 { Exit::Rejects } else { Exit::Done })
}

async fn audit_of(export: &Export, signals: &Signals, out: Option<&mut Findings>) -> Result<Audit, Failure> {
    let ready = exports::prepare(export).await?;
    let state = exports::state_to_read(export, &*ready.export.sink)?;
    let observer = Observer { stop: signals.stop(), progress: watch::Sender::default(), ..Observer::none() };
    let mut out = out;
    let mut take = |origins: &[String], finding: &Finding| match &mut out {
        Some(out) => out.push(export, origins, finding),
        None => Ok(()),
    };
    Ok(ready.export.audit(state, observer, &mut take).await?)
}

fn document(export: &Export, audit: &Audit) -> Value {
    let it = &audit.classes;
    json!({
        "schema": "enlist.audit/1",
        "export": export.name,
        "destination": {
            "host": audit.destination.host, "list": audit.destination.list, "list_name": audit.destination.list_name,
        },
        "rows": audit.segment.read,
        "listed": audit.listed,
        "agree": it.agree, "missing": it.missing, "unsubscribed": it.unsubscribed, "unconfirmed": it.unconfirmed,
        "bounced": it.bounced, "different": it.different, "pending": it.pending, "refused": it.refused,
        "left": it.left, "unknown": it.unknown, "gone": it.gone,
        "findings": it.findings(),
        "calls": audit.calls.other,
        "mapping_changed": audit.changed_generation,
        "seconds": (audit.elapsed.as_secs_f64() * 10.0).round() / 10.0,
    })
}

/// The file of findings; it appears when it is complete.
struct Findings {
    file: tempfile::NamedTempFile<BufWriter<File>>,
    path: std::path::PathBuf,
}

impl Findings {
    fn create(path: &Path) -> Result<Self, Failure> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if path.is_dir() {
            return Err(unwritable(path, &"it is a folder").into());
        }
        let file = tempfile::Builder::new().prefix(".findings-").tempfile_in(folder);
        // The error itself names a file that nobody asked for.
        let file = file.map_err(|e| unwritable(path, &cause(&e)))?;
        let (file, temporary) = file.into_parts();
        let file = tempfile::NamedTempFile::from_parts(BufWriter::new(file), temporary);
        Ok(Self { file, path: path.to_owned() })
    }

    fn push(&mut self, export: &Export, origins: &[String], finding: &Finding) -> Result<(), Error> {
        let origin = usize::try_from(finding.place.origin).ok().and_then(|origin| origins.get(origin));
        let line = json!({
            "export": export.name, "finding": finding.kind.name(), "key": finding.key.to_string(),
            "contact": finding.contact, "file": origin, "row": finding.place.row, "parts": finding.parts,
        });
        writeln!(self.file.as_file_mut(), "{line}").map_err(|e| unwritable(&self.path, &e))
    }

    fn finish(mut self) -> Result<(), Failure> {
        self.file.as_file_mut().flush().map_err(|e| unwritable(&self.path, &e))?;
        self.file.persist(&self.path).map(drop).map_err(|e| unwritable(&self.path, &e.error).into())
    }
}

fn unwritable(path: &Path, cause: &impl Display) -> Error {
    Error::new(ErrorKind::Config, "audit::write", format!("{}: {cause}", path.display()))
        .help("name a file in a folder that is there and yours")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_cannot_be_written_is_refused_at_the_start_by_the_name_it_was_given() {
        let folder = tempfile::tempdir().unwrap();
        for path in [folder.path().join("nowhere/findings.jsonl"), folder.path().to_owned()] {
            let Err(refused) = Findings::create(&path) else { panic!("{} was taken", path.display()) };
            let message = refused.error.to_string();
            assert_eq!(refused.error.code(), "audit::write");
            assert!(message.starts_with(&path.display().to_string()) && !message.contains(".findings-"), "{message}");
        }
    }
}
