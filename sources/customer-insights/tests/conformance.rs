//! Tables of Customer Insights keep what every source promises.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::csv::WriterBuilder;
use arrow::datatypes::{DataType, Field};
use async_trait::async_trait;
use enlist_core::{Error, Source};
use enlist_kit::source_suite::{Fixture, TABLE, Table};
use enlist_source_customer_insights::{Entity, Folder, Options};
use enlist_source_query::Tables;
use tempfile::TempDir;

struct Insights {
    folder: TempDir,
    sources: AtomicUsize,
}

impl Insights {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), sources: AtomicUsize::new(0) }
    }

    /// The folder of an export whose one table has these rows.
    fn export(&self, partitions: &[RecordBatch]) -> PathBuf {
        let folder = self.folder.path().join(self.sources.fetch_add(1, Ordering::Relaxed).to_string());
        fs::create_dir_all(folder.join("T")).unwrap();
        let columns: Vec<String> = partitions[0].schema_ref().fields().iter().map(|field| attribute(field)).collect();
        let files: Vec<String> = (0..partitions.len())
            .map(|n| format!(r#"{{"location":"https://a.example/exports/T/T_{n}.csv"}}"#))
            .collect();
        let (columns, files) = (columns.join(","), files.join(","));
        let model = format!(r#"{{"entities":[{{"name":"T","attributes":[{columns}],"partitions":[{files}]}}]}}"#);
        fs::write(folder.join("model.json"), model).unwrap();
        for (n, rows) in partitions.iter().enumerate() {
            fs::write(folder.join(format!("T/T_{n}.csv")), csv(rows)).unwrap();
        }
        folder
    }
}

/// A column as the model has it.
fn attribute(field: &Field) -> String {
    let (kind, digits) = match field.data_type() {
        DataType::Int64 | DataType::Int32 => ("int64", None),
        DataType::Utf8 => ("string", None),
        DataType::Boolean => ("boolean", None),
        DataType::Float64 => ("double", None),
        DataType::Date32 => ("date", None),
        DataType::Decimal128(precision, scale) => ("decimal", Some((precision, scale))),
        DataType::Timestamp(..) => ("dateTime", None),
        other => panic!("{other}"),
    };
    let digits = digits.map(|(precision, scale)| {
        let argument = |name: &str, value: i64| format!(r#"{{"name":"{name}","value":{value}}}"#);
        let arguments = [argument("precision", (*precision).into()), argument("scale", (*scale).into())].join(",");
        format!(r#","cdm:traits":[{{"traitReference":"is.dataFormat.numeric.shaped","arguments":[{arguments}]}}]"#)
    });
    format!(r#"{{"name":"{}","dataType":"{kind}"{}}}"#, field.name(), digits.unwrap_or_default())
}

/// The rows as text, without a header.
fn csv(rows: &RecordBatch) -> Vec<u8> {
    let columns = rows.schema_ref().fields().iter().zip(rows.columns());
    let text = columns.map(|(field, column)| (field.name(), cast(column, &DataType::Utf8).unwrap(), true));
    let mut file = Vec::new();
    let mut writer = WriterBuilder::new().with_header(false).build(&mut file);
    writer.write(&RecordBatch::try_from_iter_with_nullable(text).unwrap()).unwrap();
    drop(writer);
    file
}

fn open(folder: &std::path::Path) -> Entity {
    Folder::open(folder.to_str().unwrap(), Options::default()).unwrap().entity("T").unwrap()
}

#[async_trait]
impl Fixture for Insights {
    type Source = Entity;
    const ORIGINS: usize = 3;

    async fn holding(&self, origins: &[RecordBatch]) -> Entity {
        open(&self.export(origins))
    }

    /// An empty text is null, integers have 64 bits, and times are those of UTC.
    fn returned(&self, column: &ArrayRef) -> ArrayRef {
        match column.data_type() {
            DataType::Int32 => cast(column, &DataType::Int64).unwrap(),
            DataType::Timestamp(unit, None) => cast(column, &DataType::Timestamp(*unit, Some("UTC".into()))).unwrap(),
            DataType::Utf8 => {
                let texts = column.as_string::<i32>().iter();
                Arc::new(StringArray::from_iter(texts.map(|text| text.filter(|text| !text.is_empty()))))
            }
            _ => Arc::clone(column),
        }
    }

    /// A record in the middle has a field too many.
    async fn failing(&self, rows: &RecordBatch) -> Entity {
        let folder = self.export(std::slice::from_ref(rows));
        let half = rows.num_rows() / 2;
        let (first, rest) = (csv(&rows.slice(0, half)), csv(&rows.slice(half, rows.num_rows() - half)));
        let odd = [&vec![b','; rows.num_columns()][..], b"\n"].concat();
        fs::write(folder.join("T/T_0.csv"), [&first, &odd[..], &rest].concat()).unwrap();
        open(&folder)
    }

    async fn select(&self, table: Table<Entity>, sql: &str) -> Option<Result<Box<dyn Source>, Error>> {
        let mut tables = Tables::default();
        match table {
            Table::Made(source) => tables.add(TABLE, source).unwrap(),
            Table::Plain(batches) => tables.add(TABLE, Arc::new(batches)).unwrap(),
        }
        Some(tables.query(sql).await.map(|query| Box::new(query) as Box<dyn Source>))
    }
}

enlist_kit::source_suite!(Insights::new());
