//! From what the configuration says of a source to the source.

use std::collections::BTreeMap;
use std::sync::Arc;

use enlist_core::{Error, ErrorKind, Source};
use enlist_source_avro::AvroFiles;
use enlist_source_csv::{CsvFiles, CsvOptions};
use enlist_source_customer_insights::{self as insights, Folder, SegmentOptions, Types, Unmatched};
use enlist_source_delta::DeltaTable;
use enlist_source_files::{Location, StoreOptions, blocking};
use enlist_source_ipc::{IpcFiles, IpcStream};
use enlist_source_jsonl::JsonlFiles;
use enlist_source_parquet::ParquetFiles;
use enlist_source_query::{Settings, TableName, Tables, table_missing, tables_of};
use enlist_source_sql as sql;
use secrecy::ExposeSecret;

use super::together::Together;
use crate::spec::Export;
use crate::spec::source::{CsvLayout, Database, Entity, Format, Members, Origin, Place, SourceSpec, Version};

/// The segment of an export.
///
/// # Errors
/// As [`read`], and when several sources have different columns.
pub async fn segment(export: &Export) -> Result<Arc<dyn Source>, Error> {
    if export.segments.is_empty() {
        return read(export.source.as_ref(), export.sql.as_deref(), &export.params, &export.sources).await;
    }
    let mut sources = Vec::with_capacity(export.segments.len());
    for segment in &export.segments {
        sources.push((segment.name.clone(), open(segment).await?));
    }
    Ok(Arc::new(Together::new(sources).await?))
}

/// The segment that `source` is, or what `sql` with `params` makes of it and of `others`, of which only those that it names are opened.
///
/// # Errors
/// Those of opening each source that is read, and of the SELECT.
pub async fn read(
    source: Option<&SourceSpec>,
    sql: Option<&str>,
    params: &[(String, String)],
    others: &[SourceSpec],
) -> Result<Arc<dyn Source>, Error> {
    match (source, sql) {
        (Some(SourceSpec { name, origin: Origin::Database(database) }), Some(sql)) if database.table.is_none() => {
            Ok(Arc::new(connect(name, database)?.query(sql).await?))
        }
        (Some(source), None) => open(source).await,
        (source, Some(sql)) => query(sql, params, source, others).await,
        (None, None) => Err(Error::new(ErrorKind::Bug, "bug::source", "an export has neither source nor SELECT")),
    }
}

/// What `sql` makes of `main` and `others`, of which only those that it names are opened.
async fn query(
    sql: &str,
    params: &[(String, String)],
    main: Option<&SourceSpec>,
    others: &[SourceSpec],
) -> Result<Arc<dyn Source>, Error> {
    let sources: BTreeMap<&str, &SourceSpec> =
        others.iter().chain(main).map(|source| (source.name.as_str(), source)).collect();
    let mut tables = Tables::new(Settings::default());
    for name in tables_of(sql)? {
        let Some(source) = sources.get(name.first()) else {
            return Err(no_table(&name, &sources));
        };
        match (name.path(), &source.origin) {
            (None, Origin::Database(database)) if database.table.is_some() => {
                tables.add_provider(name, table(&source.name, database).await?.provider())?;
            }
            (Some((schema, table)), Origin::Database(database)) if database.table.is_none() => {
                // In quotes, a dot in a name is part of it.
                let quoted = |part: &str| format!("\"{}\"", part.replace('"', "\"\""));
                let path: Vec<String> = schema.into_iter().chain([table]).map(quoted).collect();
                let path = path.join(".");
                let table = connect(&source.name, database)?.table(&path, None).await?;
                tables.add_provider(name, table.provider())?;
            }
            (None, Origin::Database(_)) | (Some(_), _) => return Err(no_table(&name, &sources)),
            (None, _) => tables.add(name, open(source).await?)?,
        }
    }
    Ok(Arc::new(tables.query_with(sql, params).await?))
}

/// The error for a table that is none of the `sources`.
fn no_table(name: &TableName, sources: &BTreeMap<&str, &SourceSpec>) -> Error {
    let offered = sources
        .values()
        .map(|source| if source.takes_own_sql() { format!("{}.TABLE", source.name) } else { source.name.clone() });
    table_missing(name, &offered.collect::<Vec<_>>())
}

/// A source as it is, without a SELECT.
///
/// # Errors
/// Those of opening it: not there, not reachable, or not what it claims to be.
pub async fn open(source: &SourceSpec) -> Result<Arc<dyn Source>, Error> {
    match &source.origin {
        Origin::Files(place, format) => files(place, format).await,
        Origin::Delta(place, version) => {
            let (location, version) = (location(place), delta(*version));
            opened(move || DeltaTable::open(location, version)).await
        }
        Origin::CustomerInsights(place, entity) => {
            let (location, entity) = (location(place), entity.clone());
            blocking(move || exported(location, &entity)).await
        }
        Origin::Members(members) => {
            let Members { profiles, memberships, segment, leave_out } = &**members;
            let (profiles, memberships) = (Box::pin(open(profiles)).await?, Box::pin(open(memberships)).await?);
            let unmatched = if *leave_out { Unmatched::LeaveOut } else { Unmatched::Refuse };
            let options = SegmentOptions { unmatched, ..SegmentOptions::default() };
            Ok(insights::segment(profiles, memberships, options, segment))
        }
        Origin::Database(database) => Ok(Arc::new(table(&source.name, database).await?)),
        Origin::Input => opened(IpcStream::stdin).await,
    }
}

/// What is read of an export of Customer Insights. Blocks.
fn exported(location: Location, entity: &Entity) -> Result<Arc<dyn Source>, Error> {
    let types = if entity.text { Types::Text } else { Types::Model };
    let folder = Folder::open(location, insights::Options { types })?;
    let names: Vec<&str> = folder.entities().collect();
    match (&entity.segment, &entity.name, names.as_slice()) {
        (Some(segment), ..) => folder.segment(segment),
        (None, Some(name), _) => Ok(Arc::new(folder.entity(name)?)),
        (None, None, [only]) => Ok(Arc::new(folder.entity(only)?)),
        (None, None, _) => Err(Error::new(ErrorKind::Config, "source::table_missing", "which table of the export?")
            .help(format!("as a source of the configuration: entity: or segment:; entities: {}", names.join(", ")))),
    }
}

async fn files(place: &Place, format: &Format) -> Result<Arc<dyn Source>, Error> {
    let location = location(place);
    match format {
        Format::Parquet => opened(move || ParquetFiles::open(location)).await,
        Format::Csv(CsvLayout { delimiter, names }) => {
            let options = CsvOptions { delimiter: *delimiter, names: names.clone() };
            opened(move || CsvFiles::open(location, options)).await
        }
        Format::Jsonl => opened(move || JsonlFiles::open(location)).await,
        Format::Arrow => opened(move || IpcFiles::open(location)).await,
        Format::Avro => opened(move || AvroFiles::open(location)).await,
    }
}

/// Opens a source that blocks meanwhile.
async fn opened<S: Source + 'static>(
    open: impl FnOnce() -> Result<S, Error> + Send + 'static,
) -> Result<Arc<dyn Source>, Error> {
    Ok(Arc::new(blocking(open).await?))
}

fn location(place: &Place) -> Location {
    let options = place.options.iter().map(|(name, value)| (name.clone(), value.expose_secret().to_owned()));
    Location { pattern: place.path.clone(), options: StoreOptions(options.collect()) }
}

fn delta(version: Version) -> enlist_source_delta::Version {
    match version {
        Version::Latest => enlist_source_delta::Version::Latest,
        Version::Number(number) => enlist_source_delta::Version::Number(number),
        Version::At(time) => enlist_source_delta::Version::At(time),
    }
}

/// The table that a database source names.
async fn table(name: &str, database: &Database) -> Result<sql::SqlTable, Error> {
    let Some(table) = &database.table else {
        return Err(Error::new(
            ErrorKind::Config,
            "source::table_missing",
            format!("{name} is a database: which table?"),
        )
        .help("--sql \"SELECT … FROM …\" in its own SQL, or table: beside its url in the configuration"));
    };
    let partition = database.partition.as_ref().map(|(by, parts)| sql::Partition { by: by.clone(), parts: *parts });
    connect(name, database)?.table(table, partition).await
}

fn connect(name: &str, database: &Database) -> Result<sql::Database, Error> {
    sql::Database::open(sql::Settings {
        name: name.to_owned(),
        url: database.url.clone(),
        password: database.password.clone(),
        tls: database.tls.as_deref().map(sql::Tls::from_name).transpose()?,
        ca_file: database.ca_file.clone(),
    })
}
