//! What a plan calls keys.

use std::collections::BTreeMap;

use crate::engine::draft::Draft;
use crate::tuf::{CanonicalKeyId, Loaded, PublicKey, Role, Targets};

/// Labels of all keys that a repository lists, before and after.
pub(in crate::engine) struct Names<'a> {
    labels: &'a (dyn Fn(&CanonicalKeyId) -> Option<String> + Sync),
    signers: BTreeMap<CanonicalKeyId, String>,
}

impl<'a> Names<'a> {
    pub(in crate::engine) fn new(
        draft: &Draft<'_>,
        labels: &'a (dyn Fn(&CanonicalKeyId) -> Option<String> + Sync),
    ) -> Self {
        let mut signers = BTreeMap::new();
        let before = draft.loaded(&Role::Targets).map(|file: &Loaded<Targets>| &file.content);
        for file in before.into_iter().chain(draft.content(&Role::Targets)) {
            for entry in file.delegations.iter().flatten().filter(|d| !d.name.is_releases()) {
                for key in file.delegation_role_keys(&entry.name).into_iter().flat_map(|k| k.keys) {
                    signers.entry(key.canonical_id().clone()).or_insert_with(|| entry.name.short().to_owned());
                }
            }
        }
        Self { labels, signers }
    }

    /// The user's label, else the name of the signer that holds the key, else the short ID.
    pub(in crate::engine) fn label(&self, id: &CanonicalKeyId) -> String {
        let label = (self.labels)(id).filter(|label| !label.is_empty());
        label.or_else(|| self.signers.get(id).cloned()).unwrap_or_else(|| id.short().to_owned())
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
