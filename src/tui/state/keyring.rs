//! What is known of keys.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp as Time;

use crate::engine::called;
use crate::engine::keyring::tokens::TokenFacts;
use crate::engine::{KeyView, Problem};
use crate::tuf::CanonicalKeyId;

/// Keys, and what is known of what opens them.
#[derive(Debug, Default)]
pub struct KeysHere {
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

impl KeysHere {
    /// What is known of a key.
    #[must_use]
    pub fn find(&self, id: &CanonicalKeyId) -> Option<&KeyView> {
        self.keys.iter().find(|key| key.id == *id)
    }

    /// Its label, else its short ID.
    #[must_use]
    pub fn called(&self, id: &CanonicalKeyId) -> String {
        called::or_id(self.find(id).map(|key| key.label.clone()), id)
    }

    /// Label and short ID, the latter alone if nothing is known of it.
    #[must_use]
    pub fn called_with_id(&self, id: &CanonicalKeyId) -> String {
        self.find(id).map_or_else(|| id.short().to_owned(), KeyView::called)
    }
}
