//! SQLite files, read while others write them, with whatever they hold.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod conformance;
mod faults;
mod filters;
mod flow;
mod pushdown;
mod types;

use std::path::PathBuf;

use arrow::array::RecordBatch;
use enlist_core::Error;
use enlist_source_sql::{Database, Settings, SqlTable};
use futures::TryStreamExt;
use rusqlite::Connection;
use tempfile::TempDir;

use self::filters::everything;

/// A database file, who writes it, and how it is read.
struct Shop {
    folder: TempDir,
    writer: Connection,
    reader: Database,
}

impl Shop {
    /// A database after these statements.
    fn with(sql: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shop.db");
        let writer = Connection::open(&path).unwrap();
        // Nothing has to survive a loss of power.
        writer.execute_batch("PRAGMA synchronous = OFF").unwrap();
        writer.execute_batch(sql).unwrap();
        Self { folder, writer, reader: Database::open(settings(&path)).unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("shop.db")
    }

    fn execute(&self, sql: &str) {
        self.writer.execute_batch(sql).unwrap();
    }

    async fn table(&self, name: &str) -> SqlTable {
        self.reader.table(name, None).await.unwrap()
    }

    async fn read(&self, table: &str) -> RecordBatch {
        everything(&self.table(table).await).await
    }

    async fn query(&self, sql: &str) -> Result<RecordBatch, Error> {
        Ok(everything(&self.reader.query(sql).await?).await)
    }
}

fn settings(path: &std::path::Path) -> Settings {
    Settings {
        name: "shop".into(),
        url: format!("sqlite://{}", path.display()),
        password: None,
        tls: None,
        ca_file: None,
    }
}

/// The error that ends a read of all columns, which must not end without one.
async fn failure(table: &SqlTable) -> Error {
    use enlist_core::Source;
    let schema = table.schema().await.unwrap();
    let columns: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
    let read: Result<Vec<_>, Error> = table.scan(&columns).await.unwrap().batches.try_collect().await;
    read.expect_err("the read ends as if all rows were there")
}
