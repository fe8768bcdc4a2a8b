//! Named tables and one SELECT, read through DataFusion.
//!
//! [`Tables`] gives names to sources and turns one SELECT over them into a [`Query`], which is itself a
//! [`Source`](enlist_core::Source). Any source can be a table: DataFusion asks it for the columns a query needs
//! and computes on its batches, so a file reads the same with and without SQL, and fails with the same error.
//! A table of a database is its own provider, so that filters and limits reach the database.

mod fault;
mod name;
mod params;
mod query;
mod select;
mod table;
mod tables;

pub use name::TableName;
pub use query::Query;
pub use select::{table_missing, tables_of};
pub use tables::{Settings, Tables};
