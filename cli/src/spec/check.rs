//! From the file as written to the configuration as meant.

use std::path::PathBuf;
use std::sync::Arc;

use enlist_core::Leavers;

use super::export::{Known, export};
use super::extends::extended;
use super::interpolate::is_written_out;
use super::model::{Connection, Export, SIMULATOR, Spec};
use super::reader::Reader;
use super::source::SourceSpec;
use super::written::{self, Text};
use super::{sources, told};
use crate::failure::Failure;

/// Where the state lies when nothing is said.
pub const STATE: &str = ".enlist";
/// Where reject files lie when nothing is said.
pub const REJECTS: &str = "rejects";
/// The only version there is.
const VERSION: &str = "1";

/// Fills in, types and cross-checks a file.
pub fn check(reader: &Reader<'_>, file: written::File) -> Result<Spec, Failure> {
    if reader.text(&file.version)? != VERSION {
        return Err(reader.fault("config::version", "this version is not known", &file.version).help("version: 1"));
    }
    let connections = each(&file.connections, |name, it| connection(reader, name, it))?;
    let sources: Arc<[SourceSpec]> = sources::check(reader, &file.sources)?.into();
    let state = match &file.state {
        Some(folder) => reader.path("state.path", &folder.path)?,
        None => reader.environment.folder().join(STATE),
    };
    let defaults = file.defaults.as_ref();
    let default = defaults.and_then(|defaults| defaults.connection.as_ref());
    if let Some(name) = default {
        reader.find("connection", name, &connections, |it| &it.name)?;
    }
    let default_notify = match defaults.and_then(|defaults| defaults.notify.as_ref()).or(file.notify.as_ref()) {
        Some(it) => told::notify(reader, it)?,
        None => Vec::new(),
    };
    let telemetry = file.telemetry.as_ref().map(|it| told::telemetry(reader, it)).transpose()?.unwrap_or_default();
    let known = Known {
        connections: &connections,
        sources: &sources,
        default,
        notify: &default_notify,
        telemetry: &telemetry,
        state: &state,
    };
    let exports = each(&extended(reader, file.exports)?, |name, it| export(reader, &known, name, it))?;
    no_list_is_left_by_one_and_kept_by_another(&exports)?;
    Ok(Spec {
        file: PathBuf::from(&reader.document.name),
        default_connection: default.map(|name| reader.text(name)).transpose()?,
        default_notify,
        connections,
        sources: Arc::clone(&sources),
        exports,
        state,
        owner: reader.document.owner,
        telemetry,
    })
}

/// Each of the pairs, checked.
pub fn each<T, U>(
    pairs: &written::Pairs<T>,
    check: impl Fn(&Text, &T) -> Result<U, Failure>,
) -> Result<Vec<U>, Failure> {
    pairs.0.iter().map(|(name, value)| check(name, value)).collect()
}

fn connection(reader: &Reader<'_>, name: &Text, it: &written::Connection) -> Result<Connection, Failure> {
    let host = reader.name("host", &it.host)?;
    let api_key = match &it.api_key {
        Some(key) => reader.secret("api_key", key)?,
        None if host == SIMULATOR => None,
        None => {
            return Err(reader
                .fault("config::missing_key", format!("connection `{}` has no `api_key`", name.value), name)
                .help("api_key: ${ACTIVECAMPAIGN_API_KEY}, or ${file:/run/secrets/ac_key}"));
        }
    };
    Ok(Connection {
        name: identifier(reader, "connection", name)?,
        display_name: it.display_name.as_ref().map(|text| reader.text(text)).transpose()?,
        host,
        api_key,
        key_written_out: it.api_key.as_ref().is_some_and(|key| is_written_out(&key.value)),
        ca_file: it.ca_file.as_ref().map(|text| reader.path("ca_file", text)).transpose()?,
        allow_host: it.allow_host.as_ref().map(|text| reader.switch("allow_host", text)).transpose()?.unwrap_or(false),
        allowed_users: match &it.allowed_users {
            Some(users) => users.iter().map(|user| reader.name("allowed_users", user)).collect::<Result<_, _>>()?,
            None => Vec::new(),
        },
    })
}

/// Names become parts of file names and of SQL: letters, digits, `_` and `-` only.
pub fn identifier(reader: &Reader<'_>, kind: &str, name: &Text) -> Result<String, Failure> {
    if is_name(&name.value) {
        return Ok(name.value.clone());
    }
    let failure = reader.fault("config::bad_name", format!("no {kind} can have this name"), name);
    let simple = super::target::identifier_of(&name.value);
    let example = if simple.is_empty() { String::new() } else { format!(", for example {simple}") };
    Err(failure.help(format!("lower-case letters, digits, _ and -, at most 64{example}")))
}

/// Whether a connection, a source or an export can have this name.
pub fn is_name(name: &str) -> bool {
    let sound = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
    (1..=64).contains(&name.len()) && name.chars().all(sound)
}

/// Whoever leaves one segment may be in another: an export that unsubscribes has its list to itself.
fn no_list_is_left_by_one_and_kept_by_another(exports: &[Export]) -> Result<(), Failure> {
    for one in exports.iter().filter(|export| export.leavers == Leavers::Unsubscribe) {
        let same = |other: &&Export| {
            other.name != one.name && other.list == one.list && other.connection.host == one.connection.host
        };
        if let Some(other) = exports.iter().find(same) {
            let what = format!(
                "`{}` unsubscribes who leaves its segment from list {}, which `{}` fills too",
                one.name, one.list, other.name
            );
            return Err(Failure::config("config::shared_list", what)
                .help("give each its own list; or carry both in one export, with segments: or one SELECT"));
        }
    }
    Ok(())
}
