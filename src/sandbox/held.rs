//! Server-held keys: made, kept in the store, and used for timestamps and snapshots.
//!
//! ECDSA on P-256, which is what Notary's signer usually makes.

use std::sync::Arc;

use p256::ecdsa::SigningKey;
use p256::ecdsa::signature::Signer;

use super::held_key::HeldKey;
use super::store::Store;
use super::store_error::StoreError;
use crate::tuf::{Method, PublicKey, Role, RoleKeys, Root, Signature};

/// The keys that the server holds for its repositories.
#[derive(Clone, Debug)]
pub(super) struct HeldKeys {
    store: Arc<Store>,
}

impl HeldKeys {
    /// Keys in `store`.
    pub(super) fn new(store: Arc<Store>) -> Self {
        Self { store }
    }

    /// Makes a key for a role of a repository; nothing is signed with it until a root names it.
    pub(super) fn create(&self, gun: &str, role: &Role) -> Result<PublicKey, StoreError> {
        let key = HeldKey::generate(gun, role)?;
        self.store.add_keys(std::slice::from_ref(&key))?;
        Ok(key.public)
    }

    /// The key that the current root names, if the server holds it; else a new one, as Notary does.
    pub(super) fn get(&self, gun: &str, role: &Role, root: Option<&Root>) -> Result<PublicKey, StoreError> {
        for key in root.map(|root| root.role_keys(role).keys).unwrap_or_default() {
            if self.store.key(gun, role, key.id().as_str())?.is_some() {
                return Ok(key);
            }
        }
        self.create(gun, role)
    }

    /// Signs `message` with every held key of the role. Fewer than the threshold is for the caller to judge.
    pub(super) fn sign(
        &self,
        gun: &str,
        role: &Role,
        keys: &RoleKeys,
        message: &[u8],
    ) -> Result<Vec<Signature>, StoreError> {
        let mut signatures = Vec::new();
        for key in &keys.keys {
            let Some(secret) = self.store.key(gun, role, key.id().as_str())? else { continue };
            let signer = SigningKey::from_slice(&secret).map_err(|e| StoreError::Broken(e.to_string()))?;
            let signature: p256::ecdsa::Signature = signer.sign(message);
            let bytes = signature.to_bytes().to_vec();
            signatures.push(Signature { key: key.id().clone(), method: Method::Ecdsa, bytes });
        }
        Ok(signatures)
    }
}
