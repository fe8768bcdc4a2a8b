//! JSON lines, plain or compressed, as segments.
//!
//! [`JsonlFiles`] reads `.jsonl` and `.ndjson`, plain or as `.gz` or `.zst`: one object a line, blank lines left out.
//! Every value is text, exactly as written: `1.10` keeps its zero and twenty digits stay twenty digits; strings lose
//! their quotes and escapes. A key that is `null` or absent is null. An array of single values is a list of texts (and
//! a single value in its column a list of one); an object, and an array with arrays or objects in it, is its JSON text.
//!
//! The columns are the keys in the first lines of each file. A key that appears only later is unknown, and asking for
//! it is an error. Rows are numbered by object; errors name the line.

mod cells;
mod fault;
mod files;
mod lines;
mod names;
mod object;
mod rows;
mod sample;

pub use files::{JsonlFiles, handles};
