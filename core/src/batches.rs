//! Record batches as a segment, for those who already hold Arrow.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::BoxStream;

use crate::{Error, ErrorKind, Rows, SegmentBatch, SegmentStream, Source};

/// A stream of batches, made anew for each scan.
type Open = dyn Fn() -> BoxStream<'static, Result<RecordBatch, Error>> + Send + Sync;

/// Record batches that a program already has, or makes one after the other.
pub struct Batches {
    name: String,
    schema: SchemaRef,
    open: Box<Open>,
}

impl Batches {
    /// Batches in memory, all of `schema`.
    pub fn new(name: impl Into<String>, schema: SchemaRef, batches: Vec<RecordBatch>) -> Self {
        let batches: Arc<[RecordBatch]> = batches.into();
        Self::from_stream(name, schema, move || {
            let batches = Arc::clone(&batches);
            futures::stream::iter((0..batches.len()).map(move |n| Ok(batches[n].clone()))).boxed()
        })
    }

    /// Batches of `schema` that `open` makes at each scan, which must yield the same rows each time.
    pub fn from_stream(
        name: impl Into<String>,
        schema: SchemaRef,
        open: impl Fn() -> BoxStream<'static, Result<RecordBatch, Error>> + Send + Sync + 'static,
    ) -> Self {
        Self { name: name.into(), schema, open: Box::new(open) }
    }

    fn columns(&self, columns: &[String]) -> Result<Vec<usize>, Error> {
        let index = |column: &String| {
            self.schema.index_of(column).map_err(|_| {
                let message = format!("column \"{column}\" not found in {}", self.name);
                Error::new(ErrorKind::Source, "source::column_missing", message)
            })
        };
        columns.iter().map(index).collect()
    }
}

#[async_trait]
impl Source for Batches {
    fn name(&self) -> &str {
        &self.name
    }

    async fn schema(&self) -> Result<SchemaRef, Error> {
        Ok(Arc::clone(&self.schema))
    }

    async fn rows(&self) -> Result<Rows, Error> {
        Ok(Rows::Unknown)
    }

    async fn scan(&self, columns: &[String]) -> Result<SegmentStream, Error> {
        let columns = self.columns(columns)?;
        let schema = Arc::new(self.schema.project(&columns).map_err(unfit)?);
        let batches = (self.open)().scan(1, move |next, batch| {
            let first_row = *next;
            let batch = batch.and_then(|batch| {
                *next += batch.num_rows() as u64;
                Ok(SegmentBatch { rows: batch.project(&columns).map_err(unfit)?, origin: 0, first_row })
            });
            futures::future::ready(Some(batch))
        });
        Ok(SegmentStream { schema, origins: Arc::new([self.name.clone()]), batches: batches.boxed() })
    }
}

fn unfit(cause: arrow::error::ArrowError) -> Error {
    Error::new(ErrorKind::Source, "source::schema", format!("a batch does not have the schema it was given: {cause}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{ArrayRef, StringArray};
    use futures::TryStreamExt;

    fn batch(emails: &[&str]) -> RecordBatch {
        let column = |values: &[&str]| Arc::new(StringArray::from(values.to_vec())) as ArrayRef;
        RecordBatch::try_from_iter([("email", column(emails)), ("other", column(emails))]).unwrap()
    }

    #[tokio::test]
    async fn rows_know_their_place_across_batches_and_scans() {
        let all = vec![batch(&["a", "b"]), batch(&[]), batch(&["c"])];
        let source = Batches::new("people", all[0].schema(), all);
        for _ in 0..2 {
            let stream = source.scan(&["email".into()]).await.unwrap();
            assert_eq!(stream.schema.fields().len(), 1);
            let batches: Vec<_> = stream.batches.try_collect().await.unwrap();
            assert_eq!(
                batches.iter().map(|b| (b.first_row, b.rows.num_rows())).collect::<Vec<_>>(),
                [(1, 2), (3, 0), (3, 1)]
            );
        }
    }

    #[tokio::test]
    async fn an_unknown_column_is_an_error_with_its_name() {
        let source = Batches::new("people", batch(&[]).schema(), vec![]);
        let error = source.scan(&["mail".into()]).await.err().unwrap();
        assert_eq!((error.code(), error.to_string().contains("mail")), ("source::column_missing", true));
    }
}
