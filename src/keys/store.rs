//! The key directory shared with `docker` and `notary`.

use std::path::{Path, PathBuf};

use super::{KeyError, Passphrase, PrivateKey};
use crate::tuf::{CanonicalKeyId, Gun};

/// A key file, judged by its name and headers; nothing is decrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredKey {
    /// From the file name.
    pub id: CanonicalKeyId,
    /// `role` header; empty if missing.
    pub role: String,
    /// `gun` header.
    pub gun: Option<String>,
    /// Where.
    pub path: PathBuf,
    /// Whether a passphrase is needed.
    pub encrypted: bool,
    /// Others may read it, or it belongs to somebody else: said in words.
    pub warning: Option<String>,
}

/// `<trust>/private`.
#[derive(Clone, Debug)]
pub struct KeyStore {
    dir: PathBuf,
}

impl KeyStore {
    /// The store below a trust directory. Made on the first write.
    #[must_use]
    pub fn new(trust_dir: &Path) -> Self {
        Self { dir: trust_dir.join("private") }
    }

    /// All `*.key` files, by ID; files that are none are left out and named beside.
    ///
    /// # Errors
    /// [`KeyError::Disk`]; a missing directory is an empty store.
    pub fn list(&self) -> Result<(Vec<StoredKey>, Vec<KeyError>), KeyError> {
        todo!()
    }

    /// Whether there is a file for this key. Cheap.
    #[must_use]
    pub fn holds(&self, id: &CanonicalKeyId) -> bool {
        self.dir.join(format!("{id}.key")).is_file()
    }

    /// Reads and decrypts a key. Slow (key derivation).
    ///
    /// # Errors
    /// `NotFound`, `Locked`, `WrongPassphrase` (`opens` is not filled here), `Format`, `OtherKey`, `Disk`.
    pub fn load(&self, id: &CanonicalKeyId, passphrase: Option<&Passphrase>) -> Result<PrivateKey, KeyError> {
        let _ = (id, passphrase);
        todo!()
    }

    /// Writes a new key in Notary's form, 0600, aside and renamed. An existing file is never replaced.
    /// `role` is `root`, `targets`, … or a signer's name; `gun` is kept for targets and snapshot only.
    ///
    /// # Errors
    /// [`KeyError::Disk`].
    pub fn save(
        &self,
        key: &PrivateKey,
        role: &str,
        gun: Option<&Gun>,
        passphrase: &Passphrase,
    ) -> Result<PathBuf, KeyError> {
        let _ = (key, role, gun, passphrase);
        todo!()
    }
}
