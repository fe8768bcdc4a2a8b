//! What screens are made of: plain values, to be filled from the reports of the core.

use std::time::Duration;

use super::clean;
use crate::exit::Exit;

/// How many rows or contacts something happened to, by a name.
pub type Tally = Vec<(String, u64)>;

/// Where an export goes.
#[derive(Clone, Debug, Default)]
pub struct Target {
    /// Name of the export.
    pub export: String,
    /// What people call the account.
    pub display_name: Option<String>,
    /// Host of the account.
    pub host: String,
    /// Id of the list.
    pub list: u64,
    /// Name of the list, where the account has been asked.
    pub list_name: Option<String>,
}

impl Target {
    /// The account as people know it: its display name with the host, or the host.
    pub fn account(&self) -> String {
        let host = clean(&self.host);
        self.display_name.as_ref().map_or_else(|| host.clone(), |name| format!("{} ({host})", clean(name)))
    }
}

/// What was read.
#[derive(Clone, Debug, Default)]
pub struct Read {
    /// Name of the source.
    pub source: String,
    /// Rows.
    pub rows: u64,
    /// Columns, where known.
    pub columns: Option<u64>,
    /// Files, where the source is made of files.
    pub files: Option<u64>,
    /// Their bytes.
    pub bytes: Option<u64>,
    /// Name of the content, where known.
    pub digest: Option<String>,
    /// How long it took.
    pub time: Duration,
}

/// What a run would do, or set out to do. Every row read is in one of the six.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// Contacts to add.
    pub add: u64,
    /// Contacts to update.
    pub update: u64,
    /// Contacts as confirmed before.
    pub unchanged: u64,
    /// Contacts of the list that are no longer in the segment; not rows of it.
    pub leave: u64,
    /// Rows refused by our rules, or known to be refused by the destination.
    pub rejected: u64,
    /// Rows with the email of another row.
    pub duplicate: u64,
    /// Rows left out on request.
    pub skipped: u64,
}

/// What has to be sent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Work {
    /// Requests.
    pub requests: u64,
    /// Most contacts in a request.
    pub contacts_per_request: u64,
    /// Bytes of the largest request.
    pub largest: u64,
    /// Time at the rate of the destination.
    pub time: Duration,
    /// Requests a minute.
    pub limit_per_minute: u32,
}

/// Contacts that left, by what a run would do about it.
#[derive(Clone, Copy, Debug, Default)]
pub struct LeaverCounts {
    /// To be told.
    pub tell: u64,
    /// Told before.
    pub told: u64,
    /// Left before their emails were kept.
    pub unknown: u64,
}

/// A guard that objects.
#[derive(Clone, Debug)]
pub struct Objection {
    /// Name, as `--allow` takes it.
    pub guard: String,
    /// What it objects to.
    pub message: String,
    /// What to do.
    pub help: String,
}

/// Everything the screen of `plan` shows.
#[derive(Clone, Debug, Default)]
pub struct PlanView {
    /// Where to.
    pub target: Target,
    /// What was read.
    pub read: Read,
    /// Parts of a contact and the columns they come from, where the names of the columns decided it.
    pub mapping: Vec<(String, String)>,
    /// Columns that are not sent.
    pub unused: Vec<String>,
    /// What would be done.
    pub counts: Counts,
    /// The run that confirmed what is unchanged, and how long ago.
    pub last_run: Option<(String, Duration)>,
    /// Why rows are rejected, by code.
    pub rejected_by_reason: Tally,
    /// What has to be sent.
    pub work: Work,
    /// The time to meet.
    pub deadline: Option<Duration>,
    /// What contacts that left are told, in a word, and how many are told now, were told, and cannot be.
    pub leavers: Option<(String, LeaverCounts)>,
    /// Contacts the account may hold, and holds.
    pub headroom: Option<(u64, u64)>,
    /// Whether automations may start.
    pub automations: bool,
    /// Whether nothing was ever confirmed.
    pub first_load: bool,
    /// Guards that object.
    pub objections: Vec<Objection>,
    /// What else to know.
    pub warnings: Vec<String>,
}

/// What became of the rows. Every row read is in one of the five.
#[derive(Clone, Copy, Debug, Default)]
pub struct Outcome {
    /// Contacts the destination finished with.
    pub confirmed: u64,
    /// Contacts as confirmed before.
    pub unchanged: u64,
    /// Rows refused, by us or by the destination.
    pub rejected: u64,
    /// Rows with the email of another row.
    pub duplicate: u64,
    /// Contacts the next run sends.
    pub deferred: u64,
    /// Rows left out on request.
    pub skipped: u64,
}

/// Calls of a run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Requests {
    /// Imports.
    pub bulk: u64,
    /// Every other call.
    pub other: u64,
    /// Sent again.
    pub retries: u64,
    /// Answered with "too many".
    pub throttled: u64,
    /// Time spent waiting because of it.
    pub throttle_time: Duration,
    /// Without a definite answer.
    pub ambiguous: u64,
}

/// What a run found of an earlier one that did not end.
#[derive(Clone, Debug, Default)]
pub struct Recovery {
    /// The earlier run, where known.
    pub run: Option<String>,
    /// Its requests that turned out to be confirmed.
    pub confirmed: u64,
    /// Requests nobody knows about.
    pub unclear: u64,
    /// Their contacts, which are sent again.
    pub unclear_contacts: u64,
}

/// Everything the summary of `run` and its JSON document show.
#[derive(Clone, Debug)]
pub struct RunView {
    /// Name of the run.
    pub run: String,
    /// Whether the command runs more than one export, so that the screen says which one this is.
    pub named: bool,
    /// Where to.
    pub target: Target,
    /// How it ended.
    pub exit: Exit,
    /// When it started, RFC 3339 in UTC.
    pub started_at: String,
    /// When it ended, likewise.
    pub finished_at: String,
    /// How long it took.
    pub time: Duration,
    /// What was read.
    pub read: Read,
    /// What it set out to do.
    pub counts: Counts,
    /// What became of it.
    pub outcome: Outcome,
    /// Why rows were rejected, by code.
    pub rejected_by_reason: Tally,
    /// How many of the rejected rows the destination refused.
    pub refused: u64,
    /// Contacts that left, where they are told so.
    pub leavers: Option<enlist_history::Leavers>,
    /// Up to five rejected rows a reason.
    pub reject_examples: Vec<enlist_history::RejectExample>,
    /// How it went over time, where something was sent.
    pub timeline: Option<enlist_history::Timeline>,
    /// Calls.
    pub requests: Requests,
    /// Import requests a minute, on average.
    pub requests_per_minute: f64,
    /// Contacts a minute, on average.
    pub contacts_per_minute: f64,
    /// Import requests a minute that the destination allows.
    pub limit_per_minute: u32,
    /// Most contacts in a request.
    pub contacts_per_request: u64,
    /// The time to meet.
    pub deadline: Option<Duration>,
    /// Milliseconds from request to answer: median, 95th and 99th percentile.
    pub latency: Option<[u64; 3]>,
    /// Whether everything was to be sent, not only what changed.
    pub full: bool,
    /// Whether it went to the simulator in place of the account.
    pub rehearsal: bool,
    /// What it found of an earlier run.
    pub recovery: Option<Recovery>,
    /// The file of rejected rows, an absolute path.
    pub rejects_file: Option<String>,
    /// What ended it early.
    pub error: Option<enlist_core::Error>,
    /// What else to know.
    pub warnings: Vec<String>,
}
