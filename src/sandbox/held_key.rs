//! A key that the sandbox holds for a repository, as real servers do.

use p256::ecdsa::SigningKey;
use p256::pkcs8::EncodePublicKey;
use zeroize::Zeroizing;

use super::store_error::StoreError;
use crate::tuf::{KeyType, PublicKey, Role};

/// A new key, before it is kept.
pub(super) struct HeldKey {
    /// Repository.
    pub(super) gun: String,
    /// `snapshot` or `timestamp`.
    pub(super) role: Role,
    /// The public half.
    pub(super) public: PublicKey,
    /// The scalar.
    pub(super) secret: Zeroizing<Vec<u8>>,
}

impl HeldKey {
    /// Makes a key.
    pub(super) fn generate(gun: &str, role: &Role) -> Result<Self, StoreError> {
        let broken = |error: &dyn std::fmt::Display| StoreError::Broken(error.to_string());
        let mut secret = Zeroizing::new(vec![0_u8; 32]);
        // All but one in 2^32 scalars are below the order of the curve.
        let key = loop {
            getrandom::fill(&mut secret).map_err(|error| broken(&error))?;
            if let Ok(key) = SigningKey::from_slice(&secret) {
                break key;
            }
        };
        let der = key.verifying_key().to_public_key_der().map_err(|error| broken(&error))?;
        let public = PublicKey::new(KeyType::Ecdsa, der.as_bytes().to_vec());
        Ok(Self { gun: gun.to_owned(), role: role.clone(), public, secret })
    }
}
