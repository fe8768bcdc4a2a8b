//! Which files there are readers for, without the readers.

use crate::spec::{CsvLayout, Format};

pub const KINDS: &str = "a file";

pub fn format_of(path: &str) -> Option<Format> {
    let csv = || path.ends_with(".csv").then(|| Format::Csv(CsvLayout::default()));
    if path.ends_with(".parquet") { Some(Format::Parquet) } else { csv() }
}
