//! Kinds of keys and of signatures, as metadata spells them.

use serde::{Deserialize, Serialize};

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

impl KeyType {
    /// Reads a `keytype`.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match text {
            "ecdsa" => Self::Ecdsa,
            "ecdsa-x509" => Self::EcdsaX509,
            "rsa" => Self::Rsa,
            "rsa-x509" => Self::RsaX509,
            "ed25519" => Self::Ed25519,
            other => Self::Other(other.to_owned()),
        }
    }

    /// The `keytype` as metadata spells it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Ecdsa => "ecdsa",
            Self::EcdsaX509 => "ecdsa-x509",
            Self::Rsa => "rsa",
            Self::RsaX509 => "rsa-x509",
            Self::Ed25519 => "ed25519",
            Self::Other(other) => other,
        }
    }

    /// The type of the key inside a certificate; any other type is its own.
    #[must_use]
    pub fn unwrapped(&self) -> Self {
        match self {
            Self::EcdsaX509 => Self::Ecdsa,
            Self::RsaX509 => Self::Rsa,
            other => other.clone(),
        }
    }
}

/// What kind of key it is, for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

impl std::fmt::Display for Algorithm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::EcdsaP256 => f.write_str("ECDSA P-256"),
            Self::EcdsaP384 => f.write_str("ECDSA P-384"),
            Self::EcdsaP521 => f.write_str("ECDSA P-521"),
            Self::Rsa(bits) => write!(f, "RSA {bits}"),
            Self::Ed25519 => f.write_str("Ed25519"),
            Self::Unknown(name) => f.write_str(name),
        }
    }
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

impl Method {
    /// Reads a `method`, in any case.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match text.to_lowercase().as_str() {
            "ecdsa" => Self::Ecdsa,
            "rsapss" => Self::RsaPss,
            "rsapkcs1v15" => Self::RsaPkcs1v15,
            "eddsa" => Self::Eddsa,
            other => Self::Other(other.to_owned()),
        }
    }

    /// The `method` as metadata spells it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Ecdsa => "ecdsa",
            Self::RsaPss => "rsapss",
            Self::RsaPkcs1v15 => "rsapkcs1v15",
            Self::Eddsa => "eddsa",
            Self::Other(other) => other,
        }
    }
}
