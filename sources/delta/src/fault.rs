//! What can be wrong with a table, in plain words.
//!
//! The kernel's own words may hold values of cells (a partition value that does not parse, a piece of JSON), so only
//! those of its messages are passed on that cannot.

use std::error::Error as StdError;
use std::io;

use delta_kernel::KernelError;
use delta_kernel::arrow::error::ArrowError;
use enlist_core::{Error, ErrorKind};
use enlist_source_files::store_error;
use url::Url;

use crate::place::Place;

/// Why a table or a file of it cannot be read.
pub(crate) enum Fault {
    /// Something that should be there is not.
    Missing,
    /// The disk does not give it.
    Unreadable(io::ErrorKind),
    /// The store does not give it.
    Store(KernelError),
    /// The table needs what this reader does not have.
    Unsupported(String),
    /// It is there, but not what it should be.
    Damaged(String),
}

impl From<KernelError> for Fault {
    fn from(cause: KernelError) -> Self {
        match store(&cause) {
            Some(object_store::Error::NotFound { .. }) => return Self::Missing,
            Some(disk @ object_store::Error::Generic { store: "LocalFileSystem", .. }) => return Self::on_disk(disk),
            Some(_) => return Self::Store(cause),
            None => {}
        }
        let damaged = |what: &str| Self::Damaged(what.to_owned());
        match cause.without_backtrace() {
            KernelError::FileNotFound(_) => Self::Missing,
            KernelError::Unsupported(what) => Self::Unsupported(what.clone()),
            KernelError::InvalidProtocol(what)
            | KernelError::InvalidCheckpoint(what)
            | KernelError::InvalidLogSegment(what)
            | KernelError::InvalidColumnMappingMode(what)
            | KernelError::DeletionVector(what)
            | KernelError::Schema(what) => Self::Damaged(what.clone()),
            KernelError::MalformedJson(cause) => {
                Self::Damaged(format!("it is not JSON at line {}, column {}", cause.line(), cause.column()))
            }
            KernelError::Parquet(cause) => Self::Damaged(cause.to_string()),
            KernelError::Arrow(ArrowError::ParquetError(cause)) => Self::Damaged(cause.clone()),
            KernelError::Arrow(ArrowError::JsonError(_)) => damaged("it is not the JSON of a log"),
            KernelError::ParseError(_, kind) => Self::Damaged(format!("a partition value is no {kind}")),
            KernelError::MissingMetadataAndProtocol => damaged("it says neither which columns nor which protocol"),
            KernelError::MissingMetadata => damaged("it does not say which columns the table has"),
            KernelError::MissingProtocol => damaged("it does not say which protocol the table follows"),
            KernelError::MissingVersion(version) => Self::Damaged(format!("version {version} is not there")),
            KernelError::EmptyLog => damaged("it has no version"),
            _ => damaged("it does not hold what the protocol asks for"),
        }
    }
}

impl Fault {
    fn on_disk(disk: &object_store::Error) -> Self {
        let cause = causes(disk).find_map(|cause| cause.downcast_ref::<io::Error>());
        Self::Unreadable(cause.map_or(io::ErrorKind::Other, io::Error::kind))
    }

    /// The error about the log of the table called `name`.
    pub(crate) fn opening(self, name: &str) -> Error {
        let again = "write the table again, or restore its _delta_log from a backup";
        match self {
            Self::Missing => error("delta::log", format!("the log of {name} is damaged: a file of it is missing")),
            Self::Damaged(what) => error("delta::log", format!("the log of {name} is damaged: {what}")),
            other => return other.anywhere(name),
        }
        .help(again)
    }

    /// The error about the data file called `name` at `url`.
    pub(crate) fn reading(self, place: &Place, url: &Url, name: &str) -> Error {
        match self {
            // A reader of Parquet does not always say that there is no file to read.
            Self::Damaged(_) if place.lacks(url) => Self::Missing.file(name),
            fault => fault.file(name),
        }
    }

    /// The error about the deletion vector of the data file called `name`.
    pub(crate) fn deletions(self, name: &str) -> Error {
        self.file(&format!("the deletion vector of {name}"))
    }

    fn file(self, name: &str) -> Error {
        match self {
            Self::Missing => error("delta::file_missing", format!("{name} is missing, though the table counts on it"))
                .help("it was deleted, perhaps by VACUUM: read a later version, or restore the file"),
            Self::Damaged(what) => error("delta::damaged", format!("{name} is damaged: {what}"))
                .help("restore the file, or rewrite the table"),
            other => other.anywhere(name),
        }
    }

    fn anywhere(self, name: &str) -> Error {
        match self {
            Self::Missing => error("source::file_missing", format!("no such file: {name}")),
            Self::Unreadable(cause) => error("source::unreadable", format!("cannot read {name}: {cause}")),
            Self::Store(cause) => match store(&cause) {
                Some(cause) => store_error(name, cause),
                None => error("store::failed", format!("the object store failed while {name} was read")),
            },
            Self::Unsupported(what) => error("delta::unsupported", format!("{name} cannot be read: {what}"))
                .help("write the table without that feature, or read it with another engine into Parquet"),
            Self::Damaged(what) => error("delta::damaged", format!("{name} is damaged: {what}")),
        }
    }
}

/// What the disk or the store said, if it is what failed.
fn store(cause: &KernelError) -> Option<&object_store::Error> {
    match cause.without_backtrace() {
        KernelError::ObjectStore(cause) => Some(cause),
        other => causes(other).find_map(|cause| cause.downcast_ref()),
    }
}

/// An error and its causes, the innermost last.
fn causes<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let error = next?;
        next = error.source();
        Some(error)
    })
}

fn error(code: &'static str, message: String) -> Error {
    Error::new(ErrorKind::Source, code, message)
}
