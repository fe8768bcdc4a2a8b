//! SQLite keeps what every source promises.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use async_trait::async_trait;
use enlist_core::{Error, Source};
use enlist_kit::source_suite::{Fixture, TABLE, Table, sql};
use enlist_source_query::Tables;
use enlist_source_sql::{Database, SqlTable};
use rusqlite::Connection;
use tempfile::TempDir;

use super::faults::damage;
use super::settings;

struct Files(TempDir);

impl Files {
    async fn file(&self, rows: &RecordBatch, spoil: bool) -> SqlTable {
        let path = self.0.path().join(format!("{}.db", std::fs::read_dir(self.0.path()).unwrap().count()));
        let columns = "id INTEGER PRIMARY KEY, email TEXT, note TEXT COLLATE NOCASE, flag BOOLEAN, level INT, \
                       ratio REAL, amount REAL, day DATE, moment DATETIME, instant TIMESTAMP";
        let writer = Connection::open(&path).unwrap();
        let rows = sql::insert("segment", rows);
        writer.execute_batch(&format!("CREATE TABLE segment ({columns}); BEGIN; {rows} COMMIT;")).unwrap();
        let table = Database::open(settings(&path)).unwrap().table("segment", None).await.unwrap();
        if spoil {
            damage(&path);
        }
        table
    }
}

#[async_trait]
impl Fixture for Files {
    type Source = SqlTable;

    async fn holding(&self, origins: &[RecordBatch]) -> SqlTable {
        self.file(&origins[0], false).await
    }

    /// What SQLite has no type for is what was written.
    fn returned(&self, column: &ArrayRef) -> ArrayRef {
        let empty = column.null_count() == column.len();
        match column.data_type() {
            // Without any value, nothing tells a number from a text where the declared type is but a word.
            DataType::Boolean if empty => cast(column, &DataType::Utf8).unwrap(),
            DataType::Boolean | DataType::Int32 => cast(column, &DataType::Int64).unwrap(),
            DataType::Decimal128(..) => cast(column, &DataType::Float64).unwrap(),
            DataType::Date32 | DataType::Timestamp(..) => written(column),
            _ => Arc::clone(column),
        }
    }

    async fn failing(&self, rows: &RecordBatch) -> SqlTable {
        self.file(rows, true).await
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

fn written(column: &ArrayRef) -> ArrayRef {
    let format = "%Y-%m-%d %H:%M:%S%.6f";
    let options = FormatOptions::new().with_timestamp_format(Some(format)).with_timestamp_tz_format(Some(format));
    let formatter = ArrayFormatter::try_new(column, &options).unwrap();
    let texts = (0..column.len()).map(|row| column.is_valid(row).then(|| formatter.value(row).to_string()));
    Arc::new(StringArray::from_iter(texts))
}

enlist_kit::source_suite!(Files(tempfile::tempdir().unwrap()));
