//! When requests start.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Spreads the starts of requests evenly: those that start together arrive together, and are in the server's hands
/// together however few they are on average.
#[derive(Default)]
pub(super) struct Pace {
    next: Mutex<Option<Instant>>,
}

impl Pace {
    /// Waits until `gap` after the start before this one.
    pub(super) async fn keep(&self, gap: Duration) {
        let now = Instant::now();
        let start = self.reserve(now, gap);
        if start > now {
            tokio::time::sleep_until(start).await;
        }
    }

    /// The next free start; the one after it is `gap` later.
    fn reserve(&self, now: Instant, gap: Duration) -> Instant {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let start = next.map_or(now, |next| next.max(now));
        *next = Some(start + gap);
        start
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_that_come_together_start_one_after_the_other() {
        let (pace, now, gap) = (Pace::default(), Instant::now(), Duration::from_millis(4));
        let starts: Vec<_> = (0..3).map(|_| pace.reserve(now, gap) - now).collect();
        assert_eq!(starts, [Duration::ZERO, gap, 2 * gap]);
        let later = now + Duration::from_secs(1);
        assert_eq!(pace.reserve(later, gap), later, "nobody waits for starts that passed unused");
    }
}
