//! Who waits for a token.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

/// What is done when a token waits for a touch.
pub type Touch = Arc<dyn Fn(&str) + Send + Sync>;

/// Who waits for a token: hears when a finger is wanted, and may lose patience.
#[derive(Clone, Default)]
pub struct Attendant {
    /// Told the token's name when an answer takes so long that it must be waiting for a touch.
    pub touch: Option<Touch>,
    /// Ends the waiting; the token itself cannot be interrupted.
    pub stop: CancellationToken,
}
