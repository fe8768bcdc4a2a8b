//! SQLite.
//!
//! The file is opened to be read only and is never created. A read is one transaction, so that it sees one state of the
//! data even while another program writes (in WAL mode; in the other modes, a read and a write wait for each other).
//!
//! In SQLite each value has a type of its own, whatever its column is declared as. So the types that a column really
//! holds decide, found by one pass over the data when the table is described (a `STRICT` table needs none, and neither do
//! the columns of a table that are declared as text, in which SQLite keeps no numbers):
//!
//! | values of the column | Arrow |
//! |---|---|
//! | integers | `Int64` |
//! | reals, also together with integers that a real holds exactly | `Float64` |
//! | texts | `Utf8` |
//! | blobs | `Binary` |
//! | numbers and texts | `Utf8`, numbers as `CAST(… AS TEXT)` writes them |
//! | no value at all | what the declared type suggests, else `Utf8` |
//!
//! `BOOLEAN`, `DATE`, `DATETIME` and `DECIMAL` are words without a type behind them: their columns are what they hold. A
//! blob among texts, text that is not UTF-8, and a value of a type that was not there when the table was described are
//! errors that name the row.

mod cells;
mod classes;
mod compare;
mod describe;
mod fault;
mod file;
mod read;

use async_trait::async_trait;
use datafusion::common::ScalarValue;
use enlist_core::{Error, Rows};
use enlist_source_files::blocking;
use rusqlite::Connection;

use self::file::File;
use crate::engine::{Column, Comparison, Engine, Keeps, Relation, RowStream, Scan};
use crate::fault::partition;
use crate::pump;
use crate::settings::Settings;

/// One database file.
pub(crate) struct Sqlite {
    file: File,
}

impl Sqlite {
    /// # Errors
    /// As [`Database::open`](crate::Database::open).
    pub(crate) fn new(settings: &Settings) -> Result<Self, Error> {
        Ok(Self { file: File::new(settings)? })
    }
}

#[async_trait]
impl Engine for Sqlite {
    fn compare(&self, column: &Column, comparison: Comparison, value: &ScalarValue) -> Option<(String, Keeps)> {
        compare::compare(column, comparison, value)
    }

    async fn describe(&self, relation: &Relation) -> Result<Vec<Column>, Error> {
        let (file, relation) = (self.file.clone(), relation.clone());
        blocking(move || describe::describe(&file, &relation)).await
    }

    async fn rows(&self, relation: &Relation) -> Result<Rows, Error> {
        // Of a query, counting would be the whole work of reading.
        let Relation::Table { .. } = relation else { return Ok(Rows::Unknown) };
        let (file, relation) = (self.file.clone(), relation.clone());
        blocking(move || describe::count(&file, &relation)).await.map(Rows::Exactly)
    }

    async fn scan(&self, scan: &Scan) -> Result<Vec<RowStream>, Error> {
        let place = format!("{}.{}", self.file.name, scan.relation);
        if scan.partition.is_some() {
            return Err(partition(&place, "one reader takes a file as fast as several"));
        }
        let (file, scan) = (self.file.clone(), scan.clone());
        Ok(vec![pump::thread(move |sink| read::read(&file, &place, &scan, sink))])
    }
}

/// What stands behind FROM.
fn source(connection: &Connection, relation: &Relation) -> rusqlite::Result<String> {
    Ok(match relation {
        Relation::Table { schema: Some(schema), name } => format!("{}.{}", identifier(schema), identifier(name)),
        Relation::Table { schema: None, name } => identifier(name),
        Relation::Query(sql) => {
            // SQLite knows where the statement ends; what follows it can only be a comment.
            let statement = connection.prepare(sql)?.expanded_sql().unwrap_or_default();
            // On lines of its own, since it may end with a comment too.
            format!("(\n{}\n)", statement.trim_end().trim_end_matches(';'))
        }
    })
}

fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
