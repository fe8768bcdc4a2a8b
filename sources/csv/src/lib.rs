//! CSV files, plain or compressed, as segments.
