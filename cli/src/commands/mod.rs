//! What each verb does: glue between arguments, configuration, core and screens.

mod audit;
mod connect;
mod demo;
mod doctor;
mod generate;
mod init;
mod look;
mod plan;
mod run;
mod schedule;
mod sim;
mod state;
mod status;

use crate::args::{Cli, Command};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::logs;
use crate::output::Screen;

/// Does what was asked for.
///
/// # Errors
/// What ended the command.
pub async fn dispatch(cli: Cli, screen: &Screen) -> Result<Exit, Failure> {
    let global = cli.global;
    logs::start(&global, screen.err.color);
    match cli.command {
        Command::Demo(args) => demo::demo(&args, &global, screen).await,
        Command::Init(args) => init::init(&args, screen).await,
        Command::Connect(args) => connect::connect(&args, &global, screen).await,
        Command::Plan(args) => plan::plan(&args, &global, screen).await,
        Command::Run(args) => run::run(&args, &global, screen).await,
        Command::Status(args) => status::status(&args, &global, screen).await,
        Command::Audit(args) => audit::audit(&args, &global, screen).await,
        Command::Schedule(args) => schedule::schedule(&args, &global, screen).await,
        Command::State(args) => state::state(&args, &global, screen).await,
        Command::Generate(args) => generate::generate(&args, &global, screen),
        Command::Sim(args) => sim::sim(&args, screen).await,
        Command::Doctor(args) => doctor::doctor(&args, &global, screen).await,
    }
}
