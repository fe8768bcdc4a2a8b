//! One database and what can be read from it.

use std::fmt;
use std::sync::Arc;

use enlist_core::{Error, ErrorKind};

use crate::engine::{Engine, Partition, Relation};
use crate::mysql::MySql;
use crate::name;
use crate::postgres::Postgres;
use crate::settings::{Settings, Tls};
use crate::sqlite::Sqlite;
use crate::table::SqlTable;

/// A database. Nothing is connected until something is asked for.
pub struct Database {
    name: String,
    engine: Arc<dyn Engine>,
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Database {
    /// Whether `url` names a database of a kind that can be read.
    pub fn handles(url: &str) -> bool {
        Kind::of(url).is_some()
    }

    /// Checks the settings; nothing is connected.
    ///
    /// # Errors
    /// Configuration: `sql::url`, `sql::password_in_url`, `sql::tls_mode`, `sql::ca_file`.
    pub fn open(settings: Settings) -> Result<Self, Error> {
        let name = settings.name.clone();
        let Some(kind) = Kind::of(&settings.url) else {
            return Err(Error::new(
                ErrorKind::Config,
                "sql::url",
                format!("{name}: the URL names no database that can be read"),
            )
            .help("it begins with postgres://, mysql://, mariadb:// or sqlite:"));
        };
        if let (Some(Tls::Disable | Tls::Require), Some(_)) = (settings.tls, &settings.ca_file) {
            let message = format!("{name}: certificates are named, and tls is set to check none");
            return Err(Error::new(ErrorKind::Config, "sql::tls_mode", message)
                .help("tls: verify-full or verify-ca checks them; or leave ca_file out"));
        }
        Ok(Self { name, engine: kind.engine(settings)? })
    }

    /// The table or view `name`, in its case: `users`, `public.users`, or with a part in double quotes where it has a
    /// dot in it.
    ///
    /// # Errors
    /// `sql::table_name`, `sql::table_missing`, `sql::partition`, and whatever keeps the database from answering.
    pub async fn table(&self, name: &str, partition: Option<Partition>) -> Result<SqlTable, Error> {
        let relation = name::relation(name)?;
        let place = format!("{}.{name}", self.name);
        SqlTable::describe(place, Arc::clone(&self.engine), relation, partition).await
    }

    /// One SELECT in the database's own SQL, which the database executes.
    ///
    /// # Errors
    /// `sql::query_refused`, `sql::query_invalid`, and whatever keeps the database from answering.
    pub async fn query(&self, sql: &str) -> Result<SqlTable, Error> {
        let relation = Relation::Query(sql.to_owned());
        let place = format!("{} (query)", self.name);
        SqlTable::describe(place, Arc::clone(&self.engine), relation, None).await
    }
}

/// The kinds of databases, by the scheme of the URL.
#[derive(Clone, Copy)]
enum Kind {
    MySql,
    Postgres,
    Sqlite,
}

impl Kind {
    fn of(url: &str) -> Option<Self> {
        match url.split_once(':')?.0 {
            "mysql" | "mariadb" => Some(Self::MySql),
            "postgres" | "postgresql" => Some(Self::Postgres),
            "sqlite" => Some(Self::Sqlite),
            _ => None,
        }
    }

    fn engine(self, settings: Settings) -> Result<Arc<dyn Engine>, Error> {
        Ok(match self {
            Self::MySql => Arc::new(MySql::new(settings)?),
            Self::Postgres => Arc::new(Postgres::new(&settings)?),
            Self::Sqlite => Arc::new(Sqlite::new(&settings)?),
        })
    }
}
