//! `sim`: a faithful ActiveCampaign on this machine.

use enlist_core::{Error, ErrorKind};

use crate::args::SimArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Screen;

/// Serves the simulator until it is interrupted.
pub async fn sim(args: &SimArgs, _screen: &Screen) -> Result<Exit, Failure> {
    let message = format!("the simulator cannot be served on port {} by this build", args.port);
    Err(Error::new(ErrorKind::Bug, "bug::sim", message).into())
}
