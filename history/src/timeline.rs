//! How a run went, in equal steps of time.

use serde::{Deserialize, Serialize};

/// Most steps a run keeps; a longer run has longer steps.
const MOST_STEPS: usize = 360;

/// The state of a run at one moment; counts since its start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sample {
    /// Contacts in accepted imports.
    pub accepted: u64,
    /// Contacts confirmed.
    pub confirmed: u64,
    /// Imports sent, every attempt counted.
    pub imports: u64,
    /// Answers that asked to slow down.
    pub throttled: u64,
    /// Attempts after the first.
    pub retries: u64,
    /// Accepted imports that are not known to have ended; no count.
    pub pending: u64,
    /// Milliseconds of the slowest of the imports answered since the moment before; 0 without one; no count.
    pub latency_ms: u64,
}

/// What happened in each step of a run, column by column. All columns have the same length.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Timeline {
    /// Length of a step in seconds.
    pub step_seconds: u64,
    /// Contacts in imports accepted during the step.
    pub accepted: Vec<u64>,
    /// Contacts confirmed during the step.
    pub confirmed: Vec<u64>,
    /// Imports sent during the step.
    pub imports: Vec<u64>,
    /// Throttled answers during the step.
    pub throttled: Vec<u64>,
    /// Attempts after the first during the step.
    pub retries: Vec<u64>,
    /// Accepted imports without an end, at the end of the step.
    pub pending: Vec<u64>,
    /// Slowest of the answers seen in the step, in milliseconds; 0 without one.
    pub latency_ms: Vec<u64>,
    #[serde(skip)]
    last: Sample,
}

impl Timeline {
    /// An empty timeline in steps of one second.
    pub fn start() -> Self {
        Self { step_seconds: 1, ..Self::default() }
    }

    /// Takes in the state at `seconds` after the start. Counts never go back, and neither does time.
    pub fn push(&mut self, seconds: u64, now: Sample) {
        let step = |seconds: u64, length: u64| usize::try_from(seconds / length.max(1)).unwrap_or(usize::MAX);
        while step(seconds, self.step_seconds) >= MOST_STEPS {
            self.halve();
        }
        let at = step(seconds, self.step_seconds);
        // Steps nobody looked at: nothing is known to have happened in them, and what waited then still waits.
        let (pending, length) = (self.pending.last().copied().unwrap_or(0), self.pending.len().max(at + 1));
        for column in [
            &mut self.accepted,
            &mut self.confirmed,
            &mut self.imports,
            &mut self.throttled,
            &mut self.retries,
            &mut self.latency_ms,
        ] {
            column.resize(length, 0);
        }
        self.pending.resize(length, pending);
        self.accepted[at] += now.accepted.saturating_sub(self.last.accepted);
        self.confirmed[at] += now.confirmed.saturating_sub(self.last.confirmed);
        self.imports[at] += now.imports.saturating_sub(self.last.imports);
        self.throttled[at] += now.throttled.saturating_sub(self.last.throttled);
        self.retries[at] += now.retries.saturating_sub(self.last.retries);
        self.pending[at] = now.pending;
        self.latency_ms[at] = self.latency_ms[at].max(now.latency_ms);
        self.last = now;
    }

    /// Whether nothing was sent.
    pub fn is_empty(&self) -> bool {
        self.imports.iter().all(|sent| *sent == 0)
    }

    /// Steps of twice the length.
    fn halve(&mut self) {
        self.step_seconds *= 2;
        let sums = [&mut self.accepted, &mut self.confirmed, &mut self.imports, &mut self.throttled, &mut self.retries];
        for column in sums {
            *column = column.chunks(2).map(|pair| pair.iter().sum()).collect();
        }
        self.pending = self.pending.chunks(2).filter_map(|pair| pair.last().copied()).collect();
        self.latency_ms = self.latency_ms.chunks(2).filter_map(|pair| pair.iter().max().copied()).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_run_keeps_its_sums_in_a_bounded_number_of_steps() {
        let mut timeline = Timeline::start();
        for second in 0..5_400_u64 {
            let sample = Sample { confirmed: second * 416, imports: second, pending: second % 7, ..Sample::default() };
            timeline.push(second, sample);
        }
        assert!(timeline.confirmed.len() <= MOST_STEPS, "{}", timeline.confirmed.len());
        assert_eq!(timeline.confirmed.iter().sum::<u64>(), 5_399 * 416);
        assert_eq!(timeline.imports.iter().sum::<u64>(), 5_399);
        assert_eq!(timeline.step_seconds, 16);
        assert_eq!(timeline.pending.len(), timeline.confirmed.len());
    }

    #[test]
    fn a_pause_is_a_row_of_empty_steps() {
        let mut timeline = Timeline::start();
        timeline.push(0, Sample { imports: 1, pending: 1, ..Sample::default() });
        timeline.push(3, Sample { imports: 2, pending: 2, ..Sample::default() });
        assert_eq!(timeline.imports, [1, 0, 0, 1]);
        assert_eq!(timeline.pending, [1, 1, 1, 2]);
    }

    #[test]
    fn a_step_has_its_slowest_answer_and_one_without_an_answer_has_none() {
        let mut timeline = Timeline::start();
        for (second, latency_ms) in [(0, 140), (0, 610), (0, 120), (1, 0), (2, 90)] {
            timeline.push(second, Sample { imports: 3, latency_ms, ..Sample::default() });
        }
        assert_eq!(timeline.latency_ms, [610, 0, 90]);
    }

    #[test]
    fn nothing_sent_is_an_empty_timeline() {
        let mut timeline = Timeline::start();
        timeline.push(0, Sample::default());
        assert!(timeline.is_empty());
    }
}
