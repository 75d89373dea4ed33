//! Reading ahead: big files are read side by side, and verified one after the other.

use super::blob::Blob;
use super::envelope::Envelope;
use super::fault::VerifyError;
use super::metadata::{FileMeta, Metadata, Targets};
use super::names::Role;

/// A delegation's file that may have been read already; nobody has verified it.
pub struct Prepared {
    pub(super) bytes: Blob,
    read: Option<Result<(Envelope, Targets), VerifyError>>,
}

impl Prepared {
    /// Reads `bytes` if they are the file that is `named`, and computes their digests.
    #[must_use]
    pub fn read(role: &Role, bytes: Blob, named: &FileMeta) -> Self {
        let read = named.matches(&bytes).then(|| Targets::open(role, bytes.clone()));
        Self { bytes, read }
    }

    /// What it says, read now if it was not yet.
    pub(super) fn open(self, role: &Role) -> Result<(Envelope, Targets), VerifyError> {
        let Self { bytes, read } = self;
        read.unwrap_or_else(|| Targets::open(role, bytes))
    }
}

impl From<Blob> for Prepared {
    fn from(bytes: Blob) -> Self {
        Self { bytes, read: None }
    }
}
