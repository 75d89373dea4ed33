//! Public keys, their two IDs and the signatures they verify.

use jiff::Timestamp as Time;
use serde::{Deserialize, Serialize};

use super::envelope::Signature;
use super::names::{CanonicalKeyId, KeyId};

/// A key's `keytype`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KeyType {
    /// Bare ECDSA key, DER SubjectPublicKeyInfo.
    Ecdsa,
    /// ECDSA key in an X.509 certificate, PEM text.
    EcdsaX509,
    /// Bare RSA key, DER SubjectPublicKeyInfo.
    Rsa,
    /// RSA key in an X.509 certificate, PEM text.
    RsaX509,
    /// 32 raw bytes.
    Ed25519,
    /// Kept, never verifies.
    Other(String),
}

/// What kind of key it is, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// NIST P-256, the only kind that Docker makes.
    EcdsaP256,
    /// NIST P-384.
    EcdsaP384,
    /// NIST P-521.
    EcdsaP521,
    /// RSA with a modulus of so many bits.
    Rsa(u32),
    /// Ed25519.
    Ed25519,
    /// Not understood; never verifies.
    Unknown(String),
}

/// A signature's `method`, lower-cased on reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Method {
    /// `ecdsa`: raw r‖s over SHA-256.
    Ecdsa,
    /// `rsapss`: PSS, SHA-256, salt 32.
    RsaPss,
    /// `rsapkcs1v15`: verified, never made.
    RsaPkcs1v15,
    /// `eddsa`.
    Eddsa,
    /// Never verifies.
    Other(String),
}

/// What a certificate says about its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFacts {
    /// Subject common name; for root certificates, the GUN.
    pub common_name: String,
    /// Start of validity.
    pub not_before: Time,
    /// End of validity.
    pub not_after: Time,
    /// Whether the leaf claims to be a certificate authority.
    pub is_ca: bool,
    /// Whether it is signed with SHA-1, which Notary refuses.
    pub sha1: bool,
}

/// Why bytes are no public key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PublicKeyError {
    /// No PEM block `PUBLIC KEY` or `CERTIFICATE`.
    #[error("holds no PEM block PUBLIC KEY or CERTIFICATE")]
    NoPem,
    /// A PEM block of another kind, such as a private key.
    #[error("holds a PEM block {0:?}, expected PUBLIC KEY or CERTIFICATE")]
    OtherPem(String),
    /// The block is damaged or of an algorithm that Notary does not know.
    #[error("{0}")]
    Unsupported(String),
    /// The certificate cannot be used, for the reason given.
    #[error("{0}")]
    Certificate(String),
}

/// A public key as metadata lists it.
///
/// Two values with the same [`PublicKey::canonical_id`] are the same key in different wrappings.
/// Serializes as `{"keytype":…,"keyval":{"private":null,"public":base64}}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "serde_json::Value", into = "serde_json::Value")]
pub struct PublicKey {
    key_type: KeyType,
    public: Vec<u8>,
    id: KeyId,
    canonical: CanonicalKeyId,
}

impl PublicKey {
    /// Takes a key as metadata spells it. `public` is the decoded `keyval.public`. Unknown or damaged
    /// keys are kept (they never verify), with the canonical ID equal to the ID.
    #[must_use]
    pub fn new(key_type: KeyType, public: Vec<u8>) -> Self {
        let _ = (key_type, public);
        todo!()
    }

    /// Takes a bare key in DER SubjectPublicKeyInfo form.
    ///
    /// # Errors
    /// [`PublicKeyError::Unsupported`] unless it is ECDSA on P-256, P-384 or P-521, or RSA of 2048 to 8192 bits.
    pub fn from_spki(der: &[u8]) -> Result<Self, PublicKeyError> {
        let _ = der;
        todo!()
    }

    /// Reads the first PEM block of a `.pub`, `.pem` or `.crt` file: `PUBLIC KEY` (headers such as `role:` are
    /// skipped) or `CERTIFICATE`, under Notary's rules for adding to a delegation (notary-v1.md section 3).
    /// `now` decides whether a certificate has expired.
    ///
    /// # Errors
    /// Says what the file holds instead or what is wrong with the certificate.
    pub fn from_file(bytes: &[u8], now: Time) -> Result<Self, PublicKeyError> {
        let _ = (bytes, now);
        todo!()
    }

    /// The ID that metadata uses.
    #[must_use]
    pub fn id(&self) -> &KeyId {
        &self.id
    }

    /// The ID of the bare key: what the key store uses and what trust decisions count.
    #[must_use]
    pub fn canonical_id(&self) -> &CanonicalKeyId {
        &self.canonical
    }

    /// The `keytype`.
    #[must_use]
    pub fn key_type(&self) -> &KeyType {
        &self.key_type
    }

    /// The decoded `keyval.public`.
    #[must_use]
    pub fn public(&self) -> &[u8] {
        &self.public
    }

    /// What kind of key this is.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        todo!()
    }

    /// The leaf certificate's facts, if the key is wrapped in one.
    #[must_use]
    pub fn certificate(&self) -> Option<CertificateFacts> {
        todo!()
    }

    /// Whether `signature` is this key's over `message`. The key decides the algorithm; `signature.method` must
    /// agree (CVE-2015-9258). RSA outside 2048 to 8192 bits never verifies.
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &Signature) -> bool {
        let _ = (message, signature);
        todo!()
    }
}

impl TryFrom<serde_json::Value> for PublicKey {
    type Error = String;

    fn try_from(value: serde_json::Value) -> Result<Self, String> {
        let _ = value;
        todo!()
    }
}

impl From<PublicKey> for serde_json::Value {
    fn from(key: PublicKey) -> Self {
        let _ = key;
        todo!()
    }
}
