//! Private keys: files in Notary's key store, tokens, and what signs with them.
//!
//! Invariant: secrets are zeroised when dropped and have neither `Debug` nor `Display`; key files are created 0600.

pub mod certificate;
pub mod container;
mod der;
pub mod hardening;
mod index;
mod legacy;
mod locked;
pub mod passphrase;
pub mod pem;
pub mod private;
mod secret;
pub mod store;
pub mod strength;
pub mod token;
pub mod words;

use std::path::PathBuf;

pub use certificate::root_certificate;
pub use container::OpenError;
pub use hardening::protect_process;
pub use index::KeyIndex;
pub use passphrase::Passphrase;
pub use private::PrivateKey;
pub use store::{KeyStore, StoredKey};
pub use strength::Strength;
pub use token::{TokenError, TokenPlace, Tokens};

use crate::tuf::CanonicalKeyId;

/// What is wrong with a key or its file.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// No file for this key.
    #[error("key {} is not in the key store", .0.short())]
    NotFound(CanonicalKeyId),
    /// It does not open with this passphrase; `opens` is another key that it does open.
    #[error("wrong passphrase for key {}{}", .id.short(), instead(.opens.as_ref()))]
    WrongPassphrase { id: CanonicalKeyId, opens: Option<CanonicalKeyId> },
    /// A backup does not open with this passphrase.
    #[error("{}: wrong passphrase for the backup", .path.display())]
    WrongBackupPassphrase { path: PathBuf },
    /// The key is encrypted and no passphrase was given.
    #[error("key {} needs its passphrase", .0.short())]
    Locked(CanonicalKeyId),
    /// The file cannot be read as a private key.
    #[error("{}: {what}", .path.display())]
    Format { path: PathBuf, what: String },
    /// The file opens, but holds another key than its name says.
    #[error("{}: holds key {}", .path.display(), .found.short())]
    OtherKey { path: PathBuf, found: CanonicalKeyId },
    /// The key cannot sign.
    #[error("{0}")]
    Unsupported(String),
    /// A token, or its PIN.
    #[error(transparent)]
    Token(#[from] token::TokenError),
    /// The file system.
    #[error("{source}: {}", .path.display())]
    Disk { path: PathBuf, source: std::io::Error },
}

/// Which key a passphrase opens instead, in words.
fn instead(opens: Option<&CanonicalKeyId>) -> String {
    opens.map(|other| format!("; it opens key {}", other.short())).unwrap_or_default()
}
