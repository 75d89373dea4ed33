//! Bytes as received, which know their digests.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use sha2::{Digest, Sha256, Sha512};

/// A received file. Cheap to clone; each digest is computed at most once, however often the file is compared.
#[derive(Clone)]
pub struct Blob(Arc<Inner>);

struct Inner {
    bytes: Box<[u8]>,
    sha256: OnceLock<[u8; 32]>,
    sha512: OnceLock<[u8; 64]>,
}

impl Blob {
    /// The SHA-256 digest.
    #[must_use]
    pub fn sha256(&self) -> &[u8; 32] {
        self.0.sha256.get_or_init(|| Sha256::digest(&self.0.bytes).into())
    }

    /// The SHA-512 digest.
    #[must_use]
    pub fn sha512(&self) -> &[u8; 64] {
        self.0.sha512.get_or_init(|| Sha512::digest(&self.0.bytes).into())
    }
}

impl Deref for Blob {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0.bytes
    }
}

impl AsRef<[u8]> for Blob {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl fmt::Debug for Blob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.len())
    }
}

impl From<Vec<u8>> for Blob {
    fn from(bytes: Vec<u8>) -> Self {
        let bytes = bytes.into_boxed_slice();
        Self(Arc::new(Inner { bytes, sha256: OnceLock::new(), sha512: OnceLock::new() }))
    }
}

impl From<&[u8]> for Blob {
    fn from(bytes: &[u8]) -> Self {
        bytes.to_vec().into()
    }
}

impl From<&Vec<u8>> for Blob {
    fn from(bytes: &Vec<u8>) -> Self {
        bytes.clone().into()
    }
}

impl<const N: usize> From<&[u8; N]> for Blob {
    fn from(bytes: &[u8; N]) -> Self {
        bytes.to_vec().into()
    }
}

impl From<&Self> for Blob {
    fn from(blob: &Self) -> Self {
        blob.clone()
    }
}
