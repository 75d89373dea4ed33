//! A key file as a listing shows it.

use std::fmt;
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
    /// How others may read it.
    pub exposure: Option<Exposure>,
}

/// How a key file lies open to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exposure {
    /// It belongs to another user.
    Owner(u32),
    /// Its mode lets others read or change it.
    Mode(u32),
}

impl fmt::Display for Exposure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Owner(owner) => write!(f, "belongs to user {owner}"),
            Self::Mode(mode) => write!(f, "can be read or changed by others (mode {mode:04o}, expected 0600)"),
        }
    }
}

impl Exposure {
    /// What to do about it, to be followed by the file.
    #[must_use]
    pub fn mend(self) -> &'static str {
        match self {
            Self::Owner(_) => "chown it to yourself:",
            Self::Mode(_) => "mend it with: chmod 600",
        }
    }
}
