//! CSV files, plain or compressed, as segments.
//!
//! [`CsvFiles`] reads `.csv` and `.tsv`, plain or as `.gz` or `.zst`. Every column is text, exactly as written: a
//! phone number keeps its zero or plus, a postcode its zeros. An empty cell is null, quoted or not, since few writers
//! tell the two apart. Blank lines are no rows. Text is UTF-8, with or without a byte order mark; anything else is
//! refused rather than guessed. The same reader serves SQL, so a table reads like its file.

#[cfg(test)]
mod corpus;
mod estimate;
mod fault;
mod files;
mod layout;
mod options;
mod records;
mod rows;

pub use files::{CsvFiles, handles};
pub use options::CsvOptions;
