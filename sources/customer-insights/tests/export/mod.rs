//! A folder as Customer Insights exports it, made of made-up people.

use std::fs;
use std::path::{Path, PathBuf};

use arrow::array::Array;
use arrow::util::display::array_value_to_string;
use enlist_core::{Error, SegmentBatch, Source};
use futures::TryStreamExt;
use tempfile::TempDir;

/// Where an export says that it lies.
const ORIGIN: &str = "https://cdp.dfs.core.windows.net/exports/CustomerInsights_1/Weekly";

/// A folder that is removed when it is dropped.
pub(crate) struct Export {
    folder: TempDir,
    entities: Vec<String>,
}

impl Export {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), entities: Vec::new() }
    }

    /// Three customers in two partitions, and their segments.
    pub(crate) fn usual() -> Self {
        let mut export = Self::new();
        let (one, two) = ("Customer/2026/11/22/0400/Customer_1.csv", "Customer/2026/11/22/0400/Customer_2.csv");
        export.file(one, "c1,ada@example.com,\"Lovelace, Ada\",3\nc2,bo@example.com,,\n");
        export.file(two, "c3,\"cy@example.com\",\"Cy \"\"C\"\"\",5\n");
        export.entity("Customer", CUSTOMER, &[one, two]);
        let memberships = "SegmentMembership/2026/11/22/0400/SegmentMembership_1.csv";
        export.file(
            memberships,
            "c3,\"[\"\"VIP\"\"]\"\nc1,\"[\"\"Newsletter\"\",\"\"VIP\"\"]\"\nc2,\"[\"\"Newsletter\"\"]\"\n",
        );
        export.entity("SegmentMembership", "CustomerId:string Segments:string", &[memberships]);
        export
    }

    /// Writes a file below the folder.
    pub(crate) fn file(&self, path: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    /// Adds a table to the model, with columns as `name:type`, and writes the model.
    pub(crate) fn entity(&mut self, name: &str, columns: &str, partitions: &[&str]) {
        let settings = r#"{"$type":"CsvFormatSettings","columnHeaders":false,"delimiter":",","quoteStyle":"QuoteStyle.Csv","csvStyle":"CsvStyle.QuoteAlways","encoding":"UTF-8"}"#;
        self.entity_with(name, columns, partitions, settings);
    }

    pub(crate) fn entity_with(&mut self, name: &str, columns: &str, partitions: &[&str], settings: &str) {
        let columns = columns.split_whitespace().map(|column| {
            let (name, kind) = column.split_once(':').unwrap();
            format!(r#"{{"name":"{name}","dataType":"{kind}"}}"#)
        });
        let partitions = partitions.iter().map(|path| {
            format!(r#"{{"name":"p","refreshTime":"2026-11-22T04:00:00Z","location":"{ORIGIN}/{path}","fileFormatSettings":{settings}}}"#)
        });
        let (columns, partitions) = (columns.collect::<Vec<_>>().join(","), partitions.collect::<Vec<_>>().join(","));
        self.raw(&format!(
            r#"{{"$type":"LocalEntity","name":"{name}","attributes":[{columns}],"partitions":[{partitions}]}}"#
        ));
    }

    /// Adds a table as the model has it.
    pub(crate) fn raw(&mut self, entity: &str) {
        self.entities.push(entity.to_owned());
        self.model(&format!(r#"{{"name":"cdm","version":"1.0","entities":[{}]}}"#, self.entities.join(",")));
    }

    /// Replaces the model.
    pub(crate) fn model(&self, content: &str) {
        self.file("model.json", content);
    }

    pub(crate) fn path(&self) -> String {
        self.folder.path().display().to_string()
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// The columns of [`Export::usual`].
pub(crate) const CUSTOMER: &str = "CustomerId:string Email:string FullName:string Orders:int64";

pub(crate) async fn read(source: &dyn Source, columns: &[&str]) -> Result<Vec<SegmentBatch>, Error> {
    let columns: Vec<String> = columns.iter().map(|c| c.to_string()).collect();
    source.scan(&columns).await?.batches.try_collect().await
}

/// All cells of a column as text, null as `-`.
pub(crate) async fn cells(source: &dyn Source, column: &str) -> Vec<String> {
    let batches = read(source, &[column]).await.unwrap();
    let cell = |column: &dyn Array, row| match column.is_null(row) {
        true => "-".to_owned(),
        false => array_value_to_string(column, row).unwrap(),
    };
    batches.iter().flat_map(|batch| (0..batch.rows.num_rows()).map(move |row| cell(&batch.rows[column], row))).collect()
}
