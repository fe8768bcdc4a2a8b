//! Tests of the sources of CSV and Parquet: see `tests`.
//!
//! They stand beside the crates and not in them, because those are compiled with all optimisations, which their tests do
//! not need and would take minutes for.
