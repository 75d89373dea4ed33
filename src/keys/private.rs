//! A private key in memory, and its signatures.

use aws_lc_rs::signature::{RSA_PSS_SHA256, RsaKeyPair};
use p256::elliptic_curve::Generate as _;
use rsa::pkcs1::{DecodeRsaPrivateKey, EncodeRsaPrivateKey};
use rsa::signature::hazmat::PrehashSigner;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::attendant::Attendant;
use super::container;
use super::error::KeyError;
use super::open_error::OpenError;
use super::passphrase::Passphrase;
use super::pem::{self, Block};
use super::secret::{Curve, Secret};
use super::token_error::TokenError;
use super::token_place::TokenPlace;
use crate::tuf::{Algorithm, CanonicalKeyId, Method, PublicKey, Signature};

/// A private key that can sign: decrypted and wiped when dropped, or on a token.
pub struct PrivateKey {
    public: PublicKey,
    holder: PrivateHalf,
}

/// Where the private half is.
pub(super) enum PrivateHalf {
    Memory(Secret),
    Token(Box<dyn TokenHalf>),
}

/// A private half that never leaves its token.
pub(super) trait TokenHalf: Send + Sync {
    /// Where it is.
    fn place(&self) -> &TokenPlace;

    /// The curve of the key: Notary signs with no other kind on tokens.
    fn curve(&self) -> Curve;

    /// Raw r‖s over a digest.
    fn sign_digest(&self, digest: &[u8]) -> Result<Vec<u8>, TokenError>;

    /// The same half, for somebody who is told when to touch the token.
    fn attended(&self, attendant: Attendant) -> Box<dyn TokenHalf>;
}

/// What a key is, as far as signing with it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SigningKind {
    Ec(Curve),
    Rsa,
    Ed25519,
}

impl PrivateKey {
    /// Makes a new key: P-256, RSA of 2048 to 4096 bits, or Ed25519.
    ///
    /// # Errors
    /// [`KeyError::Unsupported`] for other algorithms.
    pub fn generate(algorithm: &Algorithm) -> Result<Self, KeyError> {
        let secret = match algorithm {
            Algorithm::EcdsaP256 => {
                let key = p256::SecretKey::try_generate_from_rng(&mut getrandom::SysRng).map_err(no_random)?;
                Secret::ec(Curve::P256, &Zeroizing::new(key.to_bytes()))
            }
            Algorithm::Ed25519 => {
                let mut seed = Zeroizing::new([0; 32]);
                getrandom::fill(&mut *seed).map_err(no_random)?;
                Secret::ed25519(&*seed)
            }
            Algorithm::Rsa(bits @ 2048..=4096) => {
                let mut random = rsa::rand_core::UnwrapErr(getrandom::SysRng);
                // The first number shows that there are random numbers; the rest cannot fail then.
                getrandom::u32().map_err(no_random)?;
                let key = rsa::RsaPrivateKey::new(&mut random, *bits as usize).map_err(no_random)?;
                Secret::rsa(key.to_pkcs1_der().map_err(no_random)?.as_bytes())
            }
            other => return Err(KeyError::Unsupported(format!("keys of kind {other:?} cannot be made"))),
        };
        secret.map(Self::new).map_err(|_| KeyError::Unsupported("a new key was not usable".to_owned()))
    }

    /// Reads the first private key of a PEM file, in any form that Notary's tools take and some that they do not.
    ///
    /// # Errors
    /// Says what the bytes hold instead, or that a (better) passphrase is needed.
    pub fn from_pem(file: &[u8], passphrase: Option<&Passphrase>) -> Result<Self, OpenError> {
        Self::from_block(&Block::read(file)?, passphrase)
    }

    /// [`PrivateKey::from_pem`] for a block that was read already.
    ///
    /// # Errors
    /// As there.
    pub fn from_block(block: &Block, passphrase: Option<&Passphrase>) -> Result<Self, OpenError> {
        container::open(block, passphrase).map(Self::new)
    }

    /// Encrypts the key in Notary's form; `headers` are written as they are.
    ///
    /// # Errors
    /// [`KeyError::Unsupported`] if the system has no random numbers.
    pub fn to_block(&self, headers: Vec<(String, String)>, passphrase: &Passphrase) -> Result<Block, KeyError> {
        let PrivateHalf::Memory(secret) = &self.holder else {
            return Err(KeyError::Unsupported(format!("key {} never leaves its token", self.id().short())));
        };
        let der = container::seal(secret, passphrase).map_err(|_| no_random(()))?;
        Ok(Block { label: pem::ENCRYPTED.to_owned(), headers, der })
    }

    fn new(secret: Secret) -> Self {
        let (key_type, public) = secret.public();
        Self { public: PublicKey::new(key_type, public), holder: PrivateHalf::Memory(secret) }
    }

    pub(super) fn on_token(public: PublicKey, key: Box<dyn TokenHalf>) -> Self {
        Self { public, holder: PrivateHalf::Token(key) }
    }

    /// Where it is, if on a token.
    #[must_use]
    pub fn token(&self) -> Option<&TokenPlace> {
        match &self.holder {
            PrivateHalf::Token(key) => Some(key.place()),
            PrivateHalf::Memory(_) => None,
        }
    }

    /// A key on a token for somebody who waits while it signs; `None` for other keys, which do not keep anybody waiting.
    #[must_use]
    pub fn attended(&self, attendant: Attendant) -> Option<Self> {
        match &self.holder {
            PrivateHalf::Token(key) => Some(Self::on_token(self.public.clone(), key.attended(attendant))),
            PrivateHalf::Memory(_) => None,
        }
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

    pub(super) fn holder(&self) -> &PrivateHalf {
        &self.holder
    }

    pub(super) fn kind(&self) -> SigningKind {
        match &self.holder {
            PrivateHalf::Memory(Secret::Ec(curve, _)) => SigningKind::Ec(*curve),
            PrivateHalf::Memory(Secret::Rsa(_)) => SigningKind::Rsa,
            PrivateHalf::Memory(Secret::Ed25519(_)) => SigningKind::Ed25519,
            PrivateHalf::Token(key) => SigningKind::Ec(key.curve()),
        }
    }

    /// Signs `message` (the canonical bytes of `signed`) in the name of `listed`: the same key as metadata lists it,
    /// perhaps in a certificate. The result is verified before it is returned.
    ///
    /// # Errors
    /// [`KeyError::Unsupported`] if `listed` is another key or the key cannot sign; [`KeyError::Token`].
    pub fn sign(&self, listed: &PublicKey, message: &[u8]) -> Result<Signature, KeyError> {
        if listed.canonical_id() != self.id() {
            let (wanted, own) = (listed.canonical_id().short(), self.id().short());
            return Err(KeyError::Unsupported(format!("key {own} cannot sign in the name of key {wanted}")));
        }
        let method = match self.kind() {
            SigningKind::Ec(_) => Method::Ecdsa,
            SigningKind::Rsa => Method::RsaPss,
            SigningKind::Ed25519 => Method::Eddsa,
        };
        let cannot = || KeyError::Unsupported(format!("key {} cannot sign", self.id().short()));
        let bytes = match &self.holder {
            PrivateHalf::Memory(secret) => signature(secret, message).ok_or_else(cannot)?,
            PrivateHalf::Token(key) => key.sign_digest(&Sha256::digest(message))?,
        };
        let signature = Signature { key: listed.id().clone(), method, bytes };
        // A fault while signing can give the key away, and a signature that nobody accepts makes a role unreadable.
        if listed.verifies(message, &signature) { Ok(signature) } else { Err(cannot()) }
    }
}

fn signature(secret: &Secret, message: &[u8]) -> Option<Vec<u8>> {
    match secret {
        Secret::Ec(curve, scalar) => sign_ecdsa(*curve, scalar.as_slice(), message),
        Secret::Rsa(pkcs1) => sign_pss(pkcs1.as_slice(), message),
        Secret::Ed25519(seed) => {
            use ed25519_dalek::Signer as _;
            let seed = Zeroizing::new(<[u8; 32]>::try_from(seed.as_slice()).ok()?);
            Some(ed25519_dalek::SigningKey::from_bytes(&seed).sign(message).to_bytes().to_vec())
        }
    }
}

/// Raw r‖s over SHA-256, on every curve: Notary does not pair larger curves with larger hashes.
fn sign_ecdsa(curve: Curve, scalar: &[u8], message: &[u8]) -> Option<Vec<u8>> {
    let digest = Sha256::digest(message);
    Some(match curve {
        Curve::P256 => {
            let key = p256::ecdsa::SigningKey::from_slice(scalar).ok()?;
            let signature: p256::ecdsa::Signature = key.sign_prehash(&digest).ok()?;
            signature.to_vec()
        }
        Curve::P384 => {
            let key = p384::ecdsa::SigningKey::from_slice(scalar).ok()?;
            let signature: p384::ecdsa::Signature = key.sign_prehash(&digest).ok()?;
            signature.to_vec()
        }
        Curve::P521 => {
            let key = p521::ecdsa::SigningKey::from_slice(scalar).ok()?;
            let signature: p521::ecdsa::Signature = key.sign_prehash(&digest).ok()?;
            signature.to_vec()
        }
    })
}

/// PSS with SHA-256 and a salt of 32 bytes.
fn sign_pss(pkcs1: &[u8], message: &[u8]) -> Option<Vec<u8>> {
    // RUSTSEC-2023-0071 is about timing in the `rsa` crate: it signs only what AWS-LC refuses, such as 8192 bits.
    if let Ok(key) = RsaKeyPair::from_der(pkcs1) {
        let mut signature = vec![0; key.public_modulus_len()];
        key.sign(&RSA_PSS_SHA256, &aws_lc_rs::rand::SystemRandom::new(), message, &mut signature).ok()?;
        return Some(signature);
    }
    use rsa::signature::{RandomizedSigner, SignatureEncoding};
    let key = rsa::RsaPrivateKey::from_pkcs1_der(pkcs1).ok()?;
    let signer = rsa::pss::SigningKey::<Sha256>::new_with_salt_len(key, 32);
    Some(signer.try_sign_with_rng(&mut getrandom::SysRng, message).ok()?.to_vec())
}

fn no_random<E>(_: E) -> KeyError {
    KeyError::Unsupported("the system gave no random numbers".to_owned())
}
