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
use crate::render::{json, plan as page, plural};
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
    let exports = spec::chosen(&args.targets, &args.export, spec.as_ref(), &environment)?;
    let several = exports.len() > 1;
    let mut exit = Exit::Done;
    for export in exports {
        let planned = attended(&export, owner, &Flags::of(&args.export, global), screen).await;
        let ended = match planned {
            Ok(plan) => show(&plan, args, screen),
            // What one export lacks says nothing about the others.
            Err(failure) if several => screen.failure(&failure.of_run(&export.name, None).in_export(&export.name)),
            Err(failure) => return Err(failure),
        };
        exit = if ended == Exit::Done { exit } else { exit.or(ended) };
    }
    Ok(exit)
}

fn show(plan: &PlanView, args: &PlanArgs, screen: &Screen) -> Exit {
    screen.result(&page::screen(plan, &screen.out), &json::plan(plan));
    let to_send = plan.work.requests + plan.leavers.as_ref().map_or(0, |(_, it)| it.tell);
    if args.exit_code && to_send > 0 { Exit::Changes } else { Exit::Done }
}

async fn attended(
    export: &Export,
    owner: Option<u32>,
    flags: &Flags<'_>,
    screen: &Screen,
) -> Result<PlanView, Failure> {
    let attendance = Attendance::of(export, screen).await?;
    let plan = plan_of(export, owner, flags).await;
    attendance.end().await?;
    plan
}

async fn plan_of(export: &Export, owner: Option<u32>, flags: &Flags<'_>) -> Result<PlanView, Failure> {
    let ready = exports::prepare(export).await?;
    let state = exports::state_to_read(export, &*ready.export.sink)?;
    let open = state.ledger.intents()?;
    let plan = ready.export.plan(state, Observer::none()).await?;
    let mut view = views::plan(export, &ready, plan);
    if !open.is_empty() {
        let contacts: usize = open.iter().map(|intent| intent.contacts.len()).sum();
        view.warnings.push(format!(
            "an earlier run left {} ({}) whose end is not known: a run finds out first, and may have less to send",
            plural(open.len() as u64, "request"),
            plural(contacts as u64, "contact")
        ));
    }
    let allowed = permitted(&export.connection, owner);
    if let Err(error) = allowed.and_then(|()| consent::require(&export.connection, &export.state, flags)) {
        let help = error.help_text().unwrap_or_default();
        view.warnings.push(format!("a run would be refused: {error}; {help}"));
    }
    Ok(view)
}
