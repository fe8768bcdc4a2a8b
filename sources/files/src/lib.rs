//! From a path, glob, folder or URL to the files of a segment.
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
pub use location::{Location, StoreOptions, is_url};
pub use partitions::Partitions;
pub use store::store;
pub use text::{Compression, Text, TextFault, begin, compression, text};
pub use text_fault::TextCodes;
pub use union::Columns;
