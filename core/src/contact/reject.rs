//! Rows that do not become contacts, or contacts that the destination refused: where, and why.

use std::sync::Arc;

use arrow::array::{RecordBatch, StringBuilder, UInt32Builder, UInt64Builder};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use crate::{Error, ErrorKind, Key, Place};

/// Who refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Our rules, before anything was sent.
    Local,
    /// The destination, when the request arrived.
    Accept,
    /// The destination, while it worked the request off.
    Import,
}

impl Stage {
    /// The stable name in reports and reject files.
    pub fn code(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Accept => "accept",
            Self::Import => "import",
        }
    }
}

/// Why a row was rejected. Codes are stable for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Reason {
    /// The email is null or empty.
    NoEmail,
    /// The email breaks a rule of the destination.
    BadEmail,
    /// A value cannot be written as the custom field's type.
    BadValue,
    /// The contact alone exceeds the size of a request.
    TooLarge,
    /// The person is on a suppression list, or was erased.
    Suppressed,
    /// The destination named the contact when it refused a request.
    Invalid,
    /// The destination finished the import and listed the contact as failed; it gives no reason.
    Refused,
    /// The destination failed every import that held the contact, last one with the contact alone.
    ImportFailed,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 8] = [
        Self::NoEmail,
        Self::BadEmail,
        Self::BadValue,
        Self::TooLarge,
        Self::Suppressed,
        Self::Invalid,
        Self::Refused,
        Self::ImportFailed,
    ];

    /// The stable code in reports, reject files and the ledger.
    pub fn code(self) -> &'static str {
        match self {
            Self::NoEmail => "no_email",
            Self::BadEmail => "bad_email",
            Self::BadValue => "bad_value",
            Self::TooLarge => "too_large",
            Self::Suppressed => "suppressed",
            Self::Invalid => "invalid",
            Self::Refused => "refused",
            Self::ImportFailed => "import_failed",
        }
    }

    /// The reason with this code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }
}

/// One rejected row. No email and no cell value: the place finds the row in the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// Where the row stands.
    pub place: Place,
    /// Who refused.
    pub stage: Stage,
    /// The part of the contact at fault (`email`, `phone`, a field's title), where known.
    pub field: Option<String>,
    /// Why.
    pub reason: Reason,
    /// The rule that was broken, or the destination's words, without cell values.
    pub message: String,
    /// The contact's key, where it has one.
    pub key: Option<Key>,
}

/// Rejected rows in the order they were found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rejects {
    rows: Vec<Reject>,
}

impl Rejects {
    /// Adds one.
    pub fn push(&mut self, reject: Reject) {
        self.rows.push(reject);
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The rows.
    pub fn iter(&self) -> impl Iterator<Item = &Reject> {
        self.rows.iter()
    }

    /// The rows, to complete them.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Reject> {
        self.rows.iter_mut()
    }

    /// The Arrow schema of [`to_batch`](Self::to_batch).
    pub fn schema() -> SchemaRef {
        Arc::new(Schema::new(vec![
            Field::new("origin", DataType::UInt32, false),
            Field::new("row", DataType::UInt64, false),
            Field::new("stage", DataType::Utf8, false),
            Field::new("field", DataType::Utf8, true),
            Field::new("reason", DataType::Utf8, false),
            Field::new("message", DataType::Utf8, false),
            Field::new("key", DataType::Utf8, true),
        ]))
    }

    /// The rejects as an Arrow table.
    ///
    /// # Errors
    /// Never for rejects made here; an error would be a defect.
    pub fn to_batch(&self) -> Result<RecordBatch, Error> {
        let (mut origin, mut row) = (UInt32Builder::new(), UInt64Builder::new());
        let [mut stage, mut field, mut reason, mut message, mut key] = std::array::from_fn(|_| StringBuilder::new());
        for reject in &self.rows {
            origin.append_value(reject.place.origin);
            row.append_value(reject.place.row);
            stage.append_value(reject.stage.code());
            field.append_option(reject.field.as_deref());
            reason.append_value(reject.reason.code());
            message.append_value(&reject.message);
            key.append_option(reject.key.map(|key| key.to_string()));
        }
        RecordBatch::try_new(
            Self::schema(),
            vec![
                Arc::new(origin.finish()),
                Arc::new(row.finish()),
                Arc::new(stage.finish()),
                Arc::new(field.finish()),
                Arc::new(reason.finish()),
                Arc::new(message.finish()),
                Arc::new(key.finish()),
            ],
        )
        .map_err(|e| Error::new(ErrorKind::Bug, "bug::rejects", e.to_string()))
    }
}
