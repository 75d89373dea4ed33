//! What is known of one connection.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// One connection: requests in hand, and since when there is none.
pub(super) struct Line {
    state: Mutex<State>,
    ended: CancellationToken,
}

struct State {
    running: usize,
    /// Whether bytes wait to be taken.
    writing: bool,
    since: Instant,
}

impl Line {
    pub(super) fn new() -> Self {
        let state = State { running: 0, writing: false, since: Instant::now() };
        Self { state: Mutex::new(state), ended: CancellationToken::new() }
    }

    /// Since when nothing is to be done.
    pub(super) fn idle_since(&self) -> Option<Instant> {
        let state = self.state();
        (state.running == 0 && !state.writing).then_some(state.since)
    }

    /// Notes whether bytes wait to be taken.
    pub(super) fn write(&self, waits: bool) {
        let mut state = self.state();
        if state.writing && !waits {
            state.since = Instant::now();
        }
        state.writing = waits;
    }

    /// Makes room for another connection.
    pub(super) fn end(&self) {
        self.ended.cancel();
    }

    pub(super) fn ended(&self) -> CancellationToken {
        self.ended.clone()
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request in hand, until its answer was read to the end or dropped.
pub(super) struct Running(Arc<Line>);

impl Running {
    pub(super) fn on(line: &Arc<Line>) -> Self {
        line.state().running += 1;
        Self(Arc::clone(line))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.running -= 1;
        state.since = Instant::now();
    }
}
