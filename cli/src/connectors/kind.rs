//! What kind of source a path or URL leads to, by its looks.

use enlist_source_files::shown;

/// What [`kind_of`] knows, for people.
pub const KINDS: &str = "a file, glob, folder or URL of .parquet, .csv (.tsv), .jsonl (.ndjson), .arrow or .avro, the \
                         text formats also as .gz or .zst; a Delta Lake table; or a database (postgres://, mysql://, \
                         sqlite://)";

/// A kind of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Parquet.
    Parquet,
    /// Text in columns.
    Csv,
    /// One JSON object a line.
    Jsonl,
    /// Arrow IPC.
    Arrow,
    /// Avro.
    Avro,
    /// A Delta Lake table.
    Delta,
    /// An export of Customer Insights.
    CustomerInsights,
}

/// The kind of what lies at `path`, by its name or, in a folder of this machine, by what the folder holds.
pub fn kind_of(path: &str) -> Option<Kind> {
    // The signature of a web address is no part of its name.
    let name = shown(path);
    [
        (Kind::Delta, enlist_source_delta::handles as fn(&str) -> bool),
        (Kind::CustomerInsights, enlist_source_customer_insights::handles),
        (Kind::Parquet, enlist_source_parquet::handles),
        (Kind::Csv, enlist_source_csv::handles),
        (Kind::Jsonl, enlist_source_jsonl::handles),
        (Kind::Arrow, enlist_source_ipc::handles),
        (Kind::Avro, enlist_source_avro::handles),
    ]
    .into_iter()
    .find(|(_, handles)| handles(name))
    .map(|(kind, _)| kind)
}
