//! A signature as a role file holds it.

use super::algorithm::Method;
use super::names::KeyId;

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
