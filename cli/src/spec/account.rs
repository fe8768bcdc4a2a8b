//! The account that `connect` speaks of.

use std::path::PathBuf;

use super::check::STATE;
use super::environment::Environment;
use super::model::{Connection, Spec};
use super::target::typed_connection;
use crate::args::{ConnectArgs, ExportArgs};
use crate::failure::{Failure, suggest};

/// The account named, typed, or else the one that exports without a connection go to; and the folder of its state, as
/// `run` finds both.
///
/// # Errors
/// [`ErrorKind::Config`](enlist_core::ErrorKind::Config) when there is no such connection, or its key is missing where
/// one is needed.
pub fn account(
    args: &ConnectArgs,
    spec: Option<&Spec>,
    environment: &Environment,
) -> Result<(Connection, PathBuf), Failure> {
    let state = args.state.clone().or_else(|| spec.map(|spec| spec.state.clone()));
    let mut connection = match (&args.connection, &args.host) {
        (Some(name), _) => named(name, spec)?,
        // Nothing is called, so no key is needed.
        (None, Some(host)) if args.check || args.revoke => Connection::typed(host, None),
        (None, _) => {
            let typed =
                ExportArgs { host: args.host.clone(), key_file: args.key_file.clone(), ..ExportArgs::default() };
            typed_connection(&typed, spec, environment)?
        }
    };
    connection.allow_host |= args.allow_host;
    Ok((connection, state.unwrap_or_else(|| PathBuf::from(STATE))))
}

fn named(name: &str, spec: Option<&Spec>) -> Result<Connection, Failure> {
    let connections = spec.map(|spec| spec.connections.as_slice()).unwrap_or_default();
    if let Some(connection) = connections.iter().find(|connection| connection.name == name) {
        return Ok(connection.clone());
    }
    let names: Vec<&str> = connections.iter().map(|connection| connection.name.as_str()).collect();
    let failure = Failure::config("config::unknown_name", format!("there is no connection `{name}`"));
    Err(match suggest(name, names.iter().copied()) {
        Some(meant) => failure.help(format!("did you mean `{meant}`?")),
        None if names.is_empty() => failure.help("--host acme.api-us1.com names an account without a configuration"),
        None => failure.help(format!("connections: {}", names.join(", "))),
    })
}
