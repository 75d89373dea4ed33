//! Public keys without wrapping, and the only place where signatures are checked.

use aws_lc_rs::signature::{self as aws_signature, UnparsedPublicKey};
use p521::ecdsa::signature::hazmat::PrehashVerifier;
use rsa::pkcs1;
use x509_cert::der::Decode;
use x509_cert::spki::{ObjectIdentifier, SubjectPublicKeyInfoRef};

use super::algorithm::{Algorithm, Method};
use super::message::Message;

const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");

/// A key that can verify. AWS-LC checks what it can (it is several times faster); other curves go to their own crates.
pub(super) enum Bare {
    P256(Vec<u8>),
    P384(p384::ecdsa::VerifyingKey),
    P521(p521::ecdsa::VerifyingKey),
    Rsa { pkcs1: Vec<u8>, bits: u32 },
    Ed25519([u8; 32]),
}

impl Bare {
    /// Parses DER SubjectPublicKeyInfo; says what is wrong with it otherwise.
    pub(super) fn from_spki(der: &[u8]) -> Result<Self, String> {
        let spki = SubjectPublicKeyInfoRef::from_der(der).map_err(|_| "is not a public key in DER".to_owned())?;
        let key = spki.subject_public_key.as_bytes().ok_or("is not a public key in DER")?;
        match spki.algorithm.oid {
            EC => Self::from_point(spki.algorithm.parameters_oid().ok(), key),
            RSA => Self::from_pkcs1(key),
            _ => Err("is of an algorithm that Notary does not know, expected ECDSA or RSA".to_owned()),
        }
    }

    /// Takes the 32 bytes of an Ed25519 key.
    pub(super) fn from_ed25519(bytes: &[u8]) -> Result<Self, String> {
        bytes.try_into().map(Self::Ed25519).map_err(|_| "is not an Ed25519 key of 32 bytes".to_owned())
    }

    fn from_point(curve: Option<ObjectIdentifier>, point: &[u8]) -> Result<Self, String> {
        let damaged = || "is damaged: not a point of its curve".to_owned();
        // Go writes and reads uncompressed points only.
        if point.first() != Some(&4) {
            return Err(damaged());
        }
        match curve {
            Some(P256) => match p256::PublicKey::from_sec1_bytes(point) {
                Ok(_) => Ok(Self::P256(point.to_vec())),
                Err(_) => Err(damaged()),
            },
            Some(P384) => p384::ecdsa::VerifyingKey::from_sec1_bytes(point).map(Self::P384).map_err(|_| damaged()),
            Some(P521) => p521::ecdsa::VerifyingKey::from_sec1_bytes(point).map(Self::P521).map_err(|_| damaged()),
            _ => Err("is on a curve that is not supported, expected P-256, P-384 or P-521".to_owned()),
        }
    }

    fn from_pkcs1(der: &[u8]) -> Result<Self, String> {
        let key = pkcs1::RsaPublicKeyRef::from_der(der).map_err(|_| "is a damaged RSA key".to_owned())?;
        let modulus = key.modulus.as_bytes();
        let leading = modulus.first().map_or(0, |b| b.leading_zeros());
        let bits = u32::try_from(modulus.len() * 8).unwrap_or(u32::MAX).saturating_sub(leading);
        if !(2048..=8192).contains(&bits) {
            return Err(format!("is an RSA key of {bits} bits, expected 2048 to 8192"));
        }
        Ok(Self::Rsa { pkcs1: der.to_vec(), bits })
    }

    pub(super) fn algorithm(&self) -> Algorithm {
        match self {
            Self::P256(_) => Algorithm::EcdsaP256,
            Self::P384(_) => Algorithm::EcdsaP384,
            Self::P521(_) => Algorithm::EcdsaP521,
            Self::Rsa { bits, .. } => Algorithm::Rsa(*bits),
            Self::Ed25519(_) => Algorithm::Ed25519,
        }
    }

    /// The key decides how to verify, `method` must only agree.
    pub(super) fn verifies(&self, message: &Message<'_>, method: &Method, signature: &[u8]) -> bool {
        match (self, method) {
            (Self::P256(point), Method::Ecdsa) if message.is_big() => {
                let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(point);
                let signature = p256::ecdsa::Signature::from_slice(signature);
                key.is_ok_and(|key| signature.is_ok_and(|s| key.verify_prehash(message.sha256(), &s).is_ok()))
            }
            (Self::P256(point), Method::Ecdsa) => {
                with_backend(&aws_signature::ECDSA_P256_SHA256_FIXED, point, message, signature)
            }
            (Self::P384(key), Method::Ecdsa) => p384::ecdsa::Signature::from_slice(signature)
                .is_ok_and(|s| key.verify_prehash(message.sha256(), &s).is_ok()),
            (Self::P521(key), Method::Ecdsa) => p521::ecdsa::Signature::from_slice(signature)
                .is_ok_and(|s| key.verify_prehash(&p521_prehash(message), &s).is_ok()),
            (Self::Rsa { pkcs1, .. }, Method::RsaPss) => {
                with_backend(&aws_signature::RSA_PSS_2048_8192_SHA256, pkcs1, message, signature)
            }
            (Self::Rsa { pkcs1, .. }, Method::RsaPkcs1v15) => {
                with_backend(&aws_signature::RSA_PKCS1_2048_8192_SHA256, pkcs1, message, signature)
            }
            (Self::Ed25519(key), Method::Eddsa) => with_backend(&aws_signature::ED25519, key, message, signature),
            _ => false,
        }
    }
}

fn with_backend(
    algorithm: &'static dyn aws_signature::VerificationAlgorithm,
    key: &[u8],
    message: &Message<'_>,
    signature: &[u8],
) -> bool {
    let key = UnparsedPublicKey::new(algorithm, key);
    message.to_hash().is_some_and(|bytes| key.verify(bytes, signature).is_ok())
}

/// SHA-256 with zeros before it: the crate wants at least half the length of the curve's field.
fn p521_prehash(message: &Message<'_>) -> [u8; 66] {
    let mut padded = [0; 66];
    let (_, digest) = padded.split_at_mut(34);
    digest.copy_from_slice(message.sha256());
    padded
}
