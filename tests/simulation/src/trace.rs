//! What happened, in order, with virtual times: the same seed gives the same bytes.

use std::fmt::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use enlist_core::Clock;

#[derive(Debug, Default)]
struct Record {
    lines: String,
    wrongs: Vec<String>,
}

/// The record of one scenario. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Trace {
    clock: Clock,
    record: Arc<Mutex<Record>>,
}

impl Trace {
    pub(crate) fn new(clock: Clock) -> Self {
        Self { clock, record: Arc::default() }
    }

    /// Notes an event.
    pub(crate) fn note(&self, what: fmt::Arguments<'_>) {
        let at = self.clock.elapsed().as_secs_f64();
        // Writing to a string cannot fail.
        let _ = writeln!(self.record().lines, "{at:12.3} {what}");
    }

    /// Notes a broken promise.
    pub(crate) fn wrong(&self, what: String) {
        self.note(format_args!("WRONG {what}"));
        self.record().wrongs.push(what);
    }

    /// Everything noted, and every broken promise.
    pub(crate) fn take(&self) -> (String, Vec<String>) {
        let mut record = self.record();
        (std::mem::take(&mut record.lines), std::mem::take(&mut record.wrongs))
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
