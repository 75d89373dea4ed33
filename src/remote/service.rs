//! How long a server has something in its hands.

use std::sync::{Mutex, PoisonError};

/// Each answer changes the mean by one part in so many, and how far answers are from it by one in half as many.
const WEIGHT: u64 = 8;
/// What a server is believed to need for a file until it was measured, in microseconds.
const PRESUMED: u64 = 2000;
/// A server that needs no longer than this for a file on average looks into no database.
const QUICK: u64 = 1500;
/// An answer that took so many deviations longer than the mean is rare.
const RARE: u64 = 4;
/// However evenly it answers, it gets so many times the time that it needs.
const SPARE: u64 = 2;
/// So many times that again for one with a database: requests do not arrive as evenly as they start. Without this, one in
/// twenty met another one, with it one in two hundred (`cargo bench --bench production -- --far`).
const CARE: u64 = 2;

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

    /// After so long a request is nearly always answered; a large number as long as nothing is known.
    pub(super) fn span(&self) -> u64 {
        let span = |Times { mean, deviation }| {
            let care = if mean > QUICK { CARE } else { 1 };
            (care * SPARE * mean).max(mean + care * RARE * deviation)
        };
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
        assert!(quick.span().abs_diff(2000) < 50, "{}", quick.span());
        let even = Service::presumed();
        (0..100).for_each(|_| even.learn(2000));
        assert!(even.span().abs_diff(8000) < 200, "with a database: {}", even.span());
        let before = even.span();
        even.learn(50_000);
        assert!(even.span() > 10 * before, "one slow answer counts at once: {}", even.span());
        (0..30).for_each(|_| even.learn(2000));
        assert!(even.span() < 3 * before, "and not for long: {}", even.span());
        assert_eq!(Service::unknown().span(), u64::MAX);
    }
}
