//! Digests, computed over what was received.

use oci_spec::image::{Digest, DigestAlgorithm};
use sha2::{Digest as _, Sha256, Sha384, Sha512};

use crate::tuf::hashes::digits;

/// Computes a digest piece by piece.
#[derive(Clone)]
pub struct Hasher(State);

#[derive(Clone)]
enum State {
    Sha256(Sha256),
    Sha384(Sha384),
    Sha512(Sha512),
}

impl Hasher {
    /// One for an algorithm, if it is known here.
    #[must_use]
    pub fn of(algorithm: &DigestAlgorithm) -> Option<Self> {
        match algorithm {
            DigestAlgorithm::Sha256 => Some(Self(State::Sha256(Sha256::new()))),
            DigestAlgorithm::Sha384 => Some(Self(State::Sha384(Sha384::new()))),
            DigestAlgorithm::Sha512 => Some(Self(State::Sha512(Sha512::new()))),
            _ => None,
        }
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            State::Sha256(state) => state.update(bytes),
            State::Sha384(state) => state.update(bytes),
            State::Sha512(state) => state.update(bytes),
        }
    }

    /// The digest as registries write it.
    #[must_use]
    pub fn finish(self) -> String {
        match self.0 {
            State::Sha256(state) => format!("sha256:{}", digits(&state.finalize())),
            State::Sha384(state) => format!("sha384:{}", digits(&state.finalize())),
            State::Sha512(state) => format!("sha512:{}", digits(&state.finalize())),
        }
    }
}

/// The SHA-256 of `bytes` as registries write it.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    format!("sha256:{}", digits(&Sha256::digest(bytes)))
}

/// The digest of `bytes` by the algorithm of `like`, if it is known here.
#[must_use]
pub fn digest_like(like: &Digest, bytes: &[u8]) -> Option<String> {
    let mut hasher = Hasher::of(like.algorithm())?;
    hasher.update(bytes);
    Some(hasher.finish())
}
