//! Parquet files, globs and hive-partitioned folders as segments.
//!
//! [`ParquetFiles`] reads files one after the other, each page by page, so that memory depends on the size of a page
//! and not of a row group. Every column arrives with the Arrow type that the file gives it. The same reader serves
//! SQL, so a table reads like its file.

mod chunks;
mod files;
mod footer;
mod rows;

pub use files::{ParquetFiles, handles};
