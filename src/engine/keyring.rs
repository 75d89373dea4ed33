//! Keys at hand: what the store holds, what is unlocked, and what people call it.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Engine, EngineError, KeyView, Settings};
use crate::keys::{Passphrase, PrivateKey};
use crate::tuf::{CanonicalKeyId, Role};

/// Unlocked keys, labels, and passphrases chosen for keys that will be made.
pub(super) struct Keyring {}

impl Keyring {
    /// Opens the key store below the trust directory and reads the labels.
    pub(super) fn open(settings: &Settings) -> Result<Self, EngineError> {
        let _ = settings;
        Ok(Self {})
    }
}

/// For the rest of the engine.
#[allow(unused_variables, dead_code)]
impl Engine {
    /// Private keys in the store, by ID.
    pub(super) fn keys_at_hand(&self) -> BTreeSet<CanonicalKeyId> {
        todo!()
    }

    /// An unlocked key.
    pub(super) fn signing_key(&self, id: &CanonicalKeyId) -> Option<Arc<PrivateKey>> {
        todo!()
    }

    /// What people call a key: the user's label, else the role header of its file (a signer's name), else `None`.
    pub(super) fn label(&self, id: &CanonicalKeyId) -> Option<String> {
        todo!()
    }

    /// The passphrase chosen for a new key of `role`.
    pub(super) fn chosen_passphrase(&self, role: &Role) -> Option<Passphrase> {
        todo!()
    }
}

#[allow(unused_variables)]
impl Engine {
    /// All keys: in the store, behind servers, and public ones of loaded repositories.
    pub fn keys(&self) -> Result<Vec<KeyView>, EngineError> {
        todo!()
    }

    /// Unlocks a stored key for this session. Blocking (key derivation): call it on a blocking thread.
    ///
    /// # Errors
    /// [`crate::keys::KeyError::WrongPassphrase`], naming another key that it opens, if any.
    pub fn unlock(&self, key: &CanonicalKeyId, passphrase: &Passphrase) -> Result<(), EngineError> {
        todo!()
    }

    /// Sets the passphrase for keys that the next publish makes (`root`, `targets`).
    pub fn choose_passphrase(&self, role: &Role, passphrase: Passphrase) {
        todo!()
    }

    /// Forgets all unlocked keys.
    pub fn lock_all(&self) {
        todo!()
    }
}
