//! How many requests one server gets at once.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

/// Enough to saturate a server nearby.
const NEAR: usize = 8;
/// Enough for one that is far away. Source: performance.md, server facts.
const FAR: usize = 32;
/// Slower answers come from far away.
const FAR_ANSWER: Duration = Duration::from_millis(10);

/// Places for requests; grows once if even the fastest of the first answers was slow.
pub(super) struct Slots {
    places: Semaphore,
    answers: AtomicUsize,
    fastest_micros: AtomicU64,
}

impl Default for Slots {
    fn default() -> Self {
        let places = Semaphore::new(NEAR);
        Self { places, answers: AtomicUsize::new(0), fastest_micros: AtomicU64::new(u64::MAX) }
    }
}

impl Slots {
    /// Waits for a place; `None` never happens, since the places are never closed.
    pub(super) async fn take(&self) -> Option<SemaphorePermit<'_>> {
        self.places.acquire().await.ok()
    }

    /// Learns how long an answer took.
    pub(super) fn learn(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let fastest = self.fastest_micros.fetch_min(micros, Ordering::Relaxed).min(micros);
        let answers = self.answers.fetch_add(1, Ordering::Relaxed) + 1;
        if answers == NEAR && u128::from(fastest) > FAR_ANSWER.as_micros() {
            self.places.add_permits(FAR - NEAR);
        }
    }
}
