//! The index of the key directory, kept between runs: `keys/<trust directory>.json` in the state directory.
//!
//! It saves time and nothing else: damaged or lost, it is made again from the key files.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::{fs, io};

use sha2::{Digest, Sha256};

use crate::engine::disk::folder::make_private;
use crate::engine::disk::read;
use crate::engine::settings::Settings;
use crate::keys::{KeyError, KeyIndex, KeyStore, StoredKey};
use crate::tuf::{Algorithm, CanonicalKeyId};

/// The index and its file, read when it is needed first.
pub(in crate::engine) struct IndexFile {
    path: PathBuf,
    index: Option<KeyIndex>,
}

impl IndexFile {
    pub(in crate::engine) fn new(settings: &Settings) -> Self {
        let trust_dir = settings.trust_dir.canonicalize().unwrap_or_else(|_| settings.trust_dir.clone());
        let digest = hex::encode(Sha256::digest(trust_dir.as_os_str().as_encoded_bytes()));
        let name: String = digest.chars().take(16).collect();
        Self { path: settings.state_dir.join("keys").join(format!("{name}.json")), index: None }
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
        let path = &self.path;
        self.index.get_or_insert_with(|| {
            let bytes = read::read_own(path, read::OWN).ok().flatten().unwrap_or_default();
            serde_json::from_slice(&bytes).unwrap_or_default()
        })
    }

    /// Writes what changed. Not synced, and a failure is none: the next run reads the key files again.
    fn save(&mut self) {
        if let Some(index) = &mut self.index
            && index.take_changed()
        {
            let _ = write(&self.path, index);
        }
    }
}

fn write(path: &Path, index: &KeyIndex) -> io::Result<()> {
    let folder = path.parent().unwrap_or(path);
    make_private(folder).map_err(io::Error::other)?;
    let aside = path.with_extension(format!("{}.tmp", std::process::id()));
    let written = (|| {
        let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&aside)?;
        file.write_all(&serde_json::to_vec(index)?)?;
        fs::rename(&aside, path)
    })();
    // A full disk would keep the rest of it for ever.
    written.inspect_err(|_| drop(fs::remove_file(&aside)))
}
