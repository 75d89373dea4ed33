//! What a plan calls keys.

use crate::engine::called::{self, Signers};
use crate::engine::draft::Draft;
use crate::tuf::{CanonicalKeyId, PublicKey, Role, Verified};

/// Labels of all keys that a repository lists, before and after.
pub(in crate::engine) struct Names<'a> {
    labels: &'a (dyn Fn(&CanonicalKeyId) -> Option<String> + Sync),
    signers: Signers,
}

impl<'a> Names<'a> {
    pub(in crate::engine) fn new(
        draft: &Draft<'_>,
        labels: &'a (dyn Fn(&CanonicalKeyId) -> Option<String> + Sync),
    ) -> Self {
        let mut signers = Signers::default();
        let before = draft.ground().set.and_then(|set| set.verified(&Role::Targets)).map(Verified::content);
        for file in before.into_iter().chain(draft.content(&Role::Targets)) {
            for entry in file.delegations.iter().flatten() {
                for key in file.delegation_role_keys(&entry.name).into_iter().flat_map(|k| k.keys) {
                    signers.learn(key.canonical_id(), &entry.name);
                }
            }
        }
        Self { labels, signers }
    }

    /// The user's label, else the name of the signer that holds the key, else the short ID.
    pub(in crate::engine) fn label(&self, id: &CanonicalKeyId) -> String {
        let label = (self.labels)(id).filter(|label| !label.is_empty());
        called::or_id(label.or_else(|| self.signers.first(id)), id)
    }

    /// The short ID, and what the key is called beside, if it has a name.
    pub(in crate::engine) fn named(&self, id: &CanonicalKeyId) -> String {
        let label = self.label(id);
        if label == id.short() { label } else { format!("{} ({label})", id.short()) }
    }

    /// Labels of several keys, each once.
    pub(in crate::engine) fn of(&self, keys: &[PublicKey]) -> Vec<String> {
        let mut labels: Vec<String> = Vec::new();
        for key in keys {
            let label = self.label(key.canonical_id());
            if !labels.contains(&label) {
                labels.push(label);
            }
        }
        labels
    }
}
