//! How long a server has something in its hands.

use std::sync::{Mutex, PoisonError};

/// Each answer changes the mean by one part in so many, and how far answers are from it by one in half as many.
const WEIGHT: u64 = 8;
/// What a server is believed to need for a file until it was measured, in microseconds.
const PRESUMED: u64 = 2000;
/// A server that answers nearly always within this looks into no database.
const QUICK: u64 = 2000;
/// An answer that took so many deviations longer than the mean is rare.
const RARE: u64 = 4;
/// However evenly it answers, it gets so many times the time that it needs.
const SPARE: u64 = 2;
/// So many times that again for one with a database: requests do not arrive as evenly as they start. Without this, one in
/// twenty met another one (`cargo bench --bench production -- --far`). A deviation is no reason for more care: one late
/// answer would hold up the next ten.
const CARE: u64 = 3;

/// Mean and mean deviation of service times, as TCP keeps them of its round trips; in microseconds.
pub(super) struct Service(Mutex<Option<Times>>);

#[derive(Clone, Copy)]
struct Times {
    mean: u64,
    deviation: u64,
}

impl Service {
    /// Nothing is known: nobody else gets in between.
    pub(super) fn unknown() -> Self {
        Self(Mutex::new(None))
    }

    /// What a server usually needs for a file.
    pub(super) fn presumed() -> Self {
        Self(Mutex::new(Some(Times { mean: PRESUMED, deviation: 0 })))
    }

    /// Learns from an answer.
    pub(super) fn learn(&self, took: u64) {
        let mut times = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Times { mean, deviation } = times.unwrap_or(Times { mean: took, deviation: 0 });
        let (mean, off) = ((mean * (WEIGHT - 1) + took) / WEIGHT, mean.abs_diff(took));
        let slower = WEIGHT / 2;
        *times = Some(Times { mean, deviation: (deviation * (slower - 1) + off) / slower });
    }

    /// The mean; a large number as long as nothing is known.
    pub(super) fn mean(&self) -> u64 {
        self.times().map_or(u64::MAX, |times| times.mean)
    }

    /// Whether it seems to look into no database, from how long it needs for files.
    pub(super) fn is_quick(&self) -> bool {
        self.span(true) <= QUICK
    }

    /// After so long a request is nearly always answered, by a server that `is_quick` or not; a large number as long as
    /// nothing is known.
    pub(super) fn span(&self, is_quick: bool) -> u64 {
        let care = if is_quick { 1 } else { CARE };
        let span = |Times { mean, deviation }| (care * SPARE * mean).max(mean + RARE * deviation);
        self.times().map_or(u64::MAX, span)
    }

    fn times(&self) -> Option<Times> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_answers_evenly_gets_a_few_times_its_time_and_who_does_not_gets_more() {
        let quick = Service::presumed();
        (0..100).for_each(|_| quick.learn(1000));
        let span = |service: &Service| service.span(service.is_quick());
        assert!(span(&quick).abs_diff(2000) < 50, "{}", span(&quick));
        let even = Service::presumed();
        (0..100).for_each(|_| even.learn(2000));
        assert!(span(&even).abs_diff(12_000) < 300, "with a database: {}", span(&even));
        let before = span(&even);
        even.learn(50_000);
        assert!(span(&even) > 4 * before, "one slow answer counts at once: {}", span(&even));
        (0..30).for_each(|_| even.learn(2000));
        assert!(span(&even) < 3 * before, "and not for long: {}", span(&even));
        assert_eq!(span(&Service::unknown()), u64::MAX);
    }
}
