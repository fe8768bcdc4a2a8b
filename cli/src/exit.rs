//! Exit codes: one for each thing an operator may have to do. They are stable for ever.

use std::process::ExitCode;

use enlist_core::ErrorKind;

/// How the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Everything delivered, or nothing to do.
    Done,
    /// A defect: report it with the run id.
    Bug,
    /// Wrong usage or configuration: fix the file. Nothing was sent.
    Config,
    /// Finished, with something to look at: more rejects than `max_rejects` allows, or findings of an audit.
    Rejects,
    /// Key, permission, certificate or consent refused: fix the access.
    Access,
    /// Stopped with work left: run again.
    Unfinished,
    /// The destination blocks: act there.
    Destination,
    /// The source failed or its schema changed: fix the source.
    Source,
    /// A safety guard stopped the run: look, then allow it.
    Guard,
    /// A plan that was asked for it found something to send.
    Changes,
    /// Another run holds the export: wait.
    Locked,
    /// Nothing to send, in the words of whoever asked for another code than 0.
    Unchanged(u8),
    /// The state cannot be read or written: check the disk and the state folder.
    State,
    /// Stopped by SIGINT after draining: run again.
    Interrupted,
    /// Stopped by SIGTERM after draining: run again.
    Terminated,
}

impl Exit {
    /// The number the shell sees.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Bug => 1,
            Self::Config => 2,
            Self::Rejects => 3,
            Self::Access => 4,
            Self::Unfinished => 5,
            Self::Destination => 6,
            Self::Source => 7,
            Self::Guard => 8,
            Self::Changes => 9,
            Self::Locked => 11,
            Self::Unchanged(code) => code,
            Self::State => 12,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }

    /// This end, or `later` if this one is a good one.
    #[must_use]
    pub fn or(self, later: Self) -> Self {
        if matches!(self, Self::Done | Self::Unchanged(_) | Self::Changes) { later } else { self }
    }

    /// How a command of two runs ends: the first that did not end well, or done if either had something to send.
    #[must_use]
    pub fn and(self, later: Self) -> Self {
        match (self, later) {
            (Self::Unchanged(_), Self::Unchanged(_)) => later,
            (Self::Unchanged(_), Self::Done) | (Self::Done, Self::Unchanged(_)) => Self::Done,
            (Self::Done | Self::Unchanged(_), later) => later,
            (first, _) => first,
        }
    }

    /// Whether the same command may succeed later without anybody acting.
    pub fn retryable(self) -> bool {
        matches!(self, Self::Unfinished | Self::Locked | Self::Interrupted | Self::Terminated)
    }
}

impl From<ErrorKind> for Exit {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::Config => Self::Config,
            ErrorKind::Access => Self::Access,
            ErrorKind::Unfinished => Self::Unfinished,
            ErrorKind::Destination => Self::Destination,
            ErrorKind::Source => Self::Source,
            ErrorKind::Guard => Self::Guard,
            ErrorKind::Locked => Self::Locked,
            ErrorKind::State => Self::State,
            ErrorKind::Interrupted => Self::Interrupted,
            // `Bug`, and kinds this version does not know: unknown means failure.
            _ => Self::Bug,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_error_has_its_own_code() {
        let table = [
            (ErrorKind::Bug, 1),
            (ErrorKind::Config, 2),
            (ErrorKind::Access, 4),
            (ErrorKind::Unfinished, 5),
            (ErrorKind::Destination, 6),
            (ErrorKind::Source, 7),
            (ErrorKind::Guard, 8),
            (ErrorKind::Locked, 11),
            (ErrorKind::State, 12),
            (ErrorKind::Interrupted, 130),
        ];
        for (kind, code) in table {
            assert_eq!(Exit::from(kind).code(), code, "{kind:?}");
        }
        assert_eq!((Exit::Done.code(), Exit::Rejects.code(), Exit::Terminated.code()), (0, 3, 143));
    }

    #[test]
    fn only_ends_that_time_alone_may_cure_are_retryable() {
        assert!(Exit::Unfinished.retryable() && Exit::Locked.retryable() && Exit::Interrupted.retryable());
        assert!(!Exit::Guard.retryable() && !Exit::Config.retryable() && !Exit::Bug.retryable());
    }
}
