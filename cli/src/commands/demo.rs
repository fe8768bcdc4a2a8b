//! `demo`: the first five minutes in one command.

use crate::args::{DemoArgs, Global, InitArgs, PlanArgs, RunArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Screen;
use crate::simulator;
use crate::spec::DEFAULT_FILE;

/// Writes the demo unless it is there, plans it, and runs it against a simulator of its own.
pub async fn demo(args: &DemoArgs, global: &Global, screen: &Screen) -> Result<Exit, Failure> {
    simulator::keep_apart(screen).await?;
    let config = args.dir.join(DEFAULT_FILE);
    if !config.exists() {
        super::init::init(&InitArgs { dir: args.dir.clone(), demo: true, from: None }, screen).await?;
    }
    let global = Global { config: Some(config), ..global.clone() };
    super::plan::plan(&PlanArgs::default(), &global, screen).await?;
    super::run::run(&RunArgs::default(), &global, screen).await
}
