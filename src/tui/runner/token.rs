//! Performer on keys that are put on tokens or deleted there.
//!
//! Invariant: a PIN is handed on once, by the work that the user asked for; a touch is told while the token waits.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::failure;
use super::keys::Worker;
use crate::engine::EngineError;
use crate::engine::keyring::tokens::Attendant;
use crate::tui::messages::event::{Event, JobId};
use crate::tui::messages::keywork::{AtToken, KeyFound, TokenDone, TokenWork};

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
        KeyFound::AtToken(self.try_at_token(at, work).map_err(failure::of))
    }

    fn try_at_token(&self, at: &AtToken, work: TokenWork) -> Result<TokenDone, EngineError> {
        let engine = self.engine;
        let (pins, attendant) = (at.pins(self.sources), attendant(self.events, self.job, self.stop));
        let token = Some(at.serial.as_str());
        Ok(match work {
            TokenWork::Make(mut new) => {
                new.dir = self.expanded(&new.dir);
                TokenDone::Made(engine.custody().generate_on_token(&new, token, pins, &attendant)?)
            }
            TokenWork::Import(id, passphrase, how) => TokenDone::Imported(engine.custody().import_to_token(
                &id,
                passphrase.as_ref(),
                token,
                pins,
                how,
                &attendant,
            )?),
            TokenWork::Remove(id, how) => {
                engine.custody().remove_from_token(&id, &at.serial, pins, how, &attendant)?;
                TokenDone::Removed(id)
            }
        })
    }
}
