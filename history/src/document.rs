//! The document of a run: the one shape that standard output, the history and every signal share.

use serde::{Deserialize, Serialize};

use crate::Timeline;

/// The version of [`RunDocument`]. Within a version keys and words are added, never changed or removed.
pub const SCHEMA: &str = "enlist.run/1";

/// Numbers by name, in an order that matters to readers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally(pub Vec<(String, u64)>);

/// A run as programs see it. Keys are always present; what is not known is `null`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunDocument {
    /// [`SCHEMA`].
    pub schema: String,
    /// Name of the run, unique in its state folder and in the order of time.
    pub run_id: String,
    /// Name of the export.
    pub export: String,
    /// `ok`, `rejects`, `stopped`, `guarded`, `locked` or `failed`; further words may come.
    pub status: String,
    /// What the process ended with.
    pub exit_code: u8,
    /// Whether the same command may succeed later without anybody acting.
    pub retryable: bool,
    /// RFC 3339 in UTC.
    pub started_at: String,
    /// RFC 3339 in UTC.
    pub finished_at: String,
    /// Length of the run.
    pub seconds: f64,
    /// What was read.
    pub source: SourceRead,
    /// Where it went.
    pub destination: Destination,
    /// What the run set out to do; absent when it ended before there was a plan.
    pub plan: Option<Plan>,
    /// What became of the rows; absent when it ended before there was a plan.
    pub outcome: Option<Outcome>,
    /// Contacts that left the segment and were told so.
    pub leavers: Option<Leavers>,
    /// Rejected rows by reason code, the most frequent first.
    pub rejected_by_reason: Tally,
    /// Calls.
    pub requests: Requests,
    /// Averages over the time of sending.
    pub rate: Rate,
    /// The time to meet, where there is one.
    pub target: Option<Target>,
    /// Milliseconds from an import to its answer; absent without imports.
    pub latency_ms: Option<Latency>,
    /// The run whose open requests this one took up, where it did and its name is known.
    pub resumed_from: Option<String>,
    /// The file of rejected rows: an absolute path, so that it is found from any folder.
    pub rejects_file: Option<String>,
    /// Up to five rejected rows a reason: where they stand and why.
    pub reject_examples: Vec<RejectExample>,
    /// What ended the run early.
    pub error: Option<RunError>,
    /// What else to know.
    pub warnings: Vec<String>,
    /// How the run went over time; absent when nothing was sent.
    pub timeline: Option<Timeline>,
    /// Version of enlist.
    pub version: String,
}

/// A rejected row without any value of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RejectExample {
    /// Reason code.
    pub reason: String,
    /// File or query.
    pub file: String,
    /// Row within it, from 1.
    pub row: u64,
    /// The rule that was broken, without cell values.
    pub message: String,
}

/// What was read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SourceRead {
    /// Name of the source.
    pub name: String,
    /// Rows.
    pub rows: u64,
    /// Name of the content, where known.
    pub digest: Option<String>,
    /// Columns, where known.
    pub columns: Option<u64>,
}

/// Where a run went.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Destination {
    /// What people call the account.
    pub display_name: Option<String>,
    /// Host of the account.
    pub host: String,
    /// Id of the list.
    pub list: u64,
    /// Name of the list, where the account has been asked.
    pub list_name: Option<String>,
}

/// What a run set out to do. Every row is in `add`, `update`, `unchanged`, `rejected`, `duplicate` or `skipped`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Plan {
    /// Contacts to add.
    pub add: u64,
    /// Contacts to update.
    pub update: u64,
    /// Contacts as confirmed before.
    pub unchanged: u64,
    /// Contacts of earlier runs that are not in the segment; not rows of it.
    pub leave: u64,
    /// Rows refused by our rules, or known to be refused.
    pub rejected: u64,
    /// Rows with the email of another row.
    pub duplicate: u64,
    /// Rows left out on request (`--only-rejects`, `--limit`).
    pub skipped: u64,
}

/// What became of the rows. Every row read is in one of the six.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
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
    /// Rows left out on request (`--only-rejects`, `--limit`).
    pub skipped: u64,
}

/// How contacts that left are told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// A field says so.
    #[default]
    Marked,
    /// They are unsubscribed from the list, which no import takes back.
    Unsubscribed,
}

/// What became of contacts that left the segment, where `leavers` is not `keep`. They are no rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Leavers {
    /// How.
    pub told: Told,
    /// Told now, and confirmed.
    pub confirmed: u64,
    /// Told by an earlier run.
    pub unchanged: u64,
    /// Refused by the destination.
    pub rejected: u64,
    /// The next run tells them.
    pub deferred: u64,
    /// Cannot be told: they left before their emails were kept.
    pub unknown: u64,
}

/// Calls of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Requests {
    /// Imports, every attempt counted.
    pub bulk: u64,
    /// Every other call.
    pub other: u64,
    /// Attempts after the first.
    pub retries: u64,
    /// Answers that asked to slow down.
    pub throttled: u64,
    /// Time during which sending was held back because of them.
    pub throttle_seconds: f64,
    /// Attempts without a definite answer.
    pub ambiguous: u64,
}

/// Averages over the time of sending.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Rate {
    /// Imports a minute.
    pub requests_per_min: f64,
    /// Confirmed contacts a minute.
    pub contacts_per_min: u64,
    /// Imports a minute that the destination allows.
    pub limit_per_min: u32,
    /// Contacts a minute that the destination allows: that many imports, each as full as it may be.
    pub contacts_limit_per_min: u64,
}

/// The time to meet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Target {
    /// The time.
    pub seconds: u64,
    /// Whether the run took no longer.
    pub met: bool,
    /// The part of it that the run took; 1 is all.
    pub used_fraction: f64,
}

/// Milliseconds from an import to its answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Latency {
    /// Median.
    pub p50: u64,
    /// 95 of 100 are at most this.
    pub p95: u64,
    /// 99 of 100 are at most this.
    pub p99: u64,
}

/// Why a run ended early.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunError {
    /// Stable code, for example `ac::auth`.
    pub code: String,
    /// What happened.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// `config`, `source`, `plan`, `send`, `confirm` or `state`.
    pub stage: String,
    /// Whether the same command may succeed later without anybody acting.
    pub retryable: bool,
}

impl Serialize for Tally {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, number)| (name, number)))
    }
}

impl<'de> Deserialize<'de> for Tally {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> serde::de::Visitor<'de> for InOrder {
            type Value = Tally;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("numbers by name")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Tally, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Tally(pairs))
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}
