//! Which version of a table is meant.

use chrono::{DateTime, SecondsFormat, Utc};
use delta_kernel::history_manager::error::{LogHistoryError, NearestTimestamp};
use delta_kernel::history_manager::{HistoryCommitType, get_earliest_commit, latest_version_as_of};
use delta_kernel::snapshot::SnapshotRef;
use delta_kernel::{Engine, KernelError, Snapshot};
use enlist_core::{Error, ErrorKind};

use crate::fault::Fault;
use crate::place::Place;

/// A version of a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Version {
    /// The latest, when the table is opened.
    #[default]
    Latest,
    /// By its number, counted from 0.
    Number(u64),
    /// The last that was committed at or before a time: by the timestamp in the commit where the table has those
    /// enabled, else by when the file of the commit was last modified, as the protocol says.
    At(DateTime<Utc>),
}

/// The table at `place` as of `version`.
///
/// # Errors
/// `delta::version_missing`, `delta::version_gone`, `delta::before_first`, and those of [`Fault::opening`].
pub(crate) fn snapshot(place: &Place, version: Version) -> Result<SnapshotRef, Error> {
    match version {
        Version::Latest => build(place, None).map_err(|cause| Fault::from(cause).opening(&place.name)),
        Version::Number(number) => build(place, Some(number)).map_err(|cause| unavailable(place, number, cause)),
        Version::At(time) => {
            let number = as_of(place, time)?;
            build(place, Some(number)).map_err(|cause| unavailable(place, number, cause))
        }
    }
}

fn build(place: &Place, number: Option<u64>) -> Result<SnapshotRef, KernelError> {
    let builder = Snapshot::builder_for(place.root.as_str());
    let builder = if let Some(number) = number { builder.at_version(number) } else { builder };
    builder.build(place.engine.as_ref())
}

/// The number of the version that was current at `time`.
fn as_of(place: &Place, time: DateTime<Utc>) -> Result<u64, Error> {
    let latest = snapshot(place, Version::Latest)?;
    let engine: &dyn Engine = place.engine.as_ref();
    let found = latest_version_as_of(&latest, engine, time.timestamp_millis(), HistoryCommitType::Recreatable);
    let cause = match found {
        Ok(commit) => return Ok(commit.version),
        Err(cause) => cause,
    };
    let Some(nearest) = nearest(&cause) else {
        return Err(Fault::from(cause).opening(&place.name));
    };
    let first = match nearest {
        NearestTimestamp::Earliest(at) | NearestTimestamp::Latest(at) => DateTime::from_timestamp_millis(at),
        _ => None,
    };
    let error = Error::new(
        ErrorKind::Source,
        "delta::before_first",
        format!("{} has no version as of {}", place.name, shown(time)),
    );
    Err(match first {
        Some(first) => error.help(format!("the first that can still be read was committed at {}", shown(first))),
        None => error.help("ask for a later time"),
    })
}

/// The time of the commit next to one that no commit is old enough for, if that is what failed.
fn nearest(cause: &KernelError) -> Option<NearestTimestamp> {
    let KernelError::LogHistory(history) = cause.without_backtrace() else { return None };
    match &**history {
        LogHistoryError::TimestampOutOfRange { nearest_timestamp, .. } => Some(*nearest_timestamp),
        _ => None,
    }
}

/// Why version `number` cannot be had, given that building it failed with `cause`.
fn unavailable(place: &Place, number: u64, cause: KernelError) -> Error {
    let error = |code: &'static str, message: String| Error::new(ErrorKind::Source, code, message);
    let Ok(latest) = build(place, None) else {
        return Fault::from(cause).opening(&place.name);
    };
    let name = &place.name;
    if number > latest.version() {
        return error("delta::version_missing", format!("version {number} of {name} does not exist"))
            .help(format!("the latest is version {}", latest.version()));
    }
    let first = place
        .log()
        .ok()
        .and_then(|log| get_earliest_commit(place.engine.as_ref(), &log, None, HistoryCommitType::Recreatable).ok());
    match first {
        Some(first) if number < first => {
            error("delta::version_gone", format!("version {number} of {name} cannot be read any more"))
                .help(format!("its log was cleaned up: versions {first} to {} are left", latest.version()))
        }
        _ => Fault::from(cause).opening(name),
    }
}

/// A time for people, to the millisecond if it has any.
fn shown(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
