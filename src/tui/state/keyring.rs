//! What is known of keys.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp as Time;

use crate::engine::keyring::tokens::TokenFacts;
use crate::engine::{KeyView, Problem};
use crate::tuf::CanonicalKeyId;

/// Keys, and what is known of what opens them.
#[derive(Debug, Default)]
pub struct Keyring {
    pub keys: Vec<KeyView>,
    /// Files that cannot be used.
    pub problems: Vec<Problem>,
    /// Tokens that were plugged in at the last look; `None` before that and without a module.
    pub tokens: Option<Arc<Vec<TokenFacts>>>,
    /// When the next open key is locked.
    pub locks_at: Option<Time>,
    /// Keys for which a variable or the like is set that is wrong, in words, whatever opens them.
    pub wrong_sources: BTreeMap<CanonicalKeyId, String>,
}
