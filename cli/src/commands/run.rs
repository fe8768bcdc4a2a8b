//! `run`: sends what changed.

use enlist_core::{Error, ErrorKind};

use crate::args::{Global, RunArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Screen;
use crate::render::model::RunView;
use crate::render::{json, run as page};
use crate::spec::{self, Environment, Export};

/// Runs the exports one after the other and shows each; the first that does not end well decides the exit code.
pub async fn run(args: &RunArgs, global: &Global, screen: &Screen) -> Result<Exit, Failure> {
    let spec = spec::load(global.config.as_deref())?;
    let environment = Environment::of_spec(spec.as_ref())?;
    let mut exit = Exit::Done;
    for mut export in spec::select(args.target.as_deref(), &args.export, spec.as_ref(), &environment)? {
        export.deadline = args.deadline.or(export.deadline);
        export.guards.max_rejects = args.max_rejects.or(export.guards.max_rejects);
        let run = run_of(&export, args).await?;
        screen.result(&page::screen(&run, &screen.out), &json::run(&run));
        if let Some(error) = &run.error {
            screen.error(&error.clone().into());
        }
        exit = if exit == Exit::Done { run.exit } else { exit };
    }
    Ok(exit)
}

async fn run_of(export: &Export, _args: &RunArgs) -> Result<RunView, Failure> {
    let message = format!("export {} cannot be run by this build", export.name);
    Err(Error::new(ErrorKind::Bug, "bug::run", message).into())
}
