//! Work on keys that are put on tokens or deleted there.
//!
//! Invariant: a PIN is handed on once, by the work that the user asked for; a touch is told while the token waits.

use std::sync::Arc;

use super::super::event::{Event, JobId};
use super::super::runner::failure;
use super::KeyFound;
use super::perform::Worker;
use crate::engine::key_make::{NewKey, Removing};
use crate::engine::passphrases::PassphraseSources;
use crate::engine::tokens::{Attendant, OnToken, Pin, Pins};
use crate::engine::{EngineError, Passphrase};
use crate::tuf::CanonicalKeyId;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// The token that was chosen, and what opens it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AtToken {
    /// Its serial number.
    pub serial: String,
    /// Typed, and tried once.
    pub pin: Passphrase,
    /// A YubiKey's management key, if the factory's does not fit.
    pub management: Option<Passphrase>,
}

/// What is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenWork {
    /// Make a key there.
    Make(NewKey),
    /// Copy a stored key there; its passphrase, if it has one.
    Import(CanonicalKeyId, Option<Passphrase>, Removing),
    /// Delete a key there.
    Remove(CanonicalKeyId, Removing),
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenDone {
    Made(OnToken),
    Imported(OnToken),
    Removed(CanonicalKeyId),
}

impl AtToken {
    /// What opens the token for writing; a management key that was not typed may be known from the sources.
    #[must_use]
    pub fn pins(&self, sources: &PassphraseSources) -> Pins {
        let management = self.management.clone().or_else(|| sources.management_key());
        Pins { user: Pin::new(self.pin.clone()), management: management.map(Pin::new) }
    }
}

/// Tells the screen when a finger is wanted.
pub(in crate::tui) fn attendant(events: &mpsc::Sender<Event>, job: JobId, stop: &CancellationToken) -> Attendant {
    let events = events.clone();
    let touch = move |_: &str| {
        // A screen that is too busy to hear it says nothing, but the token still waits.
        let _ = events.try_send(Event::Touch(job));
    };
    Attendant { touch: Some(Arc::new(touch)), stop: stop.clone() }
}

impl Worker<'_> {
    pub(super) fn at_token(&self, at: &AtToken, work: TokenWork) -> KeyFound {
        KeyFound::AtToken(self.try_at_token(at, work).map_err(failure))
    }

    fn try_at_token(&self, at: &AtToken, work: TokenWork) -> Result<TokenDone, EngineError> {
        let engine = self.engine;
        let (pins, attendant) = (at.pins(self.sources), attendant(self.events, self.job, self.stop));
        let token = Some(at.serial.as_str());
        Ok(match work {
            TokenWork::Make(mut new) => {
                new.dir = self.expanded(&new.dir);
                TokenDone::Made(engine.generate_on_token(&new, token, pins, &attendant)?)
            }
            TokenWork::Import(id, passphrase, how) => {
                TokenDone::Imported(engine.import_to_token(&id, passphrase.as_ref(), token, pins, how, &attendant)?)
            }
            TokenWork::Remove(id, how) => {
                engine.remove_from_token(&id, &at.serial, pins, how, &attendant)?;
                TokenDone::Removed(id)
            }
        })
    }
}
