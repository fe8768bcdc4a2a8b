//! `demo`: the first five minutes in one command.

use crate::args::{DemoArgs, ExportArgs, Global, InitArgs, PlanArgs, RunArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Screen;
use crate::spec::DEFAULT_FILE;

/// Writes the demo unless it is there, plans it, and runs it against the simulator.
pub async fn demo(args: &DemoArgs, global: &Global, screen: &Screen) -> Result<Exit, Failure> {
    let config = args.dir.join(DEFAULT_FILE);
    if !config.exists() {
        super::init::init(&InitArgs { dir: args.dir.clone(), demo: true, from: None }, screen).await?;
    }
    let global = Global { config: Some(config), ..global.clone() };
    let export = ExportArgs::default();
    super::plan::plan(&PlanArgs { target: None, export: export.clone() }, &global, screen).await?;
    let run =
        RunArgs { target: None, full: false, allow: Vec::new(), deadline: None, max_rejects: None, sim: false, export };
    super::run::run(&run, &global, screen).await
}
