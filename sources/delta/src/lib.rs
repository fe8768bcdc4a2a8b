//! Delta Lake tables, on this machine and in object stores, as segments.
//!
//! [`DeltaTable`] reads one [`Version`] of a table: the latest, one by its number, or the one that was current at a
//! time. The log is replayed by the Delta kernel, so partition columns keep their types, columns that were renamed or
//! dropped are mapped, deleted rows are left out by their deletion vectors, columns that a file lacks are null, and a
//! table that needs a feature this reader lacks is refused by the feature's name. Only the columns asked for are read.

mod fault;
mod place;
mod rows;
mod schema;
mod table;
mod version;

pub use place::handles;
pub use table::DeltaTable;
pub use version::Version;
