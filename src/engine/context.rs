//! What every part of the engine knows: the settings and the time.

use std::sync::Arc;

use super::error::EngineError;
use super::settings::Settings;

/// A clock, so that tests can stand still.
pub type Clock = Arc<dyn Fn() -> jiff::Timestamp + Send + Sync>;

/// The settings and the time, as every part has them.
#[derive(Clone)]
pub(in crate::engine) struct Context {
    settings: Arc<Settings>,
    clock: Clock,
}

impl Context {
    pub(in crate::engine) fn new(settings: Settings, clock: Clock) -> Self {
        Self { settings: Arc::new(settings), clock }
    }

    /// The settings the engine was opened with.
    pub(in crate::engine) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Refuses while nothing may be changed.
    ///
    /// # Errors
    /// `Policy`.
    pub(in crate::engine) fn check_writable(&self) -> Result<(), EngineError> {
        if self.settings.read_only.everything { Err(EngineError::read_only(None)) } else { Ok(()) }
    }

    /// The time.
    pub(in crate::engine) fn now(&self) -> jiff::Timestamp {
        (self.clock)()
    }
}
