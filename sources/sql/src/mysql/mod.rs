//! MySQL and MariaDB.
//!
//! Rows come by the binary protocol of prepared statements, as the server finds them, so that numbers keep every bit and
//! memory stays flat. Each read has a connection of its own, with one consistent snapshot (of InnoDB: a table of MyISAM
//! has no snapshot and shows what is written meanwhile).
//!
//! | MySQL | Arrow |
//! |---|---|
//! | `TINYINT` to `BIGINT`, `BOOL`, which is `TINYINT(1)` and holds more than 0 and 1 | `Int8` to `Int64`, `UInt8` to `UInt64` |
//! | `DECIMAL` | `Decimal128`; text when it has over 38 digits |
//! | `FLOAT`, `DOUBLE` | `Float32`, `Float64` |
//! | `BIT(n)` | `UInt64` |
//! | `YEAR` | `UInt16` |
//! | `DATE` | `Date32` |
//! | `DATETIME` | `Timestamp(µs)` without zone |
//! | `TIMESTAMP` | `Timestamp(µs, "UTC")` |
//! | `TIME`, which may be negative or longer than a day | text |
//! | `CHAR`, `VARCHAR`, `TEXT`, `ENUM`, `SET`, `JSON`, `UUID`, `INET6` | text, whatever its character set |
//! | `BINARY`, `VARBINARY`, `BLOB`, spatial types | `Binary` |
//!
//! The date 0000-00-00 is null. Other dates that no calendar has, such as 2026-00-15, become a day long before the year
//! 1: they pass through a read that does not use them, and a mapping refuses their row.

mod cells;
mod columns;
mod compare;
mod connect;
mod fault;
mod read;

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::common::ScalarValue;
use enlist_core::{Error, Rows};
use mysql_async::Statement;
use mysql_async::prelude::Queryable;

use self::connect::{Session, Target};
use self::fault::Phase;
use self::read::Read;
use crate::engine::{Column, Comparison, Engine, Keeps, Relation, RowStream, Scan};
use crate::fault::{partition, query_refused, table_missing};
use crate::pump;
use crate::settings::Settings;

/// One database of a MySQL or MariaDB server.
pub(crate) struct MySql {
    target: Arc<Target>,
}

impl MySql {
    /// # Errors
    /// As [`Database::open`](crate::Database::open).
    pub(crate) fn new(settings: Settings) -> Result<Self, Error> {
        Ok(Self { target: Arc::new(Target::new(settings)?) })
    }

    fn failed(&self, phase: Phase) -> impl Fn(mysql_async::Error) -> Error {
        let target = Arc::clone(&self.target);
        move |fault| fault::error(&target, phase, fault)
    }

    /// Has the server describe what `relation` yields, without a row of it.
    async fn prepare(&self, session: &mut Session, relation: &Relation) -> Result<Statement, Error> {
        let sql = match relation {
            Relation::Table { schema: None, .. } if self.target.database().is_none() => {
                return Err(fault::database_unnamed(&self.target));
            }
            Relation::Table { .. } => format!("SELECT * FROM {} LIMIT 0", source(relation)),
            Relation::Query(sql) => sql.clone(),
        };
        match session.prep(sql).await {
            Err(fault) if matches!(relation, Relation::Table { .. }) && fault::is_unknown_table(&fault) => {
                Err(self.no_table(session, relation).await)
            }
            prepared => prepared.map_err(self.failed(Phase::Describe)),
        }
    }

    /// Makes sure that a direct query can be part of another, so that a filter, which comes later, can be put around it.
    async fn check_part(&self, session: &mut Session, relation: &Relation) -> Result<(), Error> {
        let Relation::Query(_) = relation else { return Ok(()) };
        match session.prep(format!("SELECT * FROM {} LIMIT 0", source(relation))).await {
            // Two columns of one name are told by those who read the description.
            Err(fault) if !fault::is_duplicate_column(&fault) => Err(self.failed(Phase::Describe)(fault)),
            _ => Ok(()),
        }
    }

    async fn no_table(&self, session: &mut Session, relation: &Relation) -> Error {
        let Relation::Table { schema, .. } = relation else { return table_missing(&self.target.name, relation, &[]) };
        let names = "SELECT TABLE_NAME FROM information_schema.TABLES \
                     WHERE TABLE_SCHEMA = COALESCE(?, DATABASE()) ORDER BY TABLE_NAME";
        let mut offered: Vec<String> = session.exec(names, (schema.as_deref(),)).await.unwrap_or_default();
        if let Some(schema) = schema {
            offered.iter_mut().for_each(|name| *name = format!("{schema}.{name}"));
        }
        table_missing(&self.target.name, relation, &offered)
    }
}

#[async_trait]
impl Engine for MySql {
    fn compare(&self, column: &Column, comparison: Comparison, value: &ScalarValue) -> Option<(String, Keeps)> {
        compare::compare(column, comparison, value)
    }

    async fn describe(&self, relation: &Relation) -> Result<Vec<Column>, Error> {
        let mut session = self.target.connect().await?;
        let statement = self.prepare(&mut session, relation).await?;
        if statement.num_params() > 0 {
            return Err(query_refused(&self.target.name, "it has parameters"));
        }
        if statement.num_columns() == 0 {
            return Err(query_refused(&self.target.name, "it yields no columns"));
        }
        self.check_part(&mut session, relation).await?;
        let columns = statement.columns().iter().map(columns::column).collect();
        session.close().await;
        Ok(columns)
    }

    async fn rows(&self, relation: &Relation) -> Result<Rows, Error> {
        let Relation::Table { schema, name } = relation else { return Ok(Rows::Unknown) };
        let mut session = self.target.connect().await?;
        let statistics = "SELECT TABLE_ROWS FROM information_schema.TABLES \
                          WHERE TABLE_SCHEMA = COALESCE(?, DATABASE()) AND TABLE_NAME = ?";
        let found: Option<Option<u64>> =
            session.exec_first(statistics, (schema, name)).await.map_err(self.failed(Phase::Read))?;
        session.close().await;
        Ok(found.flatten().map_or(Rows::Unknown, Rows::About))
    }

    async fn scan(&self, scan: &Scan) -> Result<Vec<RowStream>, Error> {
        let place = format!("{}.{}", self.target.name, scan.relation);
        if scan.partition.is_some() {
            return Err(partition(&place, "connections to MySQL cannot share one state of the data"));
        }
        let mut session = self.target.connect().await?;
        session
            .query_drop("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
            .await
            .map_err(self.failed(Phase::Read))?;
        let read = Read {
            target: Arc::clone(&self.target),
            session,
            place,
            statement: statement(scan),
            columns: scan.columns.clone(),
            limit: scan.limit.unwrap_or(u64::MAX),
        };
        Ok(vec![pump::task(|sink| read.run(sink))])
    }
}

/// The SELECT of a scan. A direct query is left as it is where possible: as a part of another it may lose its order.
fn statement(scan: &Scan) -> String {
    if let (Relation::Query(sql), None) = (&scan.relation, &scan.filter) {
        return sql.clone();
    }
    let columns: Vec<String> = scan.columns.iter().map(|column| identifier(&column.name)).collect();
    let columns = if columns.is_empty() { "1".to_owned() } else { columns.join(", ") };
    let mut sql = format!("SELECT {columns} FROM {}", source(&scan.relation));
    if let Some(filter) = &scan.filter {
        sql += &format!(" WHERE {filter}");
    }
    if let Some(limit) = scan.limit {
        sql += &format!(" LIMIT {limit}");
    }
    sql
}

/// What stands behind FROM.
fn source(relation: &Relation) -> String {
    match relation {
        Relation::Table { schema: Some(schema), name } => format!("{}.{}", identifier(schema), identifier(name)),
        Relation::Table { schema: None, name } => identifier(name),
        // On lines of its own, since it may end with a comment.
        Relation::Query(sql) => format!("(\n{}\n) AS `query`", sql.trim_end().trim_end_matches(';')),
    }
}

/// A name in backticks, which quote it in every SQL mode.
fn identifier(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}
