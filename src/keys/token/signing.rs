//! Since when a token has been signing.

use std::sync::{Arc, Mutex};
use std::time::Instant;

/// Since when the token has been signing.
pub(super) type Signing = Arc<Mutex<Option<Instant>>>;
