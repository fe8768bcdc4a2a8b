//! A filter gives the same rows wherever it is computed, whatever it consists of.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use enlist_core::{Batches, Source};
use enlist_source_query::Tables;
use enlist_source_sql::SqlTable;
use futures::TryStreamExt;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

/// All rows of a source, with all columns.
pub(crate) async fn everything(source: &dyn Source) -> RecordBatch {
    let schema = source.schema().await.unwrap();
    let columns: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
    let batches: Vec<_> = source.scan(&columns).await.unwrap().batches.try_collect().await.unwrap();
    concat_batches(&schema, batches.iter().map(|batch| &batch.rows)).unwrap()
}

/// The rows of `sql` over the table `t`, which is `table` by its provider.
pub(crate) async fn select(table: &SqlTable, sql: &str) -> RecordBatch {
    let mut tables = Tables::default();
    tables.add_provider("t", table.provider()).unwrap();
    everything(&tables.query(sql).await.unwrap()).await
}

/// Conditions over columns and literals that are written as `(column, literals)`.
fn condition(columns: &[(&'static str, Vec<String>)]) -> BoxedStrategy<String> {
    let columns = columns.to_vec();
    let leaf = proptest::sample::select(columns).prop_flat_map(|(name, literals)| {
        let literal = proptest::sample::select(literals);
        let operator = proptest::sample::select(vec!["=", "<>", "<", "<=", ">", ">="]);
        prop_oneof![
            6 => (operator, literal.clone()).prop_map(move |(operator, value)| format!("{name} {operator} {value}")),
            1 => proptest::collection::vec(literal.clone(), 1..4)
                .prop_map(move |values| format!("{name} IN ({})", values.join(", "))),
            1 => (literal.clone(), literal).prop_map(move |(low, high)| format!("{name} BETWEEN {low} AND {high}")),
            1 => Just(format!("{name} IS NULL")),
            1 => Just(format!("{name} IS NOT NULL")),
        ]
    });
    leaf.prop_recursive(3, 8, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(one, other)| format!("({one} AND {other})")),
            (inner.clone(), inner.clone()).prop_map(|(one, other)| format!("({one} OR {other})")),
            inner.prop_map(|inner| format!("NOT ({inner})")),
        ]
    })
    .boxed()
}

/// Compares what `cases` conditions keep of `table` with what they keep of its rows in memory. Column `id` orders them.
pub(crate) fn check(
    runtime: &tokio::runtime::Runtime,
    table: &SqlTable,
    columns: &[(&'static str, Vec<String>)],
    cases: u32,
) {
    let rows = runtime.block_on(everything(table));
    let mut memory = Tables::default();
    let plain = Batches::new("t", rows.schema(), vec![rows]);
    memory.add("t", Arc::new(plain)).unwrap();
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let run = TestRunner::new(config).run(&condition(columns), |condition| {
        let sql = format!("SELECT * FROM t WHERE {condition} ORDER BY id");
        runtime.block_on(async {
            let wanted = everything(&memory.query(&sql).await.unwrap()).await;
            let got = select(table, &sql).await;
            prop_assert_eq!(got, wanted, "{}", condition);
            Ok(())
        })
    });
    run.unwrap();
}
