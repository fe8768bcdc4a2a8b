//! Where a segment comes from, as checked.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use secrecy::SecretString;

/// A source and what people call it.
#[derive(Clone, Debug)]
pub struct SourceSpec {
    /// Its name, in messages and in SQL.
    pub name: String,
    /// Where it is.
    pub origin: Origin,
}

/// Where a segment comes from.
#[derive(Clone, Debug)]
pub enum Origin {
    /// Files of one format.
    Files(Place, Format),
    /// A Delta Lake table.
    Delta(Place, Version),
    /// A table or a segment that Customer Insights exported.
    CustomerInsights(Place, Entity),
    /// The profiles that are in a segment of Customer Insights.
    Members(Box<Members>),
    /// A database, or a table of it.
    Database(Database),
    /// Standard input.
    Input,
}

/// Files on this machine or in an object store.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// A file, glob, folder or URL.
    pub path: String,
    /// Settings of the object store, by name.
    pub options: Vec<(String, SecretString)>,
}

/// How files are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Format {
    /// Parquet.
    Parquet,
    /// Text in columns.
    Csv(CsvLayout),
    /// One JSON object a line.
    Jsonl,
    /// Arrow IPC, files or streams.
    Arrow,
    /// Avro object container files.
    Avro,
}

/// The layout of text in columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CsvLayout {
    /// Between columns; none: found by looking.
    pub delimiter: Option<u8>,
    /// Names of the columns, where no line of the file has them.
    pub names: Option<Vec<String>>,
}

/// Which state of a Delta Lake table is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Version {
    /// The last.
    #[default]
    Latest,
    /// The one of this number.
    Number(u64),
    /// The last at this time.
    At(DateTime<Utc>),
}

/// What is read of an export of Customer Insights.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entity {
    /// A table of model.json; none: the only one.
    pub name: Option<String>,
    /// The members of a segment, in place of a table.
    pub segment: Option<String>,
    /// Whether cells stay text instead of becoming what model.json says.
    pub text: bool,
}

/// Profiles, memberships, and the segment that joins them.
#[derive(Clone, Debug)]
pub struct Members {
    /// The profiles.
    pub profiles: SourceSpec,
    /// Which profile is in which segments.
    pub memberships: SourceSpec,
    /// Name of the segment.
    pub segment: String,
    /// Whether members without a profile are left out, rather than ending the read.
    pub leave_out: bool,
}

/// A database and how to reach it.
#[derive(Clone, Debug)]
pub struct Database {
    /// `postgres://user@host/database`, without a password.
    pub url: String,
    /// The password.
    pub password: Option<SecretString>,
    /// How far the server has to prove itself, in the words of `sslmode`.
    pub tls: Option<String>,
    /// Certificate authorities to trust in place of the usual ones.
    pub ca_file: Option<PathBuf>,
    /// The table that is the segment; none: `sql` is for the database.
    pub table: Option<String>,
    /// How the table is read in parallel: a column of whole numbers, and the number of ranges.
    pub partition: Option<(String, u32)>,
}

/// The schemes of databases.
const DATABASES: [&str; 5] = ["postgres://", "postgresql://", "mysql://", "mariadb://", "sqlite://"];

/// Endings of SQLite's files.
const SQLITE: [&str; 3] = [".db", ".sqlite", ".sqlite3"];

impl Database {
    /// The database that `text`, a URL or a file of SQLite, leads to.
    pub fn typed(text: &str) -> Option<Self> {
        let file = SQLITE.iter().any(|ending| text.to_ascii_lowercase().ends_with(ending)) && !text.contains("://");
        let url = if file { format!("sqlite://{text}") } else { text.to_owned() };
        let known = DATABASES.iter().any(|scheme| url.starts_with(scheme));
        known.then_some(Self { url, password: None, tls: None, ca_file: None, table: None, partition: None })
    }
}

impl SourceSpec {
    /// Whether it is a database with no table chosen, to which `sql` goes as it is.
    pub fn takes_own_sql(&self) -> bool {
        matches!(&self.origin, Origin::Database(database) if database.table.is_none())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_is_known_by_its_scheme_or_by_the_ending_of_its_file() {
        let url = |text: &str| Database::typed(text).map(|database| database.url);
        assert_eq!(url("postgres://etl@db/crm").as_deref(), Some("postgres://etl@db/crm"));
        assert_eq!(url("data/people.db").as_deref(), Some("sqlite://data/people.db"));
        assert_eq!((url("s3://lake/people.db"), url("people.parquet")), (None, None));
    }
}
