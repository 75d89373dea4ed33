//! Performer that would hold up the loop, done aside.

use tokio::sync::oneshot;

use super::{PANICKED, Performer, Runner, failure};
use crate::engine::{Engine, EngineError, waiting};
use crate::tui::messages::event::Event;
use crate::tui::messages::failure::Failure;

impl Performer {
    /// Does work on the disk.
    pub(super) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Engine) -> Result<T, EngineError> + Send + 'static,
    ) -> Result<T, Failure> {
        let engine = self.engine.clone();
        match tokio::task::spawn_blocking(move || work(&engine)).await {
            Ok(result) => result.map_err(failure::of),
            Err(error) => Err(failure::broken(&error.to_string())),
        }
    }

    /// As [`Performer::blocking`], for what may wait for a token or take long to derive a key.
    pub(super) async fn waiting<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Engine) -> Result<T, EngineError> + Send + 'static,
    ) -> Result<T, Failure> {
        let engine = self.engine.clone();
        match waiting(move || work(&engine)).await {
            Some(result) => result.map_err(failure::of),
            None => Err(failure::broken(PANICKED)),
        }
    }
}

impl Runner {
    /// Tells what is found out beside the screen.
    pub(in crate::tui) fn hear(&mut self, learned: Option<oneshot::Receiver<String>>) {
        let (Some(learned), events) = (learned, self.events.clone()) else { return };
        self.tasks.spawn(async move {
            if let Ok(words) = learned.await {
                // Fails only once the loop has ended, when nobody is left to tell.
                let _ = events.send(Event::Learned(words)).await;
            }
        });
    }
}
