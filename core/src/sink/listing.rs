//! Reading a list back: who is on it, and with which values.

use std::fmt;

use bytes::Bytes;

use super::SendError;
use crate::{Error, ErrorKind};

/// How a contact stands on a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Membership {
    /// On the list.
    Subscribed,
    /// Left the list, by own will or another's.
    Unsubscribed,
    /// Has not confirmed the subscription yet.
    Unconfirmed,
    /// Mail to the address came back for good.
    Bounced,
    /// Something else, such as removed from the list: the destination's own number.
    Other(u8),
}

/// One contact of a list, as the destination has it.
#[derive(Clone, PartialEq, Eq)]
pub struct Member {
    /// The destination's id of the contact; pages are in the order of ids.
    pub id: u64,
    /// As the destination writes it; empty for a contact without one.
    pub email: String,
    /// How it stands on the list.
    pub standing: Membership,
    /// The values, in a form that only the sink's own [`Compare`] reads.
    pub record: Bytes,
}

impl fmt::Debug for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Email and record are personal data.
        write!(f, "Member({}, {:?}, {} bytes)", self.id, self.standing, self.record.len())
    }
}

/// Some contacts of a list, in the order of their ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The contacts, of all standings.
    pub members: Vec<Member>,
    /// The id after which the following page begins; `None` at the end of the list. Greater than all ids before it.
    pub next: Option<u64>,
}

/// Tells what a contact at the destination differs in. Pure.
pub trait Compare: Send + Sync {
    /// Names of the parts whose value in `record` (of a [`Member`]) is not what `payload` (of the sink's encoder)
    /// sends. A part that the payload leaves out is not compared, and a value is the same however the destination
    /// writes it.
    ///
    /// # Errors
    /// [`ErrorKind::Bug`] when one of the two is not what the sink made.
    fn differences(&self, payload: &[u8], record: &[u8]) -> Result<Vec<String>, Error>;
}

/// The error of a destination whose lists cannot be read back.
pub(super) fn no_listing(account: &str) -> Error {
    Error::new(ErrorKind::Config, "destination::no_listing", format!("{account} cannot list its contacts"))
        .help("only a list that can be read back can be audited")
}

/// As [`no_listing`], for a call.
pub(super) fn cannot_list(account: &str) -> SendError {
    SendError::Fatal(no_listing(account))
}
