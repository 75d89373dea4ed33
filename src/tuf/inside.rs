//! What is inside a public key: the bare key, and what the certificate around it says.

use std::sync::{Arc, OnceLock};

use super::algorithm::{Algorithm, KeyType};
use super::bare::Bare;
use super::certificate::{Certificate, CertificateFacts};

/// Parsed when it is needed first, and shared by all copies of the key.
#[derive(Clone, Default)]
pub(super) struct Inside(Arc<OnceLock<Parsed>>);

struct Parsed {
    /// The key itself, if it is of the type that is claimed and may be used.
    bare: Option<Bare>,
    certificate: Option<CertificateFacts>,
}

// It follows from the rest of the key.
impl PartialEq for Inside {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Inside {}

impl std::fmt::Debug for Inside {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

impl Inside {
    /// That of a key whose certificate was read just now.
    pub(super) fn certified(key_type: &KeyType, leaf: Result<Certificate, String>) -> Self {
        Self(Arc::new(OnceLock::from(Parsed::certified(key_type, leaf.ok()))))
    }

    /// The bare key, if it is of the type that is claimed and may be used.
    pub(super) fn bare(&self, key_type: &KeyType, public: &[u8]) -> Option<&Bare> {
        self.parsed(key_type, public).bare.as_ref()
    }

    /// What the certificate says, if there is one.
    pub(super) fn certificate(&self, key_type: &KeyType, public: &[u8]) -> Option<&CertificateFacts> {
        self.parsed(key_type, public).certificate.as_ref()
    }

    fn parsed(&self, key_type: &KeyType, public: &[u8]) -> &Parsed {
        self.0.get_or_init(|| Parsed::of(key_type, public))
    }
}

impl Parsed {
    fn of(key_type: &KeyType, public: &[u8]) -> Self {
        let bare = match key_type {
            KeyType::Ecdsa | KeyType::Rsa => Bare::from_spki(public).ok(),
            KeyType::EcdsaX509 | KeyType::RsaX509 => return Self::certified(key_type, Certificate::leaf(public).ok()),
            KeyType::Ed25519 => Bare::from_ed25519(public).ok(),
            KeyType::Other(_) => None,
        };
        Self { bare: bare.filter(|bare| fits(key_type, bare)), certificate: None }
    }

    fn certified(key_type: &KeyType, leaf: Option<Certificate>) -> Self {
        // Notary takes no certificate signed with SHA-1.
        let sound = leaf.as_ref().filter(|leaf| !leaf.facts().sha1);
        let bare = sound.and_then(|leaf| Bare::from_spki(leaf.spki()).ok());
        Self { bare: bare.filter(|bare| fits(key_type, bare)), certificate: leaf.map(|leaf| leaf.facts()) }
    }
}

/// Whether a key is of the type that is claimed.
fn fits(key_type: &KeyType, bare: &Bare) -> bool {
    match (key_type.unwrapped(), bare.algorithm()) {
        (KeyType::Rsa, Algorithm::Rsa(_)) | (KeyType::Ed25519, Algorithm::Ed25519) => true,
        (KeyType::Ecdsa, algorithm) => !matches!(algorithm, Algorithm::Rsa(_)),
        _ => false,
    }
}
