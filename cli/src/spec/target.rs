//! What `EXPORT|SOURCE` and the flags of `plan` and `run` mean together with the configuration, if there is one.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use enlist_core::{EmptyValues, Keep, Leavers};
use secrecy::SecretString;

use super::check::{REJECTS, STATE};
use super::environment::Environment;
use super::export::parse_region;
use super::model::{Connection, Export, Guards, MapSpec, RejectFiles, SIMULATOR, Spec};
use super::params;
use super::source::{CsvLayout, Database, Entity, Format, Origin, Place, SourceSpec, Version};
use crate::args::ExportArgs;
use crate::connectors::{KINDS, Kind, kind_of, shown};
use crate::failure::{Failure, suggest};

/// The variable an API key is taken from when no file is named.
pub const KEY_VARIABLE: &str = "ACTIVECAMPAIGN_API_KEY";

/// The exports to work on, complete, in the order they are written: the one named, the file named, or all.
///
/// # Errors
/// [`ErrorKind::Config`](enlist_core::ErrorKind::Config) when there is no such export, or something is missing.
pub fn select(
    target: Option<&str>,
    args: &ExportArgs,
    spec: Option<&Spec>,
    environment: &Environment,
) -> Result<Vec<Export>, Failure> {
    let configured = spec.map(|spec| spec.exports.as_slice()).unwrap_or_default();
    let exports = match target {
        Some(name) => match configured.iter().find(|export| export.name == name) {
            Some(export) => vec![export.clone()],
            None => match source_named(name, spec)? {
                Some(source) => vec![typed(source, args, spec, environment)?],
                None => return Err(no_export(name, configured, spec.is_some())),
            },
        },
        None if configured.is_empty() => {
            let beginning =
                if spec.is_some() { "add one under `exports:`" } else { "enlist init writes a configuration" };
            return Err(Failure::config("config::no_export", "there is no export here")
                .help(format!("{beginning}; or name a file: people.parquet --list 7")));
        }
        None => configured.to_vec(),
    };
    exports.into_iter().map(|export| with_flags(export, args, environment)).collect()
}

/// The exports that `targets` name; with none, all that are enabled.
///
/// # Errors
/// As [`select`], and when none is enabled.
pub fn chosen(
    targets: &[String],
    args: &ExportArgs,
    spec: Option<&Spec>,
    environment: &Environment,
) -> Result<Vec<Export>, Failure> {
    if targets.is_empty() {
        let mut exports = select(None, args, spec, environment)?;
        exports.retain(|export| export.enabled);
        if exports.is_empty() {
            let failure = Failure::config("config::no_export", "no export is enabled");
            return Err(failure.help("name one to run it all the same, or remove its `enabled: off`"));
        }
        return Ok(exports);
    }
    let mut exports = Vec::with_capacity(targets.len());
    for target in targets {
        exports.extend(select(Some(target), args, spec, environment)?);
    }
    Ok(exports)
}

/// Whether `text` means files or a database rather than a name: it has a slash, a wildcard or an extension, is there,
/// or is the `-` of standard input.
pub fn is_source(text: &str, folder: &Path) -> bool {
    text == "-" || text.contains(['/', '*', '?', '.', '[']) || folder.join(text).exists()
}

/// The source of a path, glob or URL, or what to write instead.
pub fn source_of_path(path: &str, folder: &Path) -> Result<SourceSpec, String> {
    if path == "-" {
        return Ok(SourceSpec { name: "input".to_owned(), origin: Origin::Input });
    }
    let whole = match path.strip_prefix("sqlite://") {
        Some(file) => format!("sqlite://{}", folder.join(file).display()),
        None if path.contains("://") => path.to_owned(),
        None => folder.join(path).display().to_string(),
    };
    let place = || Place { path: whole.clone(), options: Vec::new() };
    let origin = match Database::typed(&whole) {
        Some(database) => Origin::Database(database),
        None => match kind_of(&whole).ok_or_else(|| format!("name {KINDS}"))? {
            Kind::Parquet => Origin::Files(place(), Format::Parquet),
            Kind::Csv => Origin::Files(place(), Format::Csv(CsvLayout::default())),
            Kind::Jsonl => Origin::Files(place(), Format::Jsonl),
            Kind::Arrow => Origin::Files(place(), Format::Arrow),
            Kind::Avro => Origin::Files(place(), Format::Avro),
            Kind::Delta => Origin::Delta(place(), Version::Latest),
            Kind::CustomerInsights => Origin::CustomerInsights(place(), Entity::default()),
        },
    };
    Ok(SourceSpec { name: name_of_path(path), origin })
}

/// What a path or URL is called, in messages and in SQL: its last part without ending.
fn name_of_path(path: &str) -> String {
    let plain = if path.contains("://") { shown(path).trim_end_matches('/') } else { path };
    let stem = plain.rsplit('/').next().unwrap_or_default();
    let stem = stem.split('.').find(|part| part.contains(|c: char| c.is_ascii_alphanumeric())).unwrap_or_default();
    match identifier_of(stem) {
        name if name.is_empty() || stem.contains('*') => "source".to_owned(),
        name => name,
    }
}

/// `text` with everything that a name cannot hold replaced or left out.
pub fn identifier_of(text: &str) -> String {
    let replaced = text.to_lowercase().replace([' ', '.', '/'], "_");
    replaced
        .chars()
        .filter(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-'))
        .take(64)
        .collect()
}

/// The source that `target` names, of the configuration or as a path or URL; `None` when it names something else.
///
/// # Errors
/// When it is a path or URL of no known kind.
pub fn source_named(target: &str, spec: Option<&Spec>) -> Result<Option<SourceSpec>, Failure> {
    let sources = spec.map(|spec| &*spec.sources).unwrap_or_default();
    if let Some(source) = sources.iter().find(|source| source.name == target) {
        return Ok(Some(source.clone()));
    }
    if !is_source(target, Path::new("")) {
        return Ok(None);
    }
    source_of_path(target, Path::new("")).map(Some).map_err(|help| {
        Failure::config("config::bad_value", format!("{} is no kind of source known here", shown(target))).help(help)
    })
}

/// The source that `target` names, unless it is the name of an export.
///
/// # Errors
/// As [`source_named`].
pub fn source_to_look_at(
    target: Option<&str>,
    args: &ExportArgs,
    spec: Option<&Spec>,
) -> Result<Option<SourceSpec>, Failure> {
    // Whoever says what the export is means one, and lacks the list.
    if *args != (ExportArgs { sql: args.sql.clone(), ..ExportArgs::default() }) {
        return Ok(None);
    }
    let exports = spec.map(|spec| spec.exports.as_slice()).unwrap_or_default();
    match target.filter(|target| exports.iter().all(|export| export.name != *target)) {
        Some(target) => source_named(target, spec),
        None => Ok(None),
    }
}

/// An export of a source named on the command line.
fn typed(
    source: SourceSpec,
    args: &ExportArgs,
    spec: Option<&Spec>,
    environment: &Environment,
) -> Result<Export, Failure> {
    if source.takes_own_sql() && args.sql.is_none() {
        return Err(Failure::config("usage::sql", "which rows of the database?")
            .help("--sql \"SELECT … FROM …\", in the database's own SQL"));
    }
    if spec.is_some_and(|spec| spec.exports.iter().any(|export| export.name == source.name)) {
        // What is remembered goes by the name: the two would take turns at each other's contacts.
        let what =
            format!("the configuration has an export `{}`, and what is typed would be called the same", source.name);
        return Err(Failure::config("usage::same_name", what)
            .help(format!("run the export: enlist run {}; or give the file another name", source.name)));
    }
    let list = args.list.ok_or_else(|| {
        Failure::config("usage::list", "which list?").help("--list 7: the number in the address of the list's page")
    })?;
    Ok(Export {
        name: source.name.clone(),
        enabled: true,
        connection: typed_connection(args, spec, environment)?,
        list,
        source: Some(source),
        segments: Vec::new(),
        sql: None,
        params: Vec::new(),
        sources: spec.map(|spec| Arc::clone(&spec.sources)).unwrap_or_default(),
        map: MapSpec::default(),
        tags: Vec::new(),
        keep: Keep::First,
        leavers: Leavers::Keep,
        suppress: Vec::new(),
        schedule: None,
        empty_values: EmptyValues::Keep,
        phone_region: None,
        automations: false,
        guards: Guards::default(),
        deadline: None,
        rejects: RejectFiles::in_folder(PathBuf::from(REJECTS)),
        notify: spec.map(|spec| spec.default_notify.clone()).unwrap_or_default(),
        telemetry: spec.map(|spec| spec.telemetry.clone()).unwrap_or_default(),
        state: spec.map_or_else(|| PathBuf::from(STATE), |spec| spec.state.clone()),
    })
}

/// The account that `--host` names, or else the one that exports without a connection go to.
pub(super) fn typed_connection(
    args: &ExportArgs,
    spec: Option<&Spec>,
    environment: &Environment,
) -> Result<Connection, Failure> {
    if let Some(host) = &args.host {
        let api_key = if host == SIMULATOR { None } else { Some(typed_key(args, environment)?) };
        return Ok(Connection { allow_host: args.allow_host, ..Connection::typed(host, api_key) });
    }
    let connections = spec.map(|spec| spec.connections.as_slice()).unwrap_or_default();
    let default = spec.and_then(|spec| spec.default_connection.as_deref());
    match (default.and_then(|name| connections.iter().find(|it| it.name == name)), connections) {
        (Some(connection), _) => Ok(connection.clone()),
        (None, [only]) => Ok(only.clone()),
        _ => Err(Failure::config("usage::host", "which account?")
            .help("--host acme.api-us1.com: the host of Settings → Developer, and --key-file FILE")),
    }
}

fn typed_key(args: &ExportArgs, environment: &Environment) -> Result<SecretString, Failure> {
    args.key_file.as_deref().map_or_else(|| key_of_environment(environment), key_of_file)
}

/// The key that a file holds.
///
/// # Errors
/// `usage::key_file` when it cannot be read, `usage::key` when it is empty.
pub fn key_of_file(path: &Path) -> Result<SecretString, Failure> {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let text = Environment::default().file(&path.display().to_string());
    // Who gives the key in place of its file does not find it in the logs.
    key(&text.map_err(|cause| {
        Failure::config("usage::key_file", format!("the file of --key-file cannot be read: {cause}"))
            .help("--key-file takes the path of a file that holds the key")
    })?)
}

/// The key that the environment holds.
///
/// # Errors
/// `usage::key` when it holds none.
pub fn key_of_environment(environment: &Environment) -> Result<SecretString, Failure> {
    key(environment.variable(KEY_VARIABLE).unwrap_or_default())
}

fn key(text: &str) -> Result<SecretString, Failure> {
    if text.trim().is_empty() {
        return Err(Failure::config("usage::key", "there is no API key")
            .help(format!("--key-file FILE, or the variable {KEY_VARIABLE}; no flag takes the key itself")));
    }
    Ok(SecretString::from(text.trim()))
}

/// Flags stand above the configuration.
fn with_flags(mut export: Export, args: &ExportArgs, environment: &Environment) -> Result<Export, Failure> {
    if args.host.is_some() {
        export.connection = typed_connection(args, None, environment)?;
    }
    export.connection.allow_host |= args.allow_host;
    export.list = args.list.unwrap_or(export.list);
    if let Some(sql) = &args.sql {
        export = with_statement(export, sql)?;
    }
    export.automations = args.automations.unwrap_or(export.automations);
    export.state = args.state.clone().unwrap_or(export.state);
    export.tags.extend(args.tag.iter().cloned());
    if let Some(region) = &args.phone_region {
        export.phone_region = Some(
            parse_region(region).map_err(|help| Failure::config("usage::phone_region", "which country?").help(help))?,
        );
    }
    if !args.map.is_empty() || !args.field.is_empty() {
        export.map = with_columns(export.map, args)?;
    }
    Ok(export)
}

/// The export with another statement, and the parameters that this one uses.
fn with_statement(mut export: Export, sql: &str) -> Result<Export, Failure> {
    if !export.segments.is_empty() {
        let failure =
            Failure::config("usage::sql", format!("{} has several segments, and --sql takes none", export.name));
        return Err(failure.help("the SELECT can put them together: select … from a union all select … from b"));
    }
    let used = params::used_by(sql);
    let own = export.source.as_ref().is_some_and(SourceSpec::takes_own_sql);
    if let Some(missing) = used.iter().find(|used| !own && export.params.iter().all(|(name, _)| name != *used)) {
        let failure = Failure::config("config::param", format!("there is no value for ${missing} of --sql"));
        return Err(failure.help("write the value into the statement, or give it under `params` of the export"));
    }
    export.params.retain(|(name, _)| used.contains(name));
    export.sql = Some(sql.to_owned());
    Ok(export)
}

fn with_columns(mut map: MapSpec, args: &ExportArgs) -> Result<MapSpec, Failure> {
    const PARTS: [&str; 4] = ["email", "first_name", "last_name", "phone"];
    for (part, column) in &args.map {
        let place = match part.as_str() {
            "email" => &mut map.email,
            "first_name" => &mut map.first_name,
            "last_name" => &mut map.last_name,
            "phone" => &mut map.phone,
            _ => {
                let failure = Failure::config("usage::map", format!("--map: a contact has no part `{part}`"));
                return Err(match suggest(part, PARTS) {
                    Some(meant) => failure.help(format!("did you mean `{meant}`?")),
                    None => failure.help(format!("{}; custom fields: --field {part}={column}", PARTS.join(", "))),
                });
            }
        };
        *place = Some(column.clone());
    }
    for (field, column) in &args.field {
        map.fields.retain(|(known, _)| known != field);
        map.fields.push((field.clone(), column.clone()));
    }
    Ok(map)
}

fn no_export(name: &str, configured: &[Export], written: bool) -> Failure {
    let names: Vec<&str> = configured.iter().map(|export| export.name.as_str()).collect();
    let failure = Failure::config("config::unknown_export", format!("there is no export `{name}`, and no such file"));
    match suggest(name, names.iter().copied()) {
        Some(meant) => failure.help(format!("did you mean `{meant}`?")),
        None if names.is_empty() && written => {
            failure.help("the configuration has no exports: add it under `exports:`; a file ends in .parquet or .csv")
        }
        None if names.is_empty() => failure.help("a file ends in .parquet or .csv; enlist init writes a configuration"),
        None => failure.help(format!("exports: {}", names.join(", "))),
    }
}
