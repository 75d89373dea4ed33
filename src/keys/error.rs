//! What can be wrong with a key.

use std::path::PathBuf;

use super::token_error::TokenError;
use crate::printable::system_words;
use crate::tuf::CanonicalKeyId;
use crate::tuf::content::about_file;

/// What is wrong with a key or its file.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)] // the variants say what their fields are
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
    /// The file holds a key in a form that another program converts; says how.
    #[error("{}: {what}", .path.display())]
    Convertible { path: PathBuf, what: String },
    /// A key that lies where no tool of today looks for it.
    #[error("{}: {what}", .path.display())]
    ToLoad { path: PathBuf, what: &'static str },
    /// A link that is not followed, or not changed.
    #[error("{}: {what}", .path.display())]
    Link { path: PathBuf, what: String },
    /// The file holds no public key and no certificate of one.
    #[error("{}: {what}", .path.display())]
    NoPublicKey { path: PathBuf, what: String },
    /// The file opens, but holds another key than its name says.
    #[error("{}: holds key {}", .path.display(), .found.short())]
    OtherKey { path: PathBuf, found: CanonicalKeyId },
    /// The key cannot sign.
    #[error("{0}")]
    Unsupported(String),
    /// A token, or its PIN.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The file system.
    #[error("{}", about_file(&system_words(.source), .path))]
    Disk { path: PathBuf, source: std::io::Error },
}

/// Which key a passphrase opens instead, in words.
fn instead(opens: Option<&CanonicalKeyId>) -> String {
    opens.map(|other| format!("; it opens key {}", other.short())).unwrap_or_default()
}
