//! CSV records: see `bodies/csv.rs`.
//!
//! The part of the source that sees the bytes is private to it, and is taken from there file by file.
#![no_main]
#![allow(dead_code, reason = "the crate uses the rest")]

#[path = "../bodies/csv.rs"]
mod body;
#[path = "../../sources/csv/src/fault.rs"]
mod fault;
#[path = "../../sources/csv/src/records.rs"]
mod records;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::body(data));
