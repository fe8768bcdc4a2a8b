//! `state`: looking at what is remembered, and forgetting it.

mod forget;

use std::io::{self, BufRead, IsTerminal, Write};
use std::path::Path;

use enlist_core::{Clock, Error, ErrorKind, Holder, LedgerFile, Record, Scope, Standing, StateFolder};
use serde_json::{Value, json};

use super::status::state_of;
use crate::args::{Global, StateArgs, StateCommand};
use crate::exit::Exit;
use crate::failure::{Failure, suggest};
use crate::history;
use crate::output::Screen;
use crate::render::{clean, count, plural, state as page};
use crate::spec::{self, Spec};

/// Does what was asked for with the state folder of the configuration, or the one named.
pub async fn state(args: &StateArgs, global: &Global, screen: &Screen) -> Result<Exit, Failure> {
    let spec = spec::load_without_secrets(global.config.as_deref())?;
    let path = state_of(args.state.as_deref(), spec.as_ref());
    let folder = StateFolder::open_existing_read_only(&path)?.ok_or_else(|| nothing(&path))?;
    match &args.command {
        StateCommand::Show => show(&folder, &path, screen),
        StateCommand::Verify => verify(&folder, &path, screen),
        StateCommand::Export { export } => {
            if let Some(export) = export {
                known(&folder, &path, export, spec.as_ref())?;
            }
            write_out(&folder, &path, export.as_deref())
        }
        StateCommand::Forget => {
            let rejects = spec.iter().flat_map(|spec| spec.exports.iter().map(|export| export.rejects.folder.clone()));
            forget::forget(&folder, &path, rejects.collect(), screen)
        }
        StateCommand::Reset { export, yes } => reset(&folder, &path, export, *yes || !asks(global), *yes, screen),
        StateCommand::Unlock { export } => {
            known(&folder, &path, export, spec.as_ref())?;
            unlock(&folder, export, screen)
        }
    }
}

fn nothing(path: &Path) -> Failure {
    Error::new(ErrorKind::State, "state::missing", format!("there is no state in {}", path.display()))
        .help("a first run makes it; -c FILE names the configuration it belongs to, --state DIR the folder")
        .into()
}

fn asks(global: &Global) -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal() && !global.no_input
}

fn ledger(folder: &StateFolder, path: &Path) -> Result<LedgerFile, Failure> {
    LedgerFile::open(&folder.ledger_path())?.ok_or_else(|| nothing(path))
}

/// Whether `export` is one: of the configuration, of the ledger, or of a run that holds it or did.
fn known(folder: &StateFolder, path: &Path, export: &str, spec: Option<&Spec>) -> Result<(), Failure> {
    if folder.holder(export)? != Holder::Nobody {
        return Ok(());
    }
    let configured = spec.iter().flat_map(|spec| spec.exports.iter().map(|export| export.name.clone()));
    let mut names = remembered(folder)?;
    names.extend(configured);
    names.sort();
    names.dedup();
    if names.iter().any(|name| name == export) {
        return Ok(());
    }
    Err(unknown(format!("nothing in {} is of an export `{}`", path.display(), clean(export)), export, &names))
}

/// The exports of the ledger, each once.
fn remembered(folder: &StateFolder) -> Result<Vec<String>, Error> {
    let holdings = LedgerFile::open(&folder.ledger_path())?.map_or(Ok(Vec::new()), |ledger| ledger.holdings())?;
    let mut names: Vec<String> = holdings.into_iter().map(|it| it.scope.export).collect();
    names.sort();
    names.dedup();
    Ok(names)
}

/// The error for an export that is none of `names`.
fn unknown(message: String, export: &str, names: &[String]) -> Failure {
    let failure = Failure::config("config::unknown_export", message);
    match suggest(export, names.iter().map(String::as_str)) {
        Some(meant) => failure.help(format!("did you mean `{meant}`?")),
        None if names.is_empty() => failure.help("nothing is remembered of any export: a first run makes a record"),
        None => failure.help(format!("exports: {}", names.join(", "))),
    }
}

fn show(folder: &StateFolder, path: &Path, screen: &Screen) -> Result<Exit, Failure> {
    let ledger = ledger(folder, path)?;
    let (holdings, erased) = (ledger.holdings()?, ledger.suppressed()?.len() as u64);
    let runs = history::read(path)?.len() as u64;
    let mut holders = Vec::new();
    for holding in &holdings {
        holders.push(folder.holder(&holding.scope.export)?);
    }
    let exports: Vec<Value> = holdings
        .iter()
        .zip(&holders)
        .map(|(it, holder)| {
            json!({
                "export": it.scope.export, "host": it.scope.account, "list": it.scope.list,
                "confirmed": it.confirmed, "rejected": it.rejected, "uncertain": it.dirty, "left": it.left,
                "late": it.late, "open_requests": it.open, "emails_kept": it.emails,
                "held_by": match holder { Holder::Alive(words) => Some(words), _ => None },
            })
        })
        .collect();
    let document = json!({
        "schema": "enlist.state/1", "folder": path.display().to_string(), "exports": exports, "erased": erased,
        "runs": runs,
    });
    screen.result(&page::holdings(path, &holdings, &holders, erased, runs, &screen.out), &document);
    Ok(Exit::Done)
}

fn verify(folder: &StateFolder, path: &Path, screen: &Screen) -> Result<Exit, Failure> {
    let clock = Clock::start();
    let rows = ledger(folder, path)?.verify()?;
    let took = crate::render::time(clock.elapsed());
    let text =
        format!("The ledger is sound: {} read and compared with their checksums ({took})\n", plural(rows, "row"));
    screen.result(&text, &json!({ "schema": "enlist.verify/1", "rows": rows, "sound": true }));
    Ok(Exit::Done)
}

/// One line of JSON a contact. A reader that goes away ends it.
fn write_out(folder: &StateFolder, path: &Path, export: Option<&str>) -> Result<Exit, Failure> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    let mut broken = None;
    let written = ledger(folder, path)?.each(|scope, record| {
        if broken.is_none() && export.is_none_or(|export| export == scope.export) {
            broken = writeln!(out, "{}", line(scope, &record)).err();
        }
        Ok(())
    });
    written?;
    match broken.or(out.flush().err()) {
        Some(e) if e.kind() != io::ErrorKind::BrokenPipe => {
            Err(Error::new(ErrorKind::State, "state::export", format!("standard output cannot be written: {e}"))
                .help("check free space where it goes")
                .into())
        }
        _ => Ok(Exit::Done),
    }
}

fn line(scope: &Scope, record: &Record) -> Value {
    let (standing, reason) = match record.standing {
        Standing::Confirmed(_) => ("confirmed", None),
        Standing::Rejected(_, reason) => ("rejected", Some(reason.code())),
        Standing::Dirty => ("uncertain", None),
    };
    let key: String = record.key.0.iter().map(|byte| format!("{byte:02x}")).collect();
    json!({
        "export": scope.export, "host": scope.account, "list": scope.list, "key": key, "standing": standing,
        "reason": reason, "run_id": record.run.as_ref().map(|(run, _)| run), "left": record.left,
        "email_kept": record.email,
    })
}

fn reset(
    folder: &StateFolder,
    path: &Path,
    export: &str,
    silent: bool,
    yes: bool,
    screen: &Screen,
) -> Result<Exit, Failure> {
    let names = remembered(folder)?;
    if !names.iter().any(|name| name == export) {
        return Err(unknown(format!("nothing is remembered of an export `{}`", clean(export)), export, &names));
    }
    let _lock = folder.lock_export(export, "reset")?;
    let known = ledger(folder, path)?.holdings()?;
    let contacts: u64 =
        known.iter().filter(|it| it.scope.export == export).map(|it| it.confirmed + it.rejected + it.dirty).sum();
    let open: u64 = known.iter().filter(|it| it.scope.export == export).map(|it| it.open + it.late).sum();
    if open > 0 {
        let what =
            format!("{export} has requests whose end is not known: values may still land that nobody would wait for");
        return Err(Error::new(ErrorKind::State, "state::open", what)
            .help("run the export once more: it finds out what became of them")
            .into());
    }
    if !yes {
        let what = format!(
            "{} of {export} would be forgotten: its next run sends everybody again, and tells nobody who left meanwhile",
            plural(contacts, "contact")
        );
        if silent {
            return Err(Failure::config("usage::yes", what).help("with --yes it is done without a question"));
        }
        screen.notice(&format!("{what}.\nType the name of the export to do it: "));
        let mut line = String::new();
        let read = io::stdin().lock().read_line(&mut line);
        if read.is_err() || line.trim() != export {
            return Err(
                Failure::config("usage::yes", "nothing was forgotten").help(format!("type {export}, or leave it"))
            );
        }
    }
    let forgotten = enlist_core::reset(&folder.ledger_path(), export)?;
    let text = format!("Forgot {} of {}: its next run sends everybody\n", plural(forgotten, "contact"), clean(export));
    screen.result(&text, &json!({ "schema": "enlist.reset/1", "export": export, "contacts": forgotten }));
    Ok(Exit::Done)
}

fn unlock(folder: &StateFolder, export: &str, screen: &Screen) -> Result<Exit, Failure> {
    let (text, was) = match folder.holder(export)? {
        Holder::Alive(words) => {
            return Err(Error::new(
                ErrorKind::Locked,
                "state::locked",
                format!("export \"{export}\" is being run by {words}"),
            )
            .help("wait for it to end, or stop that process: the lock goes with it")
            .into());
        }
        Holder::Nobody => (format!("{} is not locked\n", clean(export)), None),
        Holder::Gone(words) => {
            folder.unlock(export)?;
            (format!("{} is not locked: {} has ended\n", clean(export), clean(&words)), Some(words))
        }
    };
    screen.result(&text, &json!({ "schema": "enlist.unlock/1", "export": export, "was_held_by": was }));
    Ok(Exit::Done)
}

/// `1,000 people`.
fn people(number: u64) -> String {
    if number == 1 { "1 person".to_owned() } else { format!("{} people", count(number)) }
}
