//! enlist
fn main() {}
