use arrow::array::{Date32Array, DictionaryArray, Int64Array, NullArray, StringViewArray};
use arrow::datatypes::Int8Type;
use enlist_core::Batches;
use futures::TryStreamExt;

use super::*;

fn source(batches: Vec<RecordBatch>) -> Arc<dyn Source> {
    Arc::new(Batches::new("people", batches[0].schema(), batches))
}

fn people() -> Arc<dyn Source> {
    let batch = |ids: &[Option<i64>], emails: &[&str]| {
        let (ids, emails) = (Int64Array::from(ids.to_vec()), StringArray::from(emails.to_vec()));
        RecordBatch::try_from_iter([("id", Arc::new(ids) as ArrayRef), ("email", Arc::new(emails))]).unwrap()
    };
    source(vec![
        batch(&[Some(9_007_199_254_740_993), None], &["a@example.com", "b@example.com"]),
        batch(&[], &[]),
        batch(&[Some(3)], &["c@example.com"]),
    ])
}

/// Scans `column` of `source` twice, with cells of `columns` kept in `folder`.
async fn scanned(source: Arc<dyn Source>, column: &str, columns: &[&str], folder: &Path) -> SharedCells {
    let columns: Vec<String> = columns.iter().map(|&column| column.to_owned()).collect();
    let cells = SharedCells::default();
    cells.keep_in(folder).unwrap();
    let source = Watched::new(source, &columns, cells.clone());
    for _ in 0..2 {
        let stream = source.scan(&[column.to_owned()]).await.unwrap();
        assert_eq!(stream.schema.fields().len(), 1, "who reads gets what it asked for");
        let batches: Vec<_> = stream.batches.try_collect().await.unwrap();
        assert!(batches.iter().all(|batch| batch.rows.num_columns() == 1));
    }
    cells
}

fn cell(cells: &SharedCells, column: &str, origin: u32, row: u64) -> Option<Value> {
    cells.at(Place { origin, row }).unwrap().map(|mut cells| cells.remove(column).unwrap())
}

#[tokio::test]
async fn cells_are_found_by_place_in_any_order_after_every_scan() {
    let folder = tempfile::tempdir().unwrap();
    // Also those of a column that is named twice, or sent too.
    for (column, columns) in [("email", &["id"][..]), ("id", &["id", "id"])] {
        let cells = scanned(people(), column, columns, folder.path()).await;
        assert_eq!(cell(&cells, "id", 0, 3), Some("3".into()));
        assert_eq!(cell(&cells, "id", 0, 1), Some("9007199254740993".into()));
        assert_eq!(cell(&cells, "id", 0, 2), Some(Value::Null));
        for (origin, row) in [(0, 0), (0, 4), (1, 1), (u32::MAX, 0)] {
            assert_eq!(cell(&cells, "id", origin, row), None, "no such row: {origin} {row}");
        }
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "a file without a name");
}

#[tokio::test]
async fn every_cell_is_text_or_null() {
    let words: DictionaryArray<Int8Type> = [Some("ö"), None].into_iter().collect();
    let long = "ö".repeat(LONGEST);
    let rows = RecordBatch::try_from_iter([
        ("word", Arc::new(words) as ArrayRef),
        ("day", Arc::new(Date32Array::from(vec![i32::MAX, 0]))),
        ("nothing", Arc::new(NullArray::new(2))),
        ("long", Arc::new(StringViewArray::from(vec![long.as_str(), ""]))),
    ]);
    let folder = tempfile::tempdir().unwrap();
    let columns = ["word", "day", "nothing", "long"];
    let cells = scanned(source(vec![rows.unwrap()]), "day", &columns, folder.path()).await;
    let rows = [1, 2].map(|row| Value::Object(cells.at(Place { origin: 0, row }).unwrap().unwrap()));
    let short = "ö".repeat(LONGEST / 2);
    assert_eq!(rows[0], serde_json::json!({ "word": "ö", "day": null, "nothing": null, "long": short }));
    assert_eq!(rows[1], serde_json::json!({ "word": null, "day": "1970-01-01", "nothing": null, "long": "" }));
}

#[tokio::test]
async fn a_slice_of_a_large_batch_costs_no_more_than_its_rows() {
    let ids = StringViewArray::from_iter_values((0..10_000).map(|n| format!("an id that is quite long {n}")));
    let whole = RecordBatch::try_from_iter([("id", Arc::new(ids) as ArrayRef)]).unwrap();
    let slices = (0..100).map(|n| whole.slice(n * 100, 100)).collect();
    let folder = tempfile::tempdir().unwrap();
    let cells = scanned(source(slices), "id", &["id"], folder.path()).await;
    assert_eq!(cell(&cells, "id", 0, 9_999), Some("an id that is quite long 9998".into()));
    let bytes = cells.lock().as_ref().unwrap().file.metadata().unwrap().len();
    assert!(bytes < 1_000_000, "{bytes} bytes");
}

#[tokio::test]
async fn a_column_that_is_not_there_is_named_with_one_like_it() {
    let schema = people().schema().await.unwrap();
    assert!(check(&["id".into()], &schema, "people").is_ok());
    let failure = check(&["emial".into()], &schema, "people").unwrap_err();
    assert_eq!(failure.error.to_string(), "rejects.columns: people has no column `emial`");
    assert_eq!(failure.error.help_text(), Some("did you mean `email`?"));
}
