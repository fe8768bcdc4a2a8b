//! `sim`: a faithful ActiveCampaign on this machine.

use std::net::Ipv4Addr;
use std::pin::pin;

use enlist_simulator::DEFAULT_TOKEN;
use serde_json::json;
use tokio::net::TcpListener;

use crate::args::SimArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Screen;
use crate::{process, simulator};

/// Serves the simulator on loopback until it is stopped, and keeps its account when `--data` names a file.
pub async fn sim(args: &SimArgs, screen: &Screen) -> Result<Exit, Failure> {
    let settings = simulator::settings(args)?;
    if let Some(data) = &args.data {
        simulator::can_be_kept(data)?;
    }
    let account = simulator::open(settings, args.data.as_deref())?;
    let unusable = |e: std::io::Error| Failure::config("sim::port", format!("127.0.0.1:{}: {e}", args.port));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, args.port))
        .await
        .map_err(|e| unusable(e).help("--port 0 takes any that is free"))?;
    let port = listener.local_addr().map_err(unusable)?.port();
    // Listens from here on: who reads the address may already want the end, and the account is to be kept.
    let mut stop = pin!(process::stop_asked());
    tokio::select! {
        biased;
        _ = &mut stop => return Ok(Exit::Done),
        () = std::future::ready(()) => {}
    }
    let text = format!(
        "ActiveCampaign is simulated at http://127.0.0.1:{port} (API key {DEFAULT_TOKEN})\n\
         Open http://127.0.0.1:{port} in a browser to watch it and to set faults\n\
         Try: enlist run FILE --list 1 --host 127.0.0.1:{port} --key-file KEY\n\
         Ctrl-C stops it\n"
    );
    let host = format!("127.0.0.1:{port}");
    screen.result(&text, &json!({ "schema": "enlist.sim/1", "host": host, "page": format!("http://{host}/") }));
    tokio::select! {
        served = account.serve(listener) => served.map_err(unusable)?,
        _ = stop => {}
    }
    if let Some(data) = &args.data {
        simulator::keep(&account, data)?;
    }
    Ok(Exit::Done)
}
