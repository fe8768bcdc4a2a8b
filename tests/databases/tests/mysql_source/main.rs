//! MySQL and MariaDB, read from a real server.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod conformance;
mod faults;
#[path = "../sqlite_source/filters.rs"]
mod filters;
mod flow;
mod pushdown;
mod types;

use std::path::PathBuf;

use arrow::array::RecordBatch;
use enlist_core::Error;
use enlist_kit::servers::{self, MariaDb};
use enlist_source_sql::{Database, Settings, SqlTable, Tls};

use self::filters::everything;

/// A database of the shared server, and how it is read.
struct Shop {
    server: servers::Database,
    reader: Database,
}

impl Shop {
    /// A database after these statements, in which a backslash is a letter.
    fn with(sql: &str) -> Self {
        let server = MariaDb::shared().database();
        server.execute(&format!("SET sql_mode = 'NO_BACKSLASH_ESCAPES';\n{sql}"));
        let reader = Database::open(settings(server.url(), server.password())).unwrap();
        Self { server, reader }
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

fn settings(url: &str, password: &str) -> Settings {
    Settings {
        name: "shop".into(),
        url: url.into(),
        password: Some(password.to_owned().into()),
        tls: Some(Tls::Disable),
        ca_file: None::<PathBuf>,
    }
}
