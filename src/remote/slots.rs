//! How many requests one server gets at once.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

use super::waits::Waits;

/// Who waited so long at the start asks on a connection of its own: the server is not nearby, or busy.
const PATIENCE: Duration = Duration::from_millis(8);
/// Enough to saturate a server nearby.
const NEAR: usize = 8;
/// Enough for one that is far away. Source: docs/performance.md, "Server facts".
const FAR: usize = 32;
/// Slower answers come from far away.
const FAR_ANSWER: Duration = Duration::from_millis(10);
/// So many times longer than its places, a queue is worth another handshake.
const LONG: usize = 4;

/// Places for requests. It begins with one, since every connection costs both sides a handshake that a server nearby
/// answers sooner than it is made; who is kept waiting opens the others.
pub(super) struct Slots {
    places: Semaphore,
    open: AtomicUsize,
    waiting: AtomicUsize,
    answers: AtomicUsize,
    fastest_micros: AtomicU64,
}

impl Default for Slots {
    fn default() -> Self {
        let count = |count| AtomicUsize::new(count);
        Self {
            places: Semaphore::new(1),
            open: count(1),
            waiting: count(0),
            answers: count(0),
            fastest_micros: AtomicU64::new(u64::MAX),
        }
    }
}

impl Slots {
    /// Waits for a place; `None` never happens, since the places are never closed.
    pub(super) async fn take(&self) -> Option<SemaphorePermit<'_>> {
        let _waits = Waits::new(&self.waiting);
        let place = self.places.acquire();
        tokio::pin!(place);
        if self.open.load(Ordering::Relaxed) < NEAR {
            tokio::select! {
                biased;
                place = &mut place => return place.ok(),
                () = tokio::time::sleep(PATIENCE) => self.widen(NEAR),
            }
        }
        place.await.ok()
    }

    /// Learns how long an answer took.
    pub(super) fn learn(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let fastest = self.fastest_micros.fetch_min(micros, Ordering::Relaxed).min(micros);
        let answers = self.answers.fetch_add(1, Ordering::Relaxed) + 1;
        if answers == NEAR && u128::from(fastest) > FAR_ANSWER.as_micros() {
            self.widen(FAR);
        }
        let open = self.open.load(Ordering::Relaxed);
        if self.waiting.load(Ordering::Relaxed) > LONG * open {
            self.widen((open + 1).min(NEAR));
        }
    }

    fn widen(&self, places: usize) {
        let before = self.open.fetch_max(places, Ordering::Relaxed);
        self.places.add_permits(places.saturating_sub(before));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn long_queue_opens_another_place() {
        let slots = Slots::default();
        let held = slots.take().await;
        let mut queue: Vec<_> = (0..=LONG).map(|_| Waits::new(&slots.waiting)).collect();
        slots.learn(Duration::from_micros(500));
        assert_eq!(slots.open.load(Ordering::Relaxed), 2);
        queue.clear();
        slots.learn(Duration::from_micros(500));
        assert_eq!(slots.open.load(Ordering::Relaxed), 2, "a short one does not");
        drop(held);
    }
}
