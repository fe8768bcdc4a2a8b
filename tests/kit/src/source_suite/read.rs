//! A scan as one batch, with what it promises about itself checked on the way.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, new_empty_array};
use arrow::compute::{concat, concat_batches};
use arrow::datatypes::{Schema, SchemaRef};
use enlist_core::{Error, SegmentBatch, SegmentStream, Source};
use futures::TryStreamExt;

use super::Fixture;

/// The names of all columns of `schema`.
pub(super) fn names(schema: &Schema) -> Vec<String> {
    schema.fields().iter().map(|field| field.name().clone()).collect()
}

/// A scan of `columns`, whole, one batch for each origin.
pub(super) async fn scan(source: &dyn Source, columns: &[&str]) -> Result<Vec<RecordBatch>, Error> {
    let columns: Vec<String> = columns.iter().map(|column| (*column).to_owned()).collect();
    let stream = source.scan(&columns).await?;
    let (schema, origins) = (Arc::clone(&stream.schema), stream.origins.len());
    let batches: Vec<SegmentBatch> = stream.batches.try_collect().await?;
    Ok(gather(&schema, origins, &batches))
}

/// The batches of each origin as one, after a look at their places and schemas.
pub(super) fn gather(schema: &SchemaRef, origins: usize, batches: &[SegmentBatch]) -> Vec<RecordBatch> {
    // Origins may be read side by side; each keeps its order.
    let mut next = vec![1; origins];
    for batch in batches {
        assert_eq!(&batch.rows.schema(), schema, "a batch carries another schema than its stream announces");
        assert!((batch.origin as usize) < origins, "a batch is of origin {}, and there are {origins}", batch.origin);
        let next = &mut next[batch.origin as usize];
        assert_eq!(batch.first_row, *next, "the place of the first row of a batch of origin {}", batch.origin);
        *next += batch.rows.num_rows() as u64;
    }
    let of =
        |origin: usize| batches.iter().filter(move |batch| batch.origin as usize == origin).map(|batch| &batch.rows);
    (0..origins)
        .map(|origin| {
            if schema.fields().is_empty() {
                let rows = of(origin).map(RecordBatch::num_rows).sum();
                let options = RecordBatchOptions::new().with_row_count(Some(rows));
                return RecordBatch::try_new_with_options(Arc::clone(schema), Vec::new(), &options).unwrap();
            }
            concat_batches(schema, of(origin)).unwrap()
        })
        .collect()
}

/// Everything that `stream` yields: the batches before the end or the failure, the failure, and how many items follow it.
pub(super) async fn to_the_end(stream: SegmentStream) -> (Vec<SegmentBatch>, Option<Error>, usize) {
    use futures::StreamExt;
    let (mut before, mut failure, mut after) = (Vec::new(), None, 0);
    let mut items = stream.batches;
    while let Some(item) = items.next().await {
        match item {
            _ if failure.is_some() => after += 1,
            Ok(batch) => before.push(batch),
            Err(error) => failure = Some(error),
        }
    }
    (before, failure, after)
}

/// `rows` as the fixture's source has to return them.
pub(super) fn returned<F: Fixture>(fixture: &F, rows: &RecordBatch) -> RecordBatch {
    let columns = rows.schema_ref().fields().iter().zip(rows.columns());
    let columns = columns.map(|(field, column)| (field.name(), fixture.returned(column), true));
    RecordBatch::try_from_iter_with_nullable(columns).unwrap()
}

/// A column of all origins, by its name.
pub(super) fn column(origins: &[RecordBatch], name: &str) -> ArrayRef {
    let columns: Vec<&ArrayRef> = origins.iter().map(|rows| named(rows, name)).collect();
    match columns[..] {
        [] => new_empty_array(&arrow::datatypes::DataType::Null),
        _ => concat(&columns.iter().map(|column| column.as_ref()).collect::<Vec<_>>()).unwrap(),
    }
}

fn named<'a>(rows: &'a RecordBatch, name: &str) -> &'a ArrayRef {
    rows.column_by_name(name).unwrap_or_else(|| panic!("column {name} is missing among {:?}", names(rows.schema_ref())))
}

/// That `got` has the values of `want`, column by column, in whatever order the columns stand.
pub(super) fn assert_same(got: &[RecordBatch], want: &[RecordBatch]) {
    assert_eq!(got.len(), want.len(), "number of origins");
    for (origin, (got, want)) in got.iter().zip(want).enumerate() {
        assert_eq!(got.num_columns(), want.num_columns(), "columns of origin {origin}");
        assert_eq!(got.num_rows(), want.num_rows(), "rows of origin {origin}");
        for name in names(want.schema_ref()) {
            assert_column(&name, named(got, &name), named(want, &name));
        }
    }
}

/// The first row that differs is named, since arrays print themselves in parts.
fn assert_column(name: &str, got: &ArrayRef, want: &ArrayRef) {
    assert_eq!(got.data_type(), want.data_type(), "type of column {name}");
    if got == want {
        return;
    }
    let odd = (0..want.len()).find(|row| got.slice(*row, 1) != want.slice(*row, 1)).unwrap_or_default();
    panic!("column {name}, row {}: {:?} where {:?} was written", odd + 1, got.slice(odd, 1), want.slice(odd, 1));
}
