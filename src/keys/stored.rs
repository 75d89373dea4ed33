//! A key file as a listing shows it.

use std::path::PathBuf;

use crate::tuf::CanonicalKeyId;

/// A key file, judged by its name and headers; nothing is decrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredKey {
    /// From the file name.
    pub id: CanonicalKeyId,
    /// `role` header; empty if missing.
    pub role: String,
    /// `gun` header.
    pub gun: Option<String>,
    /// Where.
    pub path: PathBuf,
    /// Whether a passphrase is needed.
    pub encrypted: bool,
    /// Others may read it, or it belongs to somebody else: said in words.
    pub warning: Option<String>,
}
