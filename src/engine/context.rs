//! What every part of the engine knows: the settings and the time.

use std::sync::Arc;

/// A clock, so that tests can stand still.
pub(super) type Clock = Arc<dyn Fn() -> jiff::Timestamp + Send + Sync>;
