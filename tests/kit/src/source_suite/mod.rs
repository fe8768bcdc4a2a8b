//! What every [`Source`] promises, as tests that each source runs over rows in its own format.
//!
//! A source implements [`Fixture`] in one of its integration tests and calls [`source_suite!`](macro@crate::source_suite)
//! there, which becomes one test for each behaviour:
//!
//! ```ignore
//! struct Csv(TempDir);
//!
//! #[async_trait]
//! impl Fixture for Csv {
//!     type Source = CsvFiles;
//!     const ORIGINS: usize = 3; // files, here
//!
//!     async fn holding(&self, origins: &[RecordBatch]) -> CsvFiles { /* write one file each, and open them */ }
//!
//!     fn returned(&self, column: &ArrayRef) -> ArrayRef { /* everything is text, and an empty text is null */ }
//!
//!     async fn failing(&self, rows: &RecordBatch) -> CsvFiles { /* write a file and damage its middle */ }
//!
//!     async fn select(&self, table: Table<CsvFiles>, sql: &str) -> Option<Result<Box<dyn Source>, Error>> {
//!         let mut tables = Tables::default();
//!         match table {
//!             Table::Made(source) => tables.add(TABLE, source).unwrap(),
//!             Table::Plain(batches) => tables.add(TABLE, Arc::new(batches)).unwrap(),
//!         }
//!         Some(tables.query(sql).await.map(|query| Box::new(query) as Box<dyn Source>))
//!     }
//! }
//!
//! enlist_kit::source_suite!(Csv(tempfile::tempdir().unwrap()));
//! ```
//!
//! The fixture is made once for each test. `async-trait` and `tokio` have to be among the development dependencies.
//! A source that pushes filters down adds its provider for [`Table::Made`]; one that no query reads leaves out
//! [`select`](Fixture::select). [`sql::insert`] writes the rows for a database. A single behaviour can be run alone
//! ([`behaviours`] and [`pushdown`]).

#![allow(clippy::panic, clippy::unwrap_used, clippy::expect_used, reason = "these are tests, kept in a library")]

pub mod behaviours;
pub mod pushdown;
mod read;
pub mod rows;
pub mod sql;

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use async_trait::async_trait;
use enlist_core::{Batches, Error, Source};

/// What queries of the suite call the table.
pub const TABLE: &str = "segment";

/// What the suite has to know of a source.
#[async_trait]
pub trait Fixture: Send + Sync {
    /// The source under test.
    type Source: Source + 'static;

    /// How many origins [`holding`](Self::holding) is asked to make of one source, at most; files have several.
    const ORIGINS: usize = 1;

    /// A source that holds these rows, each batch in an origin of its own, in this order. All batches have the schema
    /// of [`rows::rows`] or some columns of it, and perhaps no rows. Called several times in a test, for different
    /// rows; earlier sources stay in use.
    async fn holding(&self, origins: &[RecordBatch]) -> Self::Source;

    /// What a column of [`holding`](Self::holding) has to come back as. By default as it was given.
    fn returned(&self, column: &ArrayRef) -> ArrayRef {
        Arc::clone(column)
    }

    /// A source of one origin that begins with the same rows and fails before their end: a damaged file, an expression
    /// that cannot be computed.
    async fn failing(&self, rows: &RecordBatch) -> Self::Source;

    /// How many readers (threads, connections) of this fixture's sources are at work, where that can be told.
    async fn readers(&self) -> Option<usize> {
        None
    }

    /// The query `sql` over the table [`TABLE`]; `None` for a source that no query reads.
    async fn select(&self, table: Table<Self::Source>, sql: &str) -> Option<Result<Box<dyn Source>, Error>> {
        let _ = (table, sql);
        None
    }
}

/// What a query of the suite reads.
pub enum Table<S> {
    /// The source under test, as queries read it best.
    Made(Arc<S>),
    /// The same rows in memory, of which nothing is pushed down.
    Plain(Batches),
}

/// All behaviours, one after the other.
pub async fn all<F: Fixture>(fixture: &F) {
    behaviours::rows_keep_their_order_and_know_their_place(fixture).await;
    behaviours::values_arrive_as_they_are(fixture).await;
    behaviours::columns_of_nulls_arrive_as_nulls(fixture).await;
    behaviours::only_the_columns_asked_for_arrive(fixture).await;
    behaviours::an_unknown_column_is_an_error_that_names_those_there_are(fixture).await;
    behaviours::no_rows_are_a_segment_with_its_columns(fixture).await;
    behaviours::scans_one_after_the_other_and_side_by_side_yield_the_same(fixture).await;
    behaviours::a_failure_is_the_last_item_and_never_an_early_end(fixture).await;
    behaviours::a_dropped_stream_ends_its_reader(fixture).await;
    behaviours::the_number_of_rows_is_what_is_read(fixture).await;
    pushdown::filters_and_limits_pushed_down_change_nothing(fixture).await;
}

/// One `#[tokio::test]` for each behaviour of a source, over a fixture made for each by the expression.
#[macro_export]
macro_rules! source_suite {
    ($fixture:expr) => {
        $crate::source_suite!(@each $fixture, behaviours:
            rows_keep_their_order_and_know_their_place,
            values_arrive_as_they_are,
            columns_of_nulls_arrive_as_nulls,
            only_the_columns_asked_for_arrive,
            an_unknown_column_is_an_error_that_names_those_there_are,
            no_rows_are_a_segment_with_its_columns,
            scans_one_after_the_other_and_side_by_side_yield_the_same,
            a_failure_is_the_last_item_and_never_an_early_end,
            a_dropped_stream_ends_its_reader,
            the_number_of_rows_is_what_is_read);
        $crate::source_suite!(@each $fixture, pushdown: filters_and_limits_pushed_down_change_nothing);
    };
    (@each $fixture:expr, $module:ident: $($behaviour:ident),*) => {
        $(
            #[tokio::test]
            async fn $behaviour() {
                $crate::source_suite::$module::$behaviour(&$fixture).await;
            }
        )*
    };
}
