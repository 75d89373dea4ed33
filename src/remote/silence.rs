//! A server that takes requests and answers none: two deadlines are waited for, not one for each request.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::error::RemoteError;
use super::fault::Fault;

/// So many that were sent one after the other and not answered tell what becomes of the next.
const TELLING: u32 = 2;
/// For so long; then one more is sent. What waits in a queue fails at once, and whoever asks again later does ask.
const WORD: Duration = Duration::from_secs(2);

/// What is known of a server's silence.
#[derive(Default)]
pub(super) struct Silence(Mutex<State>);

#[derive(Default)]
struct State {
    /// Requests that were sent one after the other and not answered since the last answer.
    rounds: u32,
    last: Option<(Instant, RemoteError)>,
}

/// A request that is sent now.
#[derive(Clone, Copy)]
pub(super) struct Sent {
    rounds: u32,
}

impl Silence {
    /// Before a request is sent.
    ///
    /// # Errors
    /// That of the last one, if the server was silent a moment ago and before.
    pub(super) fn send(&self) -> Result<Sent, Fault> {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &state.last {
            Some((at, error)) if state.rounds >= TELLING && at.elapsed() < WORD => Err(Fault::unsent(error.clone())),
            _ => Ok(Sent { rounds: state.rounds }),
        }
    }

    /// Learns from what became of a request for a file. An upload may take long for other reasons.
    pub(super) fn learn<T>(&self, sent: Sent, outcome: &Result<T, Fault>) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match outcome {
            Ok(_) => *state = State::default(),
            Err(Fault { error: error @ RemoteError::Slow { what, .. }, .. }) if what.is_silence() => {
                // What was sent at the same time says the same thing again.
                state.rounds += u32::from(state.rounds == sent.rounds);
                state.last = Some((Instant::now(), error.clone()));
            }
            Err(_) => {}
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::remote::Overdue;

    fn slow() -> Result<(), Fault> {
        Err(Fault::plain(RemoteError::Slow { host: "notary".to_owned(), what: Overdue::Answer, seconds: 20 }))
    }

    #[test]
    fn what_is_sent_at_the_same_time_is_one_silence_and_an_answer_ends_it() {
        let silence = Silence::default();
        let both = [silence.send().ok().unwrap(), silence.send().ok().unwrap()];
        both.into_iter().for_each(|sent| silence.learn(sent, &slow()));
        let again = silence.send().ok().unwrap();
        silence.learn(again, &slow());
        assert!(matches!(silence.send(), Err(Fault { error: RemoteError::Slow { .. }, .. })));
        silence.learn(again, &Ok(()));
        assert!(silence.send().is_ok());
    }

    #[test]
    fn other_faults_are_no_silence() {
        let silence = Silence::default();
        for _ in 0..3 {
            let error = RemoteError::BrokeOff { host: "notary".to_owned(), why: "it ended".to_owned() };
            silence.learn(silence.send().ok().unwrap(), &Err::<(), _>(Fault::plain(error)));
        }
        assert!(silence.send().is_ok());
    }
}
