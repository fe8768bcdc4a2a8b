//! JSON lines keep what every source promises.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use async_trait::async_trait;
use enlist_kit::source_suite::{Fixture, behaviours};
use enlist_source_jsonl::JsonlFiles;
use serde_json::json;
use tempfile::TempDir;

struct Jsonl {
    folder: TempDir,
    sources: AtomicUsize,
}

impl Jsonl {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), sources: AtomicUsize::new(0) }
    }

    /// A folder for the files of one source.
    fn source(&self) -> PathBuf {
        let folder = self.folder.path().join(self.sources.fetch_add(1, Ordering::Relaxed).to_string());
        fs::create_dir(&folder).unwrap();
        folder
    }
}

/// One object a line, with every null.
fn written(rows: &RecordBatch) -> Vec<u8> {
    let texts: Vec<_> = rows.columns().iter().map(|column| cast(column, &DataType::Utf8).unwrap()).collect();
    let mut file = String::new();
    for row in 0..rows.num_rows() {
        let members = rows.schema_ref().fields().iter().zip(&texts).map(|(field, text)| {
            let text = text.as_string::<i32>();
            let value = match field.data_type() {
                _ if text.is_null(row) => "null".to_owned(),
                DataType::Int32 | DataType::Int64 | DataType::Boolean | DataType::Decimal128(..) => {
                    text.value(row).to_owned()
                }
                _ => json!(text.value(row)).to_string(),
            };
            format!("{}:{value}", json!(field.name()))
        });
        file += &format!("{{{}}}\n", members.collect::<Vec<_>>().join(","));
    }
    file.into_bytes()
}

fn open(folder: &Path) -> JsonlFiles {
    JsonlFiles::open(folder.to_str().unwrap()).unwrap()
}

#[async_trait]
impl Fixture for Jsonl {
    type Source = JsonlFiles;
    const ORIGINS: usize = 3;

    async fn holding(&self, origins: &[RecordBatch]) -> JsonlFiles {
        let folder = self.source();
        for (n, rows) in origins.iter().enumerate() {
            fs::write(folder.join(format!("part-{n}.jsonl")), written(rows)).unwrap();
        }
        open(&folder)
    }

    /// Everything is text.
    fn returned(&self, column: &ArrayRef) -> ArrayRef {
        cast(column, &DataType::Utf8).unwrap()
    }

    /// The file is cut in the middle.
    async fn failing(&self, rows: &RecordBatch) -> JsonlFiles {
        let folder = self.source();
        let whole = written(rows);
        fs::write(folder.join("people.jsonl"), &whole[..whole.len() / 2]).unwrap();
        open(&folder)
    }
}

/// All behaviours but one: JSON lines without a line have no columns, which is an error.
macro_rules! behaviours {
    ($($behaviour:ident),+ $(,)?) => {
        $(#[tokio::test]
        async fn $behaviour() {
            behaviours::$behaviour(&Jsonl::new()).await;
        })+
    };
}

behaviours!(
    rows_keep_their_order_and_know_their_place,
    values_arrive_as_they_are,
    columns_of_nulls_arrive_as_nulls,
    only_the_columns_asked_for_arrive,
    an_unknown_column_is_an_error_that_names_those_there_are,
    scans_one_after_the_other_and_side_by_side_yield_the_same,
    a_failure_is_the_last_item_and_never_an_early_end,
    a_dropped_stream_ends_its_reader,
    the_number_of_rows_is_what_is_read,
);
