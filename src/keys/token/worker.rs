//! The one thread that calls a module, and what was found on its tokens last.

use std::path::PathBuf;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::card::Card;
use super::facts::{TokenEntry, TokenFacts};
use super::module::{self, SUPPORTED};
use super::signing::Signing;
use crate::keys::attendant::Attendant;
use crate::keys::token_error::TokenError;
use crate::tuf::CanonicalKeyId;

/// A signature that takes longer than this waits for a finger.
const TOUCH_AFTER: Duration = Duration::from_millis(400);
/// How often somebody who waits looks whether to go on.
const PATIENCE: Duration = Duration::from_millis(100);
/// How long a look at the tokens may take before the last one has to do.
const LOOK: Duration = Duration::from_secs(3);

type TokenJob = Box<dyn FnOnce(&mut Card) + Send>;

/// The tokens behind one module; clones are one.
#[derive(Clone)]
pub struct Tokens {
    inner: Arc<Inner>,
}

struct Inner {
    module: Option<PathBuf>,
    jobs: Mutex<Option<mpsc::Sender<TokenJob>>>,
    seen: Mutex<LastLook>,
}

/// The last look.
#[derive(Clone, Default)]
struct LastLook {
    at: Option<Instant>,
    tokens: Arc<Vec<TokenFacts>>,
    problem: Option<TokenError>,
}

impl Tokens {
    /// Tokens behind `module`; nothing is loaded before somebody asks.
    #[must_use]
    pub fn new(module: Option<PathBuf>) -> Self {
        let module = module.filter(|_| SUPPORTED);
        Self { inner: Arc::new(Inner { module, jobs: Mutex::default(), seen: Mutex::default() }) }
    }

    /// The module, if there is one.
    #[must_use]
    pub fn module(&self) -> Option<&std::path::Path> {
        self.inner.module.as_deref()
    }

    /// Tokens that are plugged in, not looked at for longer than `age`. Blocks for some seconds at most; a token that
    /// waits for a touch shows as it was before.
    #[must_use]
    pub fn look(&self, age: Duration) -> Arc<Vec<TokenFacts>> {
        if self.inner.module.is_none() {
            return Arc::default();
        }
        let known = hold(&self.inner.seen).clone();
        if known.at.is_some_and(|at| at.elapsed() < age) {
            return known.tokens;
        }
        let (answer, found) = mpsc::channel();
        let sent = self.send(Box::new(move |card| {
            // Whoever asked may have stopped waiting.
            let _ = answer.send(card.look());
        }));
        let found = sent.and_then(|()| found.recv_timeout(LOOK).map_err(|_| TokenError::Cancelled)?);
        let mut seen = hold(&self.inner.seen);
        seen.at = Some(Instant::now());
        match found {
            Ok(tokens) => (seen.tokens, seen.problem) = (Arc::new(tokens), None),
            Err(TokenError::Cancelled) => {}
            Err(problem) => (seen.tokens, seen.problem) = (Arc::default(), Some(problem)),
        }
        Arc::clone(&seen.tokens)
    }

    /// What was wrong at the last look.
    #[must_use]
    pub fn problem(&self) -> Option<TokenError> {
        hold(&self.inner.seen).problem.clone()
    }

    /// Forgets the last look.
    pub fn changed(&self) {
        hold(&self.inner.seen).at = None;
    }

    /// A key as it was seen last.
    #[must_use]
    pub fn entry(&self, id: &CanonicalKeyId, age: Duration) -> Option<TokenEntry> {
        let tokens = self.look(age);
        tokens.iter().flat_map(|token| &token.keys).find(|entry| entry.public.canonical_id() == id).cloned()
    }

    /// Runs `job` on the module's thread, and waits for its end as long as `attendant` likes. It goes on without: what it
    /// changed is looked at again, and a PIN that was refused then is not tried again.
    pub(super) fn run<T: Send + 'static>(
        &self,
        token: &str,
        attendant: &Attendant,
        job: impl FnOnce(&mut Card) -> Result<T, TokenError> + Send + 'static,
    ) -> Result<T, TokenError> {
        let (answer, result) = mpsc::channel();
        let (stop, signing) = (attendant.stop.clone(), Signing::default());
        let (marked, tokens) = (signing.clone(), self.clone());
        self.send(Box::new(move |card| {
            card.signing = marked;
            // A job that nobody waits for any more must not ask for a finger.
            if stop.is_cancelled() {
                return;
            }
            let outcome = job(card);
            let unheard = stop.is_cancelled();
            if unheard || outcome.is_err() {
                // What was seen is no longer true, or the PIN has fewer tries.
                tokens.changed();
            }
            if answer.send(outcome).is_ok() && !unheard {
                card.told();
            }
        }))?;
        let waits = || hold(&signing).is_some_and(|began: Instant| began.elapsed() >= TOUCH_AFTER);
        let mut told = false;
        loop {
            if attendant.stop.is_cancelled() {
                // What is there is told all the same.
                return result.try_recv().unwrap_or(Err(TokenError::Cancelled));
            }
            match result.recv_timeout(PATIENCE) {
                Ok(outcome) => return outcome,
                Err(RecvTimeoutError::Disconnected) if attendant.stop.is_cancelled() => {}
                Err(RecvTimeoutError::Disconnected) => return Err(self.died()),
                Err(RecvTimeoutError::Timeout) if !told && waits() => {
                    told = true;
                    if let Some(tell) = &attendant.touch {
                        tell(token);
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    fn send(&self, job: TokenJob) -> Result<(), TokenError> {
        let mut jobs = hold(&self.inner.jobs);
        let job = match jobs.as_ref() {
            Some(running) => match running.send(job) {
                Ok(()) => return Ok(()),
                Err(mpsc::SendError(job)) => job,
            },
            None => job,
        };
        let Some(path) = &self.inner.module else {
            return Err(if SUPPORTED { TokenError::NoModule } else { TokenError::WithoutTokens });
        };
        let path = module::check(path)?;
        let (sender, receiver) = mpsc::channel::<TokenJob>();
        // The thread keeps a sender of its own, so it waits for jobs as long as the process lives: a module that is
        // unloaded while the process ends has its code taken away under what runs at exit.
        let kept = sender.clone();
        let work = move || {
            let mut card = Card::new(path);
            receiver.into_iter().for_each(|job| job(&mut card));
            drop(kept);
        };
        let started = thread::Builder::new().name("pkcs11".to_owned()).spawn(work);
        started.map_err(|_| self.died())?;
        // Its other end lives as long as the thread that was just started.
        let _ = sender.send(job);
        *jobs = Some(sender);
        Ok(())
    }

    fn died(&self) -> TokenError {
        let path = self.inner.module.clone().unwrap_or_default();
        TokenError::Module { path, what: "its thread has ended".to_owned() }
    }
}

/// What is guarded is whole even if a thread died.
fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
