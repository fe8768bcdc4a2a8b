//! Exports: from keys as written to what is carried where.

use std::path::PathBuf;
use std::sync::Arc;

use enlist_core::{EmptyValues, Keep, Leavers};
use enlist_schedule::{ScheduleError, Timetable};

use super::check::{REJECTS, each, identifier};
use super::interpolate::has_reference;
use super::model::{Connection, Export, Guards, MapSpec, Notify, RejectFiles, Schedule, Telemetry};
use super::reader::Reader;
use super::scalar::{parse_duration, parse_percent};
use super::source::SourceSpec;
use super::written::{self, Shape, Text};
use super::{params, sources, told};
use crate::failure::Failure;

/// What exports may refer to.
pub struct Known<'a> {
    /// Accounts.
    pub connections: &'a [Connection],
    /// Sources with a name.
    pub sources: &'a Arc<[SourceSpec]>,
    /// The account of exports that name none.
    pub default: Option<&'a Text>,
    /// Who is told of exports that say nothing else.
    pub notify: &'a [Notify],
    /// Where metrics and lineage go.
    pub telemetry: &'a Telemetry,
    /// Folder of the state.
    pub state: &'a PathBuf,
}

/// One export, complete.
///
/// # Errors
/// For the first thing in it that cannot be meant, at its place.
pub fn export(reader: &Reader<'_>, known: &Known<'_>, name: &Text, it: &written::Export) -> Result<Export, Failure> {
    let switch = |key: &str, text: &Option<Text>| text.as_ref().map(|text| reader.switch(key, text)).transpose();
    let map = it.map.as_ref().map_or(Ok(MapSpec::default()), |map| mapping(reader, map))?;
    let segment = sources::of_export(reader, known.sources, name, it)?;
    Ok(Export {
        name: identifier(reader, "export", name)?,
        enabled: switch("enabled", &it.enabled)?.unwrap_or(true),
        connection: connection_of(reader, known, name, it)?,
        list: match &it.list {
            Some(list) => reader.number("list", list)?,
            None => return Err(lacking(reader, name, "list", "list: the number in the address of the list's page")),
        },
        params: parameters(reader, it, segment.source.as_ref())?,
        source: segment.source,
        segments: segment.segments,
        sql: it.sql.as_ref().map(|text| reader.statement("sql", text)).transpose()?,
        sources: Arc::clone(known.sources),
        tags: it.map.iter().flat_map(|map| &map.tags).map(|tag| reader.name("tags", tag)).collect::<Result<_, _>>()?,
        leavers: leavers(reader, it)?,
        map,
        keep: it.unique_by.as_ref().map_or(Ok(Keep::First), |it| unique_by(reader, it))?,
        suppress: match &it.suppress {
            Some(list) => sources::several(reader, known.sources, "suppress", list)?,
            None => Vec::new(),
        },
        schedule: schedule(reader, it)?,
        empty_values: match &it.empty_values {
            Some(text) => {
                let choices = [("keep", EmptyValues::Keep), ("clear", EmptyValues::Clear)];
                reader.choice("empty_values", text, &choices)?
            }
            None => EmptyValues::Keep,
        },
        phone_region: it
            .phone_region
            .as_ref()
            .map(|text| reader.parse("phone_region", text, parse_region))
            .transpose()?,
        automations: switch("automations", &it.automations)?.unwrap_or(false),
        guards: it.guards.as_ref().map_or(Ok(Guards::default()), |it| guards(reader, it))?,
        deadline: it.deadline.as_ref().map(|text| reader.parse("deadline", text, parse_duration)).transpose()?,
        rejects: rejects(reader, it.rejects.as_ref())?,
        notify: it.notify.as_ref().map_or_else(|| Ok(known.notify.to_vec()), |it| told::notify(reader, it))?,
        telemetry: known.telemetry.clone(),
        state: known.state.clone(),
    })
}

fn rejects(reader: &Reader<'_>, it: Option<&written::Rejects>) -> Result<RejectFiles, Failure> {
    let mut files = RejectFiles::in_folder(reader.environment.folder().join(REJECTS));
    let Some(it) = it else { return Ok(files) };
    if let Some(path) = &it.path {
        files.folder = reader.path("rejects.path", path)?;
    }
    let columns = it.columns.iter().flatten().map(|column| reader.name("rejects.columns", column));
    files.columns = columns.collect::<Result<_, _>>()?;
    if let Some(text) = &it.keep_days {
        let days = u32::try_from(reader.number("rejects.keep_days", text)?).ok().filter(|days| *days > 0);
        let wrong = || reader.fault("config::bad_value", "`rejects.keep_days` cannot be so many", text);
        files.keep_days = Some(days.ok_or_else(|| wrong().help("write 1 or more"))?);
    }
    Ok(files)
}

/// The error for an export without a key that it needs.
fn lacking(reader: &Reader<'_>, name: &Text, key: &str, help: &str) -> Failure {
    reader.fault("config::missing_key", format!("export `{}` has no `{key}`", name.value), name).help(help)
}

/// Values for the parameters of the statement: each that it uses, and no other.
fn parameters(
    reader: &Reader<'_>,
    it: &written::Export,
    source: Option<&SourceSpec>,
) -> Result<Vec<(String, String)>, Failure> {
    let given = it.params.as_ref().map(|pairs| pairs.0.as_slice()).unwrap_or_default();
    let fault = |message: String, text: &Text| reader.fault("config::param", message, text);
    let Some(sql) = &it.sql else {
        return match given.first() {
            None => Ok(Vec::new()),
            Some((name, _)) => Err(fault("`params` are for `sql`".to_owned(), name).help("add sql: SELECT … $name …")),
        };
    };
    if source.is_some_and(SourceSpec::takes_own_sql) {
        return match given.first() {
            None => Ok(Vec::new()),
            Some((name, _)) => Err(fault("the database runs this statement itself, without `params`".to_owned(), name)
                .help("write the value into the statement, or leave `source` out and read NAME.table")),
        };
    }
    let used = params::used_by(&sql.value);
    for (name, _) in given {
        if !params::is_name(&name.value) || !used.contains(&name.value) {
            let used: Vec<String> = used.iter().map(|name| format!("${name}")).collect();
            let offered = if used.is_empty() { "no parameter".to_owned() } else { used.join(", ") };
            return Err(fault("the statement does not use this parameter".to_owned(), name)
                .help(format!("it uses {offered}; a name has letters, digits and _")));
        }
    }
    if let Some(missing) = used.iter().find(|used| given.iter().all(|(name, _)| name.value != **used)) {
        let spot = reader.document.spot_of(&format!("${missing}"), sql.referenced);
        let failure = reader.document.fault("config::param", format!("there is no value for ${missing}"), spot);
        return Err(failure.help(format!("params: {{ {missing}: … }}; for a dollar sign in text, put it in quotes")));
    }
    given.iter().map(|(name, text)| Ok((name.value.clone(), reader.text(text)?))).collect()
}

/// What happens to contacts that left the segment.
fn leavers(reader: &Reader<'_>, it: &written::Export) -> Result<Leavers, Failure> {
    let accepted = match &it.accept_one_way {
        Some(text) => reader.switch("accept_one_way", text)?,
        None => false,
    };
    let leavers = match &it.leavers {
        None => Ok(Leavers::Keep),
        Some(Shape::Word(text)) => {
            let choices = [("keep", false), ("unsubscribe", true)];
            match (reader.choice("leavers", text, &choices)?, accepted) {
                (false, _) => Ok(Leavers::Keep),
                (true, true) => Ok(Leavers::Unsubscribe),
                (true, false) => Err(reader
                    .fault("config::one_way", "nobody who is unsubscribed by this can be subscribed again", text)
                    .help(
                        "an import cannot subscribe them again, only they themselves or somebody in ActiveCampaign; \
                         if that is meant: accept_one_way: true; else leavers: { field: TITLE, value: TEXT }",
                    )),
            }
        }
        Some(Shape::Keys(mark)) => {
            let field = reader.name("field", &mark.field)?;
            let mapped = it.map.iter().flat_map(|map| &map.fields.0);
            let same = |text: &Text| text.value.trim().trim_matches('%').eq_ignore_ascii_case(field.trim_matches('%'));
            if !mapped.into_iter().any(|(name, _)| same(name)) {
                let failure = reader.fault("config::leaver_field", "this field is not in `map.fields`", &mark.field);
                return Err(failure.help(
                    "without it a contact that comes back would keep the value; map a column to it, for example one \
                     that SQL adds: select *, 'yes' as vip",
                ));
            }
            Ok(Leavers::Mark { field, value: reader.text(&mark.value)? })
        }
        Some(Shape::List(never)) => match never.first() {
            Some(never) => match *never {},
            None => Ok(Leavers::Keep),
        },
    }?;
    match &it.accept_one_way {
        Some(text) if accepted && leavers != Leavers::Unsubscribe => Err(reader
            .fault("config::one_way", "`accept_one_way` is for `leavers: unsubscribe` alone", text)
            .help("leavers: unsubscribe, if that is meant; else remove this line")),
        _ => Ok(leavers),
    }
}

fn schedule(reader: &Reader<'_>, it: &written::Export) -> Result<Option<Schedule>, Failure> {
    match (&it.schedule, &it.time_zone) {
        (Some(text), zone) => {
            let cron = reader.name("schedule", text)?;
            let time_zone = zone.as_ref().map(|zone| reader.name("time_zone", zone)).transpose()?;
            if let Err(error) = Timetable::parse(&cron, time_zone.as_deref()) {
                let (key, at) = match (&error, zone) {
                    (ScheduleError::TimeZone { .. }, Some(zone)) => ("time_zone", zone),
                    _ => ("schedule", text),
                };
                // What a variable holds is not shown.
                let message =
                    if has_reference(&at.value) { format!("`{key}` cannot be read") } else { error.to_string() };
                return Err(reader.fault(error.code(), message, at).help(error.help()));
            }
            Ok(Some(Schedule { cron, time_zone }))
        }
        (None, Some(zone)) => {
            let failure = reader.fault("config::missing_key", "`time_zone` is that of `schedule`", zone);
            Err(failure.help("schedule: \"0 6 * * *\""))
        }
        (None, None) => Ok(None),
    }
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
        max_leave: share("max_leave", &it.max_leave)?,
    })
}

/// Two letters of ISO 3166-1.
pub fn parse_region(text: &str) -> Result<String, String> {
    let region = text.to_ascii_uppercase();
    let sound = region.len() == 2 && region.bytes().all(|byte| byte.is_ascii_uppercase());
    if sound { Ok(region) } else { Err("write a country as two letters, for example FI".to_owned()) }
}
