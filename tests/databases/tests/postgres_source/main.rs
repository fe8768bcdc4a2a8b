//! PostgreSQL, a real server of it, with whatever its tables hold and whatever happens to it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod conformance;
mod faults;
#[path = "../sqlite_source/filters.rs"]
mod filters;
mod flow;
mod pushdown;
mod relations;
mod types;

use std::path::PathBuf;

use arrow::array::RecordBatch;
use enlist_core::Error;
use enlist_kit::servers::{self, Postgres};
use enlist_source_sql::{Database, Partition, Settings, SqlTable};
use futures::TryStreamExt;

use self::filters::everything;

/// A database for one test, and how it is read.
struct Shop {
    server: servers::Database,
    reader: Database,
}

impl Shop {
    /// A database of the shared server after these statements.
    fn with(sql: &str) -> Self {
        Self::on(Postgres::shared().database(), sql)
    }

    fn on(server: servers::Database, sql: &str) -> Self {
        server.execute(sql);
        let reader = Database::open(settings(&server)).unwrap();
        Self { server, reader }
    }

    async fn table(&self, name: &str) -> SqlTable {
        self.reader.table(name, None).await.unwrap()
    }

    async fn parts(&self, name: &str, by: &str, parts: u32) -> SqlTable {
        self.reader.table(name, Some(Partition { by: by.into(), parts })).await.unwrap()
    }

    async fn read(&self, table: &str) -> RecordBatch {
        everything(&self.table(table).await).await
    }

    async fn query(&self, sql: &str) -> Result<RecordBatch, Error> {
        Ok(everything(&self.reader.query(sql).await?).await)
    }

    /// A user who may log in and nothing else, as who another reader comes.
    fn reader_as(&self, user: &str) -> Database {
        self.server.execute(&format!("DROP ROLE IF EXISTS {user}; CREATE ROLE {user} LOGIN PASSWORD 'only for tests'"));
        let mut settings = settings(&self.server);
        settings.url = settings.url.replace("//enlist@", &format!("//{user}@"));
        settings.password = Some("only for tests".into());
        Database::open(settings).unwrap()
    }
}

fn settings(server: &servers::Database) -> Settings {
    Settings {
        name: "shop".into(),
        url: server.url().to_owned(),
        password: Some(server.password().into()),
        tls: None,
        ca_file: None::<PathBuf>,
    }
}

/// The error that ends a read of all columns, which must not end without one.
async fn failure(table: &SqlTable) -> Error {
    use enlist_core::Source;
    let schema = table.schema().await.unwrap();
    let columns: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
    let read: Result<Vec<_>, Error> = match table.scan(&columns).await {
        Ok(stream) => stream.batches.try_collect().await,
        Err(fault) => Err(fault),
    };
    read.expect_err("the read ends as if all rows were there")
}
