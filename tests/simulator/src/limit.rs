//! Rate windows. They are told the time.

use std::collections::VecDeque;
use std::time::Duration;

use crate::switches::WindowForm;

/// Arrivals that count, within the last window.
#[derive(Debug)]
pub(crate) struct Window {
    length: Duration,
    arrivals: VecDeque<Duration>,
}

impl Window {
    pub(crate) fn new(length: Duration) -> Self {
        Self { length, arrivals: VecDeque::new() }
    }

    /// How long a call at `now` would have to wait under `limit`; zero if it may pass.
    pub(crate) fn wait(&mut self, now: Duration, limit: usize, form: WindowForm) -> Duration {
        while self.arrivals.front().is_some_and(|&at| self.end(at, form) <= now) {
            self.arrivals.pop_front();
        }
        // The limit may have been lowered meanwhile: enough of the oldest have to leave for one more to fit.
        match (self.arrivals.len() + 1).checked_sub(limit.max(1)) {
            Some(surplus) if surplus > 0 => self.end(self.arrivals[surplus - 1], form).saturating_sub(now),
            _ => Duration::ZERO,
        }
    }

    /// Counts a call.
    pub(crate) fn take(&mut self, now: Duration) {
        self.arrivals.push_back(now);
    }

    /// When an arrival stops counting.
    fn end(&self, at: Duration, form: WindowForm) -> Duration {
        match form {
            WindowForm::Rolling => at + self.length,
            WindowForm::Fixed => {
                let begun = at.as_nanos() / self.length.as_nanos().max(1);
                self.length * u32::try_from(begun + 1).unwrap_or(u32::MAX)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn at(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn a_rolling_window_frees_a_place_exactly_one_window_after_its_arrival() {
        let mut window = Window::new(MINUTE);
        for call in 0..3 {
            assert_eq!(window.wait(at(call), 3, WindowForm::Rolling), Duration::ZERO);
            window.take(at(call));
        }
        assert_eq!(window.wait(at(59_999), 3, WindowForm::Rolling), at(1));
        assert_eq!(window.wait(at(60_000), 3, WindowForm::Rolling), Duration::ZERO);
        window.take(at(60_000));
        assert_eq!(window.wait(at(60_000), 3, WindowForm::Rolling), at(1));
    }

    #[test]
    fn a_fixed_window_lets_twice_the_limit_pass_around_its_boundary() {
        let mut window = Window::new(MINUTE);
        for now in [at(59_999), at(59_999), at(60_000), at(60_000)] {
            assert_eq!(window.wait(now, 2, WindowForm::Fixed), Duration::ZERO, "at {now:?}");
            window.take(now);
        }
        assert_eq!(window.wait(at(60_000), 2, WindowForm::Fixed), MINUTE);
        assert_eq!(window.wait(at(119_999), 2, WindowForm::Fixed), at(1));
        assert_eq!(window.wait(at(120_000), 2, WindowForm::Fixed), Duration::ZERO);
    }
}
