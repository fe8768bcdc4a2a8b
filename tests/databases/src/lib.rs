//! Tests of the SQL sources against real PostgreSQL, MariaDB and SQLite: see `tests`.
//!
//! They stand beside the crate and not in it, because that is compiled with all optimisations, which its tests do not
//! need and would take minutes for.
