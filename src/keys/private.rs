//! A private key in memory, and its signatures.

use super::KeyError;
use crate::tuf::{Algorithm, CanonicalKeyId, PublicKey, Signature};

/// A decrypted private key; wiped when dropped.
pub struct PrivateKey {
    public: PublicKey,
}

impl PrivateKey {
    /// Makes a new key: P-256, RSA of 2048 to 4096 bits, or Ed25519.
    ///
    /// # Errors
    /// [`KeyError::Unsupported`] for other algorithms.
    pub fn generate(algorithm: &Algorithm) -> Result<Self, KeyError> {
        let _ = algorithm;
        todo!()
    }

    /// The bare public key.
    #[must_use]
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The ID that names its file.
    #[must_use]
    pub fn id(&self) -> &CanonicalKeyId {
        self.public.canonical_id()
    }

    /// Signs `message` (the canonical bytes of `signed`) in the name of `listed`: the same key as metadata lists it,
    /// perhaps in a certificate. The result is verified before it is returned.
    ///
    /// # Errors
    /// [`KeyError::Unsupported`] if `listed` is another key or the key cannot sign.
    pub fn sign(&self, listed: &PublicKey, message: &[u8]) -> Result<Signature, KeyError> {
        let _ = (listed, message);
        todo!()
    }
}
