//! A relation as a table of DataFusion that is asked for no more than a query needs.

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::DataFusionError;
use datafusion::datasource::TableType;
use datafusion::execution::TaskContext;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream};
use enlist_core::Error;
use futures::stream::{self, StreamExt, TryStreamExt};

use crate::engine::{Column, Engine, Keeps, Relation, Scan};
use crate::filter;
use crate::table::schema;

/// A relation, its columns and the engine that reads it.
pub(crate) struct SqlProvider {
    name: String,
    engine: Arc<dyn Engine>,
    relation: Relation,
    columns: Vec<Column>,
    schema: SchemaRef,
}

impl SqlProvider {
    pub(crate) fn new(
        name: String,
        engine: Arc<dyn Engine>,
        relation: Relation,
        columns: Vec<Column>,
        schema: SchemaRef,
    ) -> Self {
        Self { name, engine, relation, columns, schema }
    }
}

impl fmt::Debug for SqlProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqlProvider").field("name", &self.name).finish_non_exhaustive()
    }
}

#[async_trait]
impl TableProvider for SqlProvider {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> datafusion::error::Result<Vec<TableProviderFilterPushDown>> {
        let support = |filter: &&Expr| match filter::translate(filter, &self.columns, &*self.engine) {
            Some((_, Keeps::Exactly)) => TableProviderFilterPushDown::Exact,
            Some((_, Keeps::AtLeast)) => TableProviderFilterPushDown::Inexact,
            None => TableProviderFilterPushDown::Unsupported,
        };
        Ok(filters.iter().map(support).collect())
    }

    async fn scan(
        &self,
        _session: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> datafusion::error::Result<Arc<dyn ExecutionPlan>> {
        let columns: Vec<Column> = match projection {
            Some(wanted) => wanted.iter().map(|index| self.columns[*index].clone()).collect(),
            None => self.columns.clone(),
        };
        let conditions: Vec<String> = filters
            .iter()
            .filter_map(|filter| filter::translate(filter, &self.columns, &*self.engine))
            .map(|(condition, _)| condition)
            .collect();
        let schema = schema(&columns);
        let scan = Scan {
            relation: self.relation.clone(),
            columns,
            filter: (!conditions.is_empty()).then(|| conditions.join(" AND ")),
            limit: limit.map(|rows| rows as u64),
            partition: None,
        };
        let rows = SqlRows { engine: Arc::clone(&self.engine), scan, schema: Arc::clone(&schema) };
        // One partition: rows keep the order in which the database yields them.
        let plan = StreamingTableExec::try_new(schema, vec![Arc::new(rows)], None, None, false, limit)?;
        Ok(Arc::new(plan))
    }
}

/// One scan, which begins when its first row is asked for.
struct SqlRows {
    engine: Arc<dyn Engine>,
    scan: Scan,
    schema: SchemaRef,
}

impl fmt::Debug for SqlRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqlRows").field("relation", &self.scan.relation).finish_non_exhaustive()
    }
}

impl PartitionStream for SqlRows {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _task: Arc<TaskContext>) -> SendableRecordBatchStream {
        let (engine, scan) = (Arc::clone(&self.engine), self.scan.clone());
        let rows = stream::once(async move {
            let parts = engine.scan(&scan).await.map_err(external)?;
            Ok::<_, DataFusionError>(stream::iter(parts).flatten().map_err(external))
        });
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), rows.try_flatten()))
    }
}

/// Carries our error through DataFusion; the query takes it out again.
fn external(error: Error) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}
