//! What relations there are and what columns they have.

use enlist_core::{Error, Rows};
use tokio_postgres::Statement;

use super::session::Session;
use super::{from, identifier, types};
use crate::engine::{Column, Relation};
use crate::fault;

/// Most tables that a suggestion is looked for among.
const OFFERED: &str = "1000";

/// What is read like a table: tables, partitioned ones, views, materialised views, foreign tables.
const READABLE: &str = "('r', 'p', 'v', 'm', 'f')";

/// The columns of a relation, each in the form in which it is read.
///
/// # Errors
/// `sql::table_missing`, `sql::query_refused`, `sql::query_invalid`, and whatever the server refuses.
pub(super) async fn describe(session: &mut Session, relation: &Relation) -> Result<Vec<Column>, Error> {
    let name = session.target.name.clone();
    let place = format!("{name}: {relation}");
    let described = match relation {
        Relation::Table { schema, name } => table(session, relation, schema.as_deref(), name).await?,
        Relation::Query(sql) => query(session, sql).await?,
    };
    let columns: Vec<Column> = described
        .columns()
        .iter()
        .map(|column| types::column(column.name(), column.type_(), column.type_modifier()))
        .collect();
    if let Some(column) = twice(&columns) {
        return Err(fault::column_twice(&place, column));
    }
    // The casts, the permissions, and for a query that it can stand where a table stands. Nothing is computed.
    let selects: Vec<&str> = columns.iter().map(|column| column.select.as_str()).collect();
    let read = format!("SELECT {} FROM {} LIMIT 0", selects.join(", "), from(relation));
    match session.execute(&read).await {
        Ok(()) => Ok(columns),
        Err(fault) if fault.is_of_grammar() && matches!(relation, Relation::Query(_)) => {
            Err(fault::query_refused(&name, "it cannot stand where a table stands, as a SELECT can"))
        }
        Err(fault) => Err(fault.into_error(&place)),
    }
}

/// The columns of a table that the user may read.
async fn table(
    session: &mut Session,
    relation: &Relation,
    schema: Option<&str>,
    table: &str,
) -> Result<Statement, Error> {
    let place = format!("{}: {relation}", session.target.name);
    let Some(oid) = find(session, schema, table).await? else {
        let offered = offered(session, schema.is_some()).await?;
        return Err(fault::table_missing(&session.target.name, relation, &offered));
    };
    let readable = "SELECT attname::text FROM pg_catalog.pg_attribute \
        WHERE attrelid = $1 AND attnum > 0 AND NOT attisdropped \
        AND pg_catalog.has_column_privilege(attrelid, attnum, 'SELECT') ORDER BY attnum";
    let readable = session.query(readable, &[&oid]).await.map_err(|fault| fault.into_error(&place))?;
    let mut names: Vec<String> = readable.iter().map(|row| identifier(row.get(0))).collect();
    if names.is_empty() {
        // The server says better what is wrong: a permission, or a table without columns.
        names.push("*".to_owned());
    }
    let select = format!("SELECT {} FROM {}", names.join(", "), from(relation));
    session.prepare(&select).await.map_err(|fault| fault.into_error(&place))
}

/// The columns of a query, described by itself: several statements, or one that would end the parentheses around it,
/// are refused that way.
async fn query(session: &mut Session, sql: &str) -> Result<Statement, Error> {
    let name = session.target.name.clone();
    let described = session.prepare(bare(sql)).await.map_err(|fault| fault.of_query(&name, sql))?;
    if described.columns().is_empty() {
        return Err(fault::query_refused(&name, "it gives no columns"));
    }
    if !described.params().is_empty() {
        return Err(fault::query_refused(&name, "it has parameters ($1), for which there are no values"));
    }
    Ok(described)
}

/// `sql` without the semicolon and the white space at its end.
pub(super) fn bare(sql: &str) -> &str {
    let sql = sql.trim_end();
    sql.strip_suffix(';').unwrap_or(sql)
}

fn twice(columns: &[Column]) -> Option<&str> {
    let first = |name: &str| columns.iter().position(|column| column.name == name);
    let twin = columns.iter().enumerate().find(|(at, column)| first(&column.name) != Some(*at));
    twin.map(|(_, column)| column.name.as_str())
}

/// The number by which the catalog knows a table; without a schema as the search path finds it.
async fn find(session: &mut Session, schema: Option<&str>, table: &str) -> Result<Option<u32>, Error> {
    let name = session.target.name.clone();
    let sql = format!(
        "SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE c.relname = $1::text AND c.relkind IN {READABLE} \
         AND CASE WHEN $2::text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid) ELSE n.nspname = $2::text END"
    );
    let found = session.query(&sql, &[&table, &schema]).await.map_err(|fault| fault.into_error(&name))?;
    Ok(found.first().map(|row| row.get(0)))
}

/// The tables that could have been meant, with their schema where it is needed or asked for.
async fn offered(session: &mut Session, with_schema: bool) -> Result<Vec<String>, Error> {
    let name = session.target.name.clone();
    let sql = format!(
        "SELECT CASE WHEN $1 OR NOT pg_catalog.pg_table_is_visible(c.oid) \
                     THEN n.nspname || '.' || c.relname ELSE c.relname::text END \
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE c.relkind IN {READABLE} AND NOT c.relispartition \
         AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' \
         ORDER BY 1 LIMIT {OFFERED}"
    );
    let found = session.query(&sql, &[&with_schema]).await.map_err(|fault| fault.into_error(&name))?;
    Ok(found.iter().map(|row| row.get(0)).collect())
}

/// About how many rows a table has, as the server keeps it for planning; a partitioned table has those of its parts.
pub(super) async fn rows(session: &mut Session, schema: Option<&str>, table: &str) -> Result<Rows, Error> {
    let name = session.target.name.clone();
    let Some(oid) = find(session, schema, table).await? else { return Ok(Rows::Unknown) };
    // -1 (0 before version 14) stands for "never analysed"; nothing is known of views.
    let sql = "WITH RECURSIVE part(oid) AS ( \
            SELECT $1::oid UNION ALL \
            SELECT i.inhrelid FROM part JOIN pg_catalog.pg_inherits i ON i.inhparent = part.oid) \
        SELECT sum(c.reltuples)::float8 FROM part JOIN pg_catalog.pg_class c ON c.oid = part.oid \
        WHERE c.relkind IN ('r', 'm', 'f') HAVING min(c.reltuples) >= 0 AND sum(c.reltuples) > 0";
    let known = session.query(sql, &[&oid]).await.map_err(|fault| fault.into_error(&name))?;
    let rows = known.first().map(|row| row.get::<_, f64>(0));
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    Ok(rows.map_or(Rows::Unknown, |rows| Rows::About(rows as u64)))
}
