//! Benchmarks with JSON results.
