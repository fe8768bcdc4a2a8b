//! The seam to a destination: what it accepts, how contacts are written for it, what it answers.
//!
//! A sink does not wait, retry or remember: delivery decides all that from the kind of the answer alone.

mod listing;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use arrow::array::BinaryArray;
use async_trait::async_trait;
use bytes::Bytes;

pub use listing::{Compare, Member, Membership, Page};

use crate::{ContactBatch, Departure, Error, ErrorKind};

/// A class of calls with a quota of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Lane {
    /// Imports of two or more contacts.
    Bulk,
    /// Imports of a single contact.
    Single,
    /// Every other call.
    General,
}

/// At most `count` calls of `lane` in every window of `window`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Which calls.
    pub lane: Lane,
    /// How many.
    pub count: u32,
    /// In which time.
    pub window: Duration,
}

/// What one request may hold; both bounds are inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Contacts in a request.
    pub contacts: usize,
    /// Bytes of the whole body.
    pub bytes: usize,
}

/// The constant bytes around and between the payloads of a request body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// Before the first payload.
    pub open: Bytes,
    /// Between two payloads.
    pub separator: Bytes,
    /// After the last payload.
    pub close: Bytes,
}

impl Envelope {
    /// Size in bytes of a body with `contacts` payloads of `payload_bytes` altogether.
    pub fn size(&self, contacts: usize, payload_bytes: usize) -> usize {
        let separators = self.separator.len() * contacts.saturating_sub(1);
        self.open.len() + payload_bytes + separators + self.close.len()
    }
}

/// How a destination writes contacts. Pure: the same contact gives the same bytes.
pub trait Encode: Send + Sync {
    /// One payload a contact, in the order of `contacts`. A payload is everything that is sent of the contact,
    /// so equal payloads mean that there is nothing to send.
    ///
    /// # Errors
    /// Only when the batch is too large for one Arrow array; contacts themselves cannot fail here.
    fn encode(&self, contacts: &ContactBatch) -> Result<BinaryArray, Error>;

    /// The payload that tells one contact that it left the segment.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) with `destination::no_leavers` when the destination cannot be
    /// told.
    fn encode_leaver(&self, _email: &str, _departure: &Departure) -> Result<Vec<u8>, Error> {
        Err(Error::new(ErrorKind::Config, "destination::no_leavers", "this destination cannot be told who left")
            .help("leavers: keep"))
    }

    /// What stands around the payloads.
    fn envelope(&self) -> Envelope;

    /// The lane of a request with this many contacts.
    fn lane(&self, contacts: usize) -> Lane;
}

/// A packed request: the same bytes at every attempt.
#[derive(Clone)]
pub struct Request {
    /// Which quota it uses.
    pub lane: Lane,
    /// The whole body.
    pub body: Bytes,
    /// Contacts in the body.
    pub contacts: usize,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The body is personal data: its size is all that may be shown.
        write!(f, "Request({:?}, {} contacts, {} bytes)", self.lane, self.contacts, self.body.len())
    }
}

/// The destination's name for an accepted request that it works off later.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JobId(pub String);

/// The answer to a request. Accepted is not delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// Everything has been applied.
    Done,
    /// Accepted for later; ask for the [`JobState`].
    Queued(JobId),
}

/// Where a queued job stands.
#[derive(Clone, PartialEq, Eq)]
pub enum JobState {
    /// Not finished.
    Working,
    /// Finished: every contact was applied except those of these emails (as the destination wrote them).
    Finished {
        /// Emails of contacts that were not applied.
        refused: Vec<String>,
    },
    /// Ended without being applied as a whole; it will not be tried again there.
    Failed,
    /// The destination does not know the job.
    Unknown,
}

impl fmt::Debug for JobState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Working => f.write_str("Working"),
            Self::Finished { refused } => write!(f, "Finished({} refused)", refused.len()),
            Self::Failed => f.write_str("Failed"),
            Self::Unknown => f.write_str("Unknown"),
        }
    }
}

/// What a destination says against one contact of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// The contact's number as the destination counts; whether it counts from 0 or 1 is not known.
    pub index: Option<u64>,
    /// The destination's words, without cell values.
    pub reason: String,
}

/// Why a call did not succeed. The kind alone decides what happens next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendError {
    /// Too many calls: nothing was accepted; the whole lane waits.
    Throttled {
        /// How long the destination asks to wait, if it says.
        retry_after: Option<Duration>,
    },
    /// The request certainly did not reach the destination.
    Undelivered(String),
    /// Nobody knows whether the request was accepted.
    InDoubt(String),
    /// Refused as a whole because of some of its contacts; nothing was accepted.
    Invalid(Vec<Complaint>),
    /// Refused for its size; nothing was accepted.
    TooLarge,
    /// Refused because the body itself is not understood: a defect of ours; nothing was accepted.
    Malformed(String),
    /// The credentials were refused; may be a passing fault once they have worked.
    Denied(String),
    /// The run cannot go on, and nothing was accepted.
    Fatal(Error),
}

/// The kind of a custom field, as far as it decides how a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FieldKind {
    /// Free text.
    Text,
    /// `YYYY-MM-DD`.
    Date,
    /// ISO 8601 with offset.
    DateTime,
    /// Digits.
    Number,
    /// One of the options.
    Choice,
    /// Several of the options: `||a||b||`.
    MultiChoice,
}

/// A custom field of the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Numeric id, the only name the importer takes.
    pub id: u64,
    /// Title as people see it.
    pub title: String,
    /// Personalisation tag, without percent signs.
    pub tag: String,
    /// How values are written.
    pub kind: FieldKind,
    /// Options of a choice; empty otherwise.
    pub options: Vec<String>,
}

/// Contacts the account may hold and holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Headroom {
    /// The most contacts the plan allows.
    pub limit: u64,
    /// Contacts at present.
    pub used: u64,
}

/// What a check of the destination found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// Host of the account.
    pub host: String,
    /// Id of the list.
    pub list: u64,
    /// Name of the list.
    pub list_name: String,
    /// All custom fields of the account.
    pub fields: Vec<Field>,
    /// Tags to be added that the account does not have yet; sending creates them.
    pub unknown_tags: Vec<String>,
    /// Room for contacts, where the key may see it.
    pub headroom: Option<Headroom>,
}

/// Waits for the caller's turn under the quotas; a sink takes a turn before each call of [`Sink::check`].
#[async_trait]
pub trait Turn: Send + Sync {
    /// Returns when a call of `lane` may leave.
    ///
    /// # Errors
    /// When the shared state of the quotas cannot be read or written.
    async fn turn(&self, lane: Lane) -> Result<(), Error>;
}

/// A list at a destination. Except for `check`, each method makes at most one network call.
#[async_trait]
pub trait Sink: Send + Sync {
    /// What shares one set of quotas: the host of the account.
    fn account(&self) -> &str;

    /// The list contacts are added to.
    fn list(&self) -> u64;

    /// Everything outside the contacts that changes what sending them means (identity of the key, automations …):
    /// a different text makes the next run send everything again. No secrets.
    fn identity(&self) -> String;

    /// Bounds of one request.
    fn limits(&self) -> Limits;

    /// Quotas of the lanes.
    fn quotas(&self) -> Vec<Quota>;

    /// How contacts are written.
    fn encoder(&self) -> Arc<dyn Encode>;

    /// Reads what has to be known before anything is sent: credentials, list, fields, tags, headroom.
    async fn check(&self, turn: &dyn Turn) -> Result<Destination, SendError>;

    /// Tests the credentials only.
    async fn probe(&self) -> Result<(), SendError>;

    /// Sends one request.
    async fn send(&self, request: &Request) -> Result<Receipt, SendError>;

    /// Asks where a job stands.
    async fn outcome(&self, job: &JobId) -> Result<JobState, SendError>;

    /// Jobs of the whole account that are not finished, of whoever sent them.
    async fn backlog(&self) -> Result<u64, SendError>;

    /// Contacts of the list with an id above `after`, in the order of their ids, whatever their standing.
    async fn members(&self, _after: u64) -> Result<Page, SendError> {
        Err(listing::cannot_list(self.account()))
    }

    /// The highest id on the list at present, `None` when it is empty. A wrong answer costs time, nothing else.
    async fn newest_member(&self) -> Result<Option<u64>, SendError> {
        Err(listing::cannot_list(self.account()))
    }

    /// How members compare with the payloads of [`encoder`](Self::encoder).
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) with `destination::no_listing` for a destination whose lists
    /// cannot be read back, which is the default.
    fn compare(&self, _destination: &Destination) -> Result<Arc<dyn Compare>, Error> {
        Err(listing::no_listing(self.account()))
    }
}
