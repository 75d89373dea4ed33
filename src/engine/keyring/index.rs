//! The index of the key directory, kept between runs: `keys/<trust directory>.json` in the state directory.
//!
//! It saves time and nothing else: damaged or lost, it is made again from the key files.

use sha2::{Digest, Sha256};

use crate::engine::disk::folder::real;
use crate::engine::disk::note::Note;
use crate::engine::disk::state::StateFolder;
use crate::engine::settings::Settings;
use crate::keys::{KeyError, KeyIndex, KeyStore, StoredKey};
use crate::tuf::{Algorithm, CanonicalKeyId};

/// The index and its file, read when it is needed first.
pub(in crate::engine) struct IndexFile {
    folder: StateFolder,
    name: String,
    index: Option<KeyIndex>,
}

impl Note for KeyIndex {
    const KIND: &'static str = "key-index";
    const HAD_NO_VERSION: bool = true;
}

impl IndexFile {
    pub(in crate::engine) fn new(settings: &Settings) -> Self {
        let digest = hex::encode(Sha256::digest(real(&settings.trust_dir).as_os_str().as_encoded_bytes()));
        let name: String = digest.chars().take(16).collect();
        let folder = StateFolder::new(&settings.state_dir).below("keys");
        Self { folder, name: format!("{name}.json"), index: None }
    }

    /// Lists the store.
    pub(in crate::engine) fn list(&mut self, store: &KeyStore) -> Result<(Vec<StoredKey>, Vec<KeyError>), KeyError> {
        let found = store.list_with(self.index());
        self.save();
        found
    }

    /// The kind of a key, if it was open once.
    pub(in crate::engine) fn algorithm(&mut self, id: &CanonicalKeyId) -> Option<Algorithm> {
        self.index().algorithm(id).cloned()
    }

    /// Remembers the kind of a key.
    pub(in crate::engine) fn learn(&mut self, id: &CanonicalKeyId, algorithm: Algorithm) {
        self.index().learn(id, algorithm);
        self.save();
    }

    fn index(&mut self) -> &mut KeyIndex {
        let (folder, name) = (&self.folder, &self.name);
        self.index.get_or_insert_with(|| folder.load(name).unwrap_or_default())
    }

    /// Writes what changed. A failure is none: the next run reads the key files again.
    fn save(&mut self) {
        if let Some(index) = &mut self.index
            && index.take_changed()
        {
            let _ = self.folder.replace(&self.name, index);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn an_index_of_the_form_before_keeps_the_kinds_of_keys() {
        let dir = tempfile::tempdir().unwrap();
        let (id, folder) = ("ab".repeat(32), StateFolder::new(dir.path()));
        let before = format!(r#"{{"files":{{}},"algorithms":{{"{id}":"EcdsaP256"}}}}"#);
        std::fs::write(dir.path().join("index.json"), before).unwrap();
        let mut index: KeyIndex = folder.load("index.json").unwrap();
        let id = CanonicalKeyId::parse(&id).unwrap();
        assert_eq!(index.algorithm(&id), Some(&Algorithm::EcdsaP256));
        index.learn(&id, Algorithm::Ed25519);
        folder.replace("index.json", &index).unwrap();
        assert_eq!(folder.load::<KeyIndex>("index.json").unwrap().algorithm(&id), Some(&Algorithm::Ed25519));
    }
}
