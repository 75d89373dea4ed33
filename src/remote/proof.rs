//! Which logins a server or realm has taken or refused: a refused one is sent once, and not again until it changed. A login
//! that is taken can still be refused for one thing: that is known by its scope.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::OwnedMutexGuard;

use super::auth::Credential;

/// How long a refusal is believed: an account may be unlocked.
pub(super) const BELIEVED: Duration = Duration::from_secs(600);

/// What became of a login.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Unknown,
    Taken,
    Refused(Instant),
}

type Place = Arc<tokio::sync::Mutex<(Option<Credential>, Verdict)>>;

/// Verdicts by the place that a login goes to, or a scope, and the registry that it is for.
#[derive(Default)]
pub(super) struct Proofs(Mutex<HashMap<(String, String), Place>>);

/// The right to send a login.
pub(super) enum Proof {
    /// It was taken before: any number may send it at once.
    Taken,
    /// Nobody knows yet: while this is held all others wait for what comes of it.
    First(OwnedMutexGuard<(Option<Credential>, Verdict)>),
    /// It was refused.
    Refused,
}

impl Proofs {
    /// What is known of `login` at `place`; waits for another who finds out.
    pub(super) async fn of(&self, place: &str, registry: &str, login: &Credential) -> Proof {
        let mut held = self.place(place, registry).lock_owned().await;
        if held.0.as_ref() != Some(login) {
            *held = (Some(login.clone()), Verdict::Unknown);
        }
        match held.1 {
            Verdict::Taken => Proof::Taken,
            Verdict::Refused(at) if at.elapsed() < BELIEVED => Proof::Refused,
            Verdict::Unknown | Verdict::Refused(_) => Proof::First(held),
        }
    }

    /// Takes back that `login` was taken: whoever sends it next tries it alone.
    pub(super) async fn doubt(&self, place: &str, registry: &str, login: &Credential) {
        let place = self.place(place, registry);
        let mut held = place.lock().await;
        if held.0.as_ref() == Some(login) && held.1 == Verdict::Taken {
            held.1 = Verdict::Unknown;
        }
    }

    /// Remembers that `login` was refused, whatever was known of it.
    pub(super) async fn refuse(&self, place: &str, registry: &str, login: &Credential) {
        *self.place(place, registry).lock().await = (Some(login.clone()), Verdict::Refused(Instant::now()));
    }

    /// The login that was refused, as long as that is believed.
    pub(super) async fn refused(&self, place: &str, registry: &str) -> Option<Credential> {
        let place = {
            let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(all.get(&(place.to_owned(), registry.to_owned()))?)
        };
        let held = place.lock().await;
        let is_refused = matches!(held.1, Verdict::Refused(at) if at.elapsed() < BELIEVED);
        held.0.clone().filter(|_| is_refused)
    }

    fn place(&self, place: &str, registry: &str) -> Place {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let unknown = || Arc::new(tokio::sync::Mutex::new((None, Verdict::Unknown)));
        Arc::clone(all.entry((place.to_owned(), registry.to_owned())).or_insert_with(unknown))
    }
}

impl Proof {
    /// Remembers what came of it; without a word it stays unknown.
    pub(super) fn conclude(self, taken: bool) {
        if let Self::First(mut held) = self {
            held.1 = if taken { Verdict::Taken } else { Verdict::Refused(Instant::now()) };
        }
    }
}
