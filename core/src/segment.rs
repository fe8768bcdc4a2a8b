//! Rows that know their place.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use futures::stream::BoxStream;

use crate::Error;

/// Where a row stands: which origin (file or query) of its segment, and which row of it.
///
/// Places order rows by origin, then row, so "the first of two duplicates" does not depend on arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Index into [`SegmentStream::origins`].
    pub origin: u32,
    /// Row within the origin, counted from 1; a header line does not count.
    pub row: u64,
}

/// Consecutive rows of one origin.
#[derive(Clone, Debug)]
pub struct SegmentBatch {
    /// The rows, with the columns asked for (in any order; found by name).
    pub rows: RecordBatch,
    /// Index into [`SegmentStream::origins`].
    pub origin: u32,
    /// Place of the first row within its origin, counted from 1.
    pub first_row: u64,
}

/// One scan of a segment.
pub struct SegmentStream {
    /// What every batch carries.
    pub schema: SchemaRef,
    /// Names of the origins for people: file paths, or one name for a query.
    pub origins: Arc<[String]>,
    /// The batches. An error ends the stream: what came before it is not the whole segment.
    pub batches: BoxStream<'static, Result<SegmentBatch, Error>>,
}

/// How many rows a segment has, as far as that is known without reading them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    /// So many, by what files or the database say of themselves.
    Exactly(u64),
    /// About so many, by a size or by statistics, which may be old.
    About(u64),
    /// Only reading tells.
    Unknown,
}

/// A segment that can be read: files, a table, a query.
#[async_trait]
pub trait Source: Send + Sync {
    /// What the segment is called in messages, for example a path or a configured name.
    fn name(&self) -> &str;

    /// All columns the segment offers, read without reading its rows.
    ///
    /// # Errors
    /// [`ErrorKind::Source`](crate::ErrorKind::Source) when it is missing, unreadable or not what it claims to be.
    async fn schema(&self) -> Result<SchemaRef, Error>;

    /// How many rows there are, without reading them.
    ///
    /// # Errors
    /// As [`schema`](Self::schema).
    async fn rows(&self) -> Result<Rows, Error>;

    /// Reads the rows once, with only the named `columns`.
    ///
    /// Rows of one origin arrive in their order there. A short read is an error, never an early end.
    ///
    /// # Errors
    /// As [`schema`](Self::schema), and for a column that does not exist.
    async fn scan(&self, columns: &[String]) -> Result<SegmentStream, Error>;
}
