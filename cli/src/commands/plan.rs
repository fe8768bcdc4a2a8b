//! `plan`: what a run would send.

use enlist_core::{Error, ErrorKind};

use crate::args::{Global, PlanArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Screen;
use crate::render::model::PlanView;
use crate::render::{json, plan as page};
use crate::spec::{self, Environment, Export};

/// Plans the exports one after the other and shows each.
pub async fn plan(args: &PlanArgs, global: &Global, screen: &Screen) -> Result<Exit, Failure> {
    let spec = spec::load(global.config.as_deref())?;
    let environment = Environment::of_spec(spec.as_ref())?;
    for export in spec::select(args.target.as_deref(), &args.export, spec.as_ref(), &environment)? {
        let plan = plan_of(&export).await?;
        screen.result(&page::screen(&plan, &screen.out), &json::plan(&plan));
    }
    Ok(Exit::Done)
}

async fn plan_of(export: &Export) -> Result<PlanView, Failure> {
    let message = format!("export {} cannot be planned by this build", export.name);
    Err(Error::new(ErrorKind::Bug, "bug::plan", message).into())
}
