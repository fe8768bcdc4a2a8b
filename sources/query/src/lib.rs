//! Named tables and one SELECT, read through DataFusion.
//!
//! [`Tables`] gives names to sources and turns one SELECT over them into a [`Query`], which is itself a
//! [`Source`](enlist_core::Source). Any source can be a table: DataFusion asks it for the columns a query needs
//! and computes on its batches, so a file reads the same with and without SQL, and fails with the same error.
//!
//! The crate is also the library of its siblings: [`find`] turns a path, glob or folder into files, [`feed`] runs a
//! blocking reader behind a stream, and [`pick`] resolves column names.

mod columns;
mod fault;
mod feed;
mod files;
mod partitions;
mod query;
mod select;
mod table;
mod tables;
mod union;

pub use columns::{closest, pick};
pub use feed::feed;
pub use files::{Found, find, has_glob, unreadable};
pub use partitions::Partitions;
pub use query::Query;
pub use tables::{Settings, Tables};
pub use union::Columns;
