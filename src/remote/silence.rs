//! A server that takes requests and answers none: a few deadlines are waited for, not one for each request.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::error::RemoteError;
use super::fault::Fault;

/// So many requests about one repository that were sent one after the other and not answered tell what becomes of the next.
const TELLING: u32 = 2;
/// So many repositories, with no answer to anybody in between, tell what becomes of others.
const REPOSITORIES: usize = 3;
/// For so long; then one more is sent. What waits in a queue fails at once, and whoever asks again later does ask.
const WORD: Duration = Duration::from_secs(2);
/// Repositories that are known to be silent, at most.
const KNOWN: usize = 1024;

/// What is known of a server's silence.
#[derive(Default)]
pub(super) struct Silence(Mutex<State>);

#[derive(Default)]
struct State {
    /// Answers so far.
    answers: u64,
    /// Repositories that were not answered, by name, until they are.
    silent: HashMap<String, Silent>,
    /// Those of them since the last answer to anybody.
    in_a_row: HashSet<String>,
    last: Option<(Instant, RemoteError)>,
}

#[derive(Default)]
struct Silent {
    rounds: u32,
    last: Option<(Instant, RemoteError)>,
}

/// A request that is sent now.
#[derive(Clone, Copy)]
pub(super) struct Sent<'a> {
    repository: &'a str,
    at: Instant,
    answers: u64,
}

impl Silence {
    /// Before a request about a repository is sent.
    ///
    /// # Errors
    /// That of the last one, if the server was silent a moment ago and before.
    pub(super) fn send<'a>(&self, repository: &'a str) -> Result<Sent<'a>, Fault> {
        let state = self.state();
        let own = state.silent.get(repository).filter(|own| own.rounds >= TELLING).and_then(|own| own.last.as_ref());
        let all = state.last.as_ref().filter(|_| state.in_a_row.len() >= REPOSITORIES);
        match own.into_iter().chain(all).find(|(at, _)| at.elapsed() < WORD) {
            Some((_, error)) => Err(Fault::unsent(error.clone())),
            None => Ok(Sent { repository, at: Instant::now(), answers: state.answers }),
        }
    }

    /// Learns from what became of a request for a file. An upload may take long for other reasons.
    pub(super) fn learn<T>(&self, sent: Sent<'_>, outcome: &Result<T, Fault>) {
        let mut state = self.state();
        match outcome {
            Ok(_) => {
                state.answers += 1;
                state.silent.remove(sent.repository);
                state.in_a_row.clear();
                state.last = None;
            }
            Err(Fault { error: error @ RemoteError::Slow { what, .. }, .. }) if what.is_silence() => {
                let now = Instant::now();
                let (waited, last) = (now - sent.at, Some((now, error.clone())));
                if state.silent.len() >= KNOWN {
                    state.silent.clear();
                }
                let own = state.silent.entry(sent.repository.to_owned()).or_default();
                // What waited at the same time says the same thing again.
                let is_again = own.last.as_ref().is_some_and(|(at, _)| now - *at < waited / 2);
                own.rounds += u32::from(!is_again);
                own.last.clone_from(&last);
                // Who was answered meanwhile shows that the server is there.
                if state.answers == sent.answers {
                    state.in_a_row.insert(sent.repository.to_owned());
                    state.last = last;
                }
            }
            Err(_) => {}
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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

    fn sent<'a>(silence: &Silence, repository: &'a str) -> Sent<'a> {
        silence.send(repository).ok().unwrap()
    }

    #[test]
    fn what_waits_at_the_same_time_is_one_silence_and_an_answer_ends_it() {
        let silence = Silence::default();
        let both = [sent(&silence, "a"), sent(&silence, "a")];
        std::thread::sleep(Duration::from_millis(20));
        both.into_iter().for_each(|sent| silence.learn(sent, &slow()));
        // Sent as soon as the first had waited for long enough, before that was known.
        let again = Sent { at: Instant::now() - Duration::from_micros(500), ..sent(&silence, "a") };
        std::thread::sleep(Duration::from_millis(20));
        silence.learn(again, &slow());
        assert!(matches!(silence.send("a"), Err(Fault { error: RemoteError::Slow { .. }, .. })));
        assert!(silence.send("b").is_ok(), "another one may be answered");
        silence.learn(again, &Ok(()));
        assert!(silence.send("a").is_ok());
    }

    #[test]
    fn several_repositories_in_a_row_tell_of_all_unless_somebody_was_answered_meanwhile() {
        let silence = Silence::default();
        let all = ["a", "b", "c", "d"].map(|name| sent(&silence, name));
        silence.learn(sent(&silence, "good"), &Ok(()));
        all.into_iter().for_each(|sent| silence.learn(sent, &slow()));
        assert!(silence.send("e").is_ok());
        for name in ["a", "b"] {
            silence.learn(sent(&silence, name), &slow());
        }
        assert!(silence.send("e").is_ok());
        silence.learn(sent(&silence, "c"), &slow());
        assert!(silence.send("e").is_err());
    }

    #[test]
    fn other_faults_are_no_silence() {
        let silence = Silence::default();
        for _ in 0..3 {
            let error = RemoteError::BrokeOff { host: "notary".to_owned(), why: "it ended".to_owned() };
            silence.learn(sent(&silence, "a"), &Err::<(), _>(Fault::plain(error)));
        }
        assert!(silence.send("a").is_ok());
    }
}
