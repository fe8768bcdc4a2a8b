//! Lost connections.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

/// How a connection was lost, as nobody but the simulator knows: a client cannot tell the first two apart.
#[derive(Clone, PartialEq, Eq)]
pub enum Cut {
    /// The call was lost: it has not been carried out.
    BeforeCommit,
    /// The answer was lost: the call has been carried out.
    AfterCommit,
    /// The answer broke off in its body: the call has been carried out.
    Truncated {
        /// Status of the answer.
        status: StatusCode,
        /// Headers of the answer; `content-length` is that of the whole body.
        headers: HeaderMap,
        /// What arrived of the body.
        body: Bytes,
    },
}

impl fmt::Debug for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BeforeCommit => f.write_str("BeforeCommit"),
            Self::AfterCommit => f.write_str("AfterCommit"),
            Self::Truncated { status, body, .. } => write!(f, "Truncated({status}, {} bytes)", body.len()),
        }
    }
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BeforeCommit | Self::AfterCommit => "connection reset",
            Self::Truncated { .. } => "connection reset in the body of the answer",
        })
    }
}

impl std::error::Error for Cut {}
