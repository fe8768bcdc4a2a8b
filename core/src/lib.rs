//! What an export is, without knowing any particular source or destination.
//!
//! A [`Source`] yields rows, a [`Mapping`] turns each row into a contact or a reject, a plan compares the
//! contacts with the [`Ledger`] of what was confirmed before, and delivery carries the difference to a [`Sink`]
//! at the rate it allows. Every row read ends in exactly one outcome; the report adds up or the run fails.

mod audit;
mod batches;
mod clock;
mod contact;
mod cpu;
mod delivery;
mod error;
mod export;
mod ledger;
mod plan;
mod report;
mod segment;
mod sink;
mod suppression;
mod suppressions;

pub use audit::{Audit, Classes, Finding, FindingKind, TakeFinding};
pub use batches::Batches;
pub use clock::Clock;
pub use contact::{
    Automatic, BoundMapping, ContactBatch, Departure, EmailError, EmptyValues, Keep, Leavers, Mapped, Mapping, Reason,
    Reject, Rejects, Shape, Slot, Stage, normalise_email,
};
pub use cpu::on_one_thread;
pub use delivery::{FilePaceStore, MemoryPaceStore, PaceState, PaceStore, Pacer, check_destination};
pub use error::{Error, ErrorKind};
pub use export::{Export, Observer, Plan, State};
pub use ledger::{
    Digest, Entry, ExportLock, Forgotten, Holder, Holding, Intent, IntentId, IntentState, Ledger, LedgerFile,
    MemoryLedger, NewIntent, Record, Scope, Settlement, SqliteLedger, Standing, StateFolder, Trace, WriteFault, forget,
    reset,
};
pub use plan::{Fingerprint, Guard, Guards, Hasher, Key, LeaverSummary, Selection, Summary};
pub use report::{
    Calls, Latency, Leavers as LeaverOutcome, NoRejects, Outcome, Phase, Progress, Recovered, RejectTable,
    RejectWriter, Report,
};
pub use segment::{Place, Rows, SegmentBatch, SegmentStream, Source};
pub use sink::{
    Compare, Complaint, Destination, Encode, Envelope, Field, FieldKind, Headroom, JobId, JobState, Lane, Limits,
    Member, Membership, Page, Quota, Receipt, Request, SendError, Sink, Turn,
};
pub use suppression::Suppression;
