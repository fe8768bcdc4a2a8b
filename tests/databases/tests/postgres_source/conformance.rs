//! What every source promises.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use arrow::array::RecordBatch;
use async_trait::async_trait;
use enlist_core::{Error, Source};
use enlist_kit::source_suite::{Fixture, TABLE, Table, sql};
use enlist_source_query::Tables;
use enlist_source_sql::SqlTable;

use super::Shop;

struct Postgres {
    shop: Shop,
    tables: AtomicU32,
}

impl Postgres {
    fn new() -> Self {
        Self { shop: Shop::with(""), tables: AtomicU32::new(0) }
    }

    fn fill(&self, rows: &RecordBatch) -> String {
        let table = format!("t{}", self.tables.fetch_add(1, Ordering::Relaxed));
        let create = format!(
            "CREATE TABLE {table}_rows (id bigint, email text, note text, flag boolean, level integer, ratio float8, \
             amount numeric(12, 2), day date, moment timestamp, instant timestamptz);"
        );
        let rows = if rows.num_rows() == 0 { String::new() } else { sql::insert(&format!("{table}_rows"), rows) };
        // An INSERT puts small rows into gaps between large ones; this keeps them as they come.
        let fill = format!("CREATE TABLE {table} AS SELECT * FROM {table}_rows ORDER BY id; ANALYZE {table};");
        self.shop.server.execute(&format!("{create}\n{rows}\n{fill}"));
        table
    }
}

#[async_trait]
impl Fixture for Postgres {
    type Source = SqlTable;

    async fn holding(&self, origins: &[RecordBatch]) -> SqlTable {
        let table = self.fill(&origins[0]);
        self.shop.table(&table).await
    }

    async fn failing(&self, rows: &RecordBatch) -> SqlTable {
        let table = self.fill(rows);
        let sql = format!("SELECT * FROM {table} WHERE 1 / (15000 - id) IS NOT NULL");
        self.shop.reader.query(&sql).await.unwrap()
    }

    async fn readers(&self) -> Option<usize> {
        Some(self.shop.server.connections())
    }

    async fn select(&self, table: Table<SqlTable>, sql: &str) -> Option<Result<Box<dyn Source>, Error>> {
        let mut tables = Tables::default();
        match table {
            Table::Made(source) => tables.add_provider(TABLE, source.provider()).unwrap(),
            Table::Plain(batches) => tables.add(TABLE, Arc::new(batches)).unwrap(),
        }
        Some(tables.query(sql).await.map(|query| Box::new(query) as Box<dyn Source>))
    }
}

enlist_kit::source_suite!(Postgres::new());
