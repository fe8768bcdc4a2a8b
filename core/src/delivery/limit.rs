//! stub
/// stub
pub struct PaceState;
