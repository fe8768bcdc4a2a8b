//! One SELECT as a source.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::execution::TaskContext;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder};
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties, displayable};
use datafusion::prelude::SessionContext;
use enlist_core::{Error, Rows, SegmentBatch, SegmentStream, Source};
use enlist_source_files::pick;
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};

use crate::fault;
use crate::select::column_twice;

/// What messages call the one origin of a query.
const ORIGIN: &str = "query";

/// The rows of one SELECT, numbered in the order of its result.
///
/// Without ORDER BY that order is the order of the tables' rows; either way it is the same in every run over the
/// same data, since the query runs in one partition.
pub struct Query {
    session: SessionContext,
    plan: LogicalPlan,
    schema: SchemaRef,
}

impl Query {
    /// # Errors
    /// `query::column_twice` when two result columns share a name, since columns are mapped by name.
    pub(crate) fn new(session: SessionContext, plan: LogicalPlan) -> Result<Self, Error> {
        let schema = Arc::new(Schema::new(plan.schema().fields().clone()));
        for (index, field) in schema.fields().iter().enumerate() {
            if schema.index_of(field.name()).ok() != Some(index) {
                return Err(column_twice(field.name(), ""));
            }
        }
        Ok(Self { session, plan, schema })
    }

    /// The physical plan of a scan of `columns`, one step a line, for people.
    ///
    /// # Errors
    /// As [`scan`](Source::scan).
    pub async fn explain(&self, columns: &[String]) -> Result<String, Error> {
        let plan = self.physical(columns).await?;
        Ok(displayable(plan.as_ref()).indent(false).to_string())
    }

    /// Plans a scan of `columns` only, so that the tables read nothing else for them.
    async fn physical(&self, columns: &[String]) -> Result<Arc<dyn ExecutionPlan>, Error> {
        let offered = self.plan.schema().columns();
        let wanted =
            pick(&self.schema, columns, "the query")?.into_iter().map(|index| Expr::Column(offered[index].clone()));
        let planned = LogicalPlanBuilder::from(self.plan.clone()).project(wanted).and_then(LogicalPlanBuilder::build);
        let plan = planned.map_err(|fault| fault::planning(&fault, &[]))?;
        Box::pin(self.session.state().create_physical_plan(&plan)).await.map_err(|fault| fault::planning(&fault, &[]))
    }
}

#[async_trait]
impl Source for Query {
    fn name(&self) -> &str {
        ORIGIN
    }

    async fn schema(&self) -> Result<SchemaRef, Error> {
        Ok(Arc::clone(&self.schema))
    }

    async fn rows(&self) -> Result<Rows, Error> {
        Ok(Rows::Unknown)
    }

    async fn scan(&self, columns: &[String]) -> Result<SegmentStream, Error> {
        let plan = self.physical(columns).await?;
        let schema = plan.schema();
        let rows = one_by_one(plan, self.session.task_ctx());
        Ok(SegmentStream { schema, origins: Arc::from([ORIGIN.to_owned()]), batches: number(rows) })
    }
}

/// The rows of each partition of `plan`, the first before the second: a UNION ALL has as many as it has inputs, and read
/// side by side they would be in another order each time.
fn one_by_one(
    plan: Arc<dyn ExecutionPlan>,
    task: Arc<TaskContext>,
) -> BoxStream<'static, datafusion::error::Result<RecordBatch>> {
    let partitions = plan.output_partitioning().partition_count();
    let streams = stream::iter(0..partitions).map(move |partition| plan.execute(partition, Arc::clone(&task)));
    streams.try_flatten().boxed()
}

/// Numbers the rows from 1. The first error is the last item.
fn number(
    rows: BoxStream<'static, datafusion::error::Result<RecordBatch>>,
) -> BoxStream<'static, Result<SegmentBatch, Error>> {
    stream::unfold(Some((rows, 1)), |state| async move {
        let (mut rows, first_row) = state?;
        loop {
            match rows.next().await? {
                Ok(batch) if batch.num_rows() == 0 => {}
                Ok(batch) => {
                    let next_row = first_row + batch.num_rows() as u64;
                    return Some((Ok(SegmentBatch { rows: batch, origin: 0, first_row }), Some((rows, next_row))));
                }
                Err(fault) => return Some((Err(fault::running(&fault)), None)),
            }
        }
    })
    .boxed()
}
