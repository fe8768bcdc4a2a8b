//! Configurations: see `bodies/config.rs`.
//!
//! The command line is a binary, and knows every source. Its configuration is taken from there file by file; only the
//! question which files there are readers for is answered here.
#![no_main]
#![allow(dead_code, unused_imports, reason = "the command line uses the rest")]

#[path = "../../cli/src/args.rs"]
mod args;
#[path = "../bodies/config.rs"]
mod body;
#[path = "../shims/connectors.rs"]
mod connectors;
#[path = "../../cli/src/exit.rs"]
mod exit;
#[path = "../../cli/src/failure.rs"]
mod failure;
#[path = "../shims/render.rs"]
mod render;
#[path = "../../cli/src/spec/mod.rs"]
mod spec;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::body(data));
