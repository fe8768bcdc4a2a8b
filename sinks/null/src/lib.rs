//! A destination that accepts everything at once, to measure our own cost.
