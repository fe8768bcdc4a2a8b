//! Any source as a table of DataFusion.

use std::fmt;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::DataFusionError;
use datafusion::datasource::TableType;
use datafusion::execution::TaskContext;
use datafusion::logical_expr::Expr;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream};
use enlist_core::{Error, ErrorKind, Source};
use futures::stream::{self, StreamExt, TryStreamExt};

/// A source that a query reads by name.
pub(crate) struct SourceTable {
    source: Arc<dyn Source>,
    schema: SchemaRef,
}

impl SourceTable {
    /// The table of `source`, whose columns `schema` are known.
    pub(crate) fn new(source: Arc<dyn Source>, schema: SchemaRef) -> Self {
        Self { source, schema }
    }
}

impl fmt::Debug for SourceTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SourceTable").field("source", &self.source.name()).finish_non_exhaustive()
    }
}

#[async_trait]
impl TableProvider for SourceTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        _session: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        limit: Option<usize>,
    ) -> datafusion::error::Result<Arc<dyn ExecutionPlan>> {
        let schema = match projection {
            Some(columns) => Arc::new(self.schema.project(columns)?),
            None => Arc::clone(&self.schema),
        };
        let rows = SourceRows { source: Arc::clone(&self.source), schema: Arc::clone(&schema) };
        // One partition: rows keep the order of the source, so that a row's number means the same in every run.
        let scan = StreamingTableExec::try_new(schema, vec![Arc::new(rows)], None, None, false, limit)?;
        Ok(Arc::new(scan))
    }
}

/// The rows of a source with only the columns of `schema`.
struct SourceRows {
    source: Arc<dyn Source>,
    schema: SchemaRef,
}

impl fmt::Debug for SourceRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SourceRows").field("source", &self.source.name()).finish_non_exhaustive()
    }
}

impl PartitionStream for SourceRows {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _task: Arc<TaskContext>) -> SendableRecordBatchStream {
        let (source, schema) = (Arc::clone(&self.source), Arc::clone(&self.schema));
        let rows = stream::once(async move {
            let columns: Vec<String> = schema.fields().iter().map(|f| f.name().clone()).collect();
            let scan = source.scan(&columns).await.map_err(external)?;
            let batches = scan.batches.map(move |batch| arrange(&batch.map_err(external)?.rows, &schema));
            Ok::<_, DataFusionError>(batches)
        });
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), rows.try_flatten()))
    }
}

/// The columns of `rows` in the order of `schema`, which a source may deliver in any order.
fn arrange(rows: &RecordBatch, schema: &SchemaRef) -> datafusion::error::Result<RecordBatch> {
    let order: Vec<usize> =
        schema.fields().iter().map(|field| rows.schema_ref().index_of(field.name())).collect::<Result<_, _>>()?;
    let arranged = rows.project(&order)?;
    arranged.with_schema(Arc::clone(schema)).map_err(|_| {
        external(Error::new(ErrorKind::Bug, "bug::schema", "a source delivered other types than it announced"))
    })
}

/// Carries our error through DataFusion; `fault` takes it out again.
fn external(error: Error) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}
