//! Tests of the whole: architecture, delivery, the real binary.
