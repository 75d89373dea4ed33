//! Work that would hold up the loop, done aside.

use super::{PANICKED, Work, failure};
use crate::engine::{Engine, EngineError, waiting};
use crate::tui::messages::failure::Failure;

impl Work {
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

    /// As [`Work::blocking`], for what may wait for a token or take long to derive a key.
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
