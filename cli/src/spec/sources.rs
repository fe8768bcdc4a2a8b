//! Sources: from keys as written to where a segment comes from.

use super::check::identifier;
use super::interpolate::is_written_out;
use super::reader::Reader;
use super::source::{CsvLayout, Database, Entity, Format, Members, Origin, Place, SourceSpec, Version};
use super::target::{is_source, source_of_path};
use super::written::{self, Pairs, Text};
use crate::connectors::{KINDS, Kind, kind_of};
use crate::failure::Failure;

/// Words of `format`, and what each means.
const FORMATS: [(&str, Kind); 7] = [
    ("parquet", Kind::Parquet),
    ("csv", Kind::Csv),
    ("jsonl", Kind::Jsonl),
    ("arrow", Kind::Arrow),
    ("avro", Kind::Avro),
    ("delta", Kind::Delta),
    ("customer-insights", Kind::CustomerInsights),
];

/// Words of `tls`, as PostgreSQL's `sslmode` has them.
const TLS: [&str; 4] = ["disable", "require", "verify-ca", "verify-full"];

/// All sources of a file. Those that join others are checked last, whatever the order.
pub fn check(reader: &Reader<'_>, sources: &Pairs<written::Source>) -> Result<Vec<SourceSpec>, Failure> {
    let (joins, plain): (Vec<_>, Vec<_>) = sources.0.iter().partition(|(_, it)| is_join(it));
    let mut checked =
        plain.into_iter().map(|(name, it)| source(reader, name, it)).collect::<Result<Vec<SourceSpec>, Failure>>()?;
    for (name, it) in joins {
        let members = members(reader, name, it, &checked)?;
        checked.push(members);
    }
    Ok(checked)
}

/// What makes up the segment of an export, before SQL.
pub struct Segment {
    /// One source; none: `sql` or `segments` say so.
    pub source: Option<SourceSpec>,
    /// Several, in their order.
    pub segments: Vec<SourceSpec>,
}

/// The source or the sources of an export: of the configuration, or written in their place.
pub fn of_export(
    reader: &Reader<'_>,
    sources: &[SourceSpec],
    export: &Text,
    it: &written::Export,
) -> Result<Segment, Failure> {
    match (&it.source, &it.segments) {
        (Some(_), Some(segments)) if let Some(first) = segments.first() => {
            let failure = reader.fault("config::bad_value", "an export has a `source` or `segments`, not both", first);
            Err(failure.help("move the source into `segments`"))
        }
        (None, Some(segments)) if let Some(first) = segments.first() => {
            if it.sql.is_some() {
                let failure =
                    reader.fault("config::bad_value", "`sql` reads its tables by name, not `segments`", first);
                return Err(failure.help("the SELECT can put them together: select … from a union all select … from b"));
            }
            let segments: Result<_, _> = segments.iter().map(|text| segment(reader, sources, text)).collect();
            Ok(Segment { source: None, segments: segments? })
        }
        (Some(text), _) => {
            let source = found(reader, sources, "source", text)?;
            if source.takes_own_sql() && it.sql.is_none() {
                let failure = reader.fault("config::missing_key", "this database needs a table or a SELECT", text);
                return Err(failure.help("table: public.users beside its url, or sql: in the export"));
            }
            Ok(Segment { source: Some(source), segments: Vec::new() })
        }
        (None, _) if it.sql.is_some() => Ok(Segment { source: None, segments: Vec::new() }),
        (None, _) => {
            let failure =
                reader.fault("config::missing_key", format!("export `{}` has no `source`", export.value), export);
            Err(failure.help("source: a name of `sources`, or a file; or sql: a SELECT over `sources`"))
        }
    }
}

/// One or more sources, of the configuration or written in their place.
pub fn several(
    reader: &Reader<'_>,
    sources: &[SourceSpec],
    key: &str,
    it: &written::Many,
) -> Result<Vec<SourceSpec>, Failure> {
    match it {
        written::Shape::Word(text) => Ok(vec![table(reader, found(reader, sources, key, text)?, text)?]),
        written::Shape::List(list) => {
            list.iter().map(|text| table(reader, found(reader, sources, key, text)?, text)).collect()
        }
        written::Shape::Keys(never) => match *never {},
    }
}

fn segment(reader: &Reader<'_>, sources: &[SourceSpec], text: &Text) -> Result<SourceSpec, Failure> {
    table(reader, found(reader, sources, "segments", text)?, text)
}

/// The source, which must be one without a SELECT.
fn table(reader: &Reader<'_>, source: SourceSpec, text: &Text) -> Result<SourceSpec, Failure> {
    if source.takes_own_sql() {
        let failure = reader.fault("config::missing_key", "this database needs a table", text);
        return Err(failure.help("as a source of the configuration: table: public.users beside its url"));
    }
    Ok(source)
}

/// A source of the configuration, or the path or URL of one.
fn found(reader: &Reader<'_>, sources: &[SourceSpec], key: &str, text: &Text) -> Result<SourceSpec, Failure> {
    let (written, folder) = (reader.name(key, text)?, reader.environment.folder());
    if sources.iter().all(|source| source.name != written) && is_source(&written, folder) {
        let cause = |help| reader.fault("config::bad_value", format!("`{key}` cannot be read"), text).help(help);
        return source_of_path(&written, folder).map_err(cause);
    }
    reader.find("source", text, sources, |it| &it.name).cloned()
}

fn is_join(it: &written::Source) -> bool {
    it.path.is_none() && it.url.is_none() && (it.profiles.is_some() || it.segment.is_some())
}

fn source(reader: &Reader<'_>, name: &Text, it: &written::Source) -> Result<SourceSpec, Failure> {
    let origin = match (&it.path, &it.url) {
        (Some(path), None) => files(reader, path, it)?,
        (None, Some(url)) => Origin::Database(database(reader, url, it)?),
        (Some(_), Some(url)) => {
            let failure = reader.fault("config::bad_value", "a source has a `path` or a `url`, not both", url);
            return Err(failure.help("path: for files, also in an object store; url: for a database"));
        }
        (None, None) => {
            let failure = reader.fault("config::missing_key", format!("source `{}` has no `path`", name.value), name);
            return Err(failure.help("path: people.parquet, or s3://…; url: postgres://… for a database"));
        }
    };
    Ok(SourceSpec { name: identifier(reader, "source", name)?, origin })
}

fn files(reader: &Reader<'_>, text: &Text, it: &written::Source) -> Result<Origin, Failure> {
    let path = reader.location("path", text)?;
    if Database::typed(&path).is_some_and(|database| database.url == path) {
        return Err(reader.fault("config::bad_value", "`path` is for files", text).help("url: for a database"));
    }
    let named = it.format.as_ref().map(|format| reader.choice("format", format, &FORMATS)).transpose()?;
    let kind = named.or_else(|| kind_of(&path)).ok_or_else(|| {
        let failure = reader.fault("config::bad_value", "this is no kind of file known here", text);
        let words = FORMATS.map(|(word, _)| word).join(", ");
        failure.help(format!("name {KINDS}; or say what it is with format: one of {words}"))
    })?;
    let place = Place { path, options: options(reader, it)? };
    let common: &[&str] = if place.path.contains("://") { &["path", "format", "options"] } else { &["path", "format"] };
    let allow = |what: &str, keys: &[&str]| only(reader, it, what, &[common, keys].concat());
    Ok(match kind {
        Kind::Parquet => allow("Parquet", &[]).map(|()| Origin::Files(place, Format::Parquet))?,
        Kind::Jsonl => allow("JSON lines", &[]).map(|()| Origin::Files(place, Format::Jsonl))?,
        Kind::Arrow => allow("Arrow", &[]).map(|()| Origin::Files(place, Format::Arrow))?,
        Kind::Avro => allow("Avro", &[]).map(|()| Origin::Files(place, Format::Avro))?,
        Kind::Csv => {
            allow("CSV", &["delimiter", "header", "names"])?;
            Origin::Files(place, Format::Csv(csv_layout(reader, it)?))
        }
        Kind::Delta => {
            allow("a Delta Lake table", &["version", "timestamp"])?;
            Origin::Delta(place, version(reader, it)?)
        }
        Kind::CustomerInsights => {
            allow("Customer Insights", &["entity", "segment", "types"])?;
            Origin::CustomerInsights(place, entity(reader, it)?)
        }
    })
}

/// Objects to the first key that is not for this kind of source.
fn only(reader: &Reader<'_>, it: &written::Source, what: &str, allowed: &[&str]) -> Result<(), Failure> {
    let texts = [
        ("path", &it.path),
        ("format", &it.format),
        ("delimiter", &it.delimiter),
        ("header", &it.header),
        ("version", &it.version),
        ("timestamp", &it.timestamp),
        ("entity", &it.entity),
        ("types", &it.types),
        ("profiles", &it.profiles),
        ("memberships", &it.memberships),
        ("segment", &it.segment),
        ("unmatched", &it.unmatched),
        ("url", &it.url),
        ("password", &it.password),
        ("tls", &it.tls),
        ("ca_file", &it.ca_file),
        ("table", &it.table),
    ];
    let given = texts.into_iter().filter_map(|(key, text)| Some((key, text.as_ref()?)));
    let names = it.names.iter().flatten().take(1).map(|text| ("names", text));
    let partition = it.partition.iter().map(|partition| ("partition", &partition.by));
    let options = it.options.iter().flat_map(|options| &options.0).map(|(key, _)| ("options", key));
    let mut given = given.chain(names).chain(partition).chain(options);
    match given.find(|(key, _)| !allowed.contains(key)) {
        None => Ok(()),
        Some((key, text)) => {
            let failure = reader.fault("config::bad_value", format!("`{key}` is not for {what}"), text);
            Err(failure.help(format!("{what} takes {}", allowed.join(", "))))
        }
    }
}

fn csv_layout(reader: &Reader<'_>, it: &written::Source) -> Result<CsvLayout, Failure> {
    let names = match &it.names {
        Some(names) => Some(names.iter().map(|text| reader.name("names", text)).collect::<Result<Vec<_>, _>>()?),
        None => None,
    };
    let header = match &it.header {
        Some(text) => Some((reader.switch("header", text)?, text)),
        None => None,
    };
    match (header, &names) {
        (Some((false, text)), None) => {
            let failure = reader.fault("config::missing_key", "without a header the columns need `names`", text);
            Err(failure.help("names: [email, first_name]"))
        }
        (Some((true, text)), Some(_)) => {
            Err(reader.fault("config::bad_value", "`names` are for files without a header", text).help("header: off"))
        }
        _ => Ok(CsvLayout { delimiter: it.delimiter.as_ref().map(|text| delimiter(reader, text)).transpose()?, names }),
    }
}

/// One ASCII character; not trimmed, as it may be a tab.
fn delimiter(reader: &Reader<'_>, text: &Text) -> Result<u8, Failure> {
    match text.value.as_bytes() {
        _ if text.value == "\\t" => Ok(b'\t'),
        [byte] if byte.is_ascii() => Ok(*byte),
        _ => Err(reader.fault("config::bad_value", "`delimiter` is one character", text).help("delimiter: \";\"")),
    }
}

fn version(reader: &Reader<'_>, it: &written::Source) -> Result<Version, Failure> {
    match (&it.version, &it.timestamp) {
        (None, None) => Ok(Version::Latest),
        (Some(number), None) => Ok(Version::Number(reader.number("version", number)?)),
        (None, Some(time)) => reader.parse("timestamp", time, |text| {
            let read = chrono::DateTime::parse_from_rfc3339(text);
            read.map(|time| Version::At(time.to_utc())).map_err(|_| "write it as 2026-01-31T06:00:00Z".to_owned())
        }),
        (Some(_), Some(time)) => {
            let failure = reader.fault("config::bad_value", "`version` and `timestamp` choose the same thing", time);
            Err(failure.help("keep one of the two"))
        }
    }
}

fn entity(reader: &Reader<'_>, it: &written::Source) -> Result<Entity, Failure> {
    let name = |key: &str, text: &Option<Text>| text.as_ref().map(|text| reader.name(key, text)).transpose();
    if let (Some(_), Some(segment)) = (&it.entity, &it.segment) {
        let failure = reader.fault("config::bad_value", "`entity` and `segment` choose the same thing", segment);
        return Err(failure.help("entity: a table; segment: the profiles of its members"));
    }
    let text = match &it.types {
        Some(text) => reader.choice("types", text, &[("model", false), ("text", true)])?,
        None => false,
    };
    Ok(Entity { name: name("entity", &it.entity)?, segment: name("segment", &it.segment)?, text })
}

fn members(
    reader: &Reader<'_>,
    name: &Text,
    it: &written::Source,
    sources: &[SourceSpec],
) -> Result<SourceSpec, Failure> {
    only(reader, it, "a segment of Customer Insights", &["profiles", "memberships", "segment", "unmatched"])?;
    let (Some(profiles), Some(memberships), Some(segment)) = (&it.profiles, &it.memberships, &it.segment) else {
        let failure =
            reader.fault("config::missing_key", "a segment needs `profiles`, `memberships` and `segment`", name);
        return Err(failure.help("profiles and memberships are names of `sources`; segment: VIP customers"));
    };
    let find = |text| reader.find("source", text, sources, |it| &it.name).cloned();
    let leave_out = match &it.unmatched {
        Some(text) => reader.choice("unmatched", text, &[("refuse", false), ("leave_out", true)])?,
        None => false,
    };
    let (profiles, memberships) = (find(profiles)?, find(memberships)?);
    let members = Members { profiles, memberships, segment: reader.name("segment", segment)?, leave_out };
    Ok(SourceSpec { name: identifier(reader, "source", name)?, origin: Origin::Members(Box::new(members)) })
}

fn database(reader: &Reader<'_>, text: &Text, it: &written::Source) -> Result<Database, Failure> {
    let url = reader.name("url", text)?;
    if Database::typed(&url).is_none_or(|database| database.url != url) {
        let failure = reader.fault("config::bad_value", "`url` is for databases", text);
        return Err(
            failure.help("postgres://, mysql://, mariadb:// or sqlite://; path: for files, also in an object store")
        );
    }
    match (url.starts_with("sqlite:"), &it.table) {
        (true, _) => only(reader, it, "SQLite", &["url", "table"])?,
        (false, Some(_)) => {
            only(reader, it, "a database", &["url", "password", "tls", "ca_file", "table", "partition"])?;
        }
        (false, None) => {
            only(reader, it, "a database without a table", &["url", "password", "tls", "ca_file", "table"])?;
        }
    }
    let url = match url.strip_prefix("sqlite://") {
        Some(file) => format!("sqlite://{}", reader.environment.folder().join(file).display()),
        None => url,
    };
    let partition = match &it.partition {
        Some(partition) => Some((reader.name("by", &partition.by)?, parts(reader, &partition.parts)?)),
        None => None,
    };
    Ok(Database {
        url,
        password: match &it.password {
            Some(text) if is_written_out(&text.value) => {
                let failure = reader.fault("config::bad_value", "the password itself stands in the file", text);
                return Err(failure.help("password: ${file:/run/secrets/db}, or ${VAR}"));
            }
            Some(text) => reader.secret("password", text)?,
            None => None,
        },
        tls: match &it.tls {
            Some(text) => Some(reader.choice("tls", text, &TLS.map(|word| (word, word)))?.to_owned()),
            None => None,
        },
        ca_file: it.ca_file.as_ref().map(|text| reader.path("ca_file", text)).transpose()?,
        table: it.table.as_ref().map(|text| reader.name("table", text)).transpose()?,
        partition,
    })
}

fn parts(reader: &Reader<'_>, text: &Text) -> Result<u32, Failure> {
    reader.parse("parts", text, |parts| match parts.parse() {
        Ok(parts @ 1..=64) => Ok(parts),
        _ => Err("write a number from 1 to 64".to_owned()),
    })
}

fn options(reader: &Reader<'_>, it: &written::Source) -> Result<Vec<(String, secrecy::SecretString)>, Failure> {
    let mut options = Vec::new();
    for (key, text) in it.options.iter().flat_map(|options| &options.0) {
        let name = key.value.trim().to_ascii_lowercase();
        if options.iter().any(|(known, _)| *known == name) {
            return Err(reader.fault("config::duplicate_key", "this setting is written twice", key));
        }
        options.extend(reader.secret(&name, text)?.map(|value| (name, value)));
    }
    Ok(options)
}
