//! What is known of one connection.

use std::collections::HashMap;
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
    next: u64,
    /// Bodies that nobody takes more of, and since when.
    untaken: HashMap<u64, Instant>,
}

impl Line {
    pub(super) fn new() -> Self {
        let state = State { running: 0, writing: false, since: Instant::now(), next: 0, untaken: HashMap::new() };
        Self { state: Mutex::new(state), ended: CancellationToken::new() }
    }

    /// Since when nothing is to be done.
    pub(super) fn idle_since(&self) -> Option<Instant> {
        let state = self.state();
        (state.running == 0 && !state.writing).then_some(state.since)
    }

    /// Since when more could have been taken of a body.
    pub(super) fn untaken_since(&self) -> Option<Instant> {
        self.state().untaken.values().min().copied()
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

/// A body on its way. Where there is more than is taken, it says since when.
pub(super) struct Handed {
    line: Arc<Line>,
    id: u64,
}

impl Handed {
    pub(super) fn on(line: &Arc<Line>) -> Self {
        let mut state = line.state();
        let id = state.next;
        state.next += 1;
        state.untaken.insert(id, Instant::now());
        drop(state);
        Self { line: Arc::clone(line), id }
    }

    /// Notes that more was asked for, and whether it was there.
    pub(super) fn asked(&self, is_there: bool) {
        let mut state = self.line.state();
        if is_there {
            state.untaken.insert(self.id, Instant::now());
        } else {
            state.untaken.remove(&self.id);
        }
    }
}

impl Drop for Handed {
    fn drop(&mut self) {
        self.line.state().untaken.remove(&self.id);
    }
}
