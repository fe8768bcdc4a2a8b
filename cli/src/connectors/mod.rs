//! The one place that knows every kind of source and of destination: a kind more is a line more here.

mod kind;
mod sources;
mod together;

use std::sync::Arc;

use enlist_core::{Error, Sink};
use enlist_simulator::DEFAULT_TOKEN;
use enlist_sink_activecampaign::{ActiveCampaign, Host, Settings as Account};

pub use enlist_source_files::shown;
pub use kind::{KINDS, Kind, kind_of};
pub use sources::{open, read, segment};

use crate::simulator;
use crate::spec::{Connection, Export};

/// The list of an export. With the host `simulator` it is reached on this machine, with a key that opens nothing else.
///
/// # Errors
/// When the host, the key or a tag cannot be right.
pub fn sink(export: &Export) -> Result<Arc<dyn Sink>, Error> {
    let account = Account {
        list: export.list,
        tags: export.tags.clone(),
        automations: export.automations,
        ..account_of(&export.connection)
    };
    Ok(Arc::new(ActiveCampaign::over_http(account).map_err(|error| as_named(error, &export.connection))?))
}

/// The account of a connection, to test its key: the list is any, and nothing may be sent to it.
///
/// # Errors
/// When the host or the key cannot be right.
pub fn account(connection: &Connection) -> Result<Arc<dyn Sink>, Error> {
    Ok(Arc::new(ActiveCampaign::over_http(account_of(connection)).map_err(|error| as_named(error, connection))?))
}

/// The host that a connection leads to.
///
/// # Errors
/// When it cannot be right.
pub fn host(connection: &Connection) -> Result<Host, Error> {
    let account = account_of(connection);
    Host::parse(&account.host, account.allow_host).map_err(|error| as_named(error, connection))
}

/// The error with advice for where the host is named: on the command line there is no `allow_host: on`.
fn as_named(error: Error, connection: &Connection) -> Error {
    match error.code() {
        "ac::host_not_allowed" if connection.name == connection.host => error.help(
            "if this is what ActiveCampaign shows under Settings > Developer, add --allow-host; \
             the API key is sent to this host",
        ),
        _ => error,
    }
}

fn account_of(connection: &Connection) -> Account {
    let (host, key) = if connection.is_simulator() {
        (simulator::address().to_string(), DEFAULT_TOKEN.into())
    } else {
        (connection.host.clone(), connection.api_key.clone().unwrap_or_default())
    };
    Account {
        host,
        allow_host: connection.allow_host,
        key,
        list: 1,
        tags: Vec::new(),
        automations: false,
        ca_file: connection.ca_file.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_allowed_where_it_is_named() {
        let typed = Connection::typed("ac.example.com", None);
        let named = Connection { name: "own".to_owned(), ..typed.clone() };
        for (connection, word, other) in
            [(&typed, "--allow-host", "allow_host:"), (&named, "allow_host:", "--allow-host")]
        {
            let error = host(connection).unwrap_err();
            let help = error.help_text().unwrap();
            assert!(error.code() == "ac::host_not_allowed" && help.contains(word) && !help.contains(other), "{help}");
        }
    }
}
