//! From a path, glob, folder or URL to the files of a segment.
//!
//! Files lie on this machine or in object stores (`s3://`, `az://`, `abfss://`, `gs://`, `https://`), which are asked for
//! the parts that are needed. Who asks is found as each cloud has it; [`StoreOptions`] stand above that.
//!
//! The library of the file sources: [`find`] turns a pattern into [`Found`] files, [`Found::read`] and [`Found::ranges`]
//! read one, [`text`] undoes its compression, [`feed`] runs a blocking reader behind a stream, and [`Columns`] and
//! [`pick`] say which columns the files offer together.

mod batches;
mod columns;
mod feed;
mod find;
mod found;
mod local;
mod location;
mod partitions;
mod store;
mod text;
mod text_fault;
mod union;

pub use batches::{changed, fit, guarded, one_by_one};
pub use columns::{advice, closest, missing, pick};
pub use feed::{blocking, feed};
pub use find::{carried, find, has_glob, offers, unreadable};
pub use found::{Found, Ranges};
pub use location::{Location, StoreOptions, is_url, shown};
pub use partitions::Partitions;
pub use store::{store, store_error};
pub use text::{Compression, Text, TextFault, begin, compression, text};
pub use text_fault::TextCodes;
pub use union::Columns;
