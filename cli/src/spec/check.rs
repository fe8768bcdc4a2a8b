//! From the file as written to the configuration as meant.

use std::path::PathBuf;
use std::sync::Arc;

use enlist_core::{EmptyValues, Keep};

use super::endpoint::Endpoint;
use super::interpolate::is_written_out;
use super::model::{Connection, Export, Guards, MapSpec, SIMULATOR, Spec};
use super::reader::{Reader, Secrets};
use super::scalar::{parse_duration, parse_percent};
use super::source::SourceSpec;
use super::sources;
use super::written::{self, Text};
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
    let default = file.defaults.as_ref().and_then(|defaults| defaults.connection.as_ref());
    if let Some(name) = default {
        reader.find("connection", name, &connections, |it| &it.name)?;
    }
    let default_notify = match file.defaults.as_ref().and_then(|defaults| defaults.notify.as_ref()) {
        Some(text) => endpoint(reader, text)?,
        None => None,
    };
    let known =
        Known { connections: &connections, sources: &sources, default, notify: default_notify.as_ref(), state: &state };
    let exports = each(&file.exports, |name, it| export(reader, &known, name, it))?;
    Ok(Spec {
        file: PathBuf::from(&reader.document.name),
        default_connection: default.map(|name| reader.text(name)).transpose()?,
        default_notify,
        connections,
        sources: Arc::clone(&sources),
        exports,
        state,
    })
}

/// What exports may refer to.
struct Known<'a> {
    connections: &'a [Connection],
    sources: &'a Arc<[SourceSpec]>,
    default: Option<&'a Text>,
    notify: Option<&'a Endpoint>,
    state: &'a PathBuf,
}

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
    })
}

fn export(reader: &Reader<'_>, known: &Known<'_>, name: &Text, it: &written::Export) -> Result<Export, Failure> {
    let choice_of = |key: &str, text: &Option<Text>, choices: &[(&str, EmptyValues)]| match text {
        Some(text) => reader.choice(key, text, choices),
        None => Ok(EmptyValues::Keep),
    };
    let map = it.map.as_ref().map_or(Ok(MapSpec::default()), |map| mapping(reader, map))?;
    Ok(Export {
        name: identifier(reader, "export", name)?,
        connection: connection_of(reader, known, name, it)?,
        list: reader.number("list", &it.list)?,
        source: sources::of_export(reader, known.sources, name, it)?,
        sql: it.sql.as_ref().map(|text| reader.statement("sql", text)).transpose()?,
        sources: Arc::clone(known.sources),
        tags: it.map.iter().flat_map(|map| &map.tags).map(|tag| reader.name("tags", tag)).collect::<Result<_, _>>()?,
        map,
        keep: it.unique_by.as_ref().map_or(Ok(Keep::First), |it| unique_by(reader, it))?,
        empty_values: choice_of(
            "empty_values",
            &it.empty_values,
            &[("keep", EmptyValues::Keep), ("clear", EmptyValues::Clear)],
        )?,
        phone_region: it
            .phone_region
            .as_ref()
            .map(|text| reader.parse("phone_region", text, parse_region))
            .transpose()?,
        automations: it.automations.as_ref().map_or(Ok(false), |text| reader.switch("automations", text))?,
        guards: it.guards.as_ref().map_or(Ok(Guards::default()), |it| guards(reader, it))?,
        deadline: it.deadline.as_ref().map(|text| reader.parse("deadline", text, parse_duration)).transpose()?,
        rejects: match &it.rejects {
            Some(folder) => reader.path("rejects.path", &folder.path)?,
            None => reader.environment.folder().join(REJECTS),
        },
        notify: match &it.notify {
            Some(text) => endpoint(reader, text)?,
            None => known.notify.cloned(),
        },
        state: known.state.clone(),
    })
}

/// A URL. An empty one is none, so that a variable or one export can do without. It may be a secret: an objection shows
/// where it stands, and nothing from there on.
fn endpoint(reader: &Reader<'_>, text: &Text) -> Result<Option<Endpoint>, Failure> {
    if reader.secrets == Secrets::Leave || reader.text(text)?.is_empty() {
        return Ok(None);
    }
    reader.parse("notify", text, Endpoint::parse).map(Some).map_err(|mut failure| {
        if let Some(snippet) = &mut failure.snippet {
            let before = usize::try_from(snippet.column).unwrap_or(1).saturating_sub(1);
            let starred = |(at, c)| if at < before || c == ' ' { c } else { '*' };
            snippet.text = snippet.text.chars().enumerate().map(starred).collect();
        }
        failure
    })
}

fn connection_of(
    reader: &Reader<'_>,
    known: &Known<'_>,
    name: &Text,
    it: &written::Export,
) -> Result<Connection, Failure> {
    match (it.connection.as_ref().or(known.default), known.connections) {
        (Some(text), _) => reader.find("connection", text, known.connections, |it| &it.name).cloned(),
        (None, [only]) => Ok(only.clone()),
        (None, _) => Err(reader
            .fault("config::missing_key", format!("export `{}` has no `connection`", name.value), name)
            .help("add connection: NAME, or defaults: { connection: NAME }")),
    }
}

fn mapping(reader: &Reader<'_>, it: &written::Map) -> Result<MapSpec, Failure> {
    let column = |key: &str, text: &Option<Text>| text.as_ref().map(|text| reader.name(key, text)).transpose();
    let fields = each(&it.fields, |field, text| Ok((field.value.trim().to_owned(), reader.name("fields", text)?)))?;
    Ok(MapSpec {
        email: column("email", &it.email)?,
        first_name: column("first_name", &it.first_name)?,
        last_name: column("last_name", &it.last_name)?,
        phone: column("phone", &it.phone)?,
        fields,
    })
}

fn unique_by(reader: &Reader<'_>, it: &written::UniqueBy) -> Result<Keep, Failure> {
    let latest = reader.choice("keep", &it.keep, &[("first", false), ("latest", true)])?;
    match (latest, &it.by) {
        (true, Some(by)) => Ok(Keep::Latest { by: reader.name("by", by)? }),
        (false, None) => Ok(Keep::First),
        (true, None) => {
            Err(reader.fault("config::missing_key", "`keep: latest` needs `by`", &it.keep).help("by: updated_at"))
        }
        (false, Some(by)) => {
            Err(reader.fault("config::bad_value", "`by` goes with `keep: latest`", by).help("keep: latest"))
        }
    }
}

fn guards(reader: &Reader<'_>, it: &written::Guards) -> Result<Guards, Failure> {
    let share =
        |key: &str, text: &Option<Text>| text.as_ref().map(|text| reader.parse(key, text, parse_percent)).transpose();
    let number = |key: &str, text: &Option<Text>| text.as_ref().map(|text| reader.number(key, text)).transpose();
    Ok(Guards {
        max_change: share("max_change", &it.max_change)?,
        max_rejects: share("max_rejects", &it.max_rejects)?,
        min_rows: number("min_rows", &it.min_rows)?,
        max_adds: number("max_adds", &it.max_adds)?,
    })
}

/// Two letters of ISO 3166-1.
pub fn parse_region(text: &str) -> Result<String, String> {
    let region = text.to_ascii_uppercase();
    let sound = region.len() == 2 && region.bytes().all(|byte| byte.is_ascii_uppercase());
    if sound { Ok(region) } else { Err("write a country as two letters, for example FI".to_owned()) }
}

/// Names become parts of file names and of SQL: letters, digits, `_` and `-` only.
pub fn identifier(reader: &Reader<'_>, kind: &str, name: &Text) -> Result<String, Failure> {
    let sound = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
    if (1..=64).contains(&name.value.len()) && name.value.chars().all(sound) {
        return Ok(name.value.clone());
    }
    let failure = reader.fault("config::bad_name", format!("no {kind} can have this name"), name);
    let simple = super::target::identifier_of(&name.value);
    let example = if simple.is_empty() { String::new() } else { format!(", for example {simple}") };
    Err(failure.help(format!("lower-case letters, digits, _ and -, at most 64{example}")))
}
