//! Avro files as segments.
//!
//! [`AvroFiles`] reads object container files, plain or compressed with deflate, Snappy or Zstandard. The columns are
//! the fields of the record in each file's own schema. Decimals, dates, times and timestamps arrive as such, an enum as
//! its symbol, a UUID written as text as that text; a union with null is a column with nulls. A union of several other
//! types, a map and a record are columns that can be listed but have no text.
//!
//! Every block is checked to be whole, to end in the file's marker, and to hold as many records as it says. Avro has no
//! mark for the end of a file: one that was cut exactly between two blocks looks whole.

mod block;
mod compression;
mod decode;
mod fault;
mod files;
mod header;
mod long;
mod rows;
mod shape;

pub use files::{AvroFiles, handles};
