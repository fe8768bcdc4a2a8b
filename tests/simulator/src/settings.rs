//! How the simulated account behaves: every point on which the vendor's documents are silent or disagree.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Deserializer};

use crate::faults::{Faults, Latency};
use crate::switches::{
    Complaints, EmptyText, OverLimit, Oversize, SuccessIds, SuccessKey, SuccessValue, Template, Throttle, UnknownBatch,
    Unsubscribed, WindowForm,
};

/// Everything that can be chosen. The default of each switch is the likeliest answer of the real service.
///
/// Times are in seconds where settings are read from a file.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// All chance derives from it: the same calls in the same order get the same answers.
    pub seed: u64,
    /// Time lapse: limits and processing are this many times higher, delays and latencies as many times shorter.
    pub speed: f64,
    /// The API token that is accepted; any other is answered with 403.
    pub token: Token,
    /// What the account holds at the start.
    pub account: Template,
    /// Limits of size and rate.
    pub limits: Limits,
    /// How the importer works off what it accepted.
    pub processing: Processing,
    /// Time between the arrival of an import and its answer.
    pub bulk_latency: Latency,
    /// Time between the arrival of any other call and its answer.
    pub latency: Latency,
    /// Upper bound of the evenly distributed time a call needs to arrive.
    #[serde(deserialize_with = "seconds")]
    pub jitter: Duration,
    /// Faults that are injected by chance.
    pub faults: Faults,
    /// Every n-th import request is throttled whatever the window says.
    pub throttle_every: Option<u32>,
    /// Share of the contacts that pass the first check and end up in `failure`. The choice depends on the seed
    /// and the email alone, so a contact that is sent again fails again.
    pub fail_async: f64,
    /// Share of the contacts that the first check refuses, so that nothing of their request is queued. The choice
    /// depends on the seed and the email alone.
    pub fail_accept: f64,
    /// Form of a throttled answer.
    pub throttle: Throttle,
    /// How the limits count time.
    pub window: WindowForm,
    /// Number of the first contact of a request in `failureReasons`: 1 or 0.
    pub first_index: u32,
    /// Which bad contacts `failureReasons` names.
    pub complaints: Complaints,
    /// What `success` holds in the answer to an import.
    pub success_value: SuccessValue,
    /// How that key is written.
    pub success_key: SuccessKey,
    /// What happens to a contact that unsubscribed from a list it is imported into.
    pub unsubscribed: Unsubscribed,
    /// What happens to contacts beyond the subscriber limit.
    pub over_limit: OverLimit,
    /// What an empty string does to a value.
    pub empty_text: EmptyText,
    /// Which contacts `success` of a status answer lists.
    pub success_ids: SuccessIds,
    /// Status of the answer to a request with too many contacts or bytes.
    pub oversize: Oversize,
    /// The answer to the status of an import nobody knows.
    pub unknown_batch: UnknownBatch,
    /// For how long after an import the status is the boolean `false`.
    #[serde(deserialize_with = "seconds")]
    pub status_false: Duration,
    /// The most contacts the account may hold.
    pub subscriber_limit: Option<u32>,
    /// Whether the key may read `settings/account`; 403 otherwise.
    pub may_read_account: bool,
    /// Whether import requests count as general calls too.
    pub bulk_in_general: bool,
}

/// Limits of size and rate, at `speed` 1. Sizes are inclusive.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Import requests per minute.
    pub bulk_per_minute: u32,
    /// Import requests of one contact per minute.
    pub single_per_minute: u32,
    /// Whether those of one contact use up `bulk_per_minute` as well.
    pub single_counts_as_bulk: bool,
    /// Other calls per second.
    pub general_per_second: u32,
    /// Contacts in an import request.
    pub contacts: usize,
    /// Bytes of the body of an import request.
    pub bytes: usize,
}

/// How the importer works off what it accepted.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Processing {
    /// Contacts per second over all imports, which run one after the other; 0 is without limit.
    pub contacts_per_second: f64,
    /// Time before an accepted import starts.
    #[serde(deserialize_with = "seconds")]
    pub delay: Duration,
    /// Share of the imports that are overtaken by later ones.
    pub out_of_order: f64,
    /// How much later than due such an import finishes, at most.
    #[serde(deserialize_with = "seconds")]
    pub held_back: Duration,
    /// Share of the imports that end as `failed`: nothing is applied.
    pub failed: f64,
    /// Share of the imports that end as `interrupted`: the first half is applied.
    pub interrupted: f64,
    /// Share of the imports that are acknowledged and then lost: nothing is applied, nobody knows the id.
    pub forgotten: f64,
    /// How long the status of an import can be asked for.
    #[serde(deserialize_with = "seconds")]
    pub retention: Duration,
}

/// An API token. Not shown by `Debug`.
#[derive(Clone, Deserialize, PartialEq, Eq)]
#[serde(transparent)]
pub struct Token(String);

impl Token {
    /// The token as it is sent.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Token {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// The token that is accepted unless another is set.
pub const DEFAULT_TOKEN: &str = "demo-token";

impl Default for Settings {
    fn default() -> Self {
        Self {
            seed: 1,
            speed: 1.0,
            token: DEFAULT_TOKEN.into(),
            account: Template::default(),
            limits: Limits::default(),
            processing: Processing::default(),
            bulk_latency: Latency::bulk(),
            latency: Latency::recorded(),
            jitter: Duration::ZERO,
            faults: Faults::default(),
            throttle_every: None,
            fail_async: 0.0,
            fail_accept: 0.0,
            throttle: Throttle::default(),
            window: WindowForm::default(),
            first_index: 1,
            complaints: Complaints::default(),
            success_value: SuccessValue::default(),
            success_key: SuccessKey::default(),
            unsubscribed: Unsubscribed::default(),
            over_limit: OverLimit::default(),
            empty_text: EmptyText::default(),
            success_ids: SuccessIds::default(),
            oversize: Oversize::default(),
            unknown_batch: UnknownBatch::default(),
            status_false: Duration::from_secs(1),
            subscriber_limit: None,
            may_read_account: true,
            bulk_in_general: false,
        }
    }
}

impl Settings {
    /// The defaults without latency, delay or limit of processing: an import is done as soon as it is accepted,
    /// and its status is known at once. Limits of rate and size stay.
    pub fn prompt() -> Self {
        Self {
            bulk_latency: Latency::none(),
            latency: Latency::none(),
            status_false: Duration::ZERO,
            processing: Processing { contacts_per_second: 0.0, delay: Duration::ZERO, ..Processing::default() },
            ..Self::default()
        }
    }

    /// What in it cannot be meant: a share that is none, a time lapse in which no time passes.
    ///
    /// # Errors
    /// The first of it, in words.
    pub fn check(&self) -> Result<(), String> {
        if !(self.speed.is_finite() && self.speed > 0.0) {
            return Err(format!("speed is {}: it is a number above 0", self.speed));
        }
        self.faults.check()?;
        let it = &self.processing;
        if !(it.contacts_per_second.is_finite() && it.contacts_per_second >= 0.0) {
            let number = it.contacts_per_second;
            return Err(format!("processing.contacts_per_second is {number}: it is 0, for no limit, or above"));
        }
        let shares = [
            ("fail_async", self.fail_async),
            ("fail_accept", self.fail_accept),
            ("processing.out_of_order", it.out_of_order),
            ("processing.failed", it.failed),
            ("processing.interrupted", it.interrupted),
            ("processing.forgotten", it.forgotten),
        ];
        shares.into_iter().try_for_each(|(name, share)| is_share(name, share))
    }

    /// Whether the first check refuses a contact by chance ([`fail_accept`](Self::fail_accept)).
    pub fn refuses(&self, email: &str) -> bool {
        self.is_chosen(self.fail_accept, b"accept", email)
    }

    /// Whether a contact ends up in `failure` by chance ([`fail_async`](Self::fail_async)).
    pub fn fails(&self, email: &str) -> bool {
        self.is_chosen(self.fail_async, b"import", email)
    }

    /// Whether an email is among a `share` of all, chosen by seed and `purpose`.
    pub(crate) fn is_chosen(&self, share: f64, purpose: &[u8], email: &str) -> bool {
        if share <= 0.0 {
            return false;
        }
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.seed.to_le_bytes()).update(purpose).update(email.as_bytes());
        let [a, b, c, d, ..] = *hasher.finalize().as_bytes();
        f64::from(u32::from_le_bytes([a, b, c, d])) < share * 4_294_967_296.0
    }

    /// `time` as it passes under the time lapse.
    pub(crate) fn lapse(&self, time: Duration) -> Duration {
        Duration::try_from_secs_f64(time.as_secs_f64() / self.pace()).unwrap_or(Duration::MAX)
    }

    /// `limit` as it holds under the time lapse.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates, which is meant")]
    pub(crate) fn scaled(&self, limit: u32) -> usize {
        (f64::from(limit) * self.pace()).floor() as usize
    }

    /// The factor of the time lapse, 1 if it makes no sense.
    pub(crate) fn pace(&self) -> f64 {
        if self.speed.is_finite() && self.speed > 0.0 { self.speed } else { 1.0 }
    }
}

impl Default for Limits {
    /// As on the vendor's page of the bulk importer and of the rate limits, read in August 2026.
    fn default() -> Self {
        Self {
            bulk_per_minute: 100,
            single_per_minute: 20,
            single_counts_as_bulk: true,
            general_per_second: 5,
            contacts: 250,
            bytes: 399_999,
        }
    }
}

impl Default for Processing {
    /// The delay was observed with one contact; no rate is published, so that it is more than the limits let in.
    fn default() -> Self {
        Self {
            contacts_per_second: 1_000.0,
            delay: Duration::from_secs(5),
            out_of_order: 0.0,
            held_back: Duration::from_secs(60),
            failed: 0.0,
            interrupted: 0.0,
            forgotten: 0.0,
            retention: Duration::from_secs(7 * 24 * 3600),
        }
    }
}

/// Whether `share` is one.
pub(crate) fn is_share(name: &str, share: f64) -> Result<(), String> {
    match share {
        0.0..=1.0 => Ok(()),
        _ => Err(format!("{name} is {share}: a share is a number from 0 to 1")),
    }
}

/// Reads seconds with decimals.
pub(crate) fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let seconds = f64::deserialize(deserializer)?;
    Duration::try_from_secs_f64(seconds).map_err(serde::de::Error::custom)
}
