//! What can be wrong with Arrow data.

use std::io;

use arrow::error::ArrowError;

use crate::start::Start;

/// Why reading stopped.
#[derive(Debug)]
pub(crate) enum Fault {
    /// Bytes that cannot be read.
    Read(io::Error),
    /// It begins as something else.
    Start(Start),
    /// It ends within `place`.
    CutOff { place: String },
    /// A stream that ends between two messages, but without its end marker.
    NoEnd { messages: u64 },
    /// Bytes after the end marker of a stream.
    Trailing,
    /// `place` is not what it should be.
    Damaged { place: String, cause: String },
    /// Written on a machine with another order of bytes.
    Endianness,
    /// Other columns than when it was opened.
    Changed,
}

impl From<io::Error> for Fault {
    fn from(fault: io::Error) -> Self {
        Self::Read(fault)
    }
}

impl Fault {
    pub(crate) fn damaged(place: impl Into<String>, cause: impl Into<String>) -> Self {
        Self::Damaged { place: place.into(), cause: cause.into() }
    }
}

/// Why one message cannot be decoded.
#[derive(Debug)]
pub(crate) struct Undecodable(pub(crate) String);

impl From<&str> for Undecodable {
    fn from(cause: &str) -> Self {
        Self(cause.to_owned())
    }
}

impl From<ArrowError> for Undecodable {
    fn from(fault: ArrowError) -> Self {
        Self(fault.to_string())
    }
}
