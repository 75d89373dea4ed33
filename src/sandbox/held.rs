//! Server-held keys: made, kept in the store, and used for timestamps and snapshots.
//!
//! ECDSA on P-256, which is what Notary's signer usually makes.

use std::sync::Arc;

use p256::ecdsa::SigningKey;
use p256::ecdsa::signature::Signer;
use p256::pkcs8::EncodePublicKey;
use zeroize::Zeroizing;

use super::store::{Store, StoreError};
use crate::tuf::{KeyType, Method, PublicKey, Role, RoleKeys, Root, Signature};

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
        let (secret, key) = generate()?;
        let public = public_key(&key)?;
        self.store.add_key(gun, role, public.id().as_str(), &secret)?;
        Ok(public)
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

fn generate() -> Result<(Zeroizing<Vec<u8>>, SigningKey), StoreError> {
    let mut secret = Zeroizing::new(vec![0_u8; 32]);
    loop {
        getrandom::fill(&mut secret).map_err(|e| StoreError::Broken(e.to_string()))?;
        // All but one in 2^32 scalars are below the order of the curve.
        if let Ok(key) = SigningKey::from_slice(&secret) {
            return Ok((secret, key));
        }
    }
}

fn public_key(key: &SigningKey) -> Result<PublicKey, StoreError> {
    let der = key.verifying_key().to_public_key_der().map_err(|e| StoreError::Broken(e.to_string()))?;
    Ok(PublicKey::new(KeyType::Ecdsa, der.as_bytes().to_vec()))
}
