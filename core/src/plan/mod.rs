//! The fast, local half: what has to be sent.

mod key;

pub use key::{Fingerprint, Hasher, Key};
