//! Public keys, their two IDs and the signatures they verify.

use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;
use jiff::Timestamp as Time;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::algorithm::{Algorithm, KeyType};
use super::bare::Bare;
use super::canonical::write_text;
use super::certificate::{Certificate, CertificateFacts};
use super::foreign::Foreign;
use super::inside::Inside;
use super::message::Message;
use super::names::{CanonicalKeyId, KeyId};
use super::pem;
use super::signature::Signature;

/// Why bytes are no public key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PublicKeyError {
    /// No PEM block `PUBLIC KEY` or `CERTIFICATE`.
    #[error("holds no PEM block PUBLIC KEY or CERTIFICATE")]
    NoPem,
    /// A file of another kind.
    #[error(transparent)]
    Foreign(#[from] Foreign),
    /// A PEM block of another kind, such as a private key.
    #[error("{}", other_pem(.0))]
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
#[serde(try_from = "Spelled", into = "serde_json::Value")]
pub struct PublicKey {
    key_type: KeyType,
    public: Arc<[u8]>,
    id: KeyId,
    canonical: CanonicalKeyId,
    inside: Inside,
}

fn other_pem(label: &str) -> String {
    match label.ends_with("PRIVATE KEY") {
        true => format!(
            "holds a private key ({label}), expected a public one; write that with: openssl pkey -in FILE -pubout -out key.pub"
        ),
        false => format!("holds a PEM block {label:?}, expected PUBLIC KEY or CERTIFICATE"),
    }
}

impl PublicKey {
    /// Takes a key as metadata spells it. `public` is the decoded `keyval.public`. Unknown or damaged
    /// keys are kept (they never verify), with the canonical ID equal to the ID.
    #[must_use]
    pub fn new(key_type: KeyType, public: Vec<u8>) -> Self {
        let id = digest(key_type.as_str(), &public);
        let mut inside = Inside::default();
        let canonical = match &key_type {
            KeyType::EcdsaX509 | KeyType::RsaX509 => {
                let leaf = Certificate::leaf(&public);
                let canonical = leaf.as_ref().map_or(id, |leaf| digest(key_type.unwrapped().as_str(), leaf.spki()));
                inside = Inside::certified(&key_type, leaf);
                canonical
            }
            _ => id,
        };
        Self { key_type, public: public.into(), id: KeyId::of(&id), canonical: CanonicalKeyId::of(&canonical), inside }
    }

    /// Takes a bare key in DER SubjectPublicKeyInfo form.
    ///
    /// # Errors
    /// [`PublicKeyError::Unsupported`] unless it is ECDSA on P-256, P-384 or P-521, or RSA of 2048 to 8192 bits.
    pub fn from_spki(der: &[u8]) -> Result<Self, PublicKeyError> {
        let bare = Bare::from_spki(der).map_err(PublicKeyError::Unsupported)?;
        let key_type = match bare.algorithm() {
            Algorithm::Rsa(_) => KeyType::Rsa,
            _ => KeyType::Ecdsa,
        };
        Ok(Self::new(key_type, der.to_vec()))
    }

    /// Reads the first PEM block of a `.pub`, `.pem` or `.crt` file: `PUBLIC KEY` (headers such as `role:` are
    /// skipped) or `CERTIFICATE`, under Notary's rules for adding to a delegation (docs/notary-v1.md section 3).
    /// `now` decides whether a certificate has expired.
    ///
    /// # Errors
    /// Says what the file holds instead or what is wrong with the certificate.
    pub fn from_file(bytes: &[u8], now: Time) -> Result<Self, PublicKeyError> {
        let nothing = || Foreign::of(bytes).map_or(PublicKeyError::NoPem, PublicKeyError::Foreign);
        let block = pem::first(bytes).ok_or_else(nothing)?;
        match block.label.as_str() {
            "PUBLIC KEY" => {
                let der = block.der.ok_or_else(|| PublicKeyError::Unsupported("is damaged PEM".to_owned()))?;
                Self::from_spki(&der)
            }
            "CERTIFICATE" => {
                let der = block.der.ok_or_else(|| PublicKeyError::Certificate("is damaged PEM".to_owned()))?;
                let certificate = Certificate::parse(&der).map_err(PublicKeyError::Certificate)?;
                certificate.check_usable(now).map_err(PublicKeyError::Certificate)?;
                let bare = Bare::from_spki(certificate.spki()).map_err(PublicKeyError::Certificate)?;
                let key_type = match bare.algorithm() {
                    Algorithm::Rsa(_) => KeyType::RsaX509,
                    _ => KeyType::EcdsaX509,
                };
                Ok(Self::new(key_type, pem::certificate(&der).into_bytes()))
            }
            other => Err(Foreign::of_label(other)
                .map_or_else(|| PublicKeyError::OtherPem(other.to_owned()), PublicKeyError::Foreign)),
        }
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
        self.inside
            .bare(&self.key_type, &self.public)
            .map_or_else(|| Algorithm::Unknown(self.key_type.as_str().to_owned()), |bare| bare.algorithm())
    }

    /// The leaf certificate's facts, if the key is wrapped in one.
    #[must_use]
    pub fn certificate(&self) -> Option<CertificateFacts> {
        self.inside.certificate(&self.key_type, &self.public).cloned()
    }

    /// The key without its certificate; itself if it has none.
    ///
    /// # Errors
    /// [`PublicKeyError::Certificate`] if the certificate cannot be read.
    pub fn unwrapped(&self) -> Result<Self, PublicKeyError> {
        match self.key_type {
            KeyType::EcdsaX509 | KeyType::RsaX509 => {
                let leaf = Certificate::leaf(&self.public).map_err(PublicKeyError::Certificate)?;
                Ok(Self::new(self.key_type.unwrapped(), leaf.spki().to_vec()))
            }
            _ => Ok(self.clone()),
        }
    }

    /// Whether `signature` is this key's over `message`. The key decides the algorithm; `signature.method` must
    /// agree (CVE-2015-9258). RSA outside 2048 to 8192 bits never verifies.
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &Signature) -> bool {
        self.verifies_message(&Message::new(message), signature)
    }

    /// [`PublicKey::verifies`] for a message that has many signatures.
    pub(super) fn verifies_message(&self, message: &Message<'_>, signature: &Signature) -> bool {
        let bare = || self.inside.bare(&self.key_type, &self.public);
        signature.key == self.id && bare().is_some_and(|b| b.verifies(message, &signature.method, &signature.bytes))
    }

    /// Appends the key as canonical JSON.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        write_key(self.key_type.as_str(), &self.public, out);
    }
}

/// SHA-256 over the canonical JSON of a key: its ID.
fn digest(key_type: &str, public: &[u8]) -> [u8; 32] {
    let mut preimage = Vec::with_capacity(64 + public.len() * 4 / 3);
    write_key(key_type, public, &mut preimage);
    Sha256::digest(&preimage).into()
}

fn write_key(key_type: &str, public: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"keytype\":");
    write_text(key_type, out);
    out.extend_from_slice(b",\"keyval\":{\"private\":null,\"public\":");
    write_text(&BASE64.encode(public), out);
    out.extend_from_slice(b"}}");
}

/// A key as metadata spells it. Whatever else is there is passed over, not kept.
#[derive(Deserialize)]
struct Spelled {
    keytype: String,
    keyval: SpelledValue,
}

#[derive(Deserialize)]
struct SpelledValue {
    public: String,
}

impl TryFrom<Spelled> for PublicKey {
    type Error = &'static str;

    fn try_from(key: Spelled) -> Result<Self, &'static str> {
        let public = BASE64.decode(key.keyval.public).map_err(|_| "expected base64 in keyval.public")?;
        Ok(Self::new(KeyType::parse(&key.keytype), public))
    }
}

impl From<PublicKey> for Value {
    fn from(key: PublicKey) -> Self {
        let keyval = json!({"private": null, "public": BASE64.encode(&key.public)});
        json!({"keytype": key.key_type.as_str(), "keyval": keyval})
    }
}
