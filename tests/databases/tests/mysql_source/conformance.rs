//! MariaDB keeps what every source promises.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use async_trait::async_trait;
use enlist_core::{Error, Source};
use enlist_kit::source_suite::{Fixture, TABLE, Table, sql};
use enlist_source_query::Tables;
use enlist_source_sql::SqlTable;

use super::Shop;

struct MariaDb {
    shop: Shop,
    tables: AtomicU32,
}

impl MariaDb {
    fn new() -> Self {
        Self { shop: Shop::with(""), tables: AtomicU32::new(0) }
    }

    /// The name of a table that holds `rows`.
    fn fill(&self, rows: &RecordBatch) -> String {
        let name = format!("t{}", self.tables.fetch_add(1, Ordering::Relaxed));
        let columns = "id BIGINT PRIMARY KEY, email VARCHAR(80), note TEXT, flag BOOL, level INT, ratio DOUBLE, \
                       amount DECIMAL(12,2), day DATE, moment DATETIME(6), instant TIMESTAMP(6) NULL";
        // The client would make one line feed of the two characters.
        let rows = sql::insert(&name, rows).replace("'line\r\nbreak'", "CONCAT('line', CHAR(13, 10), 'break')");
        // An estimate of the rows comes of statistics, which the server would make some time later.
        self.shop.server.execute(&format!(
            "SET sql_mode = 'NO_BACKSLASH_ESCAPES'; CREATE TABLE {name} ({columns}); {rows} ANALYZE TABLE {name};"
        ));
        name
    }
}

#[async_trait]
impl Fixture for MariaDb {
    type Source = SqlTable;

    async fn holding(&self, origins: &[RecordBatch]) -> SqlTable {
        self.shop.table(&self.fill(&origins[0])).await
    }

    fn returned(&self, column: &ArrayRef) -> ArrayRef {
        // BOOL is TINYINT(1) in MySQL.
        match column.data_type() {
            DataType::Boolean => cast(column, &DataType::Int8).unwrap(),
            _ => Arc::clone(column),
        }
    }

    async fn failing(&self, rows: &RecordBatch) -> SqlTable {
        let table = self.fill(rows);
        let others: Vec<String> = rows.schema().fields()[1..].iter().map(|field| field.name().clone()).collect();
        // From row 15,000 on, a sum exceeds BIGINT.
        self.shop.server.execute(&format!(
            "CREATE VIEW failing_{table} AS SELECT id + 0 * (id + 9223372036854760807) AS id, {} FROM {table}",
            others.join(", ")
        ));
        self.shop.table(&format!("failing_{table}")).await
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

enlist_kit::source_suite!(MariaDb::new());
