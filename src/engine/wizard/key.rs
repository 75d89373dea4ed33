//! The new key of a rotation: made here, or read from a file.

use std::path::Path;

use crate::engine::{Engine, EngineError};
use crate::keys::container::OpenError;
use crate::keys::pem::Block;
use crate::keys::{KeyError, Passphrase, PrivateKey};
use crate::tuf::{Algorithm, CanonicalKeyId, Gun, PublicKey};

/// What a key file holds.
pub enum KeyFile {
    /// A private key.
    Private(Box<PrivateKey>),
    /// A private key that needs its passphrase.
    Locked,
    /// A private key that needs another passphrase.
    WrongPassphrase,
    /// A public key or certificate.
    Public,
}

impl Engine {
    /// Makes a P-256 key. It is not stored yet: remember what it is for first.
    ///
    /// # Errors
    /// `Key`: the system gave no random numbers.
    pub fn make_key(&self) -> Result<PrivateKey, EngineError> {
        Ok(PrivateKey::generate(&Algorithm::EcdsaP256)?)
    }

    /// Stores a key for `name` (`root`, `targets`, `snapshot` or a signer) and keeps it unlocked. A key that is in the
    /// store already stays as it is and must open with `passphrase`. Blocking.
    ///
    /// # Errors
    /// `Key`.
    pub fn store_key(
        &self,
        key: &PrivateKey,
        name: &str,
        gun: Option<&Gun>,
        passphrase: &Passphrase,
    ) -> Result<(), EngineError> {
        if !self.key_store().holds(key.id()) {
            self.key_store().save(key, name, gun, passphrase)?;
            self.inner.keyring.changed();
        }
        self.unlock(key.id(), passphrase)
    }

    /// Whether the private half of a key is in the store or on a token.
    #[must_use]
    pub fn holds_key(&self, id: &CanonicalKeyId) -> bool {
        self.key_store().holds(id) || self.token_of(id).is_some()
    }

    /// The public half of a stored key that is unlocked, or stored in the clear.
    #[must_use]
    pub fn public_half(&self, id: &CanonicalKeyId) -> Option<PublicKey> {
        self.signing_key(id).map(|key| key.public().clone())
    }

    /// Reads a key file that lies outside the store. Blocking.
    ///
    /// # Errors
    /// `Key` if it holds no key that can be read.
    pub fn read_key_file(&self, path: &Path, passphrase: Option<&Passphrase>) -> Result<KeyFile, EngineError> {
        let format = |what: String| KeyError::Format { path: path.to_owned(), what };
        let bytes = crate::keys::store::read_file(path)?;
        let block = Block::read(&bytes).map_err(|error| format(error.to_string()))?;
        if matches!(block.label.as_str(), "PUBLIC KEY" | "CERTIFICATE") {
            return Ok(KeyFile::Public);
        }
        match PrivateKey::from_block(&block, passphrase) {
            Ok(key) => Ok(KeyFile::Private(Box::new(key))),
            Err(OpenError::Locked) => Ok(KeyFile::Locked),
            Err(OpenError::WrongPassphrase) => Ok(KeyFile::WrongPassphrase),
            Err(OpenError::Format(what)) => Err(format(what).into()),
        }
    }
}
