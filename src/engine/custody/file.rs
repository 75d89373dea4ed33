//! The new key of a rotation: made here, or read from a file.

use std::path::Path;

use jiff::Timestamp as Time;

use super::load::KeySet;
use super::part::Custody;
use crate::engine::disk::read;
use crate::engine::error::EngineError;
use crate::keys::pem::Block;
use crate::keys::{KeyError, NewPassphrase, OpenError, Passphrase, PrivateKey};
use crate::tuf::{Algorithm, CanonicalKeyId, Gun, PublicKey, Role};

/// What a key file holds.
pub enum KeyFile {
    /// A private key.
    Private(Box<PrivateKey>),
    /// A private key that needs its passphrase.
    Locked,
    /// A private key that needs another passphrase.
    WrongPassphrase,
    /// A public key or certificate.
    Public(Box<PublicKey>),
}

/// Longest file of a public key, in bytes; a chain of certificates is far shorter.
const LONGEST: u64 = 1 << 20;

/// Reads a public key or certificate from a file that the user names, which may be a pipe. Blocking.
///
/// # Errors
/// `Disk`; `Key`, naming what the file holds instead.
pub fn public_key(path: &Path, now: Time) -> Result<PublicKey, EngineError> {
    let bytes = read::read_named(path, LONGEST);
    let bytes = bytes.map_err(|source| EngineError::Disk { path: path.to_owned(), source })?;
    let refused = |why: String| KeyError::NoPublicKey { path: path.to_owned(), what: why };
    Ok(PublicKey::from_file(&bytes, now).map_err(|why| refused(why.to_string()))?)
}

impl Custody {
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
        passphrase: &NewPassphrase,
    ) -> Result<(), EngineError> {
        self.context.check_writable()?;
        if !self.keyring.key_store().holds(key.id()) {
            self.keyring.key_store().save(key, name, gun, passphrase)?;
            self.keyring.held.changed();
        }
        self.keyring.unlock(key.id(), passphrase)
    }

    /// Whether the private half of a key is in the store or on a token.
    #[must_use]
    pub fn holds_key(&self, id: &CanonicalKeyId) -> bool {
        self.keyring.key_store().holds(id) || self.keyring.token_of(id).is_some()
    }

    /// Root keys that are here, by ID.
    #[must_use]
    pub fn root_keys(&self) -> Vec<CanonicalKeyId> {
        let ids = self.keyring.keys_at_hand().into_iter();
        ids.filter(|id| self.keyring.stored_role(id).as_deref() == Some(Role::Root.as_str())).collect()
    }

    /// The public half of a key that is here: of one on a token, of an open one, or as a repository lists it.
    #[must_use]
    pub fn public_half(&self, id: &CanonicalKeyId) -> Option<PublicKey> {
        if let Some(key) = self.keyring.token_public_key(id) {
            return Some(key);
        }
        if let Some(key) = self.keyring.signing_key(id) {
            return Some(key.public().clone());
        }
        let sets = self.views.entries().ok()?.into_iter().filter_map(|entry| self.trust.base(&entry.gun).ok()??.set);
        let listed = sets.flat_map(|set| set.root().content.keys.values().cloned().collect::<Vec<_>>());
        listed.filter(|key| key.canonical_id() == id).find_map(|key| key.unwrapped().ok())
    }

    /// Reads a key file that lies outside the store. Blocking.
    ///
    /// # Errors
    /// `Key` if it holds no key that can be read; `Input` for a private key that others may read, or several.
    pub fn read_key_file(&self, path: &Path, passphrase: Option<&Passphrase>) -> Result<KeyFile, EngineError> {
        let format = |what: String| KeyError::Format { path: path.to_owned(), what };
        let bytes = crate::keys::files::read_file(path)?;
        let block = Block::read(&bytes).map_err(|error| format(error.to_string()))?;
        if matches!(block.label.as_str(), "PUBLIC KEY" | "CERTIFICATE") {
            return Ok(KeyFile::Public(Box::new(public_key(path, self.context.now())?)));
        }
        let set = KeySet::read(path)?;
        let [found] = set.keys.as_slice() else {
            return Err(EngineError::Input {
                message: format!("{} holds {} private keys, expected one", path.display(), set.keys.len()),
                hint: "load them with trustdeck key load, then name one by its KEYID".to_owned(),
            });
        };
        match found.open(passphrase).map(|opened| opened.key) {
            Ok(key) => Ok(KeyFile::Private(Box::new(key))),
            Err(OpenError::Locked) => Ok(KeyFile::Locked),
            Err(OpenError::WrongPassphrase) => Ok(KeyFile::WrongPassphrase),
            Err(OpenError::Convertible(what)) => Err(KeyError::Convertible { path: path.to_owned(), what }.into()),
            Err(OpenError::Format(what)) => Err(format(what).into()),
        }
    }
}
