//! A table, a view or a direct query as a source.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{Field, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::TableProvider;
use enlist_core::{Error, Rows, SegmentBatch, SegmentStream, Source};
use enlist_source_files::{missing, pick};
use futures::stream::{self, BoxStream, StreamExt};

use crate::engine::{Column, Engine, Partition, Relation, RowStream, Scan};
use crate::fault;
use crate::provider::SqlProvider;

/// A table, a view or a direct query of a database.
pub struct SqlTable {
    name: String,
    engine: Arc<dyn Engine>,
    relation: Relation,
    partition: Option<Partition>,
    columns: Vec<Column>,
    schema: SchemaRef,
}

impl SqlTable {
    /// Asks the database what columns `relation` has.
    pub(crate) async fn describe(
        name: String,
        engine: Arc<dyn Engine>,
        relation: Relation,
        partition: Option<Partition>,
    ) -> Result<Self, Error> {
        let columns = engine.describe(&relation).await?;
        let schema = schema(&columns);
        for (index, column) in columns.iter().enumerate() {
            if schema.index_of(&column.name).ok() != Some(index) {
                return Err(fault::column_twice(&name, &column.name));
            }
        }
        if let Some(partition) = &partition {
            check(&name, partition, &schema)?;
        }
        Ok(Self { name, engine, relation, partition, columns, schema })
    }

    /// It as a table of a query. It reads over one connection, so that rows keep their order; a partition is left out
    /// of account.
    pub fn provider(&self) -> Arc<dyn TableProvider> {
        let (engine, relation) = (Arc::clone(&self.engine), self.relation.clone());
        Arc::new(SqlProvider::new(self.name.clone(), engine, relation, self.columns.clone(), Arc::clone(&self.schema)))
    }
}

#[async_trait]
impl Source for SqlTable {
    fn name(&self) -> &str {
        &self.name
    }

    async fn schema(&self) -> Result<SchemaRef, Error> {
        Ok(Arc::clone(&self.schema))
    }

    async fn rows(&self) -> Result<Rows, Error> {
        self.engine.rows(&self.relation).await
    }

    async fn scan(&self, columns: &[String]) -> Result<SegmentStream, Error> {
        let wanted: Vec<Column> =
            pick(&self.schema, columns, &self.name)?.into_iter().map(|index| self.columns[index].clone()).collect();
        let schema = schema(&wanted);
        let scan = Scan {
            relation: self.relation.clone(),
            columns: wanted,
            filter: None,
            limit: None,
            partition: self.partition.clone(),
        };
        let parts = self.engine.scan(&scan).await?;
        let origins = origins(&self.name, parts.len());
        Ok(SegmentStream { schema, origins, batches: number(parts) })
    }
}

/// The schema that `columns` make. Any of them may be null, whatever the database promises.
pub(crate) fn schema(columns: &[Column]) -> SchemaRef {
    let fields = columns.iter().map(|column| Field::new(&column.name, column.kind.clone(), true));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

fn check(name: &str, partition: &Partition, schema: &Schema) -> Result<(), Error> {
    let Ok(field) = schema.field_with_name(&partition.by) else {
        let offered: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        return Err(missing(&partition.by, &offered, name));
    };
    if !field.data_type().is_integer() {
        let why = format!("column \"{}\" is {}, no whole number", partition.by, field.data_type());
        return Err(fault::partition(name, &why));
    }
    if partition.parts == 0 {
        return Err(fault::partition(name, "there are no parts"));
    }
    Ok(())
}

fn origins(name: &str, parts: usize) -> Arc<[String]> {
    match parts {
        1 => Arc::from([name.to_owned()]),
        _ => (1..=parts).map(|part| format!("{name} part {part} of {parts}")).collect(),
    }
}

/// The batches of all parts as they come, each part's rows numbered from 1. The first error is the last item.
fn number(parts: Vec<RowStream>) -> BoxStream<'static, Result<SegmentBatch, Error>> {
    let parts = (0..).zip(parts).map(|(origin, rows)| {
        let mut next_row = 1;
        rows.map(move |batch| {
            batch.map(|rows: RecordBatch| {
                let first_row = next_row;
                next_row += rows.num_rows() as u64;
                SegmentBatch { rows, origin, first_row }
            })
        })
        .boxed()
    });
    stream::unfold(Some(stream::select_all(parts)), |parts| async move {
        let mut parts = parts?;
        let item = parts.next().await?;
        // Dropping the other parts ends their transactions.
        let rest = item.is_ok().then_some(parts);
        Some((item, rest))
    })
    .boxed()
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::DataType;
    use enlist_core::ErrorKind;
    use futures::TryStreamExt;

    use super::*;

    fn batch(rows: usize) -> Result<RecordBatch, Error> {
        let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(rows));
        Ok(RecordBatch::try_new_with_options(Arc::new(Schema::empty()), vec![], &options).unwrap())
    }

    #[tokio::test]
    async fn each_part_numbers_its_rows_from_1() {
        let parts: Vec<RowStream> =
            vec![stream::iter([batch(3), batch(2)]).boxed(), stream::iter([batch(4), batch(1)]).boxed()];
        let mut places: Vec<_> = number(parts)
            .map_ok(|batch| (batch.origin, batch.first_row, batch.rows.num_rows()))
            .try_collect()
            .await
            .unwrap();
        places.sort_unstable();
        assert_eq!(places, [(0, 1, 3), (0, 4, 2), (1, 1, 4), (1, 5, 1)]);
    }

    #[tokio::test]
    async fn the_error_of_one_part_ends_all_of_them() {
        let fault = Error::new(ErrorKind::Source, "postgres::lost", "lost");
        let parts: Vec<RowStream> = vec![stream::repeat_with(|| batch(1)).boxed(), stream::iter([Err(fault)]).boxed()];
        let items: Vec<_> = number(parts).collect().await;
        assert_eq!(items.iter().filter(|item| item.is_err()).count(), 1);
        assert!(items.last().unwrap().is_err());
    }

    #[test]
    fn a_partition_needs_a_column_of_whole_numbers() {
        let schema = Schema::new(vec![Field::new("id", DataType::Int64, true), Field::new("n", DataType::Utf8, true)]);
        let partition = |by: &str, parts| Partition { by: by.to_owned(), parts };
        assert!(check("shop.users", &partition("id", 4), &schema).is_ok());
        for (partition, code) in [
            (partition("n", 4), "sql::partition"),
            (partition("id", 0), "sql::partition"),
            (partition("ID", 4), "source::column_missing"),
        ] {
            assert_eq!(check("shop.users", &partition, &schema).unwrap_err().code(), code);
        }
    }
}
