//! CSV records: see `bodies/csv.rs`.
//!
//! The crate they belong to stands on DataFusion, which is most of what there would be to compile. The part that sees
//! the bytes does not need it, and is taken from there file by file.
#![no_main]
#![allow(dead_code, reason = "the crate uses the rest")]

#[path = "../bodies/csv.rs"]
mod body;
#[path = "../../sources/csv/src/fault.rs"]
mod fault;
#[path = "../../sources/csv/src/input.rs"]
mod input;
#[path = "../../sources/csv/src/records.rs"]
mod records;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::body(data));
