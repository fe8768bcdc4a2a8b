//! What each database does in its own way; everything else is written once.

use std::fmt;

use arrow::array::RecordBatch;
use arrow::datatypes::DataType;
use async_trait::async_trait;
use datafusion::common::ScalarValue;
use enlist_core::{Error, Rows};
use futures::stream::BoxStream;

/// What is read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Relation {
    /// A table or view; without a schema it is looked up as the database does.
    Table {
        /// The schema (of MySQL: the database).
        schema: Option<String>,
        /// Its name, in its case.
        name: String,
    },
    /// One SELECT in the database's own SQL.
    Query(String),
}

/// For people: `schema.table`, or "query".
impl fmt::Display for Relation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Table { schema: Some(schema), name } => write!(f, "{schema}.{name}"),
            Self::Table { schema: None, name } => f.write_str(name),
            Self::Query(_) => f.write_str("query"),
        }
    }
}

/// One column as the database is asked for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    /// Its name in the relation and in the segment.
    pub(crate) name: String,
    /// What it becomes.
    pub(crate) kind: DataType,
    /// The expression that yields it in the form which the reader of the engine decodes: the quoted name, or a cast
    /// of it to text.
    pub(crate) select: String,
    /// What the database calls its type, for people and for the rules of pushdown.
    pub(crate) declared: String,
}

/// One read of a relation.
#[derive(Clone, Debug)]
pub(crate) struct Scan {
    /// What is read from.
    pub(crate) relation: Relation,
    /// The columns asked for, in that order; none when only the number of rows matters.
    pub(crate) columns: Vec<Column>,
    /// A condition in the database's own SQL.
    pub(crate) filter: Option<String>,
    /// Most rows.
    pub(crate) limit: Option<u64>,
    /// How to read in parallel.
    pub(crate) partition: Option<Partition>,
}

/// A parallel read by ranges of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partition {
    /// A column of whole numbers.
    pub by: String,
    /// Ranges, each read over a connection of its own.
    pub parts: u32,
}

/// Batches of the columns asked for, in their order. An error ends the stream.
pub(crate) type RowStream = BoxStream<'static, Result<RecordBatch, Error>>;

/// A comparison that a database can be asked to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// How what the database keeps relates to what the query engine would keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keeps {
    /// The same rows.
    Exactly,
    /// These rows and perhaps more: the query engine filters again.
    AtLeast,
}

/// One kind of database.
#[async_trait]
pub(crate) trait Engine: Send + Sync {
    /// `column comparison value` in the database's SQL, when it is certain how the rows that it keeps relate to those
    /// the query engine would keep; `None` leaves the comparison to the query engine.
    fn compare(&self, column: &Column, comparison: Comparison, value: &ScalarValue) -> Option<(String, Keeps)>;

    /// The columns of a relation.
    ///
    /// # Errors
    /// When the database cannot be reached or refuses, and for a relation that does not exist.
    async fn describe(&self, relation: &Relation) -> Result<Vec<Column>, Error>;

    /// How many rows a relation has, as cheaply as the database tells.
    ///
    /// # Errors
    /// As [`describe`](Self::describe).
    async fn rows(&self, relation: &Relation) -> Result<Rows, Error>;

    /// Reads within one read-only transaction that sees one state of the data, and ends it. One stream a part, in the
    /// order of the parts; one in all without [`Partition`]. A stream that ends without an error is whole.
    ///
    /// # Errors
    /// As [`describe`](Self::describe); for a partition that the database cannot read within one state.
    async fn scan(&self, scan: &Scan) -> Result<Vec<RowStream>, Error>;
}
