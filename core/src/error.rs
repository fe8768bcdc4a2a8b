//! The error that ends a run. A bad row is a [`Reject`](crate::Reject) and a bad request a
//! [`SendError`](crate::SendError): neither is an `Error`.

use std::borrow::Cow;
use std::fmt;

/// What the operator has to do about an [`Error`]; each kind is one exit code of the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A defect of the product: report it.
    Bug,
    /// Wrong usage or configuration: fix the file.
    Config,
    /// Key, permission, certificate or consent refused: fix the access.
    Access,
    /// Stopped with work left (network, throttling, deadline): run again.
    Unfinished,
    /// The destination blocks (list or field gone, contact limit, unpaid account): act there.
    Destination,
    /// The source failed or its schema changed: fix the source.
    Source,
    /// A safety guard stopped the run before anything was sent: look, then allow it.
    Guard,
    /// Another run holds the export: wait.
    Locked,
    /// The state cannot be read or written: check the disk and the state folder.
    State,
    /// Stopped by a signal after draining: run again.
    Interrupted,
}

/// Why a run ended before its work was done: a stable code, what happened and where, and what to do.
///
/// Messages carry no secret, no email address and no cell value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    code: Cow<'static, str>,
    message: String,
    help: Option<String>,
}

impl Error {
    /// An error of `kind` with a stable `code` such as `source::column_missing`.
    pub fn new(kind: ErrorKind, code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self { kind, code: code.into(), message: message.into(), help: None }
    }

    /// Adds what the reader can do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Who has to act.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The stable code, `area::name`.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// What to do, where there is something to do.
    pub fn help_text(&self) -> Option<&str> {
        self.help.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
