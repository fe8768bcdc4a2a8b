//! PostgreSQL, and what speaks its protocol.
//!
//! Rows are read by `COPY (SELECT …) TO STDOUT (FORMAT binary)`, the fastest way out of the server, and decoded straight
//! into Arrow. Whatever is asked is asked within one read-only transaction of isolation level repeatable read, with all
//! settings local to it, so that it also works behind a pooler of transactions. Types without a form of their own in
//! Arrow are cast to text by the server: no table is refused for a type.

mod catalog;
mod compare;
mod copy;
mod decode;
mod fault;
mod numeric;
mod parts;
mod passfile;
mod session;
mod target;
mod types;

use async_trait::async_trait;
use datafusion::common::ScalarValue;
use enlist_core::{Error, Rows};

use crate::engine::{Column, Comparison, Engine, Keeps, Relation, RowStream, Scan};
use crate::settings::Settings;
use session::Session;
use target::Target;

/// One PostgreSQL database.
pub(crate) struct Postgres {
    target: Target,
}

impl Postgres {
    /// # Errors
    /// As [`Database::open`](crate::Database::open).
    pub(crate) fn new(settings: &Settings) -> Result<Self, Error> {
        Ok(Self { target: Target::new(settings)? })
    }
}

#[async_trait]
impl Engine for Postgres {
    fn compare(&self, column: &Column, comparison: Comparison, value: &ScalarValue) -> Option<(String, Keeps)> {
        compare::compare(column, comparison, value)
    }

    async fn describe(&self, relation: &Relation) -> Result<Vec<Column>, Error> {
        let mut session = Session::begin(&self.target, None).await?;
        let columns = catalog::describe(&mut session, relation).await?;
        session.commit().await?;
        Ok(columns)
    }

    async fn rows(&self, relation: &Relation) -> Result<Rows, Error> {
        let Relation::Table { schema, name } = relation else { return Ok(Rows::Unknown) };
        let mut session = Session::begin(&self.target, None).await?;
        let rows = catalog::rows(&mut session, schema.as_deref(), name).await?;
        session.commit().await?;
        Ok(rows)
    }

    async fn scan(&self, scan: &Scan) -> Result<Vec<RowStream>, Error> {
        let mut session = Session::begin(&self.target, None).await?;
        if matches!(scan.relation, Relation::Table { .. }) {
            // Workers beside each other would give the rows of a table in another order each time.
            let alone = session.execute("SET LOCAL max_parallel_workers_per_gather = 0").await;
            alone.map_err(|fault| fault.into_error(&self.target.name))?;
        }
        match &scan.partition {
            Some(partition) if partition.parts > 1 => parts::scan(session, scan, partition).await,
            _ => {
                let select = statement(scan, None);
                Ok(vec![copy::rows(session, &select, &scan.relation, &scan.columns).await?])
            }
        }
    }
}

/// `name` in double quotes.
fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// `text` in single quotes; sessions read a backslash as a backslash (`standard_conforming_strings`).
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// What stands after FROM. The user's SQL has lines of its own, lest a comment at its end takes the rest along.
fn from(relation: &Relation) -> String {
    match relation {
        Relation::Table { schema: Some(schema), name } => format!("{}.{}", identifier(schema), identifier(name)),
        Relation::Table { schema: None, name } => identifier(name),
        Relation::Query(sql) => format!("(\n{}\n) AS q", catalog::bare(sql)),
    }
}

/// The SELECT of a scan, of those rows alone that the condition `part` holds for.
fn statement(scan: &Scan, part: Option<&str>) -> String {
    let columns: Vec<&str> = scan.columns.iter().map(|column| column.select.as_str()).collect();
    let mut sql = format!("SELECT {} FROM {}", columns.join(", "), from(&scan.relation));
    let conditions: Vec<&str> = scan.filter.as_deref().into_iter().chain(part).collect();
    if !conditions.is_empty() {
        sql += " WHERE ";
        sql += &conditions.join(" AND ");
    }
    if let Some(limit) = scan.limit {
        sql += &format!(" LIMIT {limit}");
    }
    sql
}
