//! A process that may die, or whose calls fail, at one step of its own: a ledger write or a call.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// What strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strike {
    /// The process dies before the step has an effect.
    DieBefore,
    /// The step has its effect; the process dies before it learns of it.
    DieAfter,
    /// The step fails without effect.
    FailBefore,
    /// The step has its effect and is said to have failed.
    FailAfter,
}

/// When something strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blow {
    /// The step, counted from 1.
    pub at: u64,
    /// What strikes there.
    pub strike: Strike,
    /// Whether it strikes every later step too.
    pub from_there_on: bool,
}

impl Blow {
    fn strikes(&self, step: u64) -> bool {
        step == self.at || (self.from_there_on && step > self.at)
    }
}

#[derive(Debug, Default)]
struct Life {
    steps: u64,
    dead: bool,
}

/// Counts the steps of one run. After its death nothing it does has an effect any more.
#[derive(Debug)]
pub(crate) struct Process {
    blow: Option<Blow>,
    life: Mutex<Life>,
    died: Notify,
}

/// A dead process takes no step.
pub(crate) struct Dead;

impl Process {
    pub(crate) fn new(blow: Option<Blow>) -> Self {
        Self { blow, life: Mutex::default(), died: Notify::new() }
    }

    /// Takes a step; what strikes it, if anything. A strike that kills has to be followed by [`die`](Self::die).
    pub(crate) fn step(&self) -> Result<Option<Strike>, Dead> {
        let mut life = self.life();
        if life.dead {
            return Err(Dead);
        }
        life.steps += 1;
        Ok(self.blow.filter(|blow| blow.strikes(life.steps)).map(|blow| blow.strike))
    }

    pub(crate) fn die(&self) {
        self.life().dead = true;
        self.died.notify_one();
    }

    pub(crate) fn is_dead(&self) -> bool {
        self.life().dead
    }

    /// Returns when the process has died.
    pub(crate) async fn death(&self) {
        self.died.notified().await;
    }

    pub(crate) fn steps(&self) -> u64 {
        self.life().steps
    }

    fn life(&self) -> MutexGuard<'_, Life> {
        self.life.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
