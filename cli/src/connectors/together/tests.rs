use arrow::array::{AsArray, Int32Array, Int64Array, LargeStringArray, StringArray};
use arrow::datatypes::Int64Type;
use enlist_core::Batches;

use super::*;

fn source(name: &str, columns: Vec<(&str, ArrayRef)>) -> (String, Arc<dyn Source>) {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    (name.to_owned(), Arc::new(Batches::new(name, batch.schema(), vec![batch.slice(0, 1), batch.slice(1, 1)])))
}

fn text(values: [&str; 2]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

fn large(values: [&str; 2]) -> ArrayRef {
    Arc::new(LargeStringArray::from(values.to_vec()))
}

fn names(columns: &[&str]) -> Vec<String> {
    columns.iter().map(|name| (*name).to_owned()).collect()
}

async fn both() -> Together {
    let here = source(
        "here",
        vec![
            ("email", text(["a@example.com", "b@example.com"])),
            ("score", Arc::new(Int32Array::from(vec![1, 2]))),
            ("only_here", text(["x", "y"])),
            ("mixed", text(["x", "y"])),
        ],
    );
    let there = source(
        "there",
        vec![
            ("mixed", Arc::new(Int32Array::from(vec![1, 2]))),
            ("score", Arc::new(Int64Array::from(vec![3, i64::MAX]))),
            ("email", large(["c@example.com", "d@example.com"])),
        ],
    );
    Together::new(vec![here, there]).await.unwrap()
}

#[tokio::test]
async fn rows_of_all_come_in_order_each_with_its_own_place_and_one_type() {
    let together = both().await;
    let stream = together.scan(&names(&["email", "score"])).await.unwrap();
    assert_eq!(*stream.origins, ["here".to_owned(), "there".to_owned()]);
    let batches: Vec<SegmentBatch> = stream.batches.try_collect().await.unwrap();
    let row = |batch: &SegmentBatch| {
        let email = batch.rows.column(0).as_string::<i32>().value(0).to_owned();
        let score = batch.rows.column(1).as_primitive::<Int64Type>().value(0);
        (batch.origin, batch.first_row, email, score)
    };
    let expected = [(0, 1, "a", 1), (0, 2, "b", 2), (1, 1, "c", 3), (1, 2, "d", i64::MAX)];
    let expected = expected.map(|(origin, row, name, score)| (origin, row, format!("{name}@example.com"), score));
    assert_eq!(batches.iter().map(row).collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn columns_that_nobody_asks_for_may_differ_and_others_are_objected_to_by_the_name_of_the_source() {
    let together = both().await;
    assert_eq!(together.schema().await.unwrap().fields().len(), 4);
    for (column, code, words) in [
        ("only_here", "source::column_missing", "not found in there, but in here"),
        ("mixed", "source::column_type", "Utf8 in here but Int32 in there"),
        ("scor", "source::column_missing", "not found in here + there"),
    ] {
        let error = together.scan(&names(&["email", column])).await.err().unwrap();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Source, code));
        assert!(error.to_string().contains(words) && error.help_text().is_some(), "{error}");
    }
}

#[tokio::test]
async fn rows_add_up_as_far_as_they_are_known() {
    struct Told(Rows);

    #[async_trait]
    impl Source for Told {
        fn name(&self) -> &str {
            "told"
        }

        async fn schema(&self) -> Result<SchemaRef, Error> {
            Ok(Arc::new(Schema::empty()))
        }

        async fn rows(&self) -> Result<Rows, Error> {
            Ok(self.0)
        }

        async fn scan(&self, _: &[String]) -> Result<SegmentStream, Error> {
            Err(Error::new(ErrorKind::Source, "source::gone", "it is gone"))
        }
    }

    for (one, other, sum) in [
        (Rows::Exactly(2), Rows::Exactly(3), Rows::Exactly(5)),
        (Rows::Exactly(2), Rows::About(3), Rows::About(5)),
        (Rows::About(2), Rows::Exactly(3), Rows::About(5)),
        (Rows::About(2), Rows::Unknown, Rows::Unknown),
        (Rows::Unknown, Rows::Exactly(3), Rows::Unknown),
    ] {
        let parts = [one, other].map(|rows| ("told".to_owned(), Arc::new(Told(rows)) as Arc<dyn Source>));
        assert_eq!(Together::new(parts.to_vec()).await.unwrap().rows().await.unwrap(), sum);
    }
}

#[tokio::test]
async fn an_error_is_the_last_item() {
    let sound = source("sound", vec![("email", text(["a@example.com", "b@example.com"]))]);
    let schema = sound.1.schema().await.unwrap();
    let broken = Batches::from_stream("broken", schema, || {
        stream::iter([Err(Error::new(ErrorKind::Source, "source::gone", "it is gone"))]).boxed()
    });
    let parts = vec![("broken".to_owned(), Arc::new(broken) as Arc<dyn Source>), sound];
    let together = Together::new(parts).await.unwrap();
    let items: Vec<_> = together.scan(&names(&["email"])).await.unwrap().batches.collect().await;
    assert_eq!(items.len(), 1);
    assert_eq!(items[0].as_ref().unwrap_err().code(), "source::gone");
}

#[test]
fn types_are_made_one_where_no_value_can_change() {
    use DataType::{Date32, Float64, Int8, Int32, Int64, LargeUtf8, Null, UInt8, UInt32, UInt64, Utf8, Utf8View};
    let words = DataType::Dictionary(Box::new(Int32), Box::new(Utf8));
    for (one, other, both) in [
        (Utf8, LargeUtf8, Some(Utf8)),
        (words, Utf8View, Some(Utf8)),
        (Int8, Int64, Some(Int64)),
        (UInt8, UInt32, Some(UInt32)),
        (UInt32, Int64, Some(Int64)),
        (UInt32, Int32, None),
        (UInt64, Int8, None),
        (Null, Date32, Some(Date32)),
        (Int64, Float64, None),
        (Utf8, Date32, None),
    ] {
        assert_eq!(unify(&one, &other), both, "{one} {other}");
        assert_eq!(unify(&other, &one), both, "{other} {one}");
    }
}
