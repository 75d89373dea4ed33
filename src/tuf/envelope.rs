//! A role file as received: its bytes, what they say, and the signatures beside it.

use std::sync::Arc;

use serde_json::Value;

use super::key::Method;
use super::names::KeyId;
use super::verify::VerifyError;

/// One entry of `signatures`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The ID, as metadata lists the key.
    pub key: KeyId,
    /// The method that the signer names.
    pub method: Method,
    /// The decoded `sig`.
    pub bytes: Vec<u8>,
}

/// A role file that was parsed and verified by nobody yet.
///
/// The received bytes are what is hashed and stored; the canonical form is what is verified.
#[derive(Clone, Debug)]
pub struct Envelope {
    bytes: Arc<[u8]>,
    signed: Value,
    canonical: Vec<u8>,
    signatures: Vec<Signature>,
}

impl Envelope {
    /// Parses a role file: strict JSON, exact members, at most 64 signatures. `signed` is not looked into.
    ///
    /// # Errors
    /// [`VerifyError::Format`] or [`VerifyError::Limit`].
    pub fn parse(role: &super::names::Role, bytes: impl Into<Arc<[u8]>>) -> Result<Self, VerifyError> {
        let _ = (role, bytes.into());
        todo!()
    }

    /// Builds the file that Notary's client would write: `signed` in canonical form, HTML-escaped, then the signatures.
    #[must_use]
    pub fn file(canonical: &[u8], signatures: &[Signature]) -> Vec<u8> {
        let _ = (canonical, signatures);
        todo!()
    }

    /// The file as received.
    #[must_use]
    pub fn bytes(&self) -> &Arc<[u8]> {
        &self.bytes
    }

    /// The parsed `signed`.
    #[must_use]
    pub fn signed(&self) -> &Value {
        &self.signed
    }

    /// The bytes that signatures are over.
    #[must_use]
    pub fn canonical(&self) -> &[u8] {
        &self.canonical
    }

    /// The signatures, in file order.
    #[must_use]
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }
}
