//! Answers of the API: see `bodies/answer.rs`.
#![no_main]

#[path = "../bodies/answer.rs"]
mod answer;

libfuzzer_sys::fuzz_target!(|data: &[u8]| answer::body(data));
