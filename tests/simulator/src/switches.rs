//! Answers nobody documents, or on which documents and observations disagree. The first of each is the default.

use serde::Deserialize;

/// What the account holds at the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Template {
    /// Two lists, some fields and tags, no contacts.
    #[default]
    Demo,
    /// Nothing at all.
    Empty,
}

/// Form of a throttled answer of the importer. Other calls get 429, or 503 under `Unavailable`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Throttle {
    /// 400 with the text "Rate limit exceeded." (documented).
    #[default]
    BadRequest,
    /// 429 with `Retry-After`.
    TooManyRequests,
    /// 503 without a hint.
    Unavailable,
}

/// How the limits count time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WindowForm {
    /// At most the limit in every half-open window.
    #[default]
    Rolling,
    /// At most the limit in each minute (second, for general calls) since the start.
    Fixed,
}

/// Which bad contacts of a refused request are named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Complaints {
    /// Each of them.
    #[default]
    All,
    /// The first.
    First,
}

/// What `success` holds in the answer to an import.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SuccessValue {
    /// 1.
    #[default]
    One,
    /// The number of contacts sent.
    Count,
}

/// How the key `success` is written in the answer to an import.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SuccessKey {
    /// `success`.
    #[default]
    Lower,
    /// `Success`.
    Capital,
}

/// What happens to a contact that unsubscribed from a list it is imported into.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unsubscribed {
    /// It is in `failure`, nothing of it is applied.
    #[default]
    Fail,
    /// Everything but the subscription is applied.
    FieldsOnly,
}

/// What happens to contacts beyond the subscriber limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OverLimit {
    /// They are in `failure`.
    #[default]
    Fail,
    /// They are created.
    Accept,
}

/// What an empty string does to a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EmptyText {
    /// It replaces the value.
    #[default]
    Overwrite,
    /// The value stays.
    Ignore,
}

/// Which contacts `success` of a status answer lists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SuccessIds {
    /// Those that were created.
    #[default]
    Created,
    /// Those that were created or updated.
    Applied,
}

/// Status of the answer to a request with too many contacts or bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Oversize {
    /// 400.
    #[default]
    BadRequest,
    /// 413.
    PayloadTooLarge,
}

/// The answer to the status of an import nobody knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnknownBatch {
    /// 404 with a message.
    #[default]
    NotFound,
    /// 400 with a message.
    BadRequest,
    /// 200 and the status `false`, for ever.
    False,
}
