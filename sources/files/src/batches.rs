//! What readers of files do alike with what they read.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::compute::cast;
use arrow::datatypes::{Field, SchemaRef};
use enlist_core::{Error, ErrorKind, SegmentBatch};

use crate::partitions::Partitions;

/// The batches of `count` files in order, each opened with its index when it is its turn and not before. A file that
/// cannot be opened gives its error in its place.
pub fn one_by_one<I>(
    count: usize,
    mut open: impl FnMut(usize) -> Result<I, Error> + Send + 'static,
) -> impl Iterator<Item = Result<SegmentBatch, Error>> + Send + 'static
where
    I: Iterator<Item = Result<SegmentBatch, Error>> + Send + 'static,
{
    (0..count).flat_map(move |index| {
        let (rows, fault) = match open(index) {
            Ok(rows) => (Some(rows), None),
            Err(error) => (None, Some(Err(error))),
        };
        rows.into_iter().flatten().chain(fault)
    })
}

/// The columns of `schema`, in its order and types, from a `batch` of a file below the folders of `partitions`.
///
/// `None` when the file has other columns than the `schema` was made of: it was replaced since, see [`changed`].
pub fn fit(batch: &RecordBatch, schema: &SchemaRef, partitions: &Partitions) -> Option<RecordBatch> {
    let rows = batch.num_rows();
    let column = |field: &Field| -> Option<ArrayRef> {
        let from_file = batch.column_by_name(field.name()).cloned();
        let column = from_file.or_else(|| partitions.column(field.name(), rows))?;
        if column.data_type() == field.data_type() {
            return Some(column);
        }
        // Kinds of text may differ between files; a schema of anything else that differs cannot be picked.
        cast(&column, field.data_type()).ok()
    };
    let columns = schema.fields().iter().map(|field| column(field)).collect::<Option<Vec<_>>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options).ok()
}

/// The error for a file called `name` that is not the one that was opened before.
pub fn changed(name: &str) -> Error {
    Error::new(ErrorKind::Source, "source::changed", format!("{name} was replaced by another file while it was read"))
        .help("run again when the file is complete")
}

/// What `decode` returns; `None` when it panics, as decoders of damaged bytes are known to.
///
/// What `decode` changed is in an unknown state then and must not be used again.
pub fn guarded<T>(decode: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(decode)).ok()
}

#[cfg(test)]
mod tests {
    use arrow::array::{AsArray, StringArray, StringViewArray};
    use arrow::datatypes::{DataType, Schema};

    use super::*;

    fn schema(columns: &[(&str, DataType)]) -> SchemaRef {
        let fields: Vec<_> = columns.iter().map(|(name, kind)| Field::new(*name, kind.clone(), true)).collect();
        Arc::new(Schema::new(fields))
    }

    fn batch(values: &[&str]) -> RecordBatch {
        let views = Arc::new(StringViewArray::from_iter_values(values));
        let texts = Arc::new(StringArray::from_iter_values(values));
        RecordBatch::try_from_iter([("a", views as ArrayRef), ("b", texts as ArrayRef)]).unwrap()
    }

    #[test]
    fn a_batch_gets_the_order_and_the_kind_of_text_of_the_schema() {
        let wanted = schema(&[("b", DataType::Utf8), ("a", DataType::Utf8)]);
        let fitted = fit(&batch(&["x", "y"]), &wanted, &Partitions::default()).unwrap();
        assert_eq!(fitted.schema(), wanted);
        assert_eq!(fitted.column(1).as_string::<i32>().iter().flatten().collect::<Vec<_>>(), ["x", "y"]);
    }

    #[test]
    fn a_batch_without_columns_keeps_its_number_of_rows() {
        assert_eq!(fit(&batch(&["x", "y"]), &schema(&[]), &Partitions::default()).unwrap().num_rows(), 2);
    }

    #[test]
    fn a_column_that_is_gone_or_of_another_type_does_not_fit() {
        for odd in [("c", DataType::Utf8), ("a", DataType::Struct(vec![Field::new("x", DataType::Utf8, true)].into()))]
        {
            assert!(fit(&batch(&["x"]), &schema(&[odd]), &Partitions::default()).is_none());
        }
    }

    #[test]
    fn a_file_that_cannot_be_opened_is_an_error_in_its_place() {
        let rows = |origin: usize| {
            let batch = SegmentBatch { rows: batch(&["x"]), origin: origin as u32, first_row: 1 };
            if origin == 1 { Err(changed("second")) } else { Ok(std::iter::once(Ok(batch))) }
        };
        let seen: Vec<_> = one_by_one(3, rows).map(|batch| batch.map(|batch| batch.origin).ok()).collect();
        assert_eq!(seen, [Some(0), None, Some(2)]);
    }

    #[test]
    fn a_panic_of_a_decoder_is_told_from_what_it_returns() {
        assert_eq!(guarded(|| 1), Some(1));
        assert_eq!(guarded(|| -> i32 { panic!("damaged") }), None);
    }
}
