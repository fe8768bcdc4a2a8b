//! PostgreSQL, MySQL, MariaDB and SQLite as segments.
//!
//! A [`Database`] gives its tables, views and direct queries as [`SqlTable`]s. Each is a
//! [`Source`](enlist_core::Source), and a table of a query ([`SqlTable::provider`]) into which columns, filters and a
//! limit are pushed down. A scan is one read-only transaction over one state of the data, streamed with bounded memory:
//! the rows are read as fast as they are taken, and an error in mid-read is an error, never a short result.
//!
//! `engine.rs` is the seam: what stands outside the folders of the databases is the same for all of them.

mod database;
mod engine;
mod fault;
mod filter;
mod mysql;
mod name;
mod postgres;
mod provider;
mod pump;
mod settings;
mod sqlite;
mod table;
mod tls;

pub use database::Database;
pub use engine::Partition;
pub use settings::{Settings, Tls};
pub use table::SqlTable;
