//! Many seeds on several threads, each history on one of them.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use enlist_core::Error;

use crate::history::{Open, Verdict};
use crate::{Rule, replay};

/// The seeds to try, and how.
pub struct Many<'a> {
    /// Seeds.
    pub seeds: Range<u64>,
    /// Threads.
    pub threads: usize,
    /// A rule that is broken on purpose.
    pub broken: Option<Rule>,
    /// Where ledgers are kept.
    pub open: &'a Open,
    /// Whether what is wrong is enough to stop.
    pub enough: &'a (dyn Fn(&str) -> bool + Sync),
}

/// What was found.
#[derive(Debug, Default)]
pub struct Found {
    /// Seeds tried.
    pub seeds: u64,
    /// Runs of all of them.
    pub runs: u64,
    /// Import requests that arrived.
    pub imports: u64,
    /// Histories in which a run waited in vain for the importer to rest.
    pub quarantined: u64,
    /// Wrong seeds in order, and what was wrong first.
    pub wrong: Vec<(u64, String)>,
}

impl Many<'_> {
    /// Tries the seeds; `progress` is told of every seed that is done.
    ///
    /// # Errors
    /// When a history cannot be set up, which is no verdict.
    pub fn run(&self, progress: &(dyn Fn(u64) + Sync)) -> Result<Found, Error> {
        let next = AtomicU64::new(self.seeds.start);
        let found = Mutex::new((Found::default(), None));
        std::thread::scope(|scope| {
            for _ in 0..self.threads.max(1) {
                scope.spawn(|| {
                    loop {
                        let seed = next.fetch_add(1, Ordering::Relaxed);
                        if seed >= self.seeds.end {
                            return;
                        }
                        let verdict = replay(seed, None, self.broken, self.open);
                        let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
                        let (found, failure) = &mut *found;
                        match verdict {
                            Ok(verdict) => found.add(seed, &verdict),
                            Err(error) => *failure = Some(error),
                        }
                        progress(seed);
                        if failure.is_some() || found.wrong.iter().any(|(_, wrong)| (self.enough)(wrong)) {
                            next.store(self.seeds.end, Ordering::Relaxed);
                        }
                    }
                });
            }
        });
        let (mut found, failure) = found.into_inner().unwrap_or_else(PoisonError::into_inner);
        found.wrong.sort();
        failure.map_or(Ok(found), Err)
    }
}

impl Found {
    fn add(&mut self, seed: u64, verdict: &Verdict) {
        self.seeds += 1;
        self.runs += verdict.runs;
        self.imports += verdict.imports;
        self.quarantined += u64::from(verdict.quarantined);
        if let Some(wrong) = verdict.wrongs.first() {
            self.wrong.push((seed, wrong.clone()));
        }
    }
}
