//! What can be wrong with a line of cron or the name of a time zone.

use std::fmt;

/// A schedule that means nothing. The text holds what was written in the configuration, which is no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScheduleError {
    /// The line of cron cannot be read.
    Cron {
        /// The line.
        cron: String,
        /// What is wrong with which part.
        cause: String,
        /// What to write.
        help: String,
    },
    /// The line of cron can be read, but names a date that no year has.
    Never {
        /// The line.
        cron: String,
    },
    /// There is no time zone of that name.
    TimeZone {
        /// The name.
        name: String,
        /// Names that are written alike, the closest first; at most three, and possibly none.
        similar: Vec<&'static str>,
    },
}

impl ScheduleError {
    /// The stable code: `config::cron`, `config::cron_never` or `config::time_zone`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Cron { .. } => "config::cron",
            Self::Never { .. } => "config::cron_never",
            Self::TimeZone { .. } => "config::time_zone",
        }
    }

    /// What to do about it.
    pub fn help(&self) -> String {
        match self {
            Self::Cron { help, .. } => help.clone(),
            Self::Never { .. } => "`L` in the third field is the last day of every month".to_owned(),
            Self::TimeZone { similar, .. } => match similar.as_slice() {
                [] => "write a name like Europe/Helsinki, America/New_York or UTC".to_owned(),
                names => {
                    format!(
                        "did you mean {}?",
                        names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or ")
                    )
                }
            },
        }
    }
}

impl fmt::Display for ScheduleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cron { cron, cause, .. } => write!(f, "`{cron}` is no schedule: {cause}"),
            Self::Never { cron } => write!(f, "`{cron}` never happens: no year has such a date"),
            Self::TimeZone { name, .. } => write!(f, "there is no time zone `{name}`"),
        }
    }
}

impl std::error::Error for ScheduleError {}
