//! How long to wait before the next attempt. Pure.

use std::time::Duration;

/// Longest wait between two attempts of one request.
const LONGEST: Duration = Duration::from_secs(30);

/// Attempts without a definite answer after which a request that others overtake is suspected of causing the fault
/// itself, and is halved.
pub(crate) const SUSPECT_AFTER: u32 = 5;

/// First question about a job after it was accepted, and first step of the backoff between questions.
const FIRST_QUESTION: Duration = Duration::from_secs(5);

/// Longest time between two questions about a job.
const RAREST_QUESTION: Duration = Duration::from_secs(60);

/// Wait before attempt `attempt` + 1: 1, 2, 4 … 30 s, of which `chance` (0 to 1) decides the upper half, so that
/// requests that failed together do not return together.
pub(crate) fn backoff(attempt: u32, chance: f64) -> Duration {
    let full = Duration::from_secs(1 << attempt.saturating_sub(1).min(5)).min(LONGEST);
    full / 2 + (full / 2).mul_f64(chance.clamp(0.0, 1.0))
}

/// Wait before question `asked` + 1 about a job: 5, 10, 20, 40, 60 s.
pub(crate) fn question(asked: u32) -> Duration {
    (FIRST_QUESTION * (1 << asked.min(4))).min(RAREST_QUESTION)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_and_are_bounded() {
        let waits: Vec<u64> = (1..9).map(|attempt| backoff(attempt, 1.0).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30, 30]);
        assert_eq!(backoff(3, 0.0), Duration::from_secs(2));
        assert_eq!(backoff(u32::MAX, 0.5), Duration::from_millis(22_500));
    }

    #[test]
    fn questions_become_rarer() {
        let waits: Vec<u64> = (0..6).map(|asked| question(asked).as_secs()).collect();
        assert_eq!(waits, [5, 10, 20, 40, 60, 60]);
    }
}
