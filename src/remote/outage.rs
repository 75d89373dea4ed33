//! What happens to the other requests while a server is away or asks for time: one tries, the rest waits.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::watch;

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Well,
    /// Somebody is trying.
    Tried,
    /// Somebody has tried in vain: nobody waits any more.
    Down,
}

/// Whether a server is there, as far as this process knows.
pub(super) struct Outage {
    state: watch::Sender<State>,
    answered: AtomicBool,
}

/// The right to try while the rest waits; given back when it is dropped.
pub(super) struct Trial<'a>(&'a Outage);

impl Default for Outage {
    fn default() -> Self {
        Self { state: watch::Sender::new(State::Well), answered: AtomicBool::new(false) }
    }
}

impl Outage {
    /// Waits while somebody else tries.
    pub(super) async fn over(&self) {
        // Fails when the sender is gone, which this is.
        let _ = self.state.subscribe().wait_for(|state| *state != State::Tried).await;
    }

    /// Takes it on oneself to try, unless somebody does already.
    pub(super) fn attend(&self) -> Option<Trial<'_>> {
        let mine = |state: &mut State| std::mem::replace(state, State::Tried) != State::Tried;
        self.state.send_if_modified(mine).then(|| Trial(self))
    }

    /// It has answered.
    pub(super) fn answered(&self) {
        self.answered.store(true, Ordering::Relaxed);
        self.change(State::Down, State::Well);
    }

    /// Whether it was there before and nobody has given up on it: then waiting may help.
    pub(super) fn may_come_back(&self) -> bool {
        self.answered.load(Ordering::Relaxed) && !self.is_down()
    }

    /// Whether somebody has waited for it in vain.
    pub(super) fn is_down(&self) -> bool {
        *self.state.borrow() == State::Down
    }

    fn change(&self, from: State, to: State) {
        self.state.send_if_modified(|state| {
            let changes = *state == from;
            if changes {
                *state = to;
            }
            changes
        });
    }
}

impl Trial<'_> {
    /// It did not come back.
    pub(super) fn give_up(self) {
        self.0.change(State::Tried, State::Down);
    }
}

impl Drop for Trial<'_> {
    fn drop(&mut self) {
        self.0.change(State::Tried, State::Well);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn while_one_tries_the_rest_waits() {
        let outage = Outage::default();
        outage.answered();
        let trial = outage.attend().unwrap();
        assert!(outage.attend().is_none());
        assert!(outage.over().now_or_never().is_none(), "waits");
        drop(trial);
        assert!(outage.over().now_or_never().is_some());
        assert!(outage.may_come_back());
        outage.attend().unwrap().give_up();
        assert!(outage.over().now_or_never().is_some(), "nobody waits for what has gone");
        assert!(!outage.may_come_back());
        outage.answered();
        assert!(outage.may_come_back());
    }

    #[test]
    fn who_never_answered_is_not_waited_for() {
        assert!(!Outage::default().may_come_back());
    }
}
