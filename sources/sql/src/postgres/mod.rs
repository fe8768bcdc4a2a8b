//! PostgreSQL, and what speaks its protocol.

use async_trait::async_trait;
use datafusion::common::ScalarValue;
use enlist_core::{Error, ErrorKind, Rows};

use crate::engine::{Column, Comparison, Engine, Keeps, Relation, RowStream, Scan};
use crate::settings::{Settings, Tls};

/// One PostgreSQL database.
pub(crate) struct Postgres {
    settings: Settings,
}

impl Postgres {
    /// # Errors
    /// As [`Database::open`](crate::Database::open).
    pub(crate) fn new(settings: Settings) -> Result<Self, Error> {
        let tls = settings.tls.unwrap_or(Tls::default_for(&settings.url));
        crate::tls::configuration(&settings.name, tls, settings.ca_file.as_deref())?;
        Ok(Self { settings })
    }

    fn refused(&self) -> Error {
        Error::new(ErrorKind::Source, "postgres::lost", self.settings.name.clone())
    }
}

#[async_trait]
impl Engine for Postgres {
    fn identifier(&self, name: &str) -> String {
        format!("\"{}\"", name.replace('"', "\"\""))
    }

    fn compare(&self, _: &Column, _: Comparison, _: &ScalarValue) -> Option<(String, Keeps)> {
        None
    }

    async fn describe(&self, _relation: &Relation) -> Result<Vec<Column>, Error> {
        Err(self.refused())
    }

    async fn rows(&self, _relation: &Relation) -> Result<Rows, Error> {
        Err(self.refused())
    }

    async fn scan(&self, _scan: &Scan) -> Result<Vec<RowStream>, Error> {
        Err(self.refused())
    }
}
