//! How much a run needs somebody's attention.

use enlist_history::RunDocument;

use crate::text::{counted, length};

/// How well a run went; the worse, the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Everything that was to be done is done.
    Ok,
    /// It ended, and somebody should look: rows were rejected or put off, the segment was empty, it took longer than it
    /// may, the destination held it back for a tenth of its time or more, or it was stopped or did not get to run.
    Degraded,
    /// It failed, or a guard refused it.
    Failed,
}

impl Level {
    /// The level of `run`. A status that is not known counts as failed when there is an error.
    pub fn of(run: &RunDocument) -> Self {
        match run.status.as_str() {
            "failed" | "guarded" => Self::Failed,
            _ if run.error.is_some() && run.status != "locked" => Self::Failed,
            "stopped" | "locked" => Self::Degraded,
            _ if reasons(run).is_empty() => Self::Ok,
            _ => Self::Degraded,
        }
    }

    /// `ok`, `degraded` or `failed`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Degraded => "degraded",
            Self::Failed => "failed",
        }
    }

    /// A mark for screens that show it.
    pub(crate) fn mark(self) -> &'static str {
        match self {
            Self::Ok => "✅",
            Self::Degraded => "⚠️",
            Self::Failed => "❌",
        }
    }
}

/// What in `run` is not as it should be, apart from its error and status; nothing of it is text from outside.
pub(crate) fn reasons(run: &RunDocument) -> Vec<String> {
    let (outcome, leavers) = (run.outcome.unwrap_or_default(), run.leavers.unwrap_or_default());
    let mut reasons = Vec::new();
    let mut add = |number: u64, one: &str, many: &str| {
        if number > 0 {
            reasons.push(counted(number, one, many));
        }
    };
    add(outcome.rejected, "row rejected", "rows rejected");
    add(outcome.deferred, "row left to the next run", "rows left to the next run");
    add(leavers.rejected, "leaver rejected", "leavers rejected");
    add(leavers.deferred, "leaver left to the next run", "leavers left to the next run");
    if run.outcome.is_some() && run.source.rows == 0 {
        reasons.push("the segment is empty".to_owned());
    }
    if let Some(target) = run.target.filter(|target| !target.met) {
        let may = length(std::time::Duration::from_secs(target.seconds).as_secs_f64());
        reasons.push(format!("took {} and may take {may}", length(run.seconds)));
    }
    // Being asked to slow down now and then is how sending at the limit works.
    if run.requests.throttle_seconds > 0.0 && run.requests.throttle_seconds * 10.0 >= run.seconds {
        reasons.push(format!("held back for {}", length(run.requests.throttle_seconds)));
    }
    reasons
}
