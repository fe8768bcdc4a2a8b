//! Named tables and one SELECT, read through DataFusion.
