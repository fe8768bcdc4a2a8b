//! `plan`: what a run would send.

use enlist_core::Observer;

use crate::args::{Global, PlanArgs};
use crate::commands::look;
use crate::consent::{self, Flags};
use crate::exit::Exit;
use crate::exports;
use crate::failure::Failure;
use crate::output::Screen;
use crate::permit::permitted;
use crate::render::model::PlanView;
use crate::render::{json, plan as page};
use crate::simulator::Attendance;
use crate::spec::{self, Environment, Export};
use crate::views;

/// Plans the exports one after the other and shows each.
pub async fn plan(args: &PlanArgs, global: &Global, screen: &Screen) -> Result<Exit, Failure> {
    let spec = spec::load(global.config.as_deref())?;
    let environment = Environment::of_spec(spec.as_ref())?;
    if let [target] = args.targets.as_slice()
        && let Some(source) = spec::source_to_look_at(Some(target), &args.export, spec.as_ref())?
    {
        return look::look(&source, args, global, spec.as_ref(), screen).await;
    }
    let owner = spec.as_ref().and_then(|spec| spec.owner);
    let mut exit = Exit::Done;
    for export in spec::chosen(&args.targets, &args.export, spec.as_ref(), &environment)? {
        let attendance = Attendance::of(&export).await?;
        let plan = plan_of(&export, owner, &Flags::of(&args.export, global)).await;
        attendance.end().await?;
        let plan = plan?;
        screen.result(&page::screen(&plan, &screen.out), &json::plan(&plan));
        if args.exit_code && plan.work.requests + plan.leavers.as_ref().map_or(0, |(_, it)| it.tell) > 0 {
            exit = Exit::Changes;
        }
    }
    Ok(exit)
}

async fn plan_of(export: &Export, owner: Option<u32>, flags: &Flags<'_>) -> Result<PlanView, Failure> {
    let ready = exports::prepare(export).await?;
    let state = exports::state_to_read(export, &*ready.export.sink)?;
    let plan = ready.export.plan(state, Observer::none()).await?;
    let mut view = views::plan(export, &ready, plan);
    let allowed = permitted(&export.connection, owner);
    if let Err(error) = allowed.and_then(|()| consent::require(&export.connection, &export.state, flags)) {
        let help = error.help_text().unwrap_or_default();
        view.warnings.push(format!("a run would be refused: {error}; {help}"));
    }
    Ok(view)
}
